"""From averages to signals, equities and votes, for numba (spec/ATC.md, section 2)."""

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import MEMBERS
from atc_cli.engine.numba.backend import jit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# cutout, 1 - De, tradingview, cuts of X (above, below), thresholds (long, short), strategy, members at every bar
Rules = tuple[int, float, bool, tuple[float, float], tuple[float, float], bool, bool]
# X and X_S [f, bars] of f families, member signs and equities, both [f, 9, bars], or [f, 9, 1] at the last bar
Book = tuple[Floats, Floats, Floats, Floats]
Result = tuple[Floats, int, Book]

_UNDEFINED = 2  # neither at or below nor at or above
_FLOOR = 0.25
_TOLERANCE = 1e-10


@jit
def weighted_returns(close: Floats, growth: Floats, cutout: int) -> Floats:
    """r_t = R_t * growth_t, shape [bars]; what lies at or before the cutout is never used."""
    returns = np.zeros(len(close))
    for t in range(cutout + 1, len(close)):
        returns[t] = (close[t] - close[t - 1]) / close[t - 1] * growth[t - cutout]
    return returns


@jit
def blank(families: int, bars: int, rules: Rules) -> Book:
    """Nothing known yet."""
    layers = np.full((2, families, bars), np.nan)
    shape = (families, MEMBERS, bars if rules[6] else 1)
    return layers[0], layers[1], np.zeros(shape), np.full(shape, np.nan)


@jit
def vote(
    close: Floats,
    averages: Floats,
    factors: Floats,
    returns: Floats,
    rules: Rules,
    start: float,
    family: int,
    book: Book,
) -> None:
    """Enter X and X_S of one family into the book, and its members.

    close, returns [bars]; averages [bars, 9], each compared with close * factors [9]; start: layer 2's.
    """
    cutout, keep, tradingview, every_bar = rules[0], rules[1], rules[2], rules[6]
    layer_1, layer_2 = book[0][family], book[1][family]
    signs, equities = np.zeros(MEMBERS), np.full(MEMBERS, np.nan)
    sides = np.full(MEMBERS, _UNDEFINED)
    signal = weight = 0.0
    growth = 1.0
    for t in range(len(close)):
        if t == cutout:
            equities[:] = 1.0
            weight = _floored(start, tradingview)
        elif t > cutout:
            _advance(equities, signs, returns[t], keep, tradingview)
            growth = _growth(signal, returns[t], growth if tradingview else 1.0)
            weight = _floored((weight * keep) * growth, tradingview)
        _cross(close[t], averages, factors, t, signs, sides)
        if every_bar:
            book[2][family, :, t] = signs
            book[3][family, :, t] = equities
        if t >= cutout:
            mean = _weighted_mean(signs, equities)
            signal = _rounded_tradingview(mean) if tradingview else np.rint(100.0 * mean) / 100.0
            layer_1[t] = signal
            layer_2[t] = weight
    if not every_bar:
        book[2][family, :, 0] = signs
        book[3][family, :, 0] = equities


@jit
def _cross(price: float, averages: Floats, factors: Floats, t: int, signs: Floats, sides: Ints) -> None:
    """Signals [9] after bar t; an undefined average is NaN and crosses nothing."""
    for i in range(MEMBERS):
        close, average = price * factors[i], averages[t, i]
        if close > average:
            if sides[i] <= 0:
                signs[i] = 1.0
            sides[i] = 1
        elif close < average:
            if 0 <= sides[i] <= 1:
                signs[i] = -1.0
            sides[i] = -1
        elif close == average:
            sides[i] = 0
        else:
            sides[i] = _UNDEFINED


@jit
def _advance(equities: Floats, signs: Floats, r: float, keep: float, tradingview: bool) -> None:
    """One bar for the nine equities; a member without a direction has had none before either, so it rests."""
    if abs(r) < np.inf:
        for i in range(MEMBERS):
            equities[i] = _floored((equities[i] * keep) * (1.0 + signs[i] * r), tradingview)
    else:
        for i in range(MEMBERS):
            equities[i] = _floored((equities[i] * keep) * _growth(signs[i], r, 1.0), tradingview)


@jit
def _growth(signal: float, r: float, idle: float) -> float:
    """1 + r in the direction of the signal; `idle` where it has none."""
    return 1.0 + r if signal > 0 else (1.0 - r if signal < 0 else idle)


@jit
def _floored(equity: float, tradingview: bool) -> float:
    """Not below 0.25; in tradingview with a tolerance of 1e-10."""
    below = equity - _FLOOR < -_TOLERANCE if tradingview else equity < _FLOOR
    return _FLOOR if below else equity


@jit
def _weighted_mean(signs: Floats, equities: Floats) -> float:
    numerator = denominator = 0.0
    for i in range(MEMBERS):
        numerator += signs[i] * equities[i]
        denominator += equities[i]
    return numerator / denominator


@jit
def _rounded_tradingview(x: float) -> float:
    """Two decimals, half away from zero with a tolerance of 1e-10; NaN stays, a zero is +0.0."""
    size = abs(x)
    fraction = size - np.floor(size)
    hundredths = np.floor(100.0 * fraction)
    if 100.0 * fraction - hundredths >= 0.5 - _TOLERANCE:
        hundredths += 1.0
    value: float = (size - fraction) + hundredths / 100.0
    return -value if x < 0 and value != 0 else value


@jit
def summed_up(book: Book, lengths: Ints, rules: Rules) -> Result:
    """Average_Signal [bars], the bar of its last flip (-1 if none), and the book."""
    average = _average(book[0], book[1], lengths, rules)
    if rules[5] and not rules[2]:
        average[1:] = average[:-1].copy()
        average[0] = 0.0
    return average, _last_flip(average, rules[4]), book


@jit
def _average(signals: Floats, weights: Floats, lengths: Ints, rules: Rules) -> Floats:
    """sum(cut(X)*X_S)/sum(X_S) over the families in use, in order; before the cutout 0, NaN in tradingview."""
    cutout, tradingview, cuts = rules[0], rules[2], rules[3]
    average = np.empty(signals.shape[1])
    average[:cutout] = np.nan if tradingview else 0.0
    for t in range(cutout, len(average)):
        numerator = denominator = 0.0
        for i in range(len(lengths)):
            if lengths[i, 0] > 0:
                numerator += _trend(signals[i, t], cuts) * weights[i, t]
                denominator += weights[i, t]
        average[t] = numerator / denominator
    return average


@jit
def _last_flip(average: Floats, thresholds: tuple[float, float]) -> int:
    for t in range(len(average) - 1, 0, -1):
        if _trend(average[t], thresholds) != _trend(average[t - 1], thresholds):
            return t
    return -1


@jit
def _trend(signal: float, cuts: tuple[float, float]) -> float:
    """+1 above the first, -1 below the second, else 0."""
    return 1.0 if signal > cuts[0] else (-1.0 if signal < cuts[1] else 0.0)
