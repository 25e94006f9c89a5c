"""What a server lists: symbols, and where their candles come from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, TIMEFRAMES_MS, grid_offset_ms

Table = NDArray[np.float64]
"""Candles, shape [bars, 6]: open time in UTC ms, open, high, low, close, volume; oldest first."""

BarSource = Callable[[str, int, int, int], Table]
"""(timeframe, first open time, last open time, now) -> the candles that open in first..last, both included."""


def fixed(bars: Table) -> BarSource:
    """Exactly these candles, whatever the timeframe; those that open after now stay hidden."""

    def source(timeframe: str, first_ms: int, last_ms: int, now_ms: int) -> Table:
        opens = bars[:, 0]
        return bars[(opens >= first_ms) & (opens <= min(last_ms, now_ms))]

    return source


def wandering(seed: int, *, scale: float = 100.0, tick: str = "0.01", born_ms: int = 0) -> BarSource:
    """A made-up market: price(t) is a function of seed and time, so that every timeframe tells the same story.

    price(t) = scale * exp(sum of 6 waves with periods of 4 hours to 90 days), on a grid of `tick`; the
    forming candle ends now.
    """
    random = np.random.default_rng(seed)
    periods_ms = np.geomspace(4 * HOUR_MS, 90 * DAY_MS, 6) * random.uniform(0.8, 1.25, 6)
    phases, heights = random.uniform(0, 2 * np.pi, 6), np.geomspace(0.004, 0.25, 6)

    def price(at_ms: Table) -> Table:
        waves = heights * np.sin(2 * np.pi * at_ms[:, None] / periods_ms + phases)
        return np.asarray(scale * np.exp(waves.sum(axis=1)), dtype=np.float64)

    def source(timeframe: str, first_ms: int, last_ms: int, now_ms: int) -> Table:
        step = TIMEFRAMES_MS[timeframe]
        opens = np.arange(first_ms, min(last_ms, now_ms) + 1, step, dtype=np.float64)
        opens = opens[opens >= born_ms - step + 1]
        closes = np.minimum(opens + step, now_ms)
        return _on_grid(opens, price(opens), price(closes), float(tick))

    return source


def _on_grid(opens: Table, first: Table, last: Table, tick: float) -> Table:
    jitter = np.abs(np.sin(opens / 60_000 * 12.9898))
    high = np.maximum(first, last) * (1 + 0.002 * jitter)
    low = np.minimum(first, last) * (1 - 0.002 * (1 - jitter))
    ticks = [np.maximum(np.rint(each / tick), 1) for each in (first, high, low, last)]
    high, low = np.maximum.reduce(ticks), np.minimum.reduce(ticks)
    volume = np.rint(1000 * (0.2 + jitter))
    return np.column_stack([opens, ticks[0] * tick, high * tick, low * tick, ticks[3] * tick, volume])


@dataclass(frozen=True)
class Symbol:
    """One line of exchangeInfo, and its candles.

    `contract` is the contractType on USD-M (PERPETUAL, CURRENT_QUARTER, ...); `tick` sets the decimals of prices;
    `born_ms` is the onboardDate.
    """

    base: str
    quote: str = "USDT"
    status: str = "TRADING"
    contract: str = "PERPETUAL"
    tick: str = "0.01"
    born_ms: int = 0
    bars: BarSource = field(default_factory=lambda: fixed(np.empty((0, 6))))

    @property
    def id(self) -> str:
        """The exchange's own name, such as BTCUSDT."""
        return self.base + self.quote

    @property
    def decimals(self) -> int:
        """Digits after the point of a price."""
        return max(0, -int(Decimal(self.tick).as_tuple().exponent))


def newest(symbol: Symbol, timeframe: str, limit: int, last_ms: int, now_ms: int) -> Table:
    """The newest `limit` candles, however long ago they were: an exchange does not stop at a silent week."""
    reach_ms = (limit + 1) * TIMEFRAMES_MS[timeframe]
    while True:
        bars = between(symbol, timeframe, last_ms - reach_ms, last_ms, now_ms)[-limit:]
        if len(bars) == limit or last_ms - reach_ms <= symbol.born_ms:
            return bars
        reach_ms *= 4


def between(symbol: Symbol, timeframe: str, start_ms: int, last_ms: int, now_ms: int) -> Table:
    """Candles that open in start..last, from the listing on."""
    step, offset = TIMEFRAMES_MS[timeframe], grid_offset_ms(timeframe) or 0
    first_ms = max(start_ms, symbol.born_ms - step)
    return symbol.bars(timeframe, -((offset - first_ms) // step) * step + offset, last_ms, now_ms)
