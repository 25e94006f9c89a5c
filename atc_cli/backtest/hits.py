"""How often flips paid: entries, what the market did from there, shares and means over a whole universe."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atc_cli.backtest.align import FUNDING_MS
from atc_cli.backtest.bootstrap import LEAST_BLOCKS, interval, resampled
from atc_cli.domain.classify import trends
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.hits import Estimate, Horizon, SideHits
from atc_cli.domain.rules import Costs
from atc_cli.domain.tape import Tape

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Trends = NDArray[np.int8]
Mask = NDArray[np.bool_]

BLOCK_BARS = 120
_HOLDS_PER_BLOCK = 6  # holds that overlap are alike: a block must be much longer than one
_BPS = 1e4
_COUNT, _PAID, _NET, _COMPARED, _PAID_AHEAD, _NET_AHEAD = range(6)


@dataclass(frozen=True, slots=True)
class Walk:
    """Opens of every bar of every symbol: symbol i is offsets[i]:offsets[i+1] of each flat column, oldest bar first.

    `times_ms` [bars] is when each bar opens. At its open `trend` +1 or -1 was entered, or nothing, 0; `able`: there
    could have been an entry. What any symbol did is judged by these.
    """

    offsets: Ints
    times_ms: Ints
    opens: Floats
    trend: Trends
    able: Mask

    def __len__(self) -> int:
        return len(self.opens)


def flips(
    panel: Panel, average: Iterable[Floats], params: Params, *, min_bars: int = 0, min_signal: float = 0.0
) -> Walk:
    """Entered after each bar at which the side becomes LONG or SHORT; `average` is a right-aligned row for each series.

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
    return walk(panel, trend, able)


def flips_on(tape: Tape, params: Params, *, min_signal: float = 0.0, min_volume: float | None = None) -> Walk:
    """The same of a tape: each flip as the window showed it that ended with its bar.

    Symbols count while their volume of 24 h is `min_volume` or more; the tape needs volumes for that.
    """
    side, shown = trends(tape.signal, params), np.isfinite(tape.signal)
    if min_volume is not None:
        shown &= tape.volume >= min_volume
    flipped = shown & (tape.age == 0) & (np.abs(tape.signal) >= min_signal)
    trend, able = np.zeros(len(side), np.int8), np.zeros(len(side), np.bool_)
    trend[1:], able[1:] = np.where(flipped, side, 0)[:-1], shown[:-1]
    firsts = tape.offsets[:-1]
    trend[firsts], able[firsts] = 0, False
    return Walk(tape.offsets, tape.axis_ms[tape.at], tape.open, trend, able)


def walk(panel: Panel, trend: Trends, able: Mask) -> Walk:
    """What was entered at the bars of a panel."""
    times_ms = np.concatenate([each.timestamp for each in panel.series]) if len(panel) else np.empty(0, np.int64)
    return Walk(panel.offsets, times_ms, panel.column(0), trend, able)


def judged(seen: Walk, after_bars: int, costs: Costs) -> Horizon:
    """What became of entries that were left at the open `after_bars` bars of their symbol later, where there is one.

    They are compared with all symbols that could have been entered at that time, on the same side at the same costs,
    each for as many of its own bars: so a falling market makes no skill, and neither do a few symbols that rise far.
    """
    moves = _Moves.of(seen, after_bars)
    block_bars = max(BLOCK_BARS, _HOLDS_PER_BLOCK * after_bars)
    long, short = (moves.per_bar(seen.trend, trend, costs) for trend in (1, -1))
    sums = {"long": long, "short": short, "both": long + short}
    again: dict[str, Floats] = {}
    if len(moves.company) >= LEAST_BLOCKS * block_bars:
        drawn = resampled(np.concatenate((long, short)), block_bars)
        again = {"long": drawn[: len(long)], "short": drawn[len(long) :]}
        again["both"] = again["long"] + again["short"]
    return Horizon(
        after_bars=after_bars,
        block_bars=block_bars,
        bars=len(moves.company),
        open_count=int(((seen.trend != 0) & ~moves.complete).sum()),
        sides=tuple(_side(name, per_bar.sum(axis=1), again.get(name)) for name, per_bar in sums.items()),
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
        paid_ahead_frac=estimate(_PAID_AHEAD, _COMPARED),
        mean_ahead_bps=estimate(_NET_AHEAD, _COMPARED, _BPS),
    )


@dataclass(frozen=True, slots=True)
class _Moves:
    """What followed the open of every bar of a walk.

    `complete`: the bar so many bars later is there; `ratio`, its open / this one; `fundings`, how often funding was due
    on the way; `at`, the place of the bar among the times at which there could be entries that are complete, -1 for
    others, and `company` the number of symbols at each of these times.
    """

    complete: Mask
    ratio: Floats
    fundings: Ints
    at: Ints
    company: Ints

    @classmethod
    def of(cls, seen: Walk, after_bars: int) -> "_Moves":
        """Over so many bars of the same symbol."""
        here = np.arange(len(seen))
        later = here + after_bars
        complete = later < np.repeat(seen.offsets[1:], np.diff(seen.offsets))
        later = np.where(complete, later, here)
        ratio = seen.opens[later] / seen.opens
        fundings = seen.times_ms[later] // FUNDING_MS - seen.times_ms // FUNDING_MS
        counted = seen.able & complete
        at = np.full(len(seen), -1)
        at[counted] = np.unique(seen.times_ms[counted], return_inverse=True)[1]
        return cls(complete, ratio, fundings, at, np.bincount(at[counted]))

    def per_bar(self, entered: Trends, trend: int, costs: Costs) -> Floats:
        """Sums over the entries of one side at each time, [figures, times]."""
        all_net = net_frac(self.ratio, trend, costs) - trend * costs.funding_frac_per_8h * self.fundings
        counted = np.flatnonzero(self.at >= 0)
        any_net, any_paid = (
            np.bincount(self.at[counted], each[counted], len(self.company)) / self.company
            for each in (all_net, all_net > 0)
        )
        chosen = counted[entered[counted] == trend]
        at, net = self.at[chosen], all_net[chosen]
        paid, compared = net > 0, self.company[at] > 1
        ahead = (np.where(compared, own - whole[at], 0.0) for own, whole in ((paid, any_paid), (net, any_net)))
        figures = (np.ones(len(at)), paid, net, compared, *ahead)
        return np.array([np.bincount(at, each, len(self.company)) for each in figures])


def net_frac(ratio: Floats, trend: int, costs: Costs) -> Floats:
    """What a trade earns of the value of its first fill after fees f and slippage s: the price became ratio x as large.

    long: ratio (1 - s) / (1 + s) (1 - f) - (1 + f), short: (1 - f) - ratio (1 + s) / (1 - s) (1 + f)
    """
    fee, worse = costs.fee_frac, (1 + costs.slippage_frac) / (1 - costs.slippage_frac)
    return ratio / worse * (1 - fee) - (1 + fee) if trend > 0 else (1 - fee) - ratio * worse * (1 + fee)
