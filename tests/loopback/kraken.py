"""Kraken's REST on 127.0.0.1, which never tells more than the newest 720 candles, whatever is asked."""

from collections.abc import Mapping
from typing import Any

from tests.loopback import bodies
from tests.loopback.faults import Fault
from tests.loopback.server import LoopbackServer, WrongRequestError
from tests.loopback.symbols import Symbol, newest

OHLC = "OHLC"
HELD_BARS = 720

_ROOT = "/0/public/"
_INTERVALS = {"60": "1h", "240": "4h", "1440": "1d"}


class KrakenServer(LoopbackServer):
    """A Kraken: spot only, times in seconds."""

    symbol_key = "pair"

    @property
    def api_urls(self) -> dict[str, str]:
        """What goes to urls.api of ccxt's kraken."""
        return {"public": self.base_url, "private": f"{self.base_url}/stray/private"}

    def place(self, path: str, query: Mapping[str, str]) -> tuple[str, str]:
        """Told by the path alone."""
        return ("spot", path.removeprefix(_ROOT)) if path.startswith(_ROOT) else ("", path)

    def too_many(self, status: int, wait_s: int) -> Fault:
        """Kraken refuses with status 200."""
        return Fault(body='{"error":["EGeneral:Too many requests"]}')

    def document(self, kind: str, name: str, query: Mapping[str, str]) -> Any:
        """The right answer. Raises WrongRequestError, LookupError for a wrong path."""
        listed = list(self.symbols.values())
        if name == OHLC:
            return _answer(self._candles(query))
        if name == "AssetPairs":
            return _answer({each.id: _pair(each) for each in listed})
        if name == "Assets":
            coins = {coin for each in listed for coin in (each.base, each.quote)}
            return _answer({coin: {"altname": coin, "decimals": 8, "status": "enabled"} for coin in sorted(coins)})
        return {"Time": _answer({"unixtime": self.now_ms // 1000})}[name]

    def _candles(self, query: Mapping[str, str]) -> dict[str, Any]:
        symbol = self.symbols.get(query.get("pair", ""))
        if symbol is None or query.get("interval") not in _INTERVALS:
            raise WrongRequestError(200, {"error": ["EQuery:Unknown asset pair"]})
        after_ms = int(query.get("since", 0)) * 1000
        bars = newest(symbol, _INTERVALS[query["interval"]], HELD_BARS, self.now_ms, self.now_ms)
        bars = bars[bars[:, 0] > after_ms]
        rows = [
            [row[0] // 1000, *row[1:5], row[4], row[5], row[8]] for row in bodies.klines_rows(bars, 0, symbol.decimals)
        ]
        return {symbol.id: rows, "last": rows[-1][0] if rows else after_ms // 1000}


def _answer(result: object) -> dict[str, Any]:
    return {"error": [], "result": result}


def _pair(symbol: Symbol) -> dict[str, Any]:
    return {
        "altname": symbol.id,
        "wsname": f"{symbol.base}/{symbol.quote}",
        "base": symbol.base,
        "quote": symbol.quote,
        "pair_decimals": symbol.decimals,
        "lot_decimals": 8,
        "leverage_buy": [],
        "fees": [[0, 0.26]],
        "fees_maker": [[0, 0.16]],
        "ordermin": "1",
        "status": "online" if symbol.status == "TRADING" else "cancel_only",
    }
