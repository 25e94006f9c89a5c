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

    Returns are those of `periods`, arithmetic, without a riskless rate. Drawdowns are at closes of bars.
    """

    base: float
    bars: Floats
    axis_ms: Ints
    bar_ms: int
    periods: Periods

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
        return None if self.annual is None or self.drawdown >= 0 else self.annual / -self.drawdown

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

    @cached_property
    def _closes(self) -> Floats:
        return np.concatenate(((self.base,), self.bars))

    @cached_property
    def _peaks(self) -> Floats:
        return np.maximum.accumulate(self._closes)

    @cached_property
    def _depths(self) -> Floats:
        return self._closes / self._peaks

    @cached_property
    def drawdown(self) -> float:
        """Least equity / (largest equity until then) - 1, <= 0."""
        return float(self._depths.min()) - 1

    @cached_property
    def _under(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        return self._closes < self._peaks

    @property
    def under_water(self) -> float:
        """Share of the bars that close below an earlier equity."""
        return int(np.count_nonzero(self._under)) / len(self.bars)

    @cached_property
    def _dives(self) -> tuple[Ints, Ints]:
        """Where each stretch below a peak begins, at that peak, and where it is reached again, or the last bar."""
        edges = np.flatnonzero(self._under[1:] != self._under[:-1])
        ends = edges[1::2] + 1
        return edges[::2], np.append(ends, len(self.bars)) if len(edges) % 2 else ends

    @cached_property
    def _dive_days(self) -> Floats:
        starts, ends = self._dives
        before = np.where(starts > 0, self.axis_ms[starts - 1] + self.bar_ms, self.axis_ms[0])
        return (self.axis_ms[ends - 1] + self.bar_ms - before) / DAY_MS

    @cached_property
    def _deepest(self) -> int:
        return int(self._dives[0].searchsorted(int(self._depths.argmin()))) - 1

    @property
    def drawdown_days(self) -> float:
        """From the peak before the largest drawdown until it is reached again, or to the end."""
        return float(self._dive_days[self._deepest]) if len(self._dive_days) else 0.0

    @property
    def recovered(self) -> bool:
        """Whether the peak before the largest drawdown was reached again."""
        return not self._under[-1] or self._deepest < len(self._dives[0]) - 1

    @property
    def longest_under_water_days(self) -> float:
        """The longest time from a peak until it is reached again, or to the end."""
        return float(self._dive_days.max()) if len(self._dive_days) else 0.0


def beta(own: Curve, benchmark: Curve) -> float | None:
    """cov(returns, returns of the benchmark) / var(returns of the benchmark)."""
    if benchmark.period_sharpe is None:
        return None
    return float(benchmark.deviations.dot(own.returns)) / float(benchmark.deviations.dot(benchmark.deviations))


def alpha(own: Curve, benchmark: Curve) -> float | None:
    """(1 + mean(return - beta x return of the benchmark))^(periods a year) - 1."""
    slope = beta(own, benchmark)
    if slope is None:
        return None
    excess = own.mean - slope * benchmark.mean
    if excess <= -1:
        return None
    power = math.log1p(excess) * own.periods.per_year
    return math.expm1(power) if power < _EXP_MAX else None


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
