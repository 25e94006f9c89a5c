"""The one table of scan columns: titles, cells, what goes first on a narrow terminal, how rows are sorted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, cast

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS, Dialect
from atc_cli.domain.results import Header, ScanResult, ScanRow, Side
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
SPARK_NARROW = SPARK_CLOSES // 2
_FRESH_BARS = 3
_SIGNAL_DECIMALS = 3
_TRADINGVIEW_CUT = 0.49  # spec/ATC.md, section 5: that dialect does not cut at the thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a cell needs to know besides its row."""

    header: Header
    zone: tzinfo
    now_ms: int
    spark_cells: int = SPARK_CLOSES

    @classmethod
    def of(cls, result: ScanResult, zone: tzinfo, spark_cells: int = SPARK_CLOSES) -> "Scene":
        """The scene of a scan: times are short relative to its last bar."""
        times = [row.bar_time_ms for row in result.rows]
        return cls(
            header=result.header,
            zone=zone,
            now_ms=result.header.bar_time_ms or max(times, default=0),
            spark_cells=spark_cells,
        )


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key on the command line, its title, and how a row fills it."""

    key: str
    title: str
    justify: Justify
    cell: Callable[[ScanRow, Scene], Cell]


def cuts(header: Header) -> tuple[float, float]:
    """Above the first and below the second number a family takes part in the average."""
    if header.dialect == Dialect.TRADINGVIEW:
        return _TRADINGVIEW_CUT, -_TRADINGVIEW_CUT
    params = header.params
    return cast(float, params["long_threshold"]), cast(float, params["short_threshold"])


def family_mark(signal: float | None, cut: tuple[float, float]) -> Span:
    """A family's signal as one mark: large beyond the cut, small within it, a dot at zero."""
    if signal is None or not figures.known(signal) or signal == 0:
        return "·", QUIET
    if signal > 0:
        return ("▲", "bold green") if signal > cut[0] else ("▴", UP)
    return ("▼", "bold red") if signal < cut[1] else ("▾", DOWN)


def direction_style(value: float | None) -> str:
    """Green above zero, red below, dim at zero and where there is nothing."""
    if value is None or not figures.known(value) or value == 0:
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
    return name, (f" {FORMING_MARK}" if row.forming else "  ", "yellow")


def _signal(row: ScanRow, _: Scene) -> Cell:
    return ((figures.signed(row.signal, _SIGNAL_DECIMALS), f"bold {direction_style(row.signal)}"),)


def _families(row: ScanRow, scene: Scene) -> Cell:
    cut = cuts(scene.header)
    marks = [family_mark(row.families[each], cut) if each in row.families else (" ", "") for each in FAMILY_IDS]
    return tuple(span for mark in marks for span in (mark, (" ", "")))[:-1]


def _age(row: ScanRow, _: Scene) -> Cell:
    if row.age_bars is None:
        return ((figures.NOTHING, QUIET),)
    return ((str(row.age_bars), FRESH if row.age_bars <= _FRESH_BARS else ""),)


def _flipped(row: ScanRow, scene: Scene) -> Cell:
    text = figures.short_moment(row.flipped_at_ms, scene.now_ms, scene.header.timeframe, scene.zone)
    return ((text, QUIET),)


def _bar_time(row: ScanRow, scene: Scene) -> Cell:
    style = QUIET if row.bar_time_ms == scene.now_ms else "yellow"
    return ((figures.short_moment(row.bar_time_ms, scene.now_ms, scene.header.timeframe, scene.zone), style),)


def _spark(row: ScanRow, scene: Scene) -> Cell:
    """Closes since the flip in the colour of the side, those before it dim."""
    line = sparkline(row.closes, scene.spark_cells)
    step = spark_step(len(row.closes[-SPARK_CLOSES:]), scene.spark_cells)
    since = len(line) if row.age_bars is None else min(len(line), row.age_bars // step + 1)
    return (line[: len(line) - since], QUIET), (line[len(line) - since :], direction_style(row.trend))


def _number(value: float | None, text: str, style: str = "") -> Cell:
    return ((text, style if figures.known(value) else QUIET),)


COLUMNS: dict[str, Column] = {
    column.key: column
    for column in (
        Column("rank", "#", "right", lambda row, _: ((str(row.rank), QUIET),)),
        Column("symbol", "SYMBOL", "left", _symbol),
        Column("exchange", "EXCHANGE", "left", lambda row, _: ((printable(row.exchange), QUIET),)),
        Column("side", "SIDE", "left", lambda row, _: side_cell(row.side)),
        Column("signal", "SIGNAL", "right", _signal),
        Column("families", " ".join(family.title[0] for family in FAMILIES), "left", _families),
        Column("price", "PRICE", "right", lambda row, _: _number(row.price, figures.price(row.price))),
        Column(
            "change",
            "24 H",
            "right",
            lambda row, _: ((figures.percent(row.change_24h_frac), direction_style(row.change_24h_frac)),),
        ),
        Column("volume", "VOLUME", "right", lambda row, _: _number(row.quote_volume, figures.human(row.quote_volume))),
        Column("age", "AGE", "right", _age),
        Column("flipped", "FLIPPED", "right", _flipped),
        Column("bars", "BARS", "right", lambda row, scene: _bars(row, scene.header.bars)),
        Column("gaps", "GAPS", "right", lambda row, _: ((str(row.gap_bars), "yellow" if row.gap_bars else QUIET),)),
        Column("grid", "GRID", "right", lambda row, _: ((_grid(row.grid), QUIET),)),
        Column("time", "BAR", "right", _bar_time),
        Column("spark", "LAST 40 CLOSES", "right", _spark),
    )
}


def _bars(row: ScanRow, wanted: int) -> Cell:
    return ((str(row.bars), "yellow" if row.bars < wanted else QUIET),)


def _grid(decimals: int | None) -> str:
    """The tick that prices lie on; `none` is the spec's word for off grid."""
    if decimals is None:
        return "none"
    return f"1e-{decimals}" if decimals else "1"


DROP_ORDER: tuple[str, ...] = (
    "spark", "flipped", "volume", "grid", "gaps", "bars", "time",
    "change", "families", "price", "exchange", "age", "rank",
)  # fmt: skip
"""What goes first where the terminal is too narrow; symbol, side and signal never go."""

_ALWAYS = (
    "rank", "symbol", "side", "signal", "families", "price", "change", "volume", "age", "flipped", "spark",
)  # fmt: skip


def default_columns(result: ScanResult) -> tuple[str, ...]:
    """The usual columns, and those of exchange, bars, gaps and time where rows differ in them."""
    rows = result.rows
    wanted = {
        "exchange": any(row.exchange != result.header.exchange for row in rows),
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
    return None if value is None or not figures.known(value) else -value


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
