"""Values of many bars whose windows begin with the same bar: one run of the kernel gives them all.

No value may depend on a later bar. One thing in a run does: prices count as integers of a decimal grid while all of
them lie on one. So where a later bar leaves the grid, the values before it are computed without it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.causal import gridless, leaves_grid
from atc_cli.domain.classify import trends
from atc_cli.domain.grid import CLOSE, columns_read
from atc_cli.domain.growth import growth_exponent
from atc_cli.domain.panel import Floats, Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.replayed import Int32s
from atc_cli.engine.backend import Values, Windows

_BATCH_BYTES = 8_000_000
_LANES_BYTES = 64_000_000  # a block of lanes may take more
_LANES = 8
_SOME_BARS = 100_000
_LAYERS = 13  # values of a bar, where one is the average
_OVERFLOW_LN = 700.0  # of 709

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Runs:
    """By place in a panel's columns, shapes [n]: of each run its first bar, and the wanted bars first..last."""

    starts: Ints
    first: Ints
    last: Ints

    def __len__(self) -> int:
        return len(self.starts)

    def some(self, rows: slice | Bools) -> "Runs":
        """Some of the runs."""
        return Runs(self.starts[rows], self.first[rows], self.last[rows])

    @property
    def bars(self) -> Ints:
        """Length of each run."""
        return self.last + 1 - self.starts

    def batches(self, at_once: int, layers: int = 1) -> "list[Runs]":
        """The runs in as many calls as memory needs: rows over time are held at once."""
        parts, first = [], 0
        while first < len(self):
            row_bytes = 8 * layers * int(self.bars[first : first + at_once].max())
            count = max(_BATCH_BYTES // row_bytes, min(_LANES, _LANES_BYTES // row_bytes), 1)
            parts.append(self.some(slice(first, first + min(count, at_once))))
            first += len(parts[-1])
        return parts

    def wanted(self) -> Iterator[tuple[Ints, Ints]]:
        """Of every wanted bar its run and its place, some at a time."""
        behind: Ints = np.cumsum(self.last + 1 - self.first)
        count = int(behind[-1]) if len(self) else 0
        for first in range(0, count, _SOME_BARS):
            number: Ints = np.arange(first, min(first + _SOME_BARS, count))
            row: Ints = np.searchsorted(behind, number, side="right")
            yield row, self.last[row] + 1 + number - behind[row]


class RunComputer:
    """Computes runs of one panel into `average` and `age`, shapes [bars of the panel]."""

    def __init__(self, panel: Panel, windows: Windows, params: Params, average: Floats, age: Int32s) -> None:
        self._panel, self._windows, self._params = panel, windows, params
        self._average, self._age = average, age

    def compute(self, runs: Runs) -> None:
        """Every wanted bar of one batch."""
        values = self._values(runs, Want.AVERAGE)
        self._store(runs, values.average, np.isfinite(values.average))
        for part in runs.some(self._may_overflow(runs)).batches(len(runs), _LAYERS):
            layers = self._values(part, Want.LAYERS)
            self._store(part, layers.average, layers.shown())
        if self._params.dialect is Dialect.LTS:
            before = self._before_leaving(runs.some(values.grid < 0))
            if len(before):
                self.compute(before)

    def _values(self, runs: Runs, want: Want) -> Values:
        offsets = self._panel.offsets
        series = np.searchsorted(offsets, runs.last, side="right") - 1
        ends = runs.last - offsets[series]
        return self._windows.compute_windows(self._panel, self._params, series, ends, runs.bars, want=want)

    def _store(self, runs: Runs, average: Floats, shown: Bools) -> None:
        """Keep the wanted bars of right-aligned rows; what is not shown has neither value nor age."""
        width = average.shape[1]
        sides = trends(average, self._params).ravel()
        changes = np.flatnonzero(sides[1:] != sides[:-1]) + 1
        newest = np.concatenate(([-1], changes))
        for row, at in runs.wanted():
            cell = (row + 1) * width - 1 - (runs.last[row] - at)
            begins = (row + 1) * width - runs.bars[row]
            last = newest[np.searchsorted(changes, cell, side="right")]
            seen = shown.ravel()[cell]
            self._average[at] = np.where(seen, average.ravel()[cell], np.nan)
            self._age[at] = np.where(seen & (last > begins), cell - last, -1)

    def _may_overflow(self, runs: Runs) -> Bools:
        """Runs with a value that could be another if the weights had been looked at.

        Where their sum overflows the average is NaN or 0; with lts's `strategy` it is that of the bar before. An X_S
        grows by at most 1 + |R| * growth a bar; in tradingview R may be an earlier one.
        """
        doubtful = np.zeros(len(runs), bool)
        for row, at in runs.wanted():
            doubtful[row[self._average[at] == 0]] = True
        if self._params.strategy and self._params.dialect is Dialect.LTS:
            doubtful[:] = True
        if doubtful.any():
            growth = np.array([growth_exponent(self._params, bars) for bars in runs.bars.tolist()])
            grown = np.exp(np.maximum(growth, 0)) * self._moves(runs)
            doubtful &= grown + np.log(max(sum(self._params.weights), 1.0)) > _OVERFLOW_LN
        return doubtful

    def _moves(self, runs: Runs) -> Floats:
        """What the |R| of a run can add up to."""
        moves = self._returns
        total = np.cumsum(moves)
        tradingview = self._params.dialect is Dialect.TRADINGVIEW
        most: Floats = runs.bars * moves.max() if tradingview else total[runs.last] - total[runs.starts]
        return most

    @cached_property
    def _returns(self) -> Floats:
        close = self._panel.column(CLOSE)
        moves: Floats = np.abs(np.diff(close, prepend=close[:1])) / np.concatenate((close[:1], close[:-1]))
        moves[self._panel.offsets[:-1]] = 0
        return moves

    @cached_property
    def _gridless(self) -> Ints:
        """How many bars before each place of the columns are on no grid."""
        places = columns_read(self._params.source)
        return np.concatenate(([0], np.cumsum(gridless([self._panel.column(each) for each in places]))))

    def _before_leaving(self, runs: Runs) -> Runs:
        """Of runs that are off the grid the parts that are not."""
        if not len(runs):
            return runs
        mixed = runs.some(self._gridless[runs.first + 1] == self._gridless[runs.starts])
        leaving = np.array([self._leaves(*each) for each in zip(mixed.starts, mixed.first, mixed.last, strict=True)])
        some = leaving > mixed.first
        return Runs(mixed.starts[some], mixed.first[some], leaving[some].astype(np.int64) - 1)

    def _leaves(self, start: int, first: int, last: int) -> int:
        number = int(np.searchsorted(self._panel.offsets, last, side="right")) - 1
        offset = int(self._panel.offsets[number])
        values = self._panel.series[number].values[:, start - offset : last + 1 - offset]
        return int(start) + leaves_grid(values, self._params, int(first - start))
