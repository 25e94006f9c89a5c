"""One workload to measure on: made-up candles, what is asked of them, and the call that computes it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from atc_cli.bench.data import walks
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.bench import WINDOW_BARS
from atc_cli.engine.backend import Backend
from atc_cli.engine.cost import Workload
from atc_cli.engine.windows import windows_of

# walks repeat beyond these: what is read of candles is a small part of the work, and memory is bounded
_DISTINCT_BARS, _DISTINCT_LEAST, _DISTINCT_MOST = 2_000_000, 8, 100


@dataclass(frozen=True, slots=True)
class Task:
    """`series` of `bars` bars; `ragged`: of bars / 3 to bars. `windows`: every window of 1500 bars of each."""

    series: int
    bars: int
    want: Want = Want.LAST
    dialect: Dialect = Dialect.LTS
    windows: bool = False
    ragged: bool = False

    @property
    def words(self) -> str:
        """As a line of a table begins."""
        ragged = f"{self.bars // 3}..{self.bars}" if self.ragged else f"{self.bars}"
        dialect = "" if self.dialect is Dialect.LTS else f" {self.dialect}"
        return f"{self.series} x {ragged} {'windows' if self.windows else self.want.value}{dialect}"

    @property
    def lengths(self) -> list[int]:
        """Bars of each series."""
        if not self.ragged:
            return [self.bars] * self.series
        lengths: list[int] = np.linspace(self.bars // 3, self.bars, self.series).astype(int).tolist()
        return lengths

    def workload(self) -> Workload:
        """In sizes."""
        if not self.windows:
            return Workload.of(self.lengths, self.dialect, self.want)
        each = self.bars + 1 - WINDOW_BARS
        return Workload.of_windows([(WINDOW_BARS, each * self.series)], self.series * self.bars, self.dialect)

    def candles(self) -> list[Candles]:
        """The series."""
        distinct = min(max(_DISTINCT_BARS // self.bars, _DISTINCT_LEAST), _DISTINCT_MOST, self.series)
        some = walks(distinct, self.bars).series
        return [some[i % distinct].tail(bars) for i, bars in enumerate(self.lengths)]

    def call(self, candles: list[Candles]) -> Callable[[Backend], object]:
        """What computes them, columns joined anew as a scan does."""
        params = Params(dialect=self.dialect)
        if not self.windows:
            return lambda backend: backend.compute(Panel.of(candles), params, self.want)
        ends = np.arange(WINDOW_BARS - 1, self.bars)
        series, ends = np.repeat(np.arange(self.series), len(ends)), np.tile(ends, self.series)
        return lambda backend: windows_of(backend).compute_windows(Panel.of(candles), params, series, ends, WINDOW_BARS)
