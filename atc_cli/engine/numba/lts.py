"""Dialect `lts` for numba (spec/ATC.md, sections 3 and 4)."""

import numpy as np
from numpy.typing import NDArray

from atc_cli.engine.numba.backend import Kernel, entry, jit
from atc_cli.engine.numba.sums import window_sums
from atc_cli.engine.numba.votes import Result, Rules, blank, summed_up, vote, weighted_returns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Close and source as given, then as integers on the grid (as given off it), and the units per 1.0.
Prices = tuple[Floats, Floats, Floats, Floats, float]
# Lengths summed so far [9], and their S and W [9, bars].
Windows = tuple[Ints, Floats, Floats]

_EMA, _HMA, _WMA, _DEMA, _LSMA, _KAMA = range(6)
_MEMBERS = 9
_KAMA_SLOW, _KAMA_RANGE = 0.064, 0.666 - 0.064


@entry
def compute(prices: Prices, lengths: Ints, hull: Floats, starts: Floats, growth: Floats, rules: Rules) -> Result:
    """One series: lengths [6, 9] (0 where a family takes no part), hull [9, 5], starts [6], growth [bars-K]."""
    close, numbers = prices[0], prices[2]
    bars, cutout = len(close), rules[0]
    book = blank(bars, rules)
    returns = weighted_returns(numbers, growth, cutout)
    averages = np.empty((bars, _MEMBERS))
    factors = np.ones(_MEMBERS)
    windows = np.zeros(_MEMBERS, np.int64), np.empty((_MEMBERS, bars)), np.empty((_MEMBERS, bars))
    for family in range(len(lengths)):
        if lengths[family, 0] > 0:
            windowed = family in (_HMA, _WMA, _LSMA)
            _fill(family, prices, lengths[family], hull, windows, averages, factors)
            vote(numbers if windowed else close, averages, factors, returns, rules, starts[family], family, book)
    return summed_up(book, lengths, rules)


@jit
def _fill(
    family: int, prices: Prices, lengths: Ints, hull: Floats, windows: Windows, averages: Floats, factors: Floats
) -> None:
    """averages [bars, 9] and what a close is multiplied by to be compared with them, factors [9]."""
    _, source, _, numbers, scale = prices
    factors[:] = 1.0
    if family == _EMA:
        _ema(source, _seeds(numbers, scale, lengths), lengths, averages)
    elif family == _DEMA:
        _dema(source, _seeds(numbers, scale, lengths), lengths, averages)
    elif family == _KAMA:
        _kama(source, numbers, lengths, averages)
    elif family == _HMA:
        _hma(numbers, lengths, hull, windows, averages, factors)
    else:
        _window_averages(family == _LSMA, numbers, lengths, windows, averages, factors)


@jit
def _seeds(numbers: Floats, scale: float, lengths: Ints) -> Floats:
    """Means of the first n values, [9]: summed oldest first, which is exact on grid."""
    seeds = np.full(_MEMBERS, np.nan)
    for i in range(_MEMBERS):
        if lengths[i] <= len(numbers):
            total = 0.0
            for t in range(lengths[i]):
                total = total + numbers[t]
            seeds[i] = total / (lengths[i] * scale)
    return seeds


@jit
def _ema(source: Floats, seeds: Floats, lengths: Ints, averages: Floats) -> None:
    """e = e + alpha*(s - e) from the seed at bar n-1; NaN begets NaN before it."""
    alpha = 2.0 / (lengths + 1.0)
    e = np.full(_MEMBERS, np.nan)
    for t in range(len(source)):
        for i in range(_MEMBERS):
            grown = e[i] + alpha[i] * (source[t] - e[i])
            e[i] = seeds[i] if t == lengths[i] - 1 else grown
            averages[t, i] = e[i]


@jit
def _dema(source: Floats, seeds: Floats, lengths: Ints, averages: Floats) -> None:
    """2*e1 - e2; e2 starts at bar n-1 as e1 and runs over e1."""
    alpha = 2.0 / (lengths + 1.0)
    once, twice = np.full(_MEMBERS, np.nan), np.full(_MEMBERS, np.nan)
    for t in range(len(source)):
        for i in range(_MEMBERS):
            first = t == lengths[i] - 1
            grown = once[i] + alpha[i] * (source[t] - once[i])
            once[i] = seeds[i] if first else grown
            grown = twice[i] + alpha[i] * (once[i] - twice[i])
            twice[i] = once[i] if first else grown
            averages[t, i] = 2.0 * once[i] - twice[i]


@jit
def _kama(source: Floats, numbers: Floats, lengths: Ints, averages: Floats) -> None:
    """k = k + (z*z)*(s - k), z = ratio*(0.666-0.064)+0.064; flat at s_0 before bar n."""
    noise = _noise(numbers, lengths)
    k = np.full(_MEMBERS, source[0])
    for t in range(len(source)):
        for i in range(_MEMBERS):
            n = lengths[i]
            if t >= n:
                ratio = abs(numbers[t] - numbers[t - n]) / noise[t, i] if noise[t, i] > 0 else 0.0
                z = ratio * _KAMA_RANGE + _KAMA_SLOW
                k[i] = k[i] + (z * z) * (source[t] - k[i])
            averages[t, i] = k[i]


@jit
def _noise(numbers: Floats, lengths: Ints) -> Floats:
    """Sum of |p_t - p_{t-1}| over n bars of every member, [bars, 9]."""
    steps = np.zeros(len(numbers))
    for t in range(1, len(numbers)):
        steps[t] = abs(numbers[t] - numbers[t - 1])
    noise = np.empty((len(numbers), _MEMBERS))
    plain, weighted = np.empty(len(numbers)), np.empty(len(numbers))
    for i in range(_MEMBERS):
        window_sums(steps, 1, lengths[i], plain, weighted)
        noise[:, i] = plain
    return noise


@jit
def _window_averages(
    is_lsma: bool, numbers: Floats, lengths: Ints, windows: Windows, averages: Floats, factors: Floats
) -> None:
    """WMA: W against c*n(n+1)/2. LSMA: 6*W - (2(n+1))*S against c*(n(n+1))."""
    plain, weighted = _summed(numbers, lengths, windows)
    for i in range(_MEMBERS):
        n = lengths[i]
        factors[i] = n * (n + 1) if is_lsma else n * (n + 1) // 2
        averages[:, i] = 6.0 * weighted[i] - (2.0 * (n + 1)) * plain[i] if is_lsma else weighted[i]


@jit
def _summed(numbers: Floats, lengths: Ints, windows: Windows) -> tuple[Floats, Floats]:
    """S and W over every member's length, [9, bars]; lengths that families share are summed once."""
    done, plain, weighted = windows
    for i in range(_MEMBERS):
        if done[i] != lengths[i]:
            window_sums(numbers, 0, lengths[i], plain[i], weighted[i])
            done[i] = lengths[i]
    return plain, weighted


@jit
def _hma(numbers: Floats, lengths: Ints, hull: Floats, windows: Windows, averages: Floats, factors: Floats) -> None:
    """H, the weighted sum over q bars of raw = (2G/Dh)*Wh - (G/Dn)*Wn, against c*(Dq*G).

    hull [9, 5]: h, q, 2G/Dh, G/Dn, Dq*G of each member.
    """
    bars = len(numbers)
    plain, half = np.empty(bars), np.empty(bars)
    _, whole = _summed(numbers, lengths, windows)
    for i in range(_MEMBERS):
        window_sums(numbers, 0, int(hull[i, 0]), plain, half)
        raw = hull[i, 2] * half - hull[i, 3] * whole[i]
        window_sums(raw, lengths[i] - 1, int(hull[i, 1]), plain, half)
        factors[i] = hull[i, 4]
        averages[:, i] = half


KERNEL: Kernel = compute
