"""Gate's v4 REST on 127.0.0.1, spot: candles from..to in seconds, which refuses a range that ends before it begins."""

from collections.abc import Mapping
from typing import Any

from tests.loopback import bodies
from tests.loopback.limits import AnyWindow
from tests.loopback.server import LoopbackServer, WrongRequestError
from tests.loopback.symbols import Symbol, between, newest

CANDLESTICKS = "spot/candlesticks"

_ROOT = "/api/v4/"
_CAP, _UNSAID_LIMIT = 1000, 100
_GROUPS = ("wallet", "futures", "margin", "delivery", "spot", "options", "sub_accounts", "earn", "unified")


class GateServer(LoopbackServer):
    """A Gate, spot only."""

    symbol_key = "currency_pair"

    @property
    def api_urls(self) -> dict[str, Any]:
        """What goes to urls.api of ccxt's gate."""
        return {"public": dict.fromkeys(_GROUPS, f"{self.base_url}{_ROOT[:-1]}")}

    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """Told by the path alone."""
        return ("spot", path.removeprefix(_ROOT)) if path.startswith(_ROOT) else ("", path)

    def account(self, kind: str, name: str) -> str:
        """Each endpoint has its own."""
        return name

    def headers(self, used: int) -> Mapping[str, str]:
        """The limit and what is left of it."""
        if not isinstance(self.limits, AnyWindow):
            return {}
        left = str(max(self.limits.weight - used, 0))
        return {"X-Gate-RateLimit-Limit": str(self.limits.weight), "X-Gate-RateLimit-Requests-Remain": left}

    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        """The right answer. Raises WrongRequestError, LookupError for a wrong path."""
        if name == CANDLESTICKS:
            return self._candles(query)
        lists = {"spot/currencies": [], "margin/currency_pairs": []}
        pairs = [_pair(each) for each in self.symbols.values()]
        return {**lists, "spot/currency_pairs": pairs, "spot/time": {"server_time": self.now_ms}}[name]

    def _candles(self, query: Mapping[str, str]) -> list[list[str]]:
        symbol = next((each for each in self.symbols.values() if native(each) == query.get("currency_pair")), None)
        if symbol is None:
            raise _refused("INVALID_CURRENCY_PAIR", "Invalid currency pair")
        to_ms = min(int(query.get("to", self.now_ms // 1000)) * 1000, self.now_ms)
        if "from" in query:
            from_ms = int(query["from"]) * 1000
            if from_ms > to_ms:
                raise _refused("INVALID_PARAM_VALUE", "invalid argument: from/to")
            bars = between(symbol, query["interval"], from_ms, to_ms, self.now_ms)[:_CAP]
        else:
            limit = min(int(query.get("limit", _UNSAID_LIMIT)), _CAP)
            bars = newest(symbol, query["interval"], limit, to_ms, self.now_ms)
        rows = bodies.klines_rows(bars, 0, symbol.decimals)
        return [[str(row[0] // 1000), row[7], row[4], row[2], row[3], row[1], row[5]] for row in rows]


def native(symbol: Symbol) -> str:
    """Gate's own name."""
    return f"{symbol.base}_{symbol.quote}"


def _refused(label: str, message: str) -> WrongRequestError:
    return WrongRequestError(400, {"label": label, "message": message})


def _pair(symbol: Symbol) -> dict[str, Any]:
    return {
        "id": native(symbol),
        "base": symbol.base,
        "quote": symbol.quote,
        "fee": "0.2",
        "amount_precision": 3,
        "precision": symbol.decimals,
        "trade_status": "tradable" if symbol.status == "TRADING" else "untradable",
        "buy_start": symbol.born_ms // 1000,
    }
