"""KuCoin's spot REST on 127.0.0.1: candles from startAt until before endAt in seconds, newest first, 1500 a page."""

import json
from collections.abc import Mapping
from typing import Any

from tests.loopback import bodies
from tests.loopback.faults import Fault
from tests.loopback.limits import AnyWindow
from tests.loopback.server import LoopbackServer, WrongRequestError
from tests.loopback.symbols import Symbol, between

CANDLES = "market/candles"

_ROOT = "/api/"
_CAP = 1500
_TYPES = {"15min": "15m", "1hour": "1h", "4hour": "4h", "1day": "1d"}
_WEIGHTS = {CANDLES: 3, "symbols": 4, "market/allTickers": 15, "timestamp": 3, "currencies": 3}


class KucoinServer(LoopbackServer):
    """A KuCoin, spot only. Its answers tell what is left of the window, where it has a limit."""

    @property
    def api_urls(self) -> dict[str, str]:
        """What goes to urls.api of ccxt's kucoin."""
        return {"public": self.base_url, "private": f"{self.base_url}/stray/private"}

    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """Told by the path alone, after its version."""
        return ("spot", path.removeprefix(_ROOT).partition("/")[2]) if path.startswith(_ROOT) else ("", path)

    def cost(self, kind: str, name: str, query: Mapping[str, str]) -> int:
        """As KuCoin counts."""
        return _WEIGHTS[name]

    def headers(self, used: int) -> Mapping[str, str]:
        """The limit and what is left of it."""
        if not isinstance(self.limits, AnyWindow):
            return {}
        left, reset_ms = max(self.limits.weight - used, 0), self.limits.window_ms
        limit = {"gw-ratelimit-limit": self.limits.weight, "gw-ratelimit-remaining": left}
        return {name: str(value) for name, value in {**limit, "gw-ratelimit-reset": reset_ms}.items()}

    def too_many(self, status: int, wait_s: int) -> Fault:
        """KuCoin names its wait in a header of its own."""
        return Fault(status=429, body=json.dumps({"code": "429000", "msg": "Too Many Requests"}))

    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        """The right answer. Raises WrongRequestError, LookupError for a wrong path."""
        if name == CANDLES:
            return _answer(self._candles(query))
        pairs = [_pair(each) for each in self.symbols.values()]
        lists = {"symbols": pairs, "currencies": [], "market/allTickers": {"time": self.now_ms, "ticker": []}}
        return _answer({**lists, "timestamp": self.now_ms}[name])

    def _candles(self, query: Mapping[str, str]) -> list[list[str]]:
        symbol = next((each for each in self.symbols.values() if native(each) == query.get("symbol")), None)
        if symbol is None or query.get("type") not in _TYPES:
            raise WrongRequestError(400, {"code": "400100", "msg": "Incorrect parameters"})
        end_ms = int(query["endAt"]) * 1000 or self.now_ms + 1
        start_ms = int(query["startAt"]) * 1000
        bars = between(symbol, _TYPES[query["type"]], start_ms, end_ms - 1, self.now_ms)[-_CAP:]
        rows = bodies.klines_rows(bars, 0, symbol.decimals)[::-1]
        return [[str(row[0] // 1000), row[1], row[4], row[2], row[3], row[5], row[7]] for row in rows]


def native(symbol: Symbol) -> str:
    """KuCoin's own name."""
    return f"{symbol.base}-{symbol.quote}"


def _answer(data: object) -> dict[str, Any]:
    return {"code": "200000", "data": data}


def _pair(symbol: Symbol) -> dict[str, Any]:
    return {
        "symbol": native(symbol),
        "name": native(symbol),
        "baseCurrency": symbol.base,
        "quoteCurrency": symbol.quote,
        "baseMinSize": "0.001",
        "baseIncrement": "0.001",
        "quoteIncrement": symbol.tick,
        "priceIncrement": symbol.tick,
        "isMarginEnabled": False,
        "enableTrading": symbol.status == "TRADING",
    }
