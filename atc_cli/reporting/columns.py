"""The one table of scan columns: titles, cells, what goes first on a narrow terminal, how rows are sorted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, cast

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS
from atc_cli.domain.results.scan import Header, ScanResult, ScanRow, Side
from atc_cli.errors import UsageError, unknown_name
from atc_cli.reporting import figures
from atc_cli.reporting.text import SPARK_CLOSES, printable, spark_step, sparkline

Span = tuple[str, str]
Cell = tuple[Span, ...]
Justify = Literal["left", "right"]

UP, DOWN, QUIET, STRONG, FRESH = "green", "red", "dim", "bold", "bold yellow"
SIDE_MARKS: dict[Side, Span] = {
    Side.LONG: ("▲", "bold green"),
    Side.SHORT: ("▼", "bold red"),
    Side.NEUTRAL: ("·", QUIET),
}
FORMING_MARK = "○"
SIMULATED = "SIMULATED MARKET - not real prices"
FORMING = "includes the forming bar: signals can change until it closes"
SPARK_NARROW = SPARK_CLOSES // 2
_FRESH_BARS = 3
_SIGNAL_DECIMALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a cell needs to know besides its row."""

    header: Header
    zone: tzinfo
    newest_ms: int
    spark_cells: int = SPARK_CLOSES

    @classmethod
    def of(cls, result: ScanResult, zone: tzinfo) -> "Scene":
        """The scene of a scan; its newest bar is the last closed one, or the forming one of a row."""
        times = [row.bar_time_ms for row in result.rows]
        return cls(header=result.header, zone=zone, newest_ms=max([result.header.bar_time_ms or 0, *times]))

    def moment(self, time_ms: int | None) -> str:
        """A bar's time, as short as the newest bar allows."""
        return figures.short_moment(time_ms, self.newest_ms, self.header.timeframe, self.zone)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key on the command line, its title, and how a row fills it."""

    key: str
    title: str
    justify: Justify
    cell: Callable[[ScanRow, Scene], Cell]


def family_mark(signal: float | None, cuts: tuple[float, float]) -> Span:
    """A family's signal as one mark: large beyond its cut, small within, a dot at zero."""
    if not figures.known(signal) or signal == 0:
        return "·", QUIET
    if signal > 0:
        return ("▲", "bold green") if signal > cuts[0] else ("▴", UP)
    return ("▼", "bold red") if signal < cuts[1] else ("▾", DOWN)


def direction_style(value: float | None) -> str:
    """Green above zero, red below, dim at zero and where there is nothing."""
    if not figures.known(value) or value == 0:
        return QUIET
    return UP if value > 0 else DOWN


def side_cell(side: Side) -> Cell:
    """▲ LONG in its colour."""
    mark, style = SIDE_MARKS[side]
    return ((f"{mark} {side.value}", style),)


def _symbol(row: ScanRow, scene: Scene) -> Cell:
    name: Span = (printable(row.symbol), STRONG)
    if not scene.header.include_open:
        return (name,)
    return (f"{FORMING_MARK if row.forming else ' '} ", "yellow"), name


def _signal(row: ScanRow, _: Scene) -> Cell:
    return ((figures.signed(row.signal, _SIGNAL_DECIMALS), SIDE_MARKS[row.side][1]),)


def _families(row: ScanRow, scene: Scene) -> Cell:
    """A mark per family, under its letter; blank where it takes no part."""
    cuts = scene.header.cuts
    marks = [family_mark(row.families[each], cuts) if each in row.families else (" ", "") for each in FAMILY_IDS]
    spaced = [(f"{mark} ", style) for mark, style in marks[:-1]]
    return *spaced, marks[-1]


def _age(row: ScanRow, _: Scene) -> Cell:
    if row.age_bars is None:
        return ((figures.NOTHING, QUIET),)
    return ((str(row.age_bars), FRESH if row.age_bars <= _FRESH_BARS else ""),)


def _flipped(row: ScanRow, scene: Scene) -> Cell:
    return ((scene.moment(row.flipped_at_ms), QUIET),)


def _bar_time(row: ScanRow, scene: Scene) -> Cell:
    style = QUIET if row.bar_time_ms == scene.newest_ms else "yellow"
    return ((scene.moment(row.bar_time_ms), style),)


def _spark(row: ScanRow, scene: Scene) -> Cell:
    """Closes since the flip in the colour of the side, those before it dim."""
    line = sparkline(row.closes, scene.spark_cells)
    step = spark_step(len(row.closes[-SPARK_CLOSES:]), scene.spark_cells)
    since = len(line) if row.age_bars is None else min(len(line), row.age_bars // step + 1)
    return (line[: len(line) - since], QUIET), (line[len(line) - since :], direction_style(row.trend))


def _number(value: float | None, text: str) -> Cell:
    return ((text, "" if figures.known(value) else QUIET),)


def _bars(row: ScanRow, scene: Scene) -> Cell:
    return ((str(row.bars), "yellow" if row.bars < scene.header.bars else QUIET),)


def _grid(row: ScanRow, _: Scene) -> Cell:
    """The unit of the decimal grid that prices lie on; `none` is the spec's word for off grid."""
    unit = "none" if row.grid is None else f"1e-{row.grid}" if row.grid else "1"
    return ((unit, QUIET),)


COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        Column("rank", "#", "right", lambda row, _: ((str(row.rank), QUIET),)),
        Column("symbol", "SYMBOL", "left", _symbol),
        Column("exchange", "EXCHANGE", "left", lambda row, _: ((printable(row.exchange), QUIET),)),
        Column("side", "SIDE", "left", lambda row, _: side_cell(row.side)),
        Column("signal", "SIGNAL", "right", _signal),
        Column("families", " ".join(family.title[0] for family in FAMILIES), "left", _families),
        Column("price", "PRICE", "right", lambda row, _: _number(row.price, figures.price(row.price, row.grid))),
        Column(
            "change",
            "24 H",
            "right",
            lambda row, _: ((figures.percent(row.change_24h_frac), direction_style(row.change_24h_frac)),),
        ),
        Column("volume", "VOLUME", "right", lambda row, _: _number(row.quote_volume, figures.human(row.quote_volume))),
        Column("age", "AGE", "right", _age),
        Column("flipped", "FLIPPED", "right", _flipped),
        Column("bars", "BARS", "right", _bars),
        Column("gaps", "GAPS", "right", lambda row, _: ((str(row.gap_bars), "yellow" if row.gap_bars else QUIET),)),
        Column("grid", "GRID", "right", _grid),
        Column("time", "BAR", "right", _bar_time),
        Column("spark", "LAST 40 CLOSES", "right", _spark),
    )
}


DROP_ORDER: tuple[str, ...] = (
    "spark", "flipped", "volume", "grid", "gaps", "bars", "time",
    "change", "families", "price", "exchange", "age", "rank",
)  # fmt: skip
"""What goes first where the terminal is too narrow; symbol, side and signal never go."""

_ALWAYS = (
    "rank", "symbol", "side", "signal", "families", "price", "change", "volume", "age", "flipped", "spark",
)  # fmt: skip


def default_columns(result: ScanResult) -> tuple[str, ...]:
    """The usual columns, and those of exchange, bars, gaps and time where they tell rows apart.

    A scan of several exchanges names each row's, also where the rows left are of one.
    """
    rows = result.rows
    wanted = {
        "exchange": len({row.exchange for row in rows}) > 1 or "," in result.header.exchange,
        "bars": any(row.bars < result.header.bars for row in rows),
        "gaps": any(row.gap_bars > 0 for row in rows),
        "time": len({row.bar_time_ms for row in rows}) > 1,
    }
    return tuple(key for key in COLUMNS if key in _ALWAYS or wanted.get(key, False))


def checked_columns(keys: Sequence[str]) -> tuple[str, ...]:
    """The keys as given; UsageError with the nearest name for one that is no column."""
    for key in keys:
        if key not in COLUMNS:
            raise UsageError(*unknown_name("column", key, COLUMNS))
    return tuple(keys)


_Sortable = float | str | None
_SIDES = {Side.LONG: 0, Side.SHORT: 1, Side.NEUTRAL: 2}
_SORTS: dict[str, Callable[[ScanRow], _Sortable]] = {
    "signal": lambda row: row.rank,
    "symbol": lambda row: row.symbol,
    "side": lambda row: _SIDES[row.side],
    "change": lambda row: _descending(row.change_24h_frac),
    "volume": lambda row: _descending(row.quote_volume),
    "age": lambda row: row.age_bars,
    "price": lambda row: _descending(row.price),
}
SORT_KEYS: tuple[str, ...] = tuple(_SORTS)


def _descending(value: float | None) -> float | None:
    return -value if figures.known(value) else None


def sort_rows(rows: Iterable[ScanRow], key: str) -> tuple[ScanRow, ...]:
    """Rows in the order of a sort key; rows keep their rank, equal ones their order, those without a value go last.

    signal: by rank · symbol: A to Z · side: LONG, SHORT, NEUTRAL · age: youngest first · change, volume,
    price: largest first. `-key` turns it round. Raises UsageError for an unknown key.
    """
    name = key.removeprefix("-")
    if name not in _SORTS:
        raise UsageError(*unknown_name("sort key", key, [*SORT_KEYS, *(f"-{each}" for each in SORT_KEYS)]))
    value = _SORTS[name]
    given = list(rows)
    sortable = [row for row in given if value(row) is not None]
    ordered = sorted(sortable, key=lambda row: cast(float, value(row)), reverse=key.startswith("-"))
    return (*ordered, *(row for row in given if value(row) is None))
