"""Long series made short for a picture, and small for a page: extremes stay."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.results.backtest import Floats, Ints

_DIGITS = 7  # significant ones of a curve: more than any screen shows


class Thinning(NamedTuple):
    """A series of `bars` in stretches of `each` bars; each stretch is two points, the last bar one more."""

    bars: int
    each: int

    @classmethod
    def to(cls, bars: int, points: int) -> "Thinning":
        """At most so many points; where there are no more bars than that, every bar is one."""
        return cls(bars, 1 if bars <= points else -(-bars // ((points - 1) // 2)))

    def places(self) -> Ints:
        """The bar at which each point is drawn: the first and the middle one of a stretch, and the last of all."""
        if self.each == 1:
            return np.arange(self.bars)
        first = np.arange(0, self.bars, self.each)
        middle = np.minimum(first + self.each // 2, self.bars - 1)
        return np.append(np.stack((first, middle), axis=1).ravel(), self.bars - 1)

    def values(self, series: Floats) -> Floats:
        """The lowest and the highest value of each stretch in the order in which they came, and the last of all."""
        if self.each == 1:
            return series
        missing = -self.bars % self.each
        stretches = np.append(series, np.full(missing, series[-1])).reshape(-1, self.each)
        low, high = stretches.argmin(axis=1), stretches.argmax(axis=1)
        both = np.sort(np.stack((low, high), axis=1), axis=1)
        found = np.take_along_axis(stretches, both, axis=1)
        found[0, 0] = series[0]  # a curve begins where it began
        return np.append(found.ravel(), series[-1])


def merged(candles: Floats, each: int) -> Floats:
    """Candles [4, bars] as larger ones of so many bars: first open, highest high, lowest low, last close."""
    if each == 1:
        return candles
    starts = np.arange(0, candles.shape[1], each)
    ends = np.append(starts[1:], candles.shape[1]) - 1
    opening, high, low, close = candles
    return np.stack((opening[starts], np.maximum.reduceat(high, starts), np.minimum.reduceat(low, starts), close[ends]))


def short_numbers(values: Floats) -> list[float | None]:
    """The values with so many decimals that the largest has seven digits; None for what is no number."""
    finite = np.isfinite(values)
    largest = float(np.abs(values[finite]).max(initial=0.0)) or 1.0
    decimals = max(_DIGITS - 1 - int(np.floor(np.log10(largest))), 0)
    rounded: list[float] = np.round(values, decimals).tolist()
    return [each if known else None for each, known in zip(rounded, finite.tolist(), strict=True)]


def steps(times_ms: Ints, span_ms: int) -> list[int]:
    """Times as the first, and then runs of (steps in spans, how many of them): those of bars are mostly one run."""
    if not len(times_ms):
        return []
    moves = np.diff(times_ms) // span_ms
    starts = np.flatnonzero(np.append(True, moves[1:] != moves[:-1])) if len(moves) else np.empty(0, np.int64)
    counts = np.diff(np.append(starts, len(moves)))
    runs = np.stack((moves[starts], counts), axis=1).ravel() if len(moves) else np.empty(0, np.int64)
    return [int(times_ms[0]), *runs.tolist()]


def packed(candles: Floats) -> tuple[int, list[int]]:
    """(decimals, whole numbers): of each candle open - close before, close - open, and how far both wicks reach.

    In units of the last decimal, which are small against the lowest price.
    """
    lowest = float(candles[2].min())
    decimals = 4 - int(np.floor(np.log10(lowest))) if lowest > 0 else 4
    opening, high, low, close = np.round(candles * 10.0**decimals).astype(np.int64)
    before = np.concatenate(([0], close[:-1]))
    top, bottom = np.maximum(opening, close), np.minimum(opening, close)
    flat: NDArray[np.int64] = np.stack((opening - before, close - opening, high - top, bottom - low), axis=1).ravel()
    return decimals, flat.tolist()
