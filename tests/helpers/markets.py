"""A market held in memory, handed to the code under test as an argument."""

from collections.abc import Callable, Sequence

import numpy as np

from atc_cli.commands.ports import Ports
from atc_cli.data.market import Delivery, From, Listing, Market
from atc_cli.domain.panel import Candles, RawCandles
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.domain.window import Window
from atc_cli.engine import reference, rust
from atc_cli.settings.sections import Settings
from tests.helpers.backends import HOUR_MS, tick_walk

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
        self.notes: list[str] = []
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

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
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

    def lasting(self, words: str) -> None: ...


def raw(candles: Candles, symbol: str | None = None, *, last_open_ms: int | None = None) -> RawCandles:
    """Candles as a market would send them, moved so that the last one opens at `last_open_ms`."""
    last = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS if last_open_ms is None else last_open_ms
    stamps = candles.timestamp - candles.timestamp[-1] + last
    return RawCandles(
        exchange="memory",
        symbol=symbol or candles.symbol,
        timeframe=candles.timeframe,
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


class HistoryMarket(Market):
    """A live market with a clock that tests move and books that tests edit; every request is noted.

    `books` maps a symbol to {open ms: (open, high, low, close, volume)}. The forming bar is served with its close
    halved, so that a store that kept it would be found out.
    """

    name = title = "memory"
    kind = "swap"
    simulated = False
    live = True

    def __init__(self, books: dict[str, dict[int, tuple[float, ...]]], *, now_ms: int, timeframe: str = "1h") -> None:
        self.books = books
        self.clock_ms = now_ms
        self.notes: list[str] = []
        self.asked: list[tuple[str, str, int]] = []  # how, symbol, bars or since
        self.before: Callable[[str], None] = lambda symbol: None
        self._step_ms = TIMEFRAMES_MS[timeframe]

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        return [Listing(exchange=self.name, symbol=name, native=name, quote="USDT") for name in self.books]

    def now_ms(self) -> int:
        return self.clock_ms

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        for each in listings:
            self.asked.append(("whole", each.symbol, window.bars or window.since_ms))
            self.before(each.symbol)
            closed = [stamp for stamp in sorted(self.books[each.symbol]) if stamp + self._step_ms <= window.now_ms]
            newest = closed[-window.bars] if window.bars and len(closed) >= window.bars else 0
            deliver(self._raw(each.symbol, window.since_ms or newest, window))

    def fetch_from(self, wants: Sequence[From], window: Window, deliver: Delivery) -> None:
        for each in wants:
            self.asked.append(("from", each.listing.symbol, each.since_ms))
            self.before(each.listing.symbol)
            deliver(self._raw(each.listing.symbol, each.since_ms, window))

    def close(self) -> None:
        """Nothing is held open."""

    def _raw(self, symbol: str, since_ms: int, window: Window) -> RawCandles:
        end_ms = min(window.now_ms, (window.until_ms or window.now_ms + 1) - 1)
        rows = [(stamp, *row) for stamp, row in sorted(self.books[symbol].items()) if since_ms <= stamp <= end_ms]
        table = np.array(rows, dtype=np.float64).reshape(-1, 6)
        forming = table[:, 0] + self._step_ms > window.now_ms
        table[forming, 4] = table[forming, 4] / 2
        table[forming, 3] = np.minimum(table[forming, 3], table[forming, 4])
        return RawCandles(
            exchange=self.name,
            symbol=symbol,
            timeframe=window.timeframe,
            timestamp=table[:, 0],
            values=table[:, 1:],
        )


def book(bars: int, seed: int, *, last_open_ms: int, step_ms: int = HOUR_MS) -> dict[int, tuple[float, ...]]:
    """A random walk as the book of one symbol, its last bar at `last_open_ms`."""
    walk = tick_walk(bars, seed)
    stamps = last_open_ms - step_ms * np.arange(bars - 1, -1, -1)
    volume = np.random.default_rng(seed).integers(0, 10**6, bars) / 1000
    rows = np.column_stack((walk.values[:4].T, volume)).tolist()
    return dict(zip(stamps.tolist(), map(tuple, rows), strict=True))
