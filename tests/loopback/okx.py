"""OKX's v5 REST on 127.0.0.1: candles between two times that are not inside, newest first, 300 a page."""

from collections.abc import Mapping
from typing import Any

from atc_cli.domain.timeframe import HOUR_MS
from tests.loopback import bodies
from tests.loopback.server import LoopbackServer, WrongRequestError
from tests.loopback.symbols import Symbol, Table, between, newest

CANDLES = "market/candles"
HISTORY = "market/history-candles"
CONTRACT_COINS = 0.01

_ROOT = "/api/v5/"
_CAP, _UNSAID_LIMIT, _RECENT = 300, 100, 1440


class OkxServer(LoopbackServer):
    """An OKX; spot and linear swaps list the same symbols. Hourly candles only."""

    symbol_key = "instId"

    @property
    def api_urls(self) -> dict[str, str]:
        """What goes to urls.api of ccxt's okx."""
        return {"rest": self.base_url}

    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """The kind is told by the instrument."""
        kind = "swap" if "SWAP" in (query.get("instType"), query.get("instId", "")[-4:]) else "spot"
        return (kind, path.removeprefix(_ROOT)) if path.startswith(_ROOT) else ("", path)

    def account(self, kind: str, name: str) -> str:
        """Each endpoint has its own."""
        return name

    def cost(self, kind: str, name: str, query: Mapping[str, str]) -> int:
        """Of 40 in two seconds: candles of long ago cost two, as they are allowed half as often."""
        return {CANDLES: 1, "public/time": 4}.get(name, 2)

    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        """The right answer. Raises WrongRequestError, LookupError for a wrong path."""
        if name in (CANDLES, HISTORY):
            return _answer(self._candles(kind, name, query))
        if name == "public/instruments":
            return _answer([_line(kind, each) for each in self.symbols.values()])
        return {"public/time": _answer([{"ts": str(self.now_ms)}])}[name]

    def _candles(self, kind: str, name: str, query: Mapping[str, str]) -> list[list[str]]:
        symbol = next((each for each in self.symbols.values() if native(kind, each) == query["instId"]), None)
        if symbol is None or query["bar"] != "1H":
            raise WrongRequestError(200, {"code": "51001", "msg": "Instrument ID doesn't exist.", "data": []})
        size = CONTRACT_COINS if kind == "swap" else 1
        return [
            [str(row[0]), *row[1:5], f"{float(row[5]) / size:.3f}", row[5], row[7], "1"]
            for row in bodies.klines_rows(self._bars(symbol, name, query), 0, symbol.decimals)[::-1]
        ]

    def _bars(self, symbol: Symbol, name: str, query: Mapping[str, str]) -> Table:
        now_ms, limit = self.now_ms, min(int(query.get("limit", _UNSAID_LIMIT)), _CAP)
        last_ms = min(int(query.get("after", now_ms + 1)) - 1, now_ms)
        if "before" not in query:
            return newest(symbol, "1h", limit, last_ms, now_ms)
        recent_ms = now_ms - _RECENT * HOUR_MS if name == CANDLES else 0
        return between(symbol, "1h", max(int(query["before"]) + 1, recent_ms), last_ms, now_ms)[-limit:]


def native(kind: str, symbol: Symbol) -> str:
    """OKX's own name."""
    return f"{symbol.base}-{symbol.quote}{'-SWAP' if kind == 'swap' else ''}"


def _answer(data: object) -> dict[str, Any]:
    return {"code": "0", "msg": "", "data": data}


def _line(kind: str, symbol: Symbol) -> dict[str, Any]:
    common = {
        "instId": native(kind, symbol),
        "instType": kind.upper(),
        "state": "live" if symbol.status == "TRADING" else "suspend",
        "tickSz": symbol.tick,
        "lotSz": "0.001",
        "listTime": str(symbol.born_ms),
    }
    if kind == "spot":
        return {**common, "baseCcy": symbol.base, "quoteCcy": symbol.quote}
    contract = {"ctType": "linear", "ctVal": str(CONTRACT_COINS), "settleCcy": symbol.quote}
    return {**common, **contract, "baseCcy": "", "quoteCcy": "", "uly": f"{symbol.base}-{symbol.quote}"}
