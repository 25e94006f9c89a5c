"""Bybit's v5 REST on 127.0.0.1: spot and linear contracts, as far as a scan asks."""

import json
from collections.abc import Mapping
from typing import Any

from atc_cli.domain.timeframe import TIMEFRAMES_MS
from tests.loopback import bodies
from tests.loopback.faults import Fault
from tests.loopback.server import LoopbackServer, WrongRequestError
from tests.loopback.symbols import Symbol, Table, between, newest

KLINE = "kline"
INSTRUMENTS = "instruments-info"
SERVER_TIME = "time"
DAY = "tickers"

_ROOT = "/v5/market/"
_KINDS = {"spot": "spot", "linear": "swap", None: "any"}
_MINUTES = {"1": "1m", "3": "3m", "5": "5m", "15": "15m", "30": "30m"}
_HOURS = {"60": "1h", "120": "2h", "240": "4h", "360": "6h", "720": "12h"}
_INTERVALS = {**_MINUTES, **_HOURS, "D": "1d", "W": "1w"}
_CAP, _UNSAID_LIMIT = 1000, 200


def ret_code(code: int, message: str, status: int = 200) -> Fault:
    """An error as Bybit sends most of them: with status 200."""
    return Fault(status=status, body=json.dumps({"retCode": code, "retMsg": message, "result": {}, "time": 0}))


class BybitServer(LoopbackServer):
    """A Bybit; spot and linear list the same symbols. At most `instruments_cap` lines of linear come in one page."""

    instruments_cap = 1000

    @property
    def api_urls(self) -> dict[str, str]:
        """What goes to urls.api of ccxt's bybit."""
        stray = {key: f"{self.base_url}/stray/{key}" for key in ("spot", "futures", "v2", "private")}
        return {"public": self.base_url, **stray}

    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """Every kind has the same paths: the category tells."""
        kind = _KINDS.get(query.get("category"), "")
        return (kind, path.removeprefix(_ROOT)) if path.startswith(_ROOT) else ("", path)

    def account(self, kind: str, name: str) -> str:
        """One for the address, whatever is asked."""
        return ""

    def too_many(self, status: int, wait_s: int) -> Fault:
        """Bybit sends such an address away for ten minutes."""
        return ret_code(10006, "access too frequent", 403)

    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        """The right answer. Raises WrongRequestError, LookupError for a wrong path."""
        answers = {KLINE: self._klines, INSTRUMENTS: self._instruments, DAY: self._tickers, SERVER_TIME: _no_result}
        result = answers[name](kind, query)
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": self.now_ms}

    def _klines(self, kind: str, query: Mapping[str, str]) -> dict[str, Any]:
        symbol = next((each for each in self.symbols.values() if native(kind, each) == query.get("symbol")), None)
        if symbol is None or query.get("interval") not in _INTERVALS:
            raise WrongRequestError(200, {"retCode": 10001, "retMsg": "params error: symbol invalid", "result": {}})
        bars = self._bars(symbol, _INTERVALS[query["interval"]], query)
        rows = [[str(row[0]), *row[1:6], row[7]] for row in bodies.klines_rows(bars, 0, symbol.decimals)]
        return {"category": query["category"], "symbol": query["symbol"], "list": rows[::-1]}

    def _bars(self, symbol: Symbol, timeframe: str, query: Mapping[str, str]) -> Table:
        """From the candle that contains `start` on, else the newest; the forming one included."""
        limit, now_ms = min(int(query.get("limit", _UNSAID_LIMIT)), _CAP), self.now_ms
        if "start" not in query:
            return newest(symbol, timeframe, limit, now_ms, now_ms)
        after_ms = int(query["start"]) - TIMEFRAMES_MS[timeframe]
        return between(symbol, timeframe, after_ms + 1, now_ms, now_ms)[:limit]

    def _instruments(self, kind: str, query: Mapping[str, str]) -> dict[str, Any]:
        if query.get("status") == "PreLaunch":
            return {"category": query["category"], "list": [], "nextPageCursor": ""}
        lines = [_line(kind, each) for each in self.symbols.values()]
        if kind == "spot":
            return {"category": "spot", "list": lines}
        first, size = int(query.get("cursor", 0)), min(int(query["limit"]), self.instruments_cap)
        cursor = str(first + size) if first + size < len(lines) else ""
        return {"category": "linear", "list": lines[first : first + size], "nextPageCursor": cursor}

    def _tickers(self, kind: str, query: Mapping[str, str]) -> dict[str, Any]:
        days = [_ticker(kind, each, self.now_ms) for each in self.symbols.values() if each.status == "TRADING"]
        return {"category": query["category"], "list": days}


def native(kind: str, symbol: Symbol) -> str:
    """Bybit's own name; contracts in USDC do not name it."""
    return f"{symbol.base}PERP" if kind == "swap" and symbol.quote == "USDC" else symbol.id


def _no_result(_kind: str, _query: Mapping[str, str]) -> dict[str, Any]:
    return {}


def _line(kind: str, symbol: Symbol) -> dict[str, Any]:
    common = {
        "symbol": native(kind, symbol),
        "baseCoin": symbol.base,
        "quoteCoin": symbol.quote,
        "status": "Trading" if symbol.status == "TRADING" else "Closed",
        "priceFilter": {"tickSize": symbol.tick},
    }
    if kind == "spot":
        return {**common, "innovation": "0", "marginTrading": "none", "lotSizeFilter": {"basePrecision": "0.001"}}
    return {
        **common,
        "contractType": "LinearPerpetual" if symbol.contract == "PERPETUAL" else "LinearFutures",
        "launchTime": str(symbol.born_ms),
        "deliveryTime": "0" if symbol.contract == "PERPETUAL" else "1798761600000",
        "settleCoin": symbol.quote,
        "fundingInterval": 480,
        "lotSizeFilter": {"minOrderQty": "0.001", "maxOrderQty": "100.000", "qtyStep": "0.001"},
    }


def _ticker(kind: str, symbol: Symbol, now_ms: int) -> dict[str, Any]:
    day = bodies.ticker(kind, symbol, now_ms)
    ours = {
        "symbol": native(kind, symbol),
        "lastPrice": day["lastPrice"],
        "prevPrice24h": day["openPrice"],
        "price24hPcnt": f"{float(day['priceChangePercent']) / 100:.5f}",
        "highPrice24h": day["highPrice"],
        "lowPrice24h": day["lowPrice"],
        "turnover24h": day["quoteVolume"],
        "volume24h": day["volume"],
    }
    return ours if kind == "spot" else {**ours, "openInterest": "1", "openInterestValue": day["lastPrice"]}
