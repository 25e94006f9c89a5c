"""Close against each average in dialect `lts` (spec/ATC.md, sections 3 and 4), slow and obvious."""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from atc_cli.domain.catalog import BY_ID, Dialect, HullShape, triangle
from atc_cli.domain.grid import Prices

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SideOf = Callable[[int, Prices], Floats]

_RENEWAL_BARS = 256
_KAMA_SLOW, _KAMA_RANGE = 0.064, 0.666 - 0.064


def side_of_lts_average(family: str, n: int, prices: Prices) -> Floats:
    """sign(close - average) of one member, NaN where the average is undefined, shape [bars]."""
    if BY_ID[family].first_defined(Dialect.LTS, n) >= len(prices.close):
        return np.full(len(prices.close), np.nan)
    return SIDES[family](n, prices)


def _wma_side(n: int, prices: Prices) -> Floats:
    """sign(c*n(n+1)/2 - W)."""
    _, weighted = window_sums(_source_numbers(prices), n, 0, exact=prices.on_grid)
    return _side(_close_numbers(prices) * triangle(n), weighted)


def _lsma_side(n: int, prices: Prices) -> Floats:
    """sign(c*n(n+1) - (6*W - 2*(n+1)*S)): the regression value 3*WMA - 2*SMA, times n(n+1)."""
    plain, weighted = window_sums(_source_numbers(prices), n, 0, exact=prices.on_grid)
    return _side(_close_numbers(prices) * (n * (n + 1)), 6 * weighted - 2 * (n + 1) * plain)


def _hma_side(n: int, prices: Prices) -> Floats:
    """sign(c*(Dq*G) - H), H the weighted sum over q bars of raw = (2G/Dh)*Wh - (G/Dn)*Wn."""
    shape = HullShape.of(n)
    source = _source_numbers(prices)
    _, half = window_sums(source, shape.half, 0, exact=prices.on_grid)
    _, whole = window_sums(source, n, 0, exact=prices.on_grid)
    raw = (2 * shape.common // triangle(shape.half)) * half - (shape.common // triangle(n)) * whole
    _, hull = window_sums(raw, shape.root, n - 1, exact=prices.on_grid)
    return _side(_close_numbers(prices) * (triangle(shape.root) * shape.common), hull)


def ema(n: int, prices: Prices) -> Floats:
    """e = e + alpha*(s - e), alpha = 2/(n+1), from the mean of the first n values at bar n-1."""
    average = np.full(len(prices.source), np.nan)
    if prices.source_int is None:
        total = 0.0
        for value in prices.source[:n]:
            total = total + value
        average[n - 1] = total / n
    else:
        average[n - 1] = float(prices.source_int[:n].sum()) / (n * prices.scale)
    return _recursed(average, prices.source, n)


def dema(n: int, prices: Prices) -> Floats:
    """2*e1 - e2; e2 starts at bar n-1 as e1 and runs over e1."""
    once = ema(n, prices)
    twice = np.full(len(once), np.nan)
    twice[n - 1] = once[n - 1]
    return 2 * once - _recursed(twice, once, n)


def _recursed(average: Floats, source: Floats, n: int) -> Floats:
    alpha = 2 / (n + 1)
    for t in range(n, len(source)):
        average[t] = average[t - 1] + alpha * (source[t] - average[t - 1])
    return average


def kama(n: int, prices: Prices) -> Floats:
    """k = k + (z*z)*(s - k), z = ratio*(0.666-0.064)+0.064; flat at s_0 before bar n."""
    numbers = _source_numbers(prices)
    steps = np.abs(np.diff(numbers, prepend=numbers[:1]))
    noise, _ = window_sums(steps, n, 1, exact=prices.on_grid)
    average = np.full(len(numbers), prices.source[0] if len(numbers) else np.nan)
    for t in range(n, len(numbers)):
        signal = abs(float(numbers[t] - numbers[t - n]))
        ratio = signal / float(noise[t]) if noise[t] > 0 else 0.0
        z = ratio * _KAMA_RANGE + _KAMA_SLOW
        average[t] = average[t - 1] + (z * z) * (prices.source[t] - average[t - 1])
    return average


def window_sums(x: Floats, width: int, begin: int, *, exact: bool) -> tuple[Floats, Floats]:
    """S and W (weights 1..width, newest heaviest) of x over `width` bars, x defined from bar `begin`.

    Shapes [bars], NaN before begin+width-1. `exact`: x holds integers, which are summed afresh at every
    bar; else (no grid) the sums follow the order that section 3 binds.
    """
    if len(x) < begin + width:
        return np.full(len(x), np.nan), np.full(len(x), np.nan)
    if not exact:
        return _renewed_sums(x, width, begin)
    windows = sliding_window_view(x[begin:].astype(np.int64), width)
    weights = np.arange(1, width + 1)
    return _padded(windows.sum(axis=1), len(x)), _padded(windows @ weights, len(x))


def _renewed_sums(x: Floats, width: int, begin: int) -> tuple[Floats, Floats]:
    plain, weighted = np.full(len(x), np.nan), np.full(len(x), np.nan)
    first = begin + width - 1
    for t in range(first, len(x)):
        if t == first or t % _RENEWAL_BARS == 0:
            plain[t], weighted[t] = _fresh_sums(x[t - width + 1 : t + 1])
        else:
            weighted[t] = weighted[t - 1] + (width * x[t] - plain[t - 1])
            plain[t] = plain[t - 1] + (x[t] - x[t - width])
    return plain, weighted


def _fresh_sums(window: Floats) -> tuple[float, float]:
    plain, weighted = float(window[0]), float(window[0])
    for weight, value in enumerate(window[1:], start=2):
        plain += float(value)
        weighted += weight * float(value)
    return plain, weighted


def _padded(tail: Ints, bars: int) -> Floats:
    return np.concatenate((np.full(bars - len(tail), np.nan), tail.astype(np.float64)))


def _side(close: Floats, average: Floats) -> Floats:
    """+1 above, -1 below, 0 equal, NaN undefined: a comparison of the two values, not a difference."""
    above = (close > average).astype(np.float64) - (close < average)
    return np.where(np.isnan(average), np.nan, above)


def _source_numbers(prices: Prices) -> Floats:
    return prices.source if prices.source_int is None else prices.source_int.astype(np.float64)


def _close_numbers(prices: Prices) -> Floats:
    return prices.close if prices.close_int is None else prices.close_int.astype(np.float64)


def _beside(average: SideOf) -> SideOf:
    """The side of an average that is compared as it is."""
    return lambda n, prices: _side(prices.close, average(n, prices))


SIDES: dict[str, SideOf] = {
    "ema": _beside(ema),
    "hma": _hma_side,
    "wma": _wma_side,
    "dema": _beside(dema),
    "lsma": _lsma_side,
    "kama": _beside(kama),
}
