"""Dialect `tradingview` for numba (spec/ATC.md, section 5): raw prices, quirks to the bit."""

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import MEMBERS
from atc_cli.engine.numba.backend import Kernel, choice, entry, jit
from atc_cli.engine.numba.sums import resummed, rolling_sums
from atc_cli.engine.numba.votes import Result, Rules, blank, summed_up, vote, weighted_returns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Prices = tuple[Floats, Floats, Floats, Floats, float]

_NOISE_MIN = 1e-10
_KAMA_SLOW, _KAMA_RANGE = 0.064, 0.666 - 0.064


@jit
def _sma(source: Floats, lengths: Ints, averages: Floats) -> None:
    """Compensated S/n from bar n-1; the published script calls it Hull."""
    sums = np.empty(len(source))
    for i in range(MEMBERS):
        rolling_sums(source, lengths[i], sums)
        averages[:, i] = sums / lengths[i]
        averages[: lengths[i] - 1, i] = np.nan


@jit
def _seed(x: Floats, begin: int, n: int) -> float:
    """Compensated mean of n values from bar `begin`; NaN where there are fewer."""
    if begin + n > len(x):
        return np.nan
    sums = np.empty(n)
    rolling_sums(x[begin : begin + n], n, sums)
    mean: float = sums[n - 1] / n
    return mean


@jit
def _ema(source: Floats, lengths: Ints, averages: Floats) -> None:
    """e = e + alpha*(s - e) from the compensated mean at bar n-1; NaN begets NaN before it."""
    alpha = 2.0 / (lengths + 1.0)
    e, seeds = np.full(MEMBERS, np.nan), np.empty(MEMBERS)
    for i in range(MEMBERS):
        seeds[i] = _seed(source, 0, lengths[i])
    for t in range(len(source)):
        for i in range(MEMBERS):
            grown = e[i] + alpha[i] * (source[t] - e[i])
            e[i] = seeds[i] if t == lengths[i] - 1 else grown
            averages[t, i] = e[i]


@jit
def _dema(source: Floats, lengths: Ints, averages: Floats) -> None:
    """2*e1 - e2 with e2 the EMA of e1, seeded at bar 2n-2."""
    _ema(source, lengths, averages)
    once, twice, seeds = np.empty(len(source)), np.full(MEMBERS, np.nan), np.empty(MEMBERS)
    for i in range(MEMBERS):
        once[:] = averages[:, i]
        seeds[i] = _seed(once, lengths[i] - 1, lengths[i])
    alpha = 2.0 / (lengths + 1.0)
    for t in range(len(source)):
        for i in range(MEMBERS):
            grown = twice[i] + alpha[i] * (averages[t, i] - twice[i])
            twice[i] = seeds[i] if t == 2 * lengths[i] - 2 else grown
            averages[t, i] = 2.0 * averages[t, i] - twice[i]


@jit
def _wma(source: Floats, lengths: Ints, averages: Floats) -> None:
    """W / (n(n+1)/2)."""
    plain, weighted = np.empty(len(source)), np.empty(len(source))
    for i in range(MEMBERS):
        n = lengths[i]
        resummed(source, n, plain, weighted)
        averages[:, i] = weighted / (n * (n + 1) / 2)


@jit
def _lsma(source: Floats, lengths: Ints, averages: Floats) -> None:
    """Regression value a + b*(n-1), a and b as section 5 spells them."""
    plain, weighted = np.empty(len(source)), np.empty(len(source))
    for i in range(MEMBERS):
        n = lengths[i]
        resummed(source, n, plain, weighted)
        sum_x = n * (n + 1) / 2
        spread = n * (n * (n + 1) * (2 * n + 1) / 6) - sum_x * sum_x
        for t in range(len(source)):
            slope = (n * weighted[t] - sum_x * plain[t]) / spread
            intercept = plain[t] / n - slope * sum_x / n + slope
            averages[t, i] = intercept + slope * (n - 1)


@jit
def _kama(source: Floats, lengths: Ints, averages: Floats) -> None:
    """k = k + (z*z)*(s - k) from k_{-1} = 0; ratio 0 while t < n or noise <= 1e-10."""
    noise = _noise(source, lengths)
    k = np.zeros(MEMBERS)
    for t in range(len(source)):
        for i in range(MEMBERS):
            n = lengths[i]
            moving = t >= n and noise[t, i] > _NOISE_MIN
            ratio = abs(source[t] - source[t - n]) / noise[t, i] if moving else 0.0
            z = ratio * _KAMA_RANGE + _KAMA_SLOW
            k[i] = k[i] + (z * z) * (source[t] - k[i])
            averages[t, i] = k[i]


@jit
def _noise(source: Floats, lengths: Ints) -> Floats:
    """Compensated sum of |s_t - s_{t-1}| over n bars of every member, [bars, 9]; 0 at bar 0."""
    steps, sums = np.empty(len(source) - 1), np.empty(len(source) - 1)
    for t in range(1, len(source)):
        steps[t - 1] = abs(source[t] - source[t - 1])
    noise = np.zeros((len(source), MEMBERS))
    for i in range(MEMBERS):
        rolling_sums(steps, lengths[i], sums)
        noise[1:, i] = sums
    return noise


# By family: averages [bars, 9] over the lengths [9].
AVERAGES = {"ema": _ema, "hma": _sma, "wma": _wma, "dema": _dema, "lsma": _lsma, "kama": _kama}
_average = choice(list(AVERAGES.values()))


@entry
def compute(prices: Prices, places: Ints, lengths: Ints, starts: Floats, growth: Floats, rules: Rules) -> Result:
    """One series, arguments as in dialect `lts`; nothing here uses the integer prices."""
    close, source = prices[0], prices[1]
    bars, cutout = len(close), rules[0]
    book = blank(len(lengths), bars, rules)
    returns = weighted_returns(close, growth, cutout)
    averages = np.empty((bars, MEMBERS))
    factors = np.ones(MEMBERS)
    for family in range(len(lengths)):
        if lengths[family, 0] > 0:
            _average(places[family], source, lengths[family], averages)
            vote(close, averages, factors, returns, rules, starts[family], family, book)
    return summed_up(book, lengths, rules)


KERNEL: Kernel = compute
