"""What can be said of trades: how many paid, how much, how long, how far against them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.results.backtest import Trades
from atc_cli.domain.tape import Floats


def net_fracs(trades: Trades) -> Floats:
    """Net profit of every trade as a fraction of what it was worth at its entry, price x largest quantity."""
    return trades.pnl / (trades.entry_price * trades.quantity)


@dataclass(frozen=True)
class Outcomes:
    """Net profits in the quote currency and as fractions: of `ended` trades, first, then of those still open.

    Rates and means are of trades that ended, None without one; `profit` is that of all.
    """

    pnl: Floats
    fracs: Floats
    ended: int

    def __len__(self) -> int:
        return len(self.pnl)

    @property
    def profit(self) -> float:
        """Of all trades, those still open at the last close."""
        return float(np.add.reduce(self.pnl))

    @cached_property
    def _won(self) -> NDArray[np.bool_]:
        return self.pnl[: self.ended] > 0

    @property
    def win_rate(self) -> float | None:
        """Share that earned more than nothing, net."""
        return int(np.count_nonzero(self._won)) / self.ended if self.ended else None

    @property
    def profit_factor(self) -> float | None:
        """sum of the profits / |sum of the losses|; None without a loss."""
        pnl = self.pnl[: self.ended]
        lost = -float(np.add.reduce(pnl[pnl < 0]))
        return float(np.add.reduce(pnl[self._won])) / lost if lost > 0 else None

    @property
    def expectancy_frac(self) -> float | None:
        """Mean net profit as a fraction of the value at entry."""
        return self._mean(self.fracs)

    @property
    def expectancy(self) -> float | None:
        """Mean net profit."""
        return self._mean(self.pnl)

    @property
    def best(self) -> float | None:
        """Largest fraction."""
        return float(self.fracs[: self.ended].max()) if self.ended else None

    @property
    def worst(self) -> float | None:
        """Smallest fraction."""
        return float(self.fracs[: self.ended].min()) if self.ended else None

    def _mean(self, values: Floats) -> float | None:
        return mean(values[: self.ended])

    def of(self, which: NDArray[np.bool_]) -> "Outcomes":
        """Some of them."""
        return Outcomes(self.pnl[which], self.fracs[which], int(np.count_nonzero(which[: self.ended])))


def mean(values: "NDArray[np.float64] | NDArray[np.int64]") -> float | None:
    """None of nothing."""
    return float(np.add.reduce(values)) / len(values) if len(values) else None
