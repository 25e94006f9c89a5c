"""One launcher per kernel: grid arithmetic, and arguments in the order of the sources."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from atc_cli.domain.catalog import FAMILIES, Dialect, Want
from atc_cli.domain.params import Params
from atc_cli.engine.cuda.device import Array, Module
from atc_cli.engine.cuda.riders import WARP_THREADS, Riders, families_used
from atc_cli.engine.packing import Floats

# As in the sources.
LANES = 8
_THREADS_USUAL = 512
_FLOOR, _TOLERATED = 0.25, 0.24999999990000001
_COLUMNS = 4

_VALUE_THREADS, _LANE_THREADS, _EDGE, _EDGE_ROWS = 256, 128, 32, 8
_GRID_Y_MAX = 8
_BARS_MAX = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Columns:
    """The close, and the columns that the source is the mean of, none where it is the close."""

    close: Array
    source: Sequence[Array]

    def arguments(self) -> list[object]:
        """As the kernels take them."""
        unused = [self.close] * (_COLUMNS - len(self.source))
        return [self.close, *self.source, *unused, np.int32(len(self.source))]


@dataclass(frozen=True, slots=True)
class Lanes:
    """Bar t of lane i is value bases[i] + t*step of each column; `decimals` [count] of their grids, -1 for none."""

    columns: Columns
    bases: Array
    bars: Array
    decimals: Array
    step: int
    count: int
    longest: int


@dataclass(frozen=True, slots=True)
class Outputs:
    """Results, shaped as Values: lane i is row rows[i], rows over time are `width` long."""

    average: Array
    families: Array
    weights: Array
    flipped: Array
    member_sign: Array
    member_equity: Array
    grid: Array
    rows: Array
    width: int
    want: Want
    members: bool

    def arguments(self) -> list[object]:
        """As the kernels take them."""
        wants = (self.want is not Want.AVERAGE, self.want is not Want.LAST, self.members, self.want is Want.ALL)
        layers = (self.average, self.families, self.weights, self.flipped)
        rest = (self.member_sign, self.member_equity, self.grid, self.rows)
        return [*layers, *rest, np.int64(self.width), *(np.int32(each) for each in wants)]


@dataclass(frozen=True, slots=True)
class Tables:
    """What follows from the parameters. `ring`: ring_values(riders) for each of `blocks` blocks, the most at once."""

    riders: Riders
    growth: Array
    table: Array
    constants: Array
    starts: Array
    ring: Array
    blocks: int


def block_threads(riders: Riders) -> int:
    """Threads of a block: riders', those of families and signal of each lane, those that load prices."""
    layers = ceil((len(FAMILIES) + 1) * LANES / WARP_THREADS) * WARP_THREADS
    return len(riders.table) * LANES + layers + WARP_THREADS


def ring_values(riders: Riders) -> int:
    """What the rings of a block hold."""
    return max(riders.ring, 1) * block_threads(riders)


def starts_of(params: Params) -> Floats:
    """What each family's equity starts with in layer 2."""
    floor = _TOLERATED if params.dialect is Dialect.TRADINGVIEW else _FLOOR
    return np.array([_FLOOR if weight < floor else weight for weight in params.weights])


def in_hundredths(above: float, below: float) -> tuple[float, float]:
    """Bounds on whole hundredths h from -100 to 100 that decide as h/100 > above and h/100 < below do."""
    hundredths = range(-100, 101)
    over = max((h for h in hundredths if h / 100 <= above), default=-101)
    under = min((h for h in hundredths if h / 100 >= below), default=101)
    return float(over), float(under)


def lay(module: Module, flat: Array, starts: Array, lanes: Lanes, laid: Array) -> None:
    """A flat column, in which lane i begins at starts[i], to [bar][lane]."""
    grid = (ceil(lanes.count / _EDGE), min(ceil(lanes.longest / _EDGE), _GRID_Y_MAX))
    arguments = (flat, starts, lanes.bars, np.int32(lanes.count), np.int32(lanes.longest), laid)
    module.get_function("atc_lay")(grid, (_EDGE, _EDGE_ROWS), arguments)


def decimals(module: Module, columns: Columns, found: Array, values: int) -> None:
    """Of each bar the decimals at which its prices are integers, a bit for each."""
    arguments = (*columns.arguments(), found, np.int64(values))
    module.get_function("atc_decimals")((ceil(values / _VALUE_THREADS),), (_VALUE_THREADS,), arguments)


def scales(module: Module, found: Array, lanes: Lanes, largest: float) -> None:
    """Fill in the lanes' decimals; `largest` is the largest integer price that stays exact."""
    arguments = (
        *lanes.columns.arguments(),
        found,
        lanes.bases,
        lanes.bars,
        np.int64(lanes.step),
        np.int32(lanes.count),
        np.float64(largest),
        lanes.decimals,
    )
    module.get_function("atc_scales")((ceil(lanes.count / _LANE_THREADS),), (_LANE_THREADS,), arguments)


def scan(module: Module, params: Params, tables: Tables, lanes: Lanes, out: Outputs) -> None:
    """Everything from prices to Average_Signal."""
    delayed = params.strategy and params.dialect is not Dialect.TRADINGVIEW
    arguments = (
        *lanes.columns.arguments(),
        lanes.bases,
        lanes.bars,
        lanes.decimals,
        np.int64(lanes.step),
        np.int32(lanes.count),
        tables.growth,
        tables.table,
        tables.constants,
        np.int32(len(tables.riders.table) * LANES),
        tables.ring,
        tables.starts,
        np.int32(families_used(params)),
        np.int32(min(params.cutout, _BARS_MAX)),
        np.float64(1 - params.decay / 100),
        *(np.float64(each) for each in in_hundredths(*params.cuts)),
        np.float64(params.long_threshold),
        np.float64(params.short_threshold),
        np.int32(delayed),
        *out.arguments(),
    )
    grid, threads = min(ceil(lanes.count / LANES), tables.blocks), block_threads(tables.riders)
    wide = "_wide" if params.dialect is Dialect.LTS and threads > _THREADS_USUAL else ""
    module.get_function(f"atc_{params.dialect}{wide}")((grid,), (threads,), arguments)
