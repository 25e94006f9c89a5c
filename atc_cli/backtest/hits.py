"""How often flips paid: entries, what the market did from there, shares and means over a whole universe."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atc_cli.backtest.bootstrap import LEAST_BLOCKS, interval, resampled
from atc_cli.domain.classify import trends
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.hits import Estimate, Horizon, SideHits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Trends = NDArray[np.int8]
Mask = NDArray[np.bool_]

BLOCK_BARS = 120
_HOLDS_PER_BLOCK = 6  # holds that overlap are alike: a block must be much longer than one
_BPS = 1e4
_COUNT, _PAID, _NET, _COMPARED, _AHEAD, _EXCESS = range(6)


@dataclass(frozen=True, slots=True)
class Entries:
    """What was entered at the open of every bar, flat over a panel: `trend` +1, -1 or 0.

    `able`: bars at whose open there could have been an entry. What the market did is judged by these.
    """

    trend: Trends
    able: Mask


@dataclass(frozen=True, slots=True)
class Costs:
    """`fee_frac` [series] of the value of each fill, and the fraction by which each is worse than its price."""

    fee_frac: Floats
    slippage_frac: float


def flips(panel: Panel, average: Floats, params: Params, *, min_bars: int = 0, min_signal: float = 0.0) -> Entries:
    """At the open after each bar at which the side becomes LONG or SHORT; `average` [series, width], right-aligned.

    The first value of a series is no flip. None before a scan would show the symbol: it needs its warm-up, its
    cut-out and `min_bars`. `min_signal`: none whose |signal| is smaller.
    """
    needed = max(params.warmup_bars, min_bars, params.cutout + 1)
    trend, able = np.zeros(int(panel.offsets[-1]), np.int8), np.zeros(int(panel.offsets[-1]), np.bool_)
    for series, row in enumerate(average):
        bars = slice(int(panel.offsets[series]), int(panel.offsets[series + 1]))
        signal = row[len(row) - len(panel.series[series]) :]
        side = trends(signal, params)
        known = np.isfinite(signal) & (np.arange(len(signal)) >= needed - 1)
        able[bars][1:] = known[:-1]
        flipped = known[1:] & np.isfinite(signal[:-1]) & (np.diff(side) != 0) & (np.abs(signal[1:]) >= min_signal)
        trend[bars][2:] = np.where(flipped, side[1:], 0)[:-1]
    return Entries(trend, able)


def judged(panel: Panel, entries: Entries, after_bars: int, costs: Costs) -> Horizon:
    """What became of entries that were left at the open `after_bars` bars of their symbol later, as far as there is one.

    The market is the mean move of all symbols with a bar at that time at which they could have been entered, each over
    as many of its own bars.
    """
    moves = _Moves.of(panel, entries.able, after_bars)
    block_bars = max(BLOCK_BARS, _HOLDS_PER_BLOCK * after_bars)
    long, short = (moves.per_bar(entries.trend, trend, costs, panel) for trend in (1, -1))
    bars = long.shape[1]
    both = {"long": long, "short": short, "both": long + short}
    drawn = resampled(np.concatenate((long, short)), block_bars) if bars >= LEAST_BLOCKS * block_bars else None
    halves = None if drawn is None else (drawn[: len(long)], drawn[len(long) :])
    again = dict.fromkeys(both) if halves is None else dict(zip(both, (*halves, halves[0] + halves[1]), strict=True))
    return Horizon(
        after_bars=after_bars,
        block_bars=block_bars,
        bars=bars,
        open_count=int(((entries.trend != 0) & ~moves.complete).sum()),
        sides=tuple(_side(name, per_bar.sum(axis=1), again[name]) for name, per_bar in both.items()),
    )


def _side(name: str, sums: Floats, again: Floats | None) -> SideHits:
    def estimate(above: int, below: int, unit: float = 1.0) -> Estimate:
        if sums[below] == 0:
            return Estimate(None)
        value = float(sums[above] / sums[below]) * unit
        within = None if again is None else interval(again[above], again[below])
        return Estimate(value) if within is None else Estimate(value, within[0] * unit, within[1] * unit)

    return SideHits(
        side=name,
        count=int(sums[_COUNT]),
        paid_frac=estimate(_PAID, _COUNT),
        mean_bps=estimate(_NET, _COUNT, _BPS),
        compared=int(sums[_COMPARED]),
        ahead_frac=estimate(_AHEAD, _COMPARED),
        ahead_bps=estimate(_EXCESS, _COMPARED, _BPS),
    )


@dataclass(frozen=True, slots=True)
class _Moves:
    """What followed the open of every bar of a panel, flat.

    `complete`: the bar so many bars later is there; `ratio`, its open / this one; `at` the place of the bar among the
    times at which there could be entries that are complete, -1 for others. At each of these times `company` is the
    number of symbols and `market` their mean ratio.
    """

    complete: Mask
    ratio: Floats
    at: Ints
    market: Floats
    company: Ints

    @classmethod
    def of(cls, panel: Panel, able: Mask, after_bars: int) -> "_Moves":
        """Of the opens of a panel."""
        opens = panel.column(0)
        ends = np.repeat(panel.offsets[1:], np.diff(panel.offsets))
        later = np.arange(len(opens)) + after_bars
        complete = later < ends
        ratio = np.divide(opens[np.minimum(later, len(opens) - 1)], opens)
        at = _places(panel, able & complete)
        counted = at >= 0
        company = np.bincount(at[counted], minlength=at.max(initial=-1) + 1)
        market = np.bincount(at[counted], ratio[counted], len(company)) / company
        return cls(complete, ratio, at, market, company)

    def per_bar(self, entered: Trends, trend: int, costs: Costs, panel: Panel) -> Floats:
        """Sums over the entries of one side at each time, [figures, times]."""
        chosen = np.flatnonzero((entered == trend) & (self.at >= 0))
        at, ratio = self.at[chosen], self.ratio[chosen]
        fee_frac = costs.fee_frac[np.searchsorted(panel.offsets, chosen, side="right") - 1]
        net = net_frac(ratio, trend, fee_frac, costs.slippage_frac)
        compared = self.company[at] > 1
        excess = np.where(compared, trend * (ratio - self.market[at]), 0.0)
        figures = (np.ones(len(at)), net > 0, net, compared, excess > 0, excess)
        return np.array([np.bincount(at, each, len(self.market)) for each in figures])


def _places(panel: Panel, counted: Mask) -> Ints:
    """The place of each bar among the times at which any bar is counted, oldest first; -1 where it is not."""
    times = np.concatenate([each.timestamp for each in panel.series]) if len(panel) else np.empty(0, np.int64)
    at = np.full(len(times), -1)
    at[counted] = np.unique(times[counted], return_inverse=True)[1]
    return at


def net_frac(ratio: Floats, trend: int, fee_frac: Floats, slippage_frac: float) -> Floats:
    """What a trade earns of the value of its first fill, where the price became `ratio` times as large.

    long: ratio (1 - s) / (1 + s) (1 - f) - (1 + f), short: (1 - f) - ratio (1 + s) / (1 - s) (1 + f)
    """
    worse = (1 + slippage_frac) / (1 - slippage_frac)
    if trend > 0:
        return ratio / worse * (1 - fee_frac) - (1 + fee_frac)
    return (1 - fee_frac) - ratio * worse * (1 + fee_frac)
