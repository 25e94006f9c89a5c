"""The definition, slow and obvious: the oracle that every fast backend is compared with.

Follows spec/ATC.md; imports numpy and nothing of ours that is fast. On grid it sums fresh windows of
integers, where the fast backends keep running sums.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import FAMILIES, MEMBERS, Dialect
from atc_cli.domain.grid import Prices, prices_of
from atc_cli.domain.params import Params
from atc_cli.domain.reference_lts import SIDES, side_of_lts_average
from atc_cli.domain.reference_tradingview import AVERAGES, side_of_tradingview_average

Floats = NDArray[np.float64]

# the families that are defined in each dialect
KNOWN: dict[Dialect, Collection[str]] = {Dialect.LTS: SIDES, Dialect.TRADINGVIEW: AVERAGES}

_FLOOR = 0.25
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class ReferenceResult:
    """One series: average [bars]; families, weights [families, bars]; member signs, equities [members, bars]."""

    average: Floats
    families: Floats
    weights: Floats
    member_sign: Floats
    member_equity: Floats
    decimals: int | None


@np.errstate(all="ignore")
def compute(values: Floats, params: Params, growth: Floats) -> ReferenceResult:
    """All values of one series; `values` rows are open, high, low, close, ..; growth[j] at bar K+j."""
    prices = prices_of(values, params)
    bars = len(prices.close)
    sides = _member_sides(prices, params)
    signs = crossing_signals(sides)
    returns = _weighted_returns(prices, params, growth)
    unit = np.ones(len(signs))
    equity = equities(unit, signs, returns, params)
    families = _family_signals(signs, equity, params, bars)
    weights = equities(np.array(params.weights), families, returns, params)
    unused = [i for i, lengths in enumerate(params.members()) if lengths is None]
    families[unused] = weights[unused] = np.nan
    average = _average(families, weights, params)
    return ReferenceResult(average, families, weights, signs, equity, prices.decimals)


def _member_sides(prices: Prices, params: Params) -> Floats:
    """sign(close - average) of every member, NaN where undefined, shape [members, bars]."""
    side_of = side_of_lts_average if params.dialect is Dialect.LTS else side_of_tradingview_average
    undefined = np.full(len(prices.close), np.nan)
    rows: list[Floats] = []
    for family, lengths in zip(FAMILIES, params.members(), strict=True):
        rows += [undefined] * MEMBERS if lengths is None else [side_of(family.id, n, prices) for n in lengths]
    return np.array(rows)


def crossing_signals(sides: Floats) -> Floats:
    """Signals of members from sign(close - average), shapes [members, bars]: section 2.

    Up (+1) where the side is above and was not above, down (-1) where it is below and was not below;
    both bars defined. Otherwise the signal keeps its value, 0 at first.
    """
    signals = np.zeros_like(sides)
    for t in range(1, sides.shape[1]):
        now, before = sides[:, t], sides[:, t - 1]
        up = (now > 0) & (before <= 0)
        down = (now < 0) & (before >= 0)
        signals[:, t] = np.where(up, 1.0, np.where(down, -1.0, signals[:, t - 1]))
    return signals


def _weighted_returns(prices: Prices, params: Params, growth: Floats) -> Floats:
    """r_t = R_t * growth_t for t > K, shape [bars]; NaN at bar 0, unused up to K."""
    close = prices.close if prices.close_int is None else prices.close_int.astype(np.float64)
    weighted = np.full(len(close), np.nan)
    weighted[1:] = (close[1:] - close[:-1]) / close[:-1]
    bars_after = max(len(close) - params.cutout, 0)
    weighted[params.cutout :] *= growth[:bars_after]
    return weighted


def equities(start: Floats, signals: Floats, weighted_returns: Floats, params: Params) -> Floats:
    """eq(start, sig) of section 2 for several lines at once, shapes [lines], [lines, bars].

    e_K = max(start, 0.25); e_t = (e_{t-1}*(1-De))*(1+a) with a = +-r by the sign of sig_{t-1}; where that
    is 0 or undefined, a is 0 in lts and keeps its last value in tradingview. Floor 0.25.
    """
    lines, bars = signals.shape
    result = np.full((lines, bars), np.nan)
    if bars <= params.cutout:
        return result
    keep = 1 - params.decay / 100
    sticky = params.dialect is Dialect.TRADINGVIEW
    gain = np.zeros(lines)
    equity = result[:, params.cutout] = _floored(start, params.dialect)
    for t in range(params.cutout + 1, bars):
        before, r = signals[:, t - 1], weighted_returns[t]
        idle = gain if sticky else np.zeros(lines)
        gain = np.where(before > 0, r, np.where(before < 0, -r, idle))
        equity = result[:, t] = _floored((equity * keep) * (1 + gain), params.dialect)
    return result


def _floored(equity: Floats, dialect: Dialect) -> Floats:
    below = equity - _FLOOR < -_TOLERANCE if dialect is Dialect.TRADINGVIEW else equity < _FLOOR
    return np.where(below, _FLOOR, equity)


def _family_signals(signs: Floats, equity: Floats, params: Params, bars: int) -> Floats:
    """X of every family, shape [families, bars]: sum(sig*e)/sum(e) in member order, two decimals."""
    families = np.full((len(FAMILIES), bars), np.nan)
    rounded = round_tradingview if params.dialect is Dialect.TRADINGVIEW else round_lts
    for row in range(len(FAMILIES)):
        members = range(row * MEMBERS, (row + 1) * MEMBERS)
        for t in range(params.cutout, bars):
            numerator = denominator = 0.0
            for i in members:
                numerator += signs[i, t] * equity[i, t]
                denominator += equity[i, t]
            families[row, t] = rounded(numerator / denominator)
    return families


def round_lts(x: float) -> float:
    """rint(100*x)/100, ties to even."""
    return float(np.rint(100 * x) / 100)


def round_tradingview(x: float) -> float:
    """Half away from zero with tolerance 1e-10, as section 5 spells it; a zero is +0.0."""
    if math.isnan(x):
        return x
    size = abs(x)
    fraction = size - math.floor(size)
    hundredths = math.floor(100 * fraction)
    if 100 * fraction - hundredths >= 0.5 - _TOLERANCE:
        hundredths += 1
    value = (size - fraction) + hundredths / 100
    return -value if x < 0 and value != 0 else value


def _average(families: Floats, weights: Floats, params: Params) -> Floats:
    """Average_Signal, shape [bars]: sum(cut(X)*X_S)/sum(X_S) over the families in use, in order."""
    used = [i for i, lengths in enumerate(params.members()) if lengths is not None]
    numerator = np.zeros(families.shape[1])
    denominator = np.zeros(families.shape[1])
    for i in used:
        numerator = numerator + _cut(families[i], params) * weights[i]
        denominator = denominator + weights[i]
    average = numerator / denominator
    if params.dialect is Dialect.TRADINGVIEW:
        return average
    average[: params.cutout] = 0.0
    return np.concatenate(([0.0], average[:-1])) if params.strategy else average


def _cut(signal: Floats, params: Params) -> Floats:
    above, below = params.cuts
    return np.where(signal > above, 1.0, np.where(signal < below, -1.0, 0.0))
