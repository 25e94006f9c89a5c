"""A market held in memory, handed to the code under test as an argument."""

from collections.abc import Callable, Sequence

import numpy as np

from atc_cli.commands.ports import Ports
from atc_cli.data.source import Delivery, Listing, Market
from atc_cli.domain.panel import Candles, RawCandles
from atc_cli.domain.results import Skipped
from atc_cli.engine import reference, rust
from atc_cli.settings import Settings
from tests.backends import HOUR_MS, tick_walk

NOW_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS + 1000 * HOUR_MS + 20 * 60_000  # 20 minutes into an hour


class MemoryMarket(Market):
    """Symbols and their candles; `before` runs ahead of each delivery (to interrupt, to fail)."""

    def __init__(
        self,
        raw: Sequence[RawCandles | Skipped],
        *,
        name: str = "memory",
        live: bool = True,
        now_ms: int = NOW_MS,
        quote_volumes: dict[str, float] | None = None,
        before: Callable[[str], None] = lambda symbol: None,
    ) -> None:
        self.name = self.title = name
        self.kind = "swap"
        self.live = live
        self.simulated = False
        self.closed = False
        self._raw = {each.symbol: each for each in raw}
        self._now_ms = now_ms
        self._volumes = quote_volumes or {}
        self._before = before

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        return [
            Listing(
                exchange=self.name,
                symbol=symbol,
                native=symbol,
                quote_volume=self._volumes.get(symbol) if tickers else None,
            )
            for symbol in self._raw
        ]

    def now_ms(self) -> int:
        return self._now_ms

    def fetch(self, listings: Sequence[Listing], timeframe: str, bars: int, now_ms: int, deliver: Delivery) -> None:
        for each in listings:
            self._before(each.symbol)
            deliver(self._raw[each.symbol])

    def close(self) -> None:
        self.closed = True


class NoProgress:
    """Progress that nobody watches."""

    def begin(self, what: str, total: int) -> None: ...

    def advance(self) -> None: ...

    def end(self) -> None: ...


def raw(candles: Candles, symbol: str | None = None, *, last_open_ms: int | None = None) -> RawCandles:
    """Candles as a market would send them, moved so that the last one opens at `last_open_ms`."""
    last = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS if last_open_ms is None else last_open_ms
    stamps = candles.timestamp - candles.timestamp[-1] + last
    return RawCandles(
        exchange="memory",
        symbol=symbol or candles.symbol,
        timestamp=stamps.astype(np.float64),
        values=np.ascontiguousarray(candles.values.T),
    )


def walk(symbol: str, bars: int = 200, seed: int = 0, **extra: object) -> RawCandles:
    """A random walk of that name."""
    return raw(tick_walk(bars, seed), symbol, **extra)


def ports(*markets: MemoryMarket) -> Ports:
    """Ports on markets in memory, with the real backends."""
    return Ports(
        markets=markets,
        offers=[rust.offer(), reference.offer()],
        clock_ms=lambda: NOW_MS,
        progress=NoProgress(),
    )


def hourly(**changes: object) -> Settings:
    """Settings for hourly candles."""
    return Settings(**{"timeframe": "1h", "bars": 200, "all": True, **changes})
