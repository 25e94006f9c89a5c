"""A stretch of a backtest, as its metrics see it."""

import math
from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from atc_cli.backtest.curve import Curve, beta_and_alpha
from atc_cli.backtest.outcomes import Outcomes, mean, net_fracs
from atc_cli.backtest.periods import Periods
from atc_cli.domain.results.backtest import Account, Trades
from atc_cli.domain.rules import Costs
from atc_cli.domain.tape import Floats, Ints


@dataclass(frozen=True)
class Stretch:
    """Bars first..stop-1 of the axis, and the trades that began there. At least a bar.

    What the equity was before, that of the benchmark too, is the capital, or that of the bar before the first.
    """

    account: Account
    axis_ms: Ints
    bar_ms: int
    held_benchmark: Floats
    year_days: float
    costs: Costs
    first: int
    stop: int

    @cached_property
    def times_ms(self) -> Ints:
        """When its bars open."""
        return self.axis_ms[self.first : self.stop]

    @cached_property
    def periods(self) -> Periods:
        """Those that its returns are of."""
        return Periods.of(self.times_ms, self.bar_ms, self.year_days)

    @cached_property
    def scratch(self) -> Floats:
        """A number a bar, written over by whatever needs that many."""
        return np.empty(self.stop - self.first)

    @cached_property
    def own(self) -> Curve:
        """The equity."""
        return self._curve(self.account.equity)

    @cached_property
    def benchmark(self) -> Curve:
        """The equity of holding it instead."""
        return self._curve(self.held_benchmark)

    @cached_property
    def beta_and_alpha(self) -> tuple[float | None, float | None]:
        """To the benchmark."""
        return beta_and_alpha(self.own, self.benchmark)

    def _curve(self, equity: Floats) -> Curve:
        base = float(equity[self.first - 1]) if self.first else self.account.capital
        return Curve(base, equity[self.first : self.stop], self.times_ms, self.bar_ms, self.periods, self.scratch)

    @cached_property
    def trades(self) -> Trades:
        """Those with their entry in it."""
        every = self.account.trades
        if self.first == 0 and self.stop == len(self.axis_ms):
            return every
        inside = (every.entry >= self.first) & (every.entry < self.stop)
        return Trades(**{each.name: getattr(every, each.name)[inside] for each in fields(Trades)})

    @cached_property
    def outcomes(self) -> Outcomes:
        """Of all its trades."""
        return Outcomes(self.trades.pnl, net_fracs(self.trades), int(np.count_nonzero(self.trades.ended)))

    @cached_property
    def longs(self) -> Outcomes:
        """Of the long ones."""
        return self.outcomes.of(self.trades.side > 0)

    @cached_property
    def shorts(self) -> Outcomes:
        """Of the short ones."""
        return self.outcomes.of(self.trades.side < 0)

    @property
    def fees(self) -> float:
        """Of its trades."""
        return float(np.add.reduce(self.trades.fees))

    @property
    def funding(self) -> float:
        """What its trades paid."""
        return float(np.add.reduce(self.trades.funding))

    @property
    def hold_bars(self) -> float | None:
        """Mean of the bars that a trade was held, of those that ended; so are the next two."""
        return mean(self.trades.held_bars[: self.outcomes.ended])

    @property
    def mae(self) -> float | None:
        """Mean worst price of a trade, as a fraction of its entry."""
        return mean(self.trades.mae_frac[: self.outcomes.ended])

    @property
    def mfe(self) -> float | None:
        """Mean best price of a trade, as a fraction of its entry."""
        return mean(self.trades.mfe_frac[: self.outcomes.ended])

    @property
    def years(self) -> float:
        """How long it is."""
        return len(self.periods.ends) / self.periods.per_year

    @property
    def profit(self) -> float:
        """What the equity grew by."""
        return float(self.own.bars[-1]) - self.own.base

    @property
    def held_share(self) -> float:
        """Share of the bars that close with a position."""
        return int(np.count_nonzero(self.account.held[self.first : self.stop])) / len(self.times_ms)

    @property
    def gross_share(self) -> float:
        """Mean of gross / equity, over bars at which there is any equity."""
        gross, equity = self.account.gross[self.first : self.stop], self.own.bars
        if self.account.ruined_at >= 0:
            gross, equity = gross[equity > 0], equity[equity > 0]
        return self._sum_of_ratios(gross, equity) / max(len(gross), 1)

    def _sum_of_ratios(self, values: Floats, equity: Floats) -> float:
        return float(np.add.reduce(np.divide(values, equity, out=self.scratch[: len(values)])))

    @cached_property
    def traded(self) -> float:
        """Value of all fills."""
        return float(np.add.reduce(self.account.turnover[self.first : self.stop]))

    @property
    def turnover(self) -> float | None:
        """Value of the fills of a year / mean equity."""
        level = float(np.add.reduce(self.own.bars)) / len(self.own.bars)
        return self.traded / level / self.years if level > 0 else None

    @property
    def break_even_bps(self) -> float | None:
        """Fee and slippage of a fill, together, at which these fills would have earned nothing.

        fee + slippage + ln(equity_end / equity_start) / sum(value of the fills / equity): sizes follow the equity, as
        they do. Below 0 it loses without costs too; None where nothing was traded or nothing is left.
        """
        if self.traded <= 0 or self.own.bars[-1] <= 0:
            return None
        shares = self._sum_of_ratios(self.account.turnover[self.first : self.stop], self.own.bars)
        growth = math.log(float(self.own.bars[-1]) / self.own.base)
        return (self.costs.fee_frac + self.costs.slippage_frac + growth / shares) * 1e4
