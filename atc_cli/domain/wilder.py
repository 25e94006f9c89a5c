"""Wilder's oscillators by the slow definition: lists of one value a bar, NaN before there are enough bars."""

import math
from collections.abc import Sequence
from itertools import pairwise

Numbers = Sequence[float]


def average(values: Numbers, bars: int) -> list[float]:
    """Wilder's: the mean of the first `bars` values, then a = a + 1/bars * (value - a)."""
    found, known = [], 0.0
    for count, value in enumerate(values, start=1):
        known = known + 1 / bars * (value - known) if count > bars else known + value
        if count == bars:
            known /= bars
        found.append(known if count >= bars else math.nan)
    return found


def rsi(closes: Numbers, bars: int) -> list[float]:
    """Relative strength index, of 100: 100 * gain / (gain + loss), see domain.features."""
    changes = [close - before for before, close in pairwise(closes)]
    gains = average([max(change, 0.0) for change in changes], bars)
    losses = average([max(-change, 0.0) for change in changes], bars)
    of_changes = [
        100 * (gain / (gain + loss)) if gain + loss > 0 else math.nan for gain, loss in zip(gains, losses, strict=True)
    ]
    return [math.nan, *of_changes][: len(closes)]


def adx(highs: Numbers, lows: Numbers, bars: int) -> list[float]:
    """Average directional index, of 100, see domain.features."""
    ups = [high - before for before, high in pairwise(highs)]
    downs = [before - low for before, low in pairwise(lows)]
    moves = list(zip(ups, downs, strict=True))
    rising = average([up if up > max(down, 0.0) else 0.0 for up, down in moves], bars)
    falling = average([down if down > max(up, 0.0) else 0.0 for up, down in moves], bars)
    both = list(zip(rising, falling, strict=True))[bars - 1 :]
    index = [abs(up - down) / (up + down) if up + down > 0 else 0.0 for up, down in both]
    of_index = [100 * value for value in average(index, bars)]
    return [*[math.nan] * bars, *of_index][: len(highs)]
