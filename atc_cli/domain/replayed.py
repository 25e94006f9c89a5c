"""What a scan would have said at every bar of a series, and of which windows that is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.anchor import Anchor, Kind
from atc_cli.domain.panel import Candles, Floats, Ints

Int32s = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Replayed:
    """Of every bar of one series, shapes [bars].

    average: the Average_Signal that the scan would have shown at that bar, NaN where there is none. age: bars since
    the side last changed, as that scan would have said it (age_bars); -1 where it never did or there is no value.
    """

    average: Floats
    age: Int32s


def spans_of(candles: Candles, anchor: Anchor, bars: int, first_ms: int, least_bars: int) -> Int32s:
    """Of every bar, how many bars the window holds whose value is wanted there, its own the last; 0 where none is.

    Wanted are bars that open at `first_ms` or later (UTC ms) and whose window has `least_bars`. With `bars` for the
    scan's window, which is shorter where the series is, windows begin

    rolling: `bars` before the bar's end; rolling:N: `bars` before the end of the first bar that opens in first_ms + i
    * N bars' time .. first_ms + (i + 1) * N bars' time, the same i as the bar, so that all series begin anew at one
    time; fixed: `bars` before the end of the first wanted bar; origin: with the series.
    """
    at = np.arange(len(candles))
    first = int(np.searchsorted(candles.timestamp, first_ms))
    begins = np.maximum(_anchored(candles.timestamp, candles.step_ms, anchor, first_ms, first) + 1 - bars, 0)
    spans = at + 1 - (0 if anchor.kind is Kind.ORIGIN else begins)
    spans[(at < first) | (spans < least_bars)] = 0
    return spans.astype(np.int32)


def _anchored(opens_ms: Ints, step_ms: int, anchor: Anchor, first_ms: int, first: int) -> Ints:
    """The bar with which each bar's window of the full length ended."""
    at = np.arange(len(opens_ms))
    if anchor.kind is Kind.FIXED:
        return np.minimum(at, first)
    if anchor.every > 1:
        turn = (opens_ms - first_ms) // (anchor.every * step_ms)
        anew = np.concatenate(([True], turn[1:] > turn[:-1]))[: len(at)]
        return np.maximum.accumulate(np.where(anew, at, 0))
    return at
