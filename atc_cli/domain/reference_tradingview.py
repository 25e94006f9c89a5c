"""Close against each average in dialect `tradingview` (spec/ATC.md, section 5), slow and obvious."""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.grid import Prices

Floats = NDArray[np.float64]

_NOISE_MIN = 1e-10
_KAMA_SLOW, _KAMA_RANGE = 0.064, 0.666 - 0.064


def side_of_tradingview_average(family: str, n: int, prices: Prices) -> Floats:
    """sign(close - average) of one member, NaN where the average is undefined, shape [bars]."""
    average = AVERAGES[family](prices.source, n)
    above = (prices.close > average).astype(np.float64) - (prices.close < average)
    return np.where(np.isnan(average), np.nan, above)


class RollingSum:
    """Compensated sum of the last n values, quirks included."""

    def __init__(self, n: int) -> None:
        self._n = n
        self._sum = 0.0
        self._carry = 0.0
        self._stored: deque[float] = deque(maxlen=n)
        self._raw: deque[float] = deque(maxlen=n)

    def push(self, x: float) -> float:
        """Take in the next value and return the sum."""
        self._raw.append(x)
        if self._fires(x):
            self._restart(x)
        elif len(self._stored) < self._n:
            self._grow(x)
        else:
            self._slide(x)
        return self._sum

    def _fires(self, x: float) -> bool:
        if self._carry == 0 or x == 0:
            return False
        size = abs(self._carry)
        reach = x + size
        return math.isfinite(reach) and reach != 0 and size - (reach - x) > 0

    def _restart(self, x: float) -> None:
        newest_first = list(self._raw)[::-1]
        total = newest_first[0]
        for value in newest_first[1:]:
            total += value
        self._sum, self._carry = total, 0.0
        self._stored.append(x)

    def _grow(self, x: float) -> None:
        y = x - self._carry
        total = self._sum + y
        self._carry = (total - self._sum) - y
        self._sum = total
        self._stored.append(y)

    def _slide(self, x: float) -> None:
        y1 = -self._stored[0] - self._carry
        without = self._sum + y1
        lost = (without - self._sum) - y1
        y2 = x - lost
        total = without + y2
        self._carry = (total - without) - y2
        self._sum = total
        self._stored.append(y2)


def sma(source: Floats, n: int) -> Floats:
    """Compensated S/n, defined from bar n-1; the published script calls it Hull."""
    rolling = RollingSum(n)
    sums = np.array([rolling.push(float(x)) for x in source])
    average = np.full(len(source), np.nan)
    average[n - 1 :] = sums[n - 1 :] / n
    return average


def wma(source: Floats, n: int) -> Floats:
    """s*1 + s*2 + .. + s*n oldest first, re-summed every bar, divided by n(n+1)/2."""
    average = np.full(len(source), np.nan)
    for t in range(n - 1, len(source)):
        total = 0.0
        for weight, value in enumerate(source[t - n + 1 : t + 1], start=1):
            total += float(value) * weight
        average[t] = total / (n * (n + 1) / 2)
    return average


def lsma(source: Floats, n: int) -> Floats:
    """Regression over x = 1..n, oldest first: b = (n*Sxy - Sx*Sy)/(n*Sx2 - Sx*Sx); a + b*(n-1)."""
    sum_x = n * (n + 1) / 2
    spread = n * (n * (n + 1) * (2 * n + 1) / 6) - sum_x * sum_x
    average = np.full(len(source), np.nan)
    for t in range(n - 1, len(source)):
        sum_y = sum_xy = 0.0
        for x, value in enumerate(source[t - n + 1 : t + 1], start=1):
            sum_y += float(value)
            sum_xy += float(value) * x
        slope = (n * sum_xy - sum_x * sum_y) / spread
        intercept = sum_y / n - slope * sum_x / n + slope
        average[t] = intercept + slope * (n - 1)
    return average


def ema(source: Floats, n: int) -> Floats:
    """e = e + alpha*(s - e), seeded with the compensated mean of its first n defined values."""
    average = np.full(len(source), np.nan)
    defined = np.flatnonzero(~np.isnan(source))
    if len(defined) < n:
        return average
    first = int(defined[0]) + n - 1
    average[first] = sma(source[defined[0] : first + 1], n)[-1]
    alpha = 2 / (n + 1)
    for t in range(first + 1, len(source)):
        average[t] = average[t - 1] + alpha * (source[t] - average[t - 1])
    return average


def dema(source: Floats, n: int) -> Floats:
    """2*e1 - e2 with e2 the EMA of e1; first defined at 2n-2."""
    once = ema(source, n)
    return 2 * once - ema(once, n)


def kama(source: Floats, n: int) -> Floats:
    """k = k + (z*z)*(s - k) from k_{-1} = 0; ratio 0 while t < n or noise <= 1e-10."""
    average = np.empty(len(source))
    noise = RollingSum(n)
    k = total = 0.0
    for t, value in enumerate(source):
        if t >= 1:
            total = noise.push(abs(float(value - source[t - 1])))
        ratio = abs(float(value - source[t - n])) / total if t >= n and total > _NOISE_MIN else 0.0
        z = ratio * _KAMA_RANGE + _KAMA_SLOW
        k = k + (z * z) * (float(value) - k)
        average[t] = k
    return average


AVERAGES = {"ema": ema, "hma": sma, "wma": wma, "dema": dema, "lsma": lsma, "kama": kama}
