"""Window sums for numba: running sums renewed every 256 bars, and the published script's compensated ones."""

import math

import numpy as np
from numpy.typing import NDArray

from atc_cli.engine.numba.backend import jit

Floats = NDArray[np.float64]

_RENEWAL_BARS = 256
_CHUNK_BARS = 512


@jit
def window_sums(x: Floats, begin: int, width: int, plain: Floats, weighted: Floats) -> None:
    """S and W (weights 1..width, newest heaviest) of x over `width` bars, x defined from bar `begin`.

    All [bars], NaN before begin+width-1. The order is the one that spec section 3 binds off grid; on
    grid every step is exact.
    """
    first = begin + width - 1
    plain[:first] = np.nan
    weighted[:first] = np.nan
    total = moment = 0.0
    for t in range(first, len(x)):
        if t == first or t % _RENEWAL_BARS == 0:
            total, moment = _fresh_sums(x, t, width)
        else:
            moment = moment + (width * x[t] - total)
            total = total + (x[t] - x[t - width])
        plain[t] = total
        weighted[t] = moment


@jit
def _fresh_sums(x: Floats, t: int, width: int) -> tuple[float, float]:
    total = moment = x[t - width + 1]
    for i in range(2, width + 1):
        value = x[t - width + i]
        total += value
        moment += i * value
    return total, moment


@jit
def rolling_sums(x: Floats, width: int, sums: Floats) -> None:
    """Compensated sum of the last `width` values of x at every bar, quirks included (section 5); all [bars]."""
    stored = np.empty(width)
    count = place = 0
    total = carry = 0.0
    for t in range(len(x)):
        value = x[t]
        entry = value
        if _fires(value, carry):
            total, carry = _newest_first(x, t, width), 0.0
        elif count < width:
            entry = value - carry
            total, carry = _added(total, entry)
        else:
            without, lost = _added(total, -stored[place] - carry)
            entry = value - lost
            total, carry = _added(without, entry)
        stored[place] = entry
        place = place + 1 if place + 1 < width else 0
        count = min(count + 1, width)
        sums[t] = total


@jit
def _fires(value: float, carry: float) -> bool:
    size = abs(carry)
    reach = value + size
    return carry != 0 and value != 0 and math.isfinite(reach) and reach != 0 and size - (reach - value) > 0


@jit
def _added(total: float, value: float) -> tuple[float, float]:
    """The sum, and what its rounding added to it."""
    grown = total + value
    return grown, (grown - total) - value


@jit
def _newest_first(x: Floats, t: int, width: int) -> float:
    total: float = x[t]
    for i in range(t - 1, max(t - width, -1), -1):
        total += x[i]
    return total


@jit
def resummed(x: Floats, width: int, plain: Floats, weighted: Floats) -> None:
    """S and W of every full window, each summed oldest first; all [bars], NaN before width-1.

    Weight outside, bar inside: the order within a window stays, and neighbouring bars share a vector.
    """
    plain[: width - 1] = np.nan
    weighted[: width - 1] = np.nan
    for begin in range(width - 1, len(x), _CHUNK_BARS):
        end = min(begin + _CHUNK_BARS, len(x))
        sums, moments = plain[begin:end], weighted[begin:end]
        sums[:] = 0.0
        moments[:] = 0.0
        for i in range(1, width + 1):
            values = x[begin - width + i : end - width + i]
            for j in range(len(values)):
                sums[j] += values[j]
                moments[j] += values[j] * i
