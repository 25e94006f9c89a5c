"""Which threads compute which averages: the tables that the kernels are given."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS, MEMBERS, Dialect, HullShape, triangle
from atc_cli.domain.params import Params

WARP_THREADS = 32

# As in the sources.
SLOTS = 3
CONSTANTS = 9
IDLE, EXPONENTIAL, WINDOWS, KAMA, SIMPLE, REGRESSION = range(6)

# By family: its kind, and its place among the families that share the sums of one rider.
PLACES: dict[Dialect, dict[str, tuple[int, int]]] = {
    Dialect.LTS: {
        "ema": (EXPONENTIAL, 0),
        "dema": (EXPONENTIAL, 1),
        "wma": (WINDOWS, 0),
        "lsma": (WINDOWS, 1),
        "hma": (WINDOWS, 2),
        "kama": (KAMA, 0),
    },
    Dialect.TRADINGVIEW: {
        "ema": (EXPONENTIAL, 0),
        "dema": (EXPONENTIAL, 1),
        "hma": (SIMPLE, 0),
        "wma": (REGRESSION, 0),
        "lsma": (REGRESSION, 1),
        "kama": (KAMA, 0),
    },
}
# The slowest first: warps are handed out in this order.
_KINDS = (WINDOWS, REGRESSION, SIMPLE, KAMA, EXPONENTIAL)


def _alpha(n: int) -> list[float]:
    return [2.0 / (n + 1.0)]


def _windows(n: int) -> list[float]:
    """Factors of the close for WMA and LSMA, of S for LSMA, of close, half and full window for HMA; widths."""
    shape = HullShape.of(n)
    half, whole = triangle(shape.half), triangle(n)
    of_hull = (triangle(shape.root) * shape.common, 2 * shape.common // max(half, 1), shape.common // whole)
    return [float(each) for each in (whole, n * (n + 1), 2 * (n + 1), *of_hull, shape.root, n, shape.half)]


def _line(n: int) -> list[float]:
    """n, the sum of 1..n, n times the sum of their squares less the square of their sum, n-1."""
    places, squares = float(triangle(n)), float(triangle(n) * (2 * n + 1) // 3)
    return [float(n), places, n * squares - places * places, n - 1.0]


_CONSTANTS: dict[int, Callable[[int], list[float]]] = {
    EXPONENTIAL: _alpha,
    WINDOWS: _windows,
    KAMA: lambda _n: [],
    SIMPLE: lambda _n: [],
    REGRESSION: _line,
}


@dataclass(slots=True)
class Rider:
    """One thread's average: kind, length, and the cell (family * MEMBERS + member) of each slot, -1 for none."""

    kind: int
    length: int
    cells: list[int] = field(default_factory=lambda: [-1] * SLOTS)

    def ring(self, dialect: Dialect) -> int:
        """Values that it keeps outside its registers."""
        if dialect is Dialect.TRADINGVIEW:
            return 0 if self.kind == REGRESSION else self.length
        return HullShape.of(self.length).root if self.kind == WINDOWS and self.cells[2] >= 0 else 0


@dataclass(frozen=True, slots=True)
class Riders:
    """The riders of a block: `table` [r, 2 + SLOTS], `constants` [r, CONSTANTS], values each may keep in its ring."""

    table: NDArray[np.int32]
    constants: NDArray[np.float64]
    ring: int

    @classmethod
    def of(cls, params: Params, lanes: int) -> "Riders":
        """Those of a run; `lanes` threads ride for one rider, and those of one kind fill whole warps."""
        riders = _filled(_grouped(params), WARP_THREADS // lanes)
        table = np.array([[each.kind, each.length, *each.cells] for each in riders], np.int32)
        constants = np.zeros((len(riders), CONSTANTS))
        for row, each in zip(constants, riders, strict=True):
            if each.kind != IDLE:
                own = _CONSTANTS[each.kind](each.length)
                row[: len(own)] = own
        return cls(table, constants, max(each.ring(params.dialect) for each in riders))


def _grouped(params: Params) -> list[Rider]:
    """One for each kind, length and place among the members: families that agree in these share it."""
    found: dict[tuple[int, int, int], Rider] = {}
    for family, lengths in enumerate(params.members()):
        kind, slot = PLACES[params.dialect][FAMILY_IDS[family]]
        for member, n in enumerate(lengths or ()):
            rider = found.setdefault((kind, n, member), Rider(kind, n))
            rider.cells[slot] = family * MEMBERS + member
    return list(found.values())


def _filled(riders: list[Rider], per_warp: int) -> list[Rider]:
    return [each for kind in _KINDS for each in _warps([one for one in riders if one.kind == kind], per_warp)]


def _warps(riders: list[Rider], per_warp: int) -> Iterator[Rider]:
    yield from riders
    for _ in range(-len(riders) % per_warp):
        yield Rider(IDLE, 1)


def families_used(params: Params) -> int:
    """Bit f is set where family f takes part."""
    return sum(1 << place for place, family in enumerate(FAMILIES) if family.id in params.families)
