"""How prices scatter over the newest bars, by the slow definition: NaN where there are too few of them."""

import math
import sys
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from operator import add

Numbers = Sequence[float]

LAGS = (1, 2, 4, 8, 16)
_DEVIATIONS = 2
_LOG2_E = 1.4426950408889634
_SQRT_HALF = 0.7071067811865476


def total(values: Numbers) -> float:
    """The sum, oldest first."""
    # Not sum(), which rounds less from Python 3.12 on, nor numpy's, which adds in another order.
    return reduce(add, values, 0.0)


def bollinger(closes: Numbers, bars: int) -> float:
    """%B of the last close: (close - lower) / (upper - lower), see domain.features."""
    if len(closes) < bars:
        return math.nan
    newest = closes[-bars:]
    # From the last close: where the price is flat these are 0, and so is their spread.
    away = [close - newest[-1] for close in newest]
    mean, squares = _spread(away)
    deviation = math.sqrt(squares / bars)
    return 0.5 - mean / (2 * _DEVIATIONS * deviation) if 0 < deviation < math.inf else math.nan


def volatility(closes: Numbers, count: int) -> float:
    """Standard deviation of the last `count` returns, a fraction per bar, see domain.features."""
    returns = _returns(closes, count)
    return math.sqrt(_spread(returns)[1] / (count - 1)) if returns else math.nan


def hurst(closes: Numbers, count: int) -> float:
    """Hurst exponent of the last `count` returns, see domain.features."""
    sums = _returns(closes, count)
    if not sums:
        return math.nan
    means = []
    for lag in LAGS:
        means.append(total([each * each for each in sums]) / len(sums))
        sums = [older + newer for older, newer in zip(sums, sums[lag:], strict=False)]
    one, two, _, eight, sixteen = means
    # The slope over log2 of the lags, 0 to 4: (2 * (y[4] - y[0]) + y[3] - y[1]) / 10.
    if not one or not two:
        return math.nan
    longest = sixteen / one
    return _log2(longest * longest * (eight / two)) / 20


def _returns(closes: Numbers, count: int) -> list[float]:
    """The newest; none at all where there are fewer."""
    if len(closes) <= count:
        return []
    return [2 * (close - before) / (close + before) for before, close in pairwise(closes[-count - 1 :])]


def _spread(values: Numbers) -> tuple[float, float]:
    """The mean, and the sum of the squares of what is left without it."""
    mean = total(values) / len(values)
    return mean, total([(value - mean) * (value - mean) for value in values])


def _log2(x: float) -> float:
    """Of a normal number above 0, else NaN: not the C library's, whose bits differ from platform to platform.

    2 * atanh((m - 1) / (m + 1)) / ln 2 of the mantissa m, the series of atanh up to the 21st power.
    """
    if not sys.float_info.min <= x < math.inf:
        return math.nan
    mantissa, power = math.frexp(x)
    if mantissa < _SQRT_HALF:
        mantissa, power = 2 * mantissa, power - 1
    part = (mantissa - 1) / (mantissa + 1)
    series = reduce(lambda known, term: known * (part * part) + 1 / (2 * term + 1), range(10, -1, -1), 0.0)
    return power + 2 * _LOG2_E * (part * series)
