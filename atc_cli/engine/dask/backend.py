"""Series and windows in parts, each computed by the best engine of a worker: the same bits as here."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from importlib.machinery import ModuleSpec
from typing import TypeVar

import numpy as np

from atc_cli.domain.catalog import Want
from atc_cli.domain.engines import Auto, Engine
from atc_cli.domain.panel import Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Offer, OneForm, Unavailable, Values
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.dask.work import Part, Windowed
from atc_cli.engine.lost import LostSeriesError
from atc_cli.engine.windows import bounds_of, width_of
from atc_cli.engine.workers import Task, failed_twice

_REMEDY = "pip install 'atc-cli[dask]'"
# A part costs some milliseconds whatever is in it, and one thread for each is to have several.
_LEAST_BARS, _MOST_BARS = 20_000, 500_000
_LEAST_WINDOW_BARS, _MOST_WINDOW_BARS = 500_000, 8_000_000
_PARTS_PER_THREAD = 4
# What a worker loads itself is five columns and what they are read from: some ten megabytes at once.
_MOST_LOADED_BARS = 200_000

T = TypeVar("T")


class DaskBackend(OneForm):
    """Parts of a panel on the workers of a cluster; only values come back."""

    name = Engine.DASK

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """Values of every series; see Values for shapes."""
        values = Values.empty(len(panel), panel.width, want)
        if len(panel):
            rows = self._parts(panel.offsets, _LEAST_BARS, _MOST_BARS)
            series = (Panel.of(panel.series[each]) for each in rows)
            parts = (Part.of(each, params, want, far=self._cluster.far) for each in series)
            with self._cluster.counting(len(rows)):
                self._fill(values, rows, parts, keep=True)
        return values

    def windows_at_once(self, bars: int) -> int:
        """So many that every thread has several parts."""
        return max(_MOST_WINDOW_BARS // bars, 1) * _PARTS_PER_THREAD * self._cluster.threads

    def compute_windows(
        self, panel: Panel, params: Params, series: Ints, ends: Ints, bars: int | Ints, *, want: Want = Want.LAST
    ) -> Values:
        """What a scan of each window alone gives; see Windows. A part takes along the bars that its windows need."""
        starts, behind = (each.astype(np.int64) for each in bounds_of(panel, series, ends, bars, want))
        values = Values.empty(len(ends), width_of(bars), want, members=False)
        if len(ends):
            offsets = np.concatenate(([0], np.cumsum(behind - starts)))
            rows = self._parts(offsets, _LEAST_WINDOW_BARS, _MOST_WINDOW_BARS)
            asked = np.stack([series, starts, behind])
            cut = (_windowed(panel, asked[:, each]) for each in rows)
            parts = (Part.of(each, params, want, windows, far=self._cluster.far) for each, windows in cut)
            self._fill(values, rows, parts, keep=False)
        return values

    def groups(self, bars: Sequence[int]) -> list[slice]:
        """Several for each thread, of so many bars."""
        return self._parts(np.cumsum([0, *bars]), _LEAST_BARS, _MOST_LOADED_BARS)

    def answers(self, question: Callable[[], T]) -> dict[str, T]:
        """Of each worker."""
        return self._cluster.answers(question)

    def done(self, tasks: Iterable[Task[T]]) -> Generator[tuple[int, T | Exception]]:
        """What became of tasks that were made for the workers elsewhere; see Workers."""
        return self._cluster.run(tasks)

    def _parts(self, offsets: Ints, least: int, most: int) -> list[slice]:
        """Rows of each part; `offsets` [rows + 1] are the bars before each row."""
        wanted = -(-int(offsets[-1]) // (_PARTS_PER_THREAD * self._cluster.threads))
        size, parts, first = min(max(wanted, least), most), [], 0
        while first < len(offsets) - 1:
            stop = int(np.searchsorted(offsets, offsets[first] + size, side="right")) - 1
            parts.append(slice(first, max(stop, first + 1)))
            first = parts[-1].stop
        return parts

    def _fill(self, values: Values, rows: list[slice], parts: Iterator[Part], *, keep: bool) -> None:
        """Raises LostSeriesError for parts that failed twice, and with `keep` for those that Ctrl-C left undone."""
        left, why = set(range(len(rows))), dict[int, str]()
        interrupted = False
        try:
            with closing(self._cluster.run(parts)) as came:
                for number, found in came:
                    if isinstance(found, Values):
                        _store(values.rows(rows[number]), found)
                        left.remove(number)
                    else:
                        why[number] = failed_twice(found)
        except KeyboardInterrupt:
            if not keep or len(left) == len(rows):
                raise
            interrupted = True
        if left:
            lost = {row: why.get(each, "interrupted") for each in sorted(left) for row in _numbers(rows[each])}
            raise LostSeriesError(self.name, values, lost, interrupted=interrupted)


def _numbers(rows: slice) -> range:
    return range(rows.start, rows.stop)


def _windowed(panel: Panel, asked: Ints) -> tuple[Panel, Windowed]:
    """Windows and the candles they need; `asked` [3, n]: series, first bar in the panel's columns, end."""
    series, starts, behind = asked
    distinct, whose = np.unique(series, return_inverse=True)
    offsets = panel.offsets[distinct]
    low, high = np.full(len(distinct), np.iinfo(np.int64).max), np.zeros(len(distinct), np.int64)
    np.minimum.at(low, whose, starts)
    np.maximum.at(high, whose, behind)
    spans = zip(distinct.tolist(), (low - offsets).tolist(), (high - offsets).tolist(), strict=True)
    cut = [panel.series[number].between(first, stop) for number, first, stop in spans]
    windows = Windowed(whose.astype(np.int64), behind - 1 - low[whose], behind - starts)
    return Panel.of(cut), windows


def _store(into: Values, part: Values) -> None:
    """Copy what a worker computed; rows over time are right-aligned, those of a part as wide as its longest."""
    for each in fields(Values):
        target, source = getattr(into, each.name), getattr(part, each.name)
        if target.shape == source.shape:
            target[...] = source
        else:
            target[..., target.shape[-1] - source.shape[-1] :] = source


def offer(spec: ModuleSpec | None, cluster: Cluster) -> Offer | Unavailable:
    """Available where dask's distributed is installed: `spec` is what find_spec says, for importing it takes a second.

    `auto` takes it where a scheduler is named, and never otherwise.
    """
    auto = Auto.NEVER if cluster.scheduler is None else Auto.ALWAYS
    if spec is None:
        asked = "" if cluster.scheduler is None else f", which --scheduler {cluster.scheduler} needs"
        return Unavailable(Engine.DASK, f"dask[distributed] is not installed{asked}", _REMEDY, auto=auto)
    return Offer(DaskBackend(cluster), SHIPPED[Engine.DASK], started=cluster.scheduler is not None, auto=auto)
