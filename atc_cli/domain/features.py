"""Figures of a series beside its signal, as of each bar and nothing after it: lengths, names, the slow definition."""

import math
from collections import deque
from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS

EMA_BARS = 28
ATR_BARS = 100
BURST_BARS = 5
_FEWEST_BARS_A_DAY = 24

Floats = NDArray[np.float64]


class Lengths(NamedTuple):
    """How far back the figures look, in bars; `day` is 0 where no volumes are compared."""

    ema: int = EMA_BARS
    atr: int = ATR_BARS
    burst: int = BURST_BARS
    day: int = 0

    @classmethod
    def of(cls, timeframe: str) -> "Lengths":
        """The usual ones; volumes are compared where a day has at least 24 bars."""
        bars = DAY_MS // TIMEFRAMES_MS[timeframe]
        return cls(day=bars if bars >= _FEWEST_BARS_A_DAY else 0)


class Features(NamedTuple):
    """The figures at one bar, NaN where there are too few bars; windows begin with the series.

    ema: e = e + 2 / (lengths.ema + 1) * (close - e), e = close at the first bar; from bar lengths.ema on.
    atr: Wilder's average of the true range max(high, close before) - min(low, close before), high - low at the first
    bar; the mean of the first lengths.atr, then ((lengths.atr - 1) * atr + true range) / lengths.atr.
    jump: close / close before, where the larger of the two / the smaller is largest so far, the first of equals;
    jumped: the number of that bar. burst: mean volume of the last lengths.burst bars / of the last lengths.day bars,
    which are 24 h unless bars are missing; NaN where a volume is unknown or all are 0.
    """

    ema: float
    atr: float
    jump: float
    jumped: float
    burst: float


def at_each_bar(values: Floats, lengths: Lengths) -> list[Features]:
    """Of every bar; `values` [5, bars] are open, high, low, close, volume. Slow: what is fast gives these bits."""
    walked = enumerate(_walk(values, lengths), start=1)
    return [_at(bars, known, values[4, :bars], lengths) for bars, known in walked]


def at_the_end(values: Floats, lengths: Lengths) -> Features:
    """Of the last bar; see at_each_bar."""
    (known,) = deque(_walk(values, lengths), maxlen=1) or (_Known(math.nan, math.nan, math.nan, math.nan),)
    return _at(values.shape[1], known, values[4], lengths)


class _Known(NamedTuple):
    """At a bar; `range` is the sum of the true ranges until there are enough for their average."""

    ema: float
    range: float
    jump: float
    jumped: float


def _walk(values: Floats, lengths: Lengths) -> Iterator[_Known]:
    _, highs, lows, closes, _ = values.tolist()
    before = ema = ranged = jump = jumped = math.nan
    factor = 0.0
    for bar, (high, low, close) in enumerate(zip(highs, lows, closes, strict=True)):
        if bar == 0:
            ema, ranged = close, high - low
        else:
            ema += 2 / (lengths.ema + 1) * (close - ema)
            true_range = max(high, before) - min(low, before)
            ranged = (lengths.atr - 1) * ranged + true_range if bar >= lengths.atr else ranged + true_range
            # The product is what the comparison is defined by: it rounds otherwise than the quotient.
            if max(close, before) > factor * min(close, before):
                factor, jump, jumped = max(close, before) / min(close, before), close / before, float(bar)
        if bar + 1 >= lengths.atr:
            ranged /= lengths.atr
        before = close
        yield _Known(ema, ranged, jump, jumped)


def _at(bars: int, known: _Known, volume: Floats, lengths: Lengths) -> Features:
    ema = known.ema if bars >= lengths.ema else math.nan
    atr = known.range if bars >= lengths.atr else math.nan
    return Features(ema, atr, known.jump, known.jumped, _burst(volume, lengths))


def _burst(volume: Floats, lengths: Lengths) -> float:
    if not lengths.day or len(volume) < max(lengths.day, lengths.burst):
        return math.nan
    newest, day = (_mean(volume[-bars:]) for bars in (lengths.burst, lengths.day))
    return newest / day if day else math.nan


def _mean(values: Floats) -> float:
    # Not sum(), which rounds less from Python 3.12 on, nor numpy's, which adds in another order.
    return reduce(add, values.tolist(), 0.0) / len(values)
