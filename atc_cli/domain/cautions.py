"""What was measured to end worse than other rows, cannot be a price or is less exact: the one table. No numpy here.

Thresholds are those of the measurement (README, "Rank among equals"), not tuned to anything since.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.results.scan import ScanRow, Side

STRETCH_MAX = 5.0
BURST_MAX = 3.0
_OPPOSITE = {Side.LONG: Side.SHORT, Side.SHORT: Side.LONG}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What rows are held against: the side of more than half of all rows, if there is one, --max-jump, the dialect."""

    crowd: Side | None
    max_jump: float
    dialect: Dialect

    @classmethod
    def of(cls, breadth: Mapping[Side, int], max_jump: float, dialect: Dialect) -> "Bounds":
        """Of the sides of every row of a scan before filters, NEUTRAL ones among them."""
        most = max(breadth, key=lambda side: breadth[side], default=None)
        crowd = most if most is not None and 2 * breadth[most] > sum(breadth.values()) else None
        return cls(crowd, max_jump, dialect)


@dataclass(frozen=True, slots=True)
class Caution:
    """`name` in documents, `mark` on the row and `words` under the table; `holds` says of which rows."""

    name: str
    mark: str
    words: str
    holds: Callable[[ScanRow, Bounds], bool]


def _against_the_crowd(row: ScanRow, bounds: Bounds) -> bool:
    return bounds.crowd is not None and _OPPOSITE.get(row.side) is bounds.crowd


def _beyond(name: str, most: float) -> Callable[[ScanRow, Bounds], bool]:
    """The measure of that name is above `most`; a row without it is not."""

    def holds(row: ScanRow, _: Bounds) -> bool:
        figure = row.measured.get(name)
        return figure is not None and figure > most

    return holds


def jumps(row: ScanRow, max_jump: float) -> bool:
    """Between two neighbouring bars of the window the close becomes `max_jump` times as large, or as small, or more."""
    jump = row.measured.get("jump")
    return jump is not None and (jump >= max_jump or jump <= 1 / max_jump)


def _jumps(row: ScanRow, bounds: Bounds) -> bool:
    return jumps(row, bounds.max_jump)


def _off_grid(row: ScanRow, bounds: Bounds) -> bool:
    return row.grid is None and bounds.dialect is Dialect.LTS


CAUTIONS: tuple[Caution, ...] = (
    Caution("against_the_crowd", "c", "against the crowd: more than half stand on the other side", _against_the_crowd),
    Caution("stretched", "s", f"stretched beyond {STRETCH_MAX:g} ATR", _beyond("stretch", STRETCH_MAX)),
    Caution("volume_burst", "v", f"volume beyond {BURST_MAX:g} x its 24 h mean", _beyond("volume_burst", BURST_MAX)),
    Caution("jump", "j", "the close jumps: are these prices of one thing?", _jumps),
    Caution("off_grid", "g", "off the price grid: ties are decided by rounding", _off_grid),
)
BY_NAME: dict[str, Caution] = {each.name: each for each in CAUTIONS}


def cautions_of(row: ScanRow, bounds: Bounds) -> tuple[str, ...]:
    """The names of those that hold, in the order of the table."""
    return tuple([each.name for each in CAUTIONS if each.holds(row, bounds)])


def that_occur(rows: Iterable[ScanRow]) -> tuple[Caution, ...]:
    """Those that some row carries, in the order of the table."""
    found = {name for row in rows for name in row.cautions}
    return tuple(each for each in CAUTIONS if each.name in found)
