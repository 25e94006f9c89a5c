"""Bitget's v2 REST on 127.0.0.1: what is recent 1000 candles a page, what is older 200 a page from another place."""

import json
from collections.abc import Mapping
from typing import Any

from atc_cli.domain.timeframe import DAY_MS
from tests.loopback import bodies
from tests.loopback.faults import Fault
from tests.loopback.server import LoopbackServer, WrongRequestError
from tests.loopback.symbols import Symbol, Table, between, newest

CANDLES = "market/candles"
HISTORY = "market/history-candles"

_ROOT = "/api/v2/"
_CAPS = {CANDLES: 1000, HISTORY: 200}
_UNSAID_LIMIT = 100
_TIMEFRAMES = {"15min": "15m", "15m": "15m", "1h": "1h", "1H": "1h", "4h": "4h", "4H": "4h"}
_RECENT_DAYS = {"15m": 52, "1h": 83, "4h": 240}
_LINEAR = "USDT-FUTURES"


class BitgetServer(LoopbackServer):
    """A Bitget; spot and linear contracts list the same symbols. Every endpoint is counted alone."""

    @property
    def api_urls(self) -> dict[str, str]:
        """What goes to urls.api of ccxt's bitget."""
        return dict.fromkeys(("spot", "mix", "common", "margin", "uta"), self.base_url)

    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """The kind is the first word of the path."""
        word, _, name = path.removeprefix(_ROOT).partition("/")
        kind = {"mix": "swap", "spot": "spot", "margin": "spot", "public": "any"}.get(word, "")
        return (kind, name) if path.startswith(_ROOT) else ("", path)

    def account(self, kind: str, name: str) -> str:
        """Each endpoint has its own."""
        return f"{kind} {name}"

    def too_many(self, status: int, wait_s: int) -> Fault:
        """Without a word of how long to wait."""
        return Fault(status=429, body=json.dumps({"code": "429", "msg": "Too Many Requests"}))

    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        """The right answer. Raises WrongRequestError, LookupError for a wrong path."""
        if name in _CAPS:
            return self._answer(self._candles(kind, name, query))
        listed = list(self.symbols.values())
        contracts = [_contract(each) for each in listed] if query.get("productType") == _LINEAR else []
        lists = {"public/symbols": [_pair(each) for each in listed], "market/contracts": contracts}
        return self._answer({**lists, "public/coins": [], "currencies": [], "time": {"serverTime": self._time}}[name])

    @property
    def _time(self) -> str:
        return str(self.now_ms)

    def _answer(self, data: object) -> dict[str, Any]:
        return {"code": "00000", "msg": "success", "requestTime": self.now_ms, "data": data}

    def _candles(self, kind: str, name: str, query: Mapping[str, str]) -> list[list[str]]:
        symbol, limit = self.symbols.get(query["symbol"]), int(query.get("limit", _UNSAID_LIMIT))
        if symbol is None or query["granularity"] not in _TIMEFRAMES or limit > _CAPS[name]:
            raise WrongRequestError(400, {"code": "40034", "msg": "Parameter does not exist"})
        bars = self._bars(symbol, name, _TIMEFRAMES[query["granularity"]], query)
        rows = bodies.klines_rows(bars, 0, symbol.decimals)
        return [[str(row[0]), *row[1:6], row[7], *([] if kind == "swap" else [row[7]])] for row in rows]

    def _bars(self, symbol: Symbol, name: str, timeframe: str, query: Mapping[str, str]) -> Table:
        """The newest that open from startTime until before endTime."""
        now_ms, limit = self.now_ms, int(query.get("limit", _UNSAID_LIMIT))
        last_ms = min(int(query.get("endTime", now_ms + 1)) - 1, now_ms)
        oldest_ms = now_ms - _RECENT_DAYS[timeframe] * DAY_MS if name == CANDLES else 0
        if "startTime" not in query:
            bars = newest(symbol, timeframe, limit, last_ms, now_ms)
            return bars[bars[:, 0] >= oldest_ms]
        return between(symbol, timeframe, max(int(query["startTime"]), oldest_ms), last_ms, now_ms)[-limit:]


def _pair(symbol: Symbol) -> dict[str, Any]:
    return {
        "symbol": symbol.id,
        "baseCoin": symbol.base,
        "quoteCoin": symbol.quote,
        "minTradeAmount": "0",
        "takerFeeRate": "0.002",
        "makerFeeRate": "0.002",
        "pricePrecision": str(symbol.decimals),
        "quantityPrecision": "3",
        "status": "online" if symbol.status == "TRADING" else "offline",
    }


def _contract(symbol: Symbol) -> dict[str, Any]:
    return {
        "symbol": symbol.id,
        "baseCoin": symbol.base,
        "quoteCoin": symbol.quote,
        "supportMarginCoins": [symbol.quote],
        "symbolType": "perpetual",
        "symbolStatus": "normal" if symbol.status == "TRADING" else "off",
        "pricePlace": str(symbol.decimals),
        "priceEndStep": "1",
        "volumePlace": "3",
        "sizeMultiplier": "0.001",
        "minTradeNum": "0.001",
        "launchTime": "",
        "deliveryTime": "",
    }
