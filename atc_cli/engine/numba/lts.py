"""Dialect `lts` for numba (spec/ATC.md, sections 3 and 4)."""

import math

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import MEMBERS
from atc_cli.engine.numba.backend import Kernel, choice, entry, jit
from atc_cli.engine.numba.sums import window_sums
from atc_cli.engine.numba.votes import Result, Rules, blank, summed_up, vote, weighted_returns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# Close and source as given, then as integers on the grid (as given off it), and the units per 1.0.
Prices = tuple[Floats, Floats, Floats, Floats, float]
# Lengths summed so far [9], and their S and W [9, bars].
Windows = tuple[Ints, Floats, Floats]

_KAMA_SLOW, _KAMA_RANGE = 0.064, 0.666 - 0.064


@jit
def _seeds(numbers: Floats, scale: float, lengths: Ints) -> Floats:
    """Means of the first n values, [9]: summed oldest first, which is exact on grid."""
    seeds = np.full(MEMBERS, np.nan)
    for i in range(MEMBERS):
        if lengths[i] <= len(numbers):
            total = 0.0
            for t in range(lengths[i]):
                total = total + numbers[t]
            seeds[i] = total / (lengths[i] * scale)
    return seeds


@jit
def _ema(prices: Prices, lengths: Ints, _windows: Windows, averages: Floats, _factors: Floats) -> Floats:
    """e = e + alpha*(s - e) from the seed at bar n-1; NaN begets NaN before it."""
    close, source, _, numbers, scale = prices
    seeds = _seeds(numbers, scale, lengths)
    alpha = 2.0 / (lengths + 1.0)
    e = np.full(MEMBERS, np.nan)
    for t in range(len(source)):
        for i in range(MEMBERS):
            grown = e[i] + alpha[i] * (source[t] - e[i])
            e[i] = seeds[i] if t == lengths[i] - 1 else grown
            averages[t, i] = e[i]
    return close


@jit
def _dema(prices: Prices, lengths: Ints, _windows: Windows, averages: Floats, _factors: Floats) -> Floats:
    """2*e1 - e2; e2 starts at bar n-1 as e1 and runs over e1."""
    close, source, _, numbers, scale = prices
    seeds = _seeds(numbers, scale, lengths)
    alpha = 2.0 / (lengths + 1.0)
    once, twice = np.full(MEMBERS, np.nan), np.full(MEMBERS, np.nan)
    for t in range(len(source)):
        for i in range(MEMBERS):
            first = t == lengths[i] - 1
            grown = once[i] + alpha[i] * (source[t] - once[i])
            once[i] = seeds[i] if first else grown
            grown = twice[i] + alpha[i] * (once[i] - twice[i])
            twice[i] = once[i] if first else grown
            averages[t, i] = 2.0 * once[i] - twice[i]
    return close


@jit
def _kama(prices: Prices, lengths: Ints, _windows: Windows, averages: Floats, _factors: Floats) -> Floats:
    """k = k + (z*z)*(s - k), z = ratio*(0.666-0.064)+0.064; flat at s_0 before bar n."""
    close, source, _, numbers, _ = prices
    noise = _noise(numbers, lengths)
    k = np.full(MEMBERS, source[0])
    for t in range(len(source)):
        for i in range(MEMBERS):
            n = lengths[i]
            if t >= n:
                ratio = abs(numbers[t] - numbers[t - n]) / noise[t, i] if noise[t, i] > 0 else 0.0
                z = ratio * _KAMA_RANGE + _KAMA_SLOW
                k[i] = k[i] + (z * z) * (source[t] - k[i])
            averages[t, i] = k[i]
    return close


@jit
def _noise(numbers: Floats, lengths: Ints) -> Floats:
    """Sum of |p_t - p_{t-1}| over n bars of every member, [bars, 9]."""
    steps = np.zeros(len(numbers))
    for t in range(1, len(numbers)):
        steps[t] = abs(numbers[t] - numbers[t - 1])
    noise = np.empty((len(numbers), MEMBERS))
    plain, weighted = np.empty(len(numbers)), np.empty(len(numbers))
    for i in range(MEMBERS):
        window_sums(steps, 1, lengths[i], plain, weighted)
        noise[:, i] = plain
    return noise


@jit
def _wma(prices: Prices, lengths: Ints, windows: Windows, averages: Floats, factors: Floats) -> Floats:
    """W against c*n(n+1)/2."""
    _, weighted = _summed(prices[3], lengths, windows)
    for i in range(MEMBERS):
        factors[i] = lengths[i] * (lengths[i] + 1) // 2
        averages[:, i] = weighted[i]
    return prices[2]


@jit
def _lsma(prices: Prices, lengths: Ints, windows: Windows, averages: Floats, factors: Floats) -> Floats:
    """6*W - (2(n+1))*S against c*(n(n+1))."""
    plain, weighted = _summed(prices[3], lengths, windows)
    for i in range(MEMBERS):
        n = lengths[i]
        factors[i] = n * (n + 1)
        averages[:, i] = 6.0 * weighted[i] - (2.0 * (n + 1)) * plain[i]
    return prices[2]


@jit
def _summed(numbers: Floats, lengths: Ints, windows: Windows) -> tuple[Floats, Floats]:
    """S and W over every member's length, [9, bars]; lengths that families share are summed once."""
    done, plain, weighted = windows
    for i in range(MEMBERS):
        if done[i] != lengths[i]:
            window_sums(numbers, 0, lengths[i], plain[i], weighted[i])
            done[i] = lengths[i]
    return plain, weighted


@jit
def _hma(prices: Prices, lengths: Ints, windows: Windows, averages: Floats, factors: Floats) -> Floats:
    """H, the weighted sum over q bars of raw = (2G/Dh)*Wh - (G/Dn)*Wn, against c*(Dq*G)."""
    numbers = prices[3]
    bars = len(numbers)
    plain, half = np.empty(bars), np.empty(bars)
    _, whole = _summed(numbers, lengths, windows)
    for i in range(MEMBERS):
        n = lengths[i]
        h, q = n // 2, int(math.sqrt(n))
        of_half, of_whole, of_root = h * (h + 1) // 2, n * (n + 1) // 2, q * (q + 1) // 2
        common = of_half // math.gcd(of_half, of_whole) * of_whole
        window_sums(numbers, 0, h, plain, half)
        raw = float(2 * common // of_half) * half - float(common // of_whole) * whole[i]
        window_sums(raw, n - 1, q, plain, half)
        factors[i] = of_root * common
        averages[:, i] = half
    return prices[2]


# By family: averages [bars, 9] over the lengths [9]. Each returns the prices that are compared with them, once they are
# multiplied by the factors [9], which are 1 unless it says otherwise.
AVERAGES = {"ema": _ema, "hma": _hma, "wma": _wma, "dema": _dema, "lsma": _lsma, "kama": _kama}
_average = choice(list(AVERAGES.values()))


@entry
def compute(prices: Prices, places: Ints, lengths: Ints, starts: Floats, growth: Floats, rules: Rules) -> Result:
    """One series: of each family its place in AVERAGES [f], lengths [f, 9] (0 where it takes no part), starts [f].

    growth [bars-K].
    """
    close, cutout = prices[0], rules[0]
    bars = len(close)
    book = blank(len(lengths), bars, rules)
    returns = weighted_returns(prices[2], growth, cutout)
    averages = np.empty((bars, MEMBERS))
    factors = np.ones(MEMBERS)
    windows = np.zeros(MEMBERS, np.int64), np.empty((MEMBERS, bars)), np.empty((MEMBERS, bars))
    for family in range(len(lengths)):
        if lengths[family, 0] > 0:
            factors[:] = 1.0
            compared = _average(places[family], prices, lengths[family], windows, averages, factors)
            vote(compared, averages, factors, returns, rules, starts[family], family, book)
    return summed_up(book, lengths, rules)


KERNEL: Kernel = compute
