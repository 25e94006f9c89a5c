"""What can be said of a curve of equity alone: returns, drawdowns and their ratios."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from atc_cli.backtest.periods import Periods, changes
from atc_cli.domain.tape import Floats, Ints
from atc_cli.domain.timeframe import DAY_MS

# exp() of more is no float.
_EXP_MAX = 700.0
# What a deviation may be of a level return and be rounding only.
_ROUNDING = 1e-15


@dataclass(frozen=True)
class Curve:
    """Equity at the closes of bars, shape [bars], and `base`, the equity before them; None is what is not defined.

    Returns are those of `periods`, arithmetic, without a riskless rate. Drawdowns are at closes of bars. `scratch`
    [bars] is written over: an array of its own for each step would cost more than the step.
    """

    base: float
    bars: Floats
    axis_ms: Ints
    bar_ms: int
    periods: Periods
    scratch: Floats

    @cached_property
    def levels(self) -> Floats:
        """The base and the equity at the end of every period, shape [periods + 1]."""
        return np.concatenate(((self.base,), self.bars[self.periods.ends]))

    @cached_property
    def returns(self) -> Floats:
        """Of every period."""
        return changes(self.levels)

    @cached_property
    def mean(self) -> float:
        """Of the returns."""
        return float(np.add.reduce(self.returns)) / len(self.returns)

    @cached_property
    def deviations(self) -> Floats:
        """Of the returns from their mean."""
        return self.returns - self.mean

    @cached_property
    def deviation(self) -> float | None:
        """Standard deviation of the returns, with n - 1."""
        if len(self.returns) < 2:
            return None
        return math.sqrt(float(self.deviations.dot(self.deviations)) / (len(self.returns) - 1))

    @property
    def total(self) -> float:
        """equity_end / equity_start - 1."""
        return float(self.bars[-1]) / self.base - 1

    @cached_property
    def annual(self) -> float | None:
        """(1 + total)^(periods a year / periods) - 1; -1 where everything was lost."""
        if self.total <= -1:
            return -1.0
        power = math.log1p(self.total) * self.periods.per_year / len(self.returns)
        return math.expm1(power) if power < _EXP_MAX else None

    @property
    def volatility(self) -> float | None:
        """Standard deviation of the returns x sqrt(periods a year)."""
        return None if self.deviation is None else self.deviation * math.sqrt(self.periods.per_year)

    @cached_property
    def period_sharpe(self) -> float | None:
        """mean / standard deviation of the returns, of one period."""
        deviation = self.deviation
        return None if deviation is None or deviation <= _ROUNDING * max(1, abs(self.mean)) else self.mean / deviation

    @property
    def sharpe(self) -> float | None:
        """period_sharpe x sqrt(periods a year)."""
        return None if self.period_sharpe is None else self.period_sharpe * math.sqrt(self.periods.per_year)

    @property
    def sortino(self) -> float | None:
        """mean / sqrt(mean(min(return, 0)^2)) x sqrt(periods a year)."""
        if len(self.returns) < 2:
            return None
        below = np.minimum(self.returns, 0)
        downside = math.sqrt(float(below.dot(below)) / len(below))
        return self.mean / downside * math.sqrt(self.periods.per_year) if downside > 0 else None

    @property
    def calmar(self) -> float | None:
        """Annual return / |largest drawdown|."""
        return None if self.annual is None or self.dives.depth >= 0 else self.annual / -self.dives.depth

    @property
    def tail_ratio(self) -> float | None:
        """|95th percentile| / |5th percentile| of the returns, interpolated between neighbours."""
        low, high = percentiles(self.returns, (0.05, 0.95))
        return abs(high) / abs(low) if low else None

    @property
    def probabilistic_sharpe(self) -> float | None:
        """Probability that the true Sharpe ratio is above 0.

        Phi(S sqrt(n - 1) / sqrt(1 - skew S + (kurtosis - 1) / 4 S^2)) with S of one period (Bailey and Lopez de Prado,
        The Sharpe Ratio Efficient Frontier, 2012); skew and kurtosis are those of the n returns, with n.
        """
        ratio = self.period_sharpe
        if ratio is None:
            return None
        squares = self.deviations * self.deviations
        count = len(squares)
        variance = float(np.add.reduce(squares)) / count
        skew = float(squares.dot(self.deviations)) / count / variance**1.5
        kurtosis = float(squares.dot(squares)) / count / variance**2
        spread = 1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2
        return normal(ratio * math.sqrt((count - 1) / spread)) if spread > _ROUNDING else None

    def depths(self) -> Floats:
        """equity / (largest equity until then), of every bar, <= 1; in the scratch."""
        peaks = np.maximum.accumulate(self.bars, out=self.scratch)
        if self.bars[0] < self.base:
            np.maximum(peaks, self.base, out=peaks)
        return np.divide(self.bars, peaks, out=peaks)

    @property
    def drawdown(self) -> float:
        """Least equity / (largest equity until then) - 1, <= 0."""
        return float(self.depths().min()) - 1

    @cached_property
    def dives(self) -> "Dives":
        """Where it is below an earlier level."""
        return Dives.of(self)


@dataclass(frozen=True, slots=True)
class Dives:
    """Stretches of a curve below an earlier level, at closes of bars.

    `depth`: the drawdown; `share` of the bars below an earlier level; `deepest_days` and `longest_days` from a peak
    until it is reached again, or to the end; `recovered` whether the deepest is over.
    """

    depth: float
    share: float
    deepest_days: float
    longest_days: float
    recovered: bool

    @classmethod
    def of(cls, curve: Curve) -> "Dives":
        """Those of a curve."""
        axis_ms, depths = curve.axis_ms, curve.depths()
        lowest = int(depths.argmin())
        under = np.zeros(len(depths) + 1, np.bool_)  # of the base and every bar
        np.less(depths, 1, out=under[1:])
        edges = (under[1:] != under[:-1]).nonzero()[0]
        if not len(edges):
            return cls(0.0, 0.0, 0.0, 0.0, recovered=True)
        starts, over = edges[::2], edges[1::2]
        lasting_ms = np.full(len(starts), axis_ms[-1])
        lasting_ms[: len(over)] = axis_ms[over]
        lasting_ms -= axis_ms[starts - 1]
        if under[1]:  # from the base, which has no bar
            lasting_ms[0] = axis_ms[over[0] if len(over) else -1] + curve.bar_ms - axis_ms[0]
        deepest = int(starts.searchsorted(lowest, side="right")) - 1
        return cls(
            float(depths[lowest]) - 1,
            int(np.count_nonzero(under)) / len(depths),
            int(lasting_ms[deepest]) / DAY_MS,
            int(lasting_ms.max()) / DAY_MS,
            recovered=deepest < len(over),
        )


def beta_and_alpha(own: Curve, benchmark: Curve) -> tuple[float | None, float | None]:
    """Of the returns to those of the benchmark.

    beta = cov(own, benchmark) / var(benchmark), alpha = (1 + mean(own - beta x benchmark))^(periods a year) - 1
    """
    if benchmark.period_sharpe is None:
        return None, None
    spread = benchmark.deviations
    beta = float(spread.dot(own.returns)) / float(spread.dot(spread))
    excess = own.mean - beta * benchmark.mean
    power = math.log1p(excess) * own.periods.per_year if excess > -1 else -math.inf
    return beta, math.expm1(power) if power < _EXP_MAX else None


def percentiles(values: Floats, fractions: Sequence[float]) -> list[float]:
    """Each the value at place fraction x (n - 1) of the sorted values, interpolated between neighbours."""
    places = [fraction * (len(values) - 1) for fraction in fractions]
    sides = [(math.floor(place), math.ceil(place)) for place in places]
    ordered = np.partition(values, sorted({side for pair in sides for side in pair}))
    return [
        float(ordered[low]) + (place - low) * (float(ordered[high]) - float(ordered[low]))
        for place, (low, high) in zip(places, sides, strict=True)
    ]


def normal(value: float) -> float:
    """Phi, the probability that a standard normal value is below."""
    return 0.5 * math.erfc(-value / math.sqrt(2))
