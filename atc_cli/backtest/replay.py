"""The scan, replayed: at every bar the value of the window that a scan would have loaded then."""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from atc_cli.backtest.runs import RunComputer, Runs
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles, Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.replayed import Int32s, Replayed, spans_of
from atc_cli.engine.backend import Backend, Windows
from atc_cli.engine.windows import windows_of

# a part is what stands in memory at once besides the candles
_PART_BARS = 250_000
_KEEP_EACH_S = 5.0
_KEEPING_FRAC = 0.05

Bools = NDArray[np.bool_]


class Memory(Protocol):
    """What was replayed earlier. `spans` [bars]: bars in the window of each value, 0 where there is none."""

    def known(self, candles: Candles, spans: Int32s) -> tuple[Replayed, Bools] | None:
        """Values, and where they are of windows of so many bars that held the very same candles; None for none."""

    def keep(self, candles: Candles, spans: Int32s, replayed: Replayed) -> None:
        """Keep values for another time."""


class _Forgetful:
    """Knows nothing and keeps nothing."""

    def known(self, _candles: Candles, _spans: Int32s) -> None:
        """Nothing."""

    def keep(self, _candles: Candles, _spans: Int32s, _replayed: Replayed) -> None:
        """Not at all."""


_FORGETFUL = _Forgetful()


def _unheard(_values: int) -> None:
    """Nobody asks how far it has come."""


def replay(
    series: Sequence[Candles],
    backend: Backend,
    params: Params,
    anchor: Anchor,
    *,
    bars: int,
    first_ms: int,
    least_bars: int,
    advance: Callable[[int], None] = _unheard,
    memory: Memory = _FORGETFUL,
    windows_most: int | None = None,
) -> Iterator[Replayed]:
    """Each series' values, in order; `spans_of` says where there are any and of which windows.

    `bars`: the scan's window. `first_ms`: values are wanted of bars that open then or later (UTC ms), candles before
    only warm up. `least_bars`: what a scan needs of a symbol. `advance` hears how many values are done, those that
    `memory` knew included. What is done is given to `memory` series by series, of a long one every few seconds, and
    when this is broken off. `windows_most`: windows of one call, where memory bounds them.

    Raises as Windows.compute_windows does, and OutOfRangeError where a run is too long for the lambda.
    """
    needed = max(least_bars, params.cutout + 1)
    windows = windows_of(backend)
    for _, part in Panel.of(series).parts(_PART_BARS):
        spans = [spans_of(each, anchor, bars, first_ms, needed) for each in part.series]
        sheet = _Sheet(part, spans)
        keeper = _Keeper(sheet, memory)
        advance(int(np.count_nonzero(sheet.spans)) - int(np.count_nonzero(sheet.open)))
        try:
            for done in sheet.calls(windows, params, windows_most):
                keeper.keep_done()
                advance(done)
        finally:
            keeper.keep_done(at_last=True)
        yield from map(sheet.replayed, range(len(part)))


class _Sheet:
    """Some series at once: every bar of all of them by its place in the panel's columns, `open` until it is known."""

    def __init__(self, panel: Panel, spans: Sequence[Int32s]) -> None:
        total = int(panel.offsets[-1])
        self.panel = panel
        self.spans = np.concatenate([*spans, np.empty(0, np.int32)])
        self.average, self.age = np.full(total, np.nan), np.full(total, -1, np.int32)
        self.open: Bools = self.spans > 0

    def of(self, number: int) -> slice:
        """The places of one series."""
        return slice(int(self.panel.offsets[number]), int(self.panel.offsets[number + 1]))

    def replayed(self, number: int) -> Replayed:
        """What is known of one series."""
        return Replayed(self.average[self.of(number)], self.age[self.of(number)])

    def calls(self, windows: Windows, params: Params, most: int | None) -> Iterator[int]:
        """Compute what is open, a call at a time; after each how many values that were."""
        last = np.flatnonzero(self.open)
        starts = last + 1 - self.spans[last]
        heads = np.flatnonzero(np.diff(starts, prepend=-1))
        tails = np.append(heads, len(last))[1:] - 1
        runs = Runs(starts[heads], last[heads], last[tails])
        at_once = windows.windows_at_once(int(self.spans.max(initial=1)))
        at_once = at_once if most is None else min(at_once, most)
        computer = RunComputer(self.panel, windows, params, self.average, self.age)
        for batch in runs.some(tails > heads).batches(at_once):
            computer.compute(batch)
            yield sum(self._close(places) for _, places in batch.wanted())
        alone = runs.some(tails == heads).last
        for first in range(0, len(alone), at_once):
            places = alone[first : first + at_once]
            self._compute(windows, params, places)
            yield self._close(places)

    def _compute(self, windows: Windows, params: Params, places: Ints) -> None:
        """Bars whose windows begin with no other's."""
        offsets, spans = self.panel.offsets, self.spans[places].astype(np.int64)
        series = np.searchsorted(offsets, places, side="right") - 1
        values = windows.compute_windows(self.panel, params, series, places - offsets[series], spans, want=Want.LAST)
        shown = values.shown()
        self.average[places] = np.where(shown, values.average, np.nan)
        self.age[places] = np.where(shown & (values.flipped >= 0), spans - 1 - values.flipped, -1)

    def _close(self, places: Ints) -> int:
        done = int(np.count_nonzero(self.open[places]))
        self.open[places] = False
        return done


class _Keeper:
    """Gives a memory what is done of a sheet: series by series, and of a long one every few seconds."""

    def __init__(self, sheet: _Sheet, memory: Memory) -> None:
        self._sheet, self._memory = sheet, memory
        self._recall()
        self._left = [self._open_bars(number) for number in range(len(sheet.panel))]
        self._next = 0  # all series before it are kept
        self._due_s = monotonic() + _KEEP_EACH_S

    def _recall(self) -> None:
        sheet = self._sheet
        for number, candles in enumerate(sheet.panel.series):
            here = sheet.of(number)
            found = self._memory.known(candles, sheet.spans[here]) if self._open_bars(number) else None
            if found is not None:
                replayed, where = found
                np.copyto(sheet.average[here], replayed.average, where=where)
                np.copyto(sheet.age[here], replayed.age, where=where)
                sheet.open[here] &= ~where

    def _open_bars(self, number: int) -> int:
        return int(np.count_nonzero(self._sheet.open[self._sheet.of(number)]))

    def keep_done(self, *, at_last: bool = False) -> None:
        """Keep what is whole and was not kept, and what of the next series waits for long, or for nothing `at_last`."""
        while self._next < len(self._left):
            left = self._open_bars(self._next)
            if left < self._left[self._next] and (left == 0 or at_last or monotonic() >= self._due_s):
                self._keep(self._next)
                self._left[self._next] = left
            if left:
                return
            self._next += 1

    def _keep(self, number: int) -> None:
        sheet, here = self._sheet, self._sheet.of(number)
        began_s = monotonic()
        spans = np.where(sheet.open[here], 0, sheet.spans[here])
        self._memory.keep(sheet.panel.series[number], spans, sheet.replayed(number))
        ended_s = monotonic()
        self._due_s = ended_s + max(_KEEP_EACH_S, (ended_s - began_s) / _KEEPING_FRAC)
