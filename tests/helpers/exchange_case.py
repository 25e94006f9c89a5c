"""What tests of the exchange share: a market on a loopback Binance, what it delivers, candles of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from atc_cli.data.exchange.market import ExchangeMarket
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.timeframe import HOUR_MS, MINUTE_MS
from atc_cli.domain.window import Window
from atc_cli.reporting.progress import LoggedWaits
from tests.loopback import LoopbackServer, Symbol, Table, wandering

NOW = 1_760_000_400_000  # 2025-10-09T09:00:00Z
FORMING = NOW + 25 * MINUTE_MS


@dataclass
class Waits:
    """Waits that are over at once, and how long they would have been."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@contextmanager
def market_of(
    server: LoopbackServer, kind: str = "swap", exchange: str = "binance", *, use_keys: bool = False, **more: object
) -> Iterator[tuple[ExchangeMarket, Waits]]:
    waits = Waits()
    options = {**server.options(), **more}
    with closing(ExchangeMarket(exchange, kind, options, use_keys=use_keys, pause=waits)) as market:
        yield market, waits


@dataclass
class Simulated:
    """The server's clock as ours, and a progress that remembers what it was told and what a log says of it.

    Waits are over at once and move the clock, once every request that is on its way has reached the server:
    in real time they would. `ahead_ms` is how wrong our clock is.
    """

    server: LoopbackServer
    ahead_ms: int = 0
    weights: list[int] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    announced_s: list[float] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    bars: int = 0

    def __post_init__(self) -> None:
        self._before = len(self.server.answered)
        self._logged = LoggedWaits(self.log.extend, lambda: self.now_ms() / 1000)

    def now_ms(self) -> int:
        return self.server.now_ms + self.ahead_ms

    async def pause(self, seconds: float) -> None:
        while self._before + len(self.weights) > len(self.server.answered):
            await asyncio.sleep(0)
        self.waits_s.append(seconds)
        self.server.advance(round(seconds * 1000))

    def begin(self, what: str, total: int) -> None: ...

    def advance(self) -> None: ...

    def end(self) -> None: ...

    def sent(self, weight: int) -> None:
        self.weights.append(weight)

    def received(self, bars: int) -> None:
        self.bars += bars

    def waiting(self, exchange: str, seconds: float) -> None:
        self.announced_s.append(seconds)
        self._logged.waiting(exchange, seconds)


@contextmanager
def limited_market(
    server: LoopbackServer, kind: str = "swap", *, exchange: str = "binance", ahead_ms: int = 0, **more: Any
) -> Iterator[tuple[ExchangeMarket, Simulated]]:
    """A market that holds itself back, in the server's time."""
    time = Simulated(server, ahead_ms)
    world = {"pause": time.pause, "clock_ms": time.now_ms, "progress": time, **more}
    with closing(ExchangeMarket(exchange, kind, server.options(limited=True), **world)) as market:
        yield market, time


@dataclass
class Got:
    """What a fetch delivered, by plain name."""

    candles: dict[str, RawCandles] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)

    def __call__(self, raw: RawCandles | Skipped) -> None:
        name = plain(raw.symbol)
        self.order.append(name)
        if isinstance(raw, Skipped):
            self.skipped[name] = raw
        else:
            self.candles[name] = raw


def plain(symbol: str) -> str:
    """BTCUSDT for BTC/USDT:USDT, whatever the exchange calls it."""
    return symbol.split(":", maxsplit=1)[0].replace("/", "")


def fetch_all(market: ExchangeMarket, bars: int = 1500, timeframe: str = "1h") -> Got:
    got = Got()
    listings = market.listings(quote="USDT", tickers=False)
    market.fetch(listings, Window(timeframe=timeframe, now_ms=market.now_ms(), bars=bars), got)
    assert sorted(got.order) == sorted(plain(each.symbol) for each in listings), "each listing exactly once"
    return got


def hourly(count: int, last_open_ms: int = FORMING // HOUR_MS * HOUR_MS, seed: int = 1) -> Table:
    """`count` candles that end with the one that opens at `last_open_ms`, on a grid of 0.01."""
    ticks = np.random.default_rng(seed).integers(5_000, 20_000, (count, 4))
    opens = last_open_ms - HOUR_MS * np.arange(count - 1, -1, -1)
    prices = np.column_stack([ticks[:, 0], ticks.max(axis=1), ticks.min(axis=1), ticks[:, 3]]) / 100
    return np.column_stack([opens, prices, ticks[:, 1] / 1000])


def coins(count: int) -> list[Symbol]:
    return [Symbol(f"C{i:02d}", bars=wandering(i)) for i in range(count)]


def assert_same(raw: RawCandles, bars: Table) -> None:
    np.testing.assert_array_equal(raw.timestamp, bars[:, 0])
    np.testing.assert_array_equal(raw.values, bars[:, 1:])
