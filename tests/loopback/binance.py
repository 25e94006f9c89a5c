"""Binance's REST on 127.0.0.1: spot and USD-M."""

from collections.abc import Mapping
from typing import Any

from tests.loopback import bodies
from tests.loopback.server import LoopbackServer
from tests.loopback.symbols import Symbol

EXCHANGE_INFO = "exchangeInfo"
KLINES = "klines"
TICKERS = "ticker/24hr"
TIME = "time"

_ROOTS = {"/api/v3/": "spot", "/fapi/v1/": "swap"}
# ccxt 4.5 has these keys; what we never ask for leads to a place that answers 404 and is counted
_STRAY_KEYS = (
    *("sapi", "sapiV2", "sapiV3", "sapiV4", "private", "v1", "papi", "papiV2", "eapiPublic", "eapiPrivate"),
    *("dapiPublic", "dapiPrivate", "dapiPrivateV2", "dapiData", "fapiPublicV2", "fapiPublicV3", "fapiPrivate"),
    *("fapiPrivateV2", "fapiPrivateV3", "fapiData"),
)


class BinanceServer(LoopbackServer):
    """A Binance; both spot and USD-M list the same symbols."""

    @property
    def api_urls(self) -> dict[str, str]:
        """What goes to urls.api of ccxt's binance."""
        stray = {key: f"{self.base_url}/stray/{key}" for key in _STRAY_KEYS}
        return {"public": f"{self.base_url}/api/v3", "fapiPublic": f"{self.base_url}/fapi/v1", **stray}

    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """Told by the path alone."""
        for root, kind in _ROOTS.items():
            if path.startswith(root):
                return kind, path.removeprefix(root)
        return "", path

    def cost(self, kind: str, name: str, query: Mapping[str, str]) -> int:
        """As Binance counts."""
        return bodies.weight(kind, name, query)

    def headers(self, used: int) -> Mapping[str, str]:
        """The weight that is used."""
        return {"X-MBX-USED-WEIGHT-1M": str(used)}

    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        """The right answer. Raises BinanceError for a wrong request, LookupError for a wrong path."""
        now_ms = self.now_ms
        if name == KLINES:
            return bodies.klines(self._symbol(query), query, bodies.CAPS[kind], now_ms)
        if name == TICKERS:
            if "symbol" in query:
                return bodies.ticker(kind, self._symbol(query), now_ms)
            return [bodies.ticker(kind, each, now_ms) for each in self.symbols.values() if each.status == "TRADING"]
        if name == EXCHANGE_INFO:
            return bodies.exchange_info(kind, list(self.symbols.values()), now_ms, self.limits.per_minute[kind])
        return {TIME: {"serverTime": now_ms}, "ping": {}}[name]

    def _symbol(self, query: Mapping[str, str]) -> Symbol:
        if not query.get("symbol"):
            raise bodies.BinanceError(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
        if query["symbol"] not in self.symbols:
            raise bodies.BinanceError(-1121, "Invalid symbol.")
        return self.symbols[query["symbol"]]
