"""A panel, or windows of one, through the kernels: in batches that fit, copies and kernels side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.grid import CLOSE, SOURCE_COLUMNS, exactness_factor, float_source
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Values
from atc_cli.engine.cuda import launch
from atc_cli.engine.cuda.device import Array, Device, Queue
from atc_cli.engine.cuda.launch import LANES, Columns, Lanes, Outputs, Tables
from atc_cli.engine.cuda.riders import Riders
from atc_cli.engine.packing import Floats, Lent, growth_of

Ints = NDArray[np.int64]

_QUEUES = 2
# Of the free memory: the rest is for what the driver and others take meanwhile.
_SHARE = 0.8
# Of the free memory, for what members keep outside their registers.
_RING_SHARE = 0.05
# Launches of so many times what keeps the device busy: small ones let copies begin early, large ones waste less.
_PANEL_WAVES, _WINDOW_WAVES = 1, 16
_INDEX_BYTES = 8 + 4 + 4 + 1
_BLANK = {"flipped": -1, "member_sign": 0, "grid": -1}


def compute_panel(device: Device, panel: Panel, params: Params, want: Want, *, halved: bool) -> Values:
    """Values of every series; `halved` batches where whole ones did not fit."""
    values = Values.empty(len(panel), panel.width, want)
    columns = 1 + len(_source_columns(params))
    taken_bytes = _INDEX_BYTES + panel.width * (2 * 8 * columns + 2)
    with _Job.of(device, params, want, growth_of(params, panel.width)) as job:
        at_once = job.at_once(values, taken_bytes, _PANEL_WAVES, halved=halved)
        for turn, first in enumerate(range(0, len(panel), at_once)):
            rows = slice(first, first + at_once)
            with job.turn(turn) as batch:
                batch.compute_series(panel.series[rows], values.rows(rows))
    return values


def compute_windows(device: Device, lent: Lent, params: Params, want: Want, values: Values, *, halved: bool) -> None:
    """Fill in windows, which overlap in the columns: those are sent once."""
    with _Job.of(device, params, want, lent.growth) as job:
        with job.turn(0) as first:
            columns = first.sent(lent)
            found = first.decimals(columns, len(lent.close))
            first.queue.wait()
        at_once = job.at_once(values, _INDEX_BYTES, _WINDOW_WAVES, halved=halved)
        for turn, start in enumerate(range(0, len(lent.starts), at_once)):
            rows = slice(start, start + at_once)
            with job.turn(turn) as batch:
                batch.compute_windows(columns, found, (lent.starts[rows], lent.ends[rows]), values.rows(rows))


@dataclass(frozen=True, slots=True)
class _Batch:
    """One batch: everything in it is done in the order of its queue."""

    device: Device
    queue: Queue
    tables: Tables
    params: Params
    want: Want

    def __enter__(self) -> "_Batch":
        self.queue.__enter__()
        return self

    def __exit__(self, *failure: Any) -> None:
        self.queue.__exit__(*failure)

    def compute_series(self, series: Sequence[Candles], values: Values) -> None:
        """Series side by side, the longest first."""
        ends = np.cumsum([len(each) for each in series], dtype=np.int64)
        starts = ends - [len(each) for each in series]
        order, bars = _order(starts, ends)
        if len(order) == 0:
            return
        flat = self._joined(series)
        lanes = self._lanes(flat, np.arange(len(order)), bars, step=len(order))
        begins = self.queue.send([starts[order]])
        laid = [self._laid(each, begins, lanes) for each in (flat.close, *flat.source)]
        columns = Columns(laid[0], laid[1:])
        found = self.decimals(columns, lanes.count * lanes.longest)
        self._scan(found, replace(lanes, columns=columns), order, values)

    def compute_windows(self, columns: Columns, found: Array, bounds: tuple[Any, Any], values: Values) -> None:
        """Windows as they lie: neighbours that begin a bar apart read neighbouring values."""
        order, bars = _order(*bounds)
        if len(order):
            lanes = self._lanes(columns, bounds[0][order].astype(np.int64), bars, step=1)
            self._scan(found, lanes, order, values)

    def sent(self, lent: Lent) -> Columns:
        """Flat columns."""
        prices = [lent.open, lent.high, lent.low, lent.close]
        return self._columns(
            lambda place: [prices[place]], lambda: [float_source(np.stack(prices), self.params.source)]
        )

    def _joined(self, series: Sequence[Candles]) -> Columns:
        """Columns of series one after the other, copied once on their way."""
        source = self.params.source
        return self._columns(
            lambda place: [each.values[place] for each in series],
            lambda: [float_source(each.values, source) for each in series],
        )

    def _columns(self, column: Callable[[int], list[Floats]], blended: Callable[[], list[Floats]]) -> Columns:
        """What is read; in `tradingview`, where nothing depends on a grid, the source itself."""
        places = _source_columns(self.params)
        alone = self.params.dialect is Dialect.TRADINGVIEW and len(places) > 1
        parts = [blended()] if alone else [column(place) for place in places]
        return Columns(self.queue.send(column(CLOSE)), [self.queue.send(each) for each in parts])

    def decimals(self, columns: Columns, values: int) -> Array:
        """Of every bar the decimals at which it lies on a grid."""
        found = self.queue.blank((values,), 0, np.uint16)
        if self.params.dialect is Dialect.LTS:
            launch.decimals(self.device.module, columns, found, values)
        return found

    def _laid(self, flat: Array, starts: Array, lanes: Lanes) -> Array:
        laid = self.queue.blank((lanes.count * lanes.longest,), 1.0, np.float64)
        launch.lay(self.device.module, flat, starts, lanes, laid)
        return laid

    def _lanes(self, columns: Columns, bases: Ints, bars: Ints, step: int) -> Lanes:
        return Lanes(
            columns=columns,
            bases=self.queue.send([bases]),
            bars=self.queue.send([bars.astype(np.int32)]),
            decimals=self.queue.blank((len(bars),), -1, np.int8),
            step=step,
            count=len(bars),
            longest=int(bars[0]),
        )

    def _scan(self, found: Array, lanes: Lanes, order: Ints, values: Values) -> None:
        """The grid of every lane, then the rest; lane i is row order[i] of `values`."""
        if self.params.dialect is Dialect.LTS:
            largest = float((2**53 - 1) // exactness_factor(self.params))
            launch.scales(self.device.module, found, lanes, largest)
        arrays = {each.name: getattr(values, each.name) for each in fields(values)}
        made = {
            name: self.queue.blank(each.shape, _BLANK.get(name, np.nan), each.dtype) for name, each in arrays.items()
        }
        rows, members = self.queue.send([order.astype(np.int32)]), len(values.member_sign) > 0
        out = Outputs(**made, rows=rows, width=values.width, want=self.want, members=members)
        launch.scan(self.device.module, self.params, self.tables, lanes, out)
        for name, each in arrays.items():
            self.queue.fetch(made[name], each)


@dataclass(frozen=True, slots=True)
class _Job:
    """What the batches of a run have in common, and the queues that take turns."""

    device: Device
    batches: tuple[_Batch, ...]

    @classmethod
    def of(cls, device: Device, params: Params, want: Want, growth: Floats) -> "_Job":
        """Sends the tables to each queue."""
        riders = Riders.of(params, LANES)
        ring = launch.ring_values(riders)
        blocks = max(1, min(device.blocks, int(device.free_bytes() * _RING_SHARE) // (_QUEUES * 8 * ring)))
        queues = [device.queue() for _ in range(_QUEUES)]
        tables = [_tables(each, params, riders, growth, blocks=blocks) for each in queues]
        return cls(device, tuple(_Batch(device, *each, params, want) for each in zip(queues, tables, strict=True)))

    def at_once(self, values: Values, taken_bytes: int, waves: int, *, halved: bool) -> int:
        """Lanes of a batch: what keeps the device busy, or what two batches have room for; or half of that."""
        each_bytes = taken_bytes + sum(values.sizes_bytes()) // max(len(values.grid), 1)
        room = int(self.device.free_bytes() * _SHARE) // _QUEUES
        fitting = min(self.batches[0].tables.blocks * LANES * waves, room // each_bytes)
        return max(1, fitting // 2 if halved else fitting)

    def turn(self, number: int) -> _Batch:
        """The queue whose turn it is, once it has done what it had to."""
        batch = self.batches[number % _QUEUES]
        batch.queue.wait()
        return batch

    def __enter__(self) -> "_Job":
        return self

    def __exit__(self, *failure: object) -> None:
        """Nothing is under way any more, also where something failed: memory would be given to others meanwhile."""
        for batch in self.batches:
            batch.queue.wait()


def _tables(queue: Queue, params: Params, riders: Riders, growth: Floats, *, blocks: int) -> Tables:
    with queue:
        return Tables(
            riders=riders,
            growth=queue.send([growth]),
            table=queue.send([riders.table]),
            constants=queue.send([riders.constants]),
            starts=queue.send([launch.starts_of(params)]),
            ring=queue.blank((blocks * launch.ring_values(riders),), 0, np.float64),
            blocks=blocks,
        )


def _order(starts: NDArray[Any], ends: NDArray[Any]) -> tuple[Ints, Ints]:
    """Which have bars, the longest first, and how many."""
    bars = (ends - starts).astype(np.int64)
    order = np.argsort(-bars, kind="stable")
    order = order[bars[order] > 0]
    return order, bars[order]


def _source_columns(params: Params) -> tuple[int, ...]:
    """Those that the source is the mean of, none where it is the close."""
    columns = SOURCE_COLUMNS[params.source]
    return () if columns == (CLOSE,) else columns
