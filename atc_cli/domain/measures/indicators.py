"""Indicators that traders know, of the last bar: the figures of domain.features, which has formulas and sources."""

import math

from atc_cli.domain.measures.measure import RowData
from atc_cli.domain.measures.trend import finite
from atc_cli.domain.timeframe import DAY_MS


def rsi(data: RowData) -> float | None:
    """Wilder's RSI(14), 0 to 100; None with fewer than 15 bars, or where no close differs from the one before."""
    return finite(data.features.rsi)


def adx(data: RowData) -> float | None:
    """Wilder's ADX(14), 0 to 100; None with fewer than 28 bars."""
    return finite(data.features.adx)


def bollinger_frac(data: RowData) -> float | None:
    """%B: where the close lies between the Bollinger bands (20, 2), 0 at the lower, 1 at the upper.

    None with fewer than 20 bars, or where the last 20 closes are equal.
    """
    return finite(data.features.bollinger)


def volatility_day_frac(data: RowData) -> float | None:
    """Standard deviation of the last 100 returns * sqrt(bars in 24 h), a fraction per day.

    None with fewer than 101 bars. Bars that are missing count not: a return across them is one bar's.
    """
    return finite(data.features.volatility * math.sqrt(DAY_MS / data.candles.step_ms))


def hurst(data: RowData) -> float | None:
    """Generalised Hurst exponent of the last 256 returns: 0.49 +- 0.05 where the price walks at random.

    None with fewer than 257 bars, or where the price is flat.
    """
    return finite(data.features.hurst)
