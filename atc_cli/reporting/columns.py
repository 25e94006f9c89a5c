"""The columns of a scan: how each look of a measure is drawn, and what goes first where there is no room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Literal

from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.cautions import BY_NAME as CAUTION_BY_NAME
from atc_cli.domain.measures import table
from atc_cli.domain.measures.measure import Look, Measure
from atc_cli.domain.results.scan import Header, ScanResult, ScanRow
from atc_cli.errors import UsageError, unknown_name
from atc_cli.reporting import figures
from atc_cli.reporting.cells import (
    FORMING_MARK,
    FRESH,
    ODD,
    QUIET,
    SIDE_MARKS,
    STRONG,
    UNSURE_MARK,
    Cell,
    Span,
    direction_style,
    family_mark,
    side_cell,
)
from atc_cli.reporting.text import printable, spark_step, sparkline

Justify = Literal["left", "right"]

SPARK_NARROW = table.SPARK_CLOSES // 2
_FRESH_BARS = 3
_SIGNAL_DECIMALS = 3
_MULTIPLE_DECIMALS = 1
_FIGURE_DECIMALS = 2
_TO_THE_LEFT = ("text", "texts", "families", "sides")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a cell needs to know besides its row."""

    header: Header
    zone: tzinfo
    newest_ms: int
    spark_cells: int = table.SPARK_CLOSES

    @classmethod
    def of(cls, result: ScanResult, zone: tzinfo) -> "Scene":
        """The scene of a scan; its newest bar is the last closed one, or the forming one of a row."""
        times = [row.bar_time_ms for row in result.rows]
        return cls(header=result.header, zone=zone, newest_ms=max([result.header.bar_time_ms or 0, *times]))

    def moment(self, time_ms: int | None) -> str:
        """When the bar that opened then closed, as short as today and the newest bar allow."""
        header = self.header
        return figures.closed_in_short(
            time_ms, header.timeframe, self.zone, now_ms=header.generated_at_ms, newest_ms=self.newest_ms
        )


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its key on the command line, its title, and how a row fills it."""

    key: str
    title: str
    justify: Justify
    cell: Callable[[ScanRow, Scene], Cell]

    def title_in(self, header: Header) -> str:
        """The title; over the sides of other timeframes their names."""
        return " ".join(header.others) or self.title if self.key == "with" else self.title

    @classmethod
    def of(cls, measure: Measure) -> "Column":
        """The column of a measure that has a look."""
        assert measure.look is not None
        read, draw = measure.read, _DRAWN[measure.look]
        justify: Justify = "left" if measure.type in _TO_THE_LEFT else "right"
        return cls(measure.key, measure.title, justify, lambda row, scene: draw(read(row), row, scene))


def _symbol(symbol: str, row: ScanRow, scene: Scene) -> Cell:
    name: Span = (printable(symbol), STRONG)
    if not scene.header.include_open:
        return (name,)
    return (f"{FORMING_MARK if row.forming else ' '} ", ODD), name


def _families(signals: dict[str, float], _: ScanRow, scene: Scene) -> Cell:
    """A mark per family, under its letter; blank where it takes no part."""
    cuts = scene.header.cuts
    marks = [family_mark(signals[each], cuts) if each in signals else (" ", "") for each in FAMILY_IDS]
    spaced = [(f"{mark} ", style) for mark, style in marks[:-1]]
    return *spaced, marks[-1]


def _sides(_: object, row: ScanRow, scene: Scene) -> Cell:
    """A mark per other timeframe, under its name; blank where nothing is known."""
    cell: list[Span] = []
    for timeframe in scene.header.others:
        other = row.others.get(timeframe)
        mark, style = (" ", "") if other is None else SIDE_MARKS[other.side]
        cell.append((f"{mark:<{len(timeframe)}} ", style))
    return tuple(cell) or ((figures.NOTHING, QUIET),)


def _agreement(count: int | None, row: ScanRow, _: Scene) -> Cell:
    return ((figures.NOTHING if count is None else f"{count}/{len(row.others)}", QUIET),)


def _lacking(bars: int, row: ScanRow, *, odd: bool) -> Cell:
    """A count that missing bars explain, with a mark where one answer alone says that they are missing."""
    return ((f"{bars}{UNSURE_MARK if row.unsure and odd else ''}", ODD if odd else QUIET),)


def _age(bars: int | None, _: ScanRow, __: Scene) -> Cell:
    if bars is None:
        return ((figures.NOTHING, QUIET),)
    return ((str(bars), FRESH if bars <= _FRESH_BARS else ""),)


def _bar_time(time_ms: int, _: ScanRow, scene: Scene) -> Cell:
    return ((scene.moment(time_ms), QUIET if time_ms == scene.newest_ms else ODD),)


def _spark(closes: Sequence[float], row: ScanRow, scene: Scene) -> Cell:
    """Closes since the flip in the colour of the side, those before it dim."""
    line = sparkline(closes, scene.spark_cells)
    step = spark_step(len(closes[-table.SPARK_CLOSES :]), scene.spark_cells)
    since = len(line) if row.age_bars is None else min(len(line), row.age_bars // step + 1)
    return (line[: len(line) - since], QUIET), (line[len(line) - since :], direction_style(row.trend))


def _number(value: float | None, text: str) -> Cell:
    return ((text, "" if figures.known(value) else QUIET),)


def _stop(stop: float | None, row: ScanRow, _: Scene) -> Cell:
    """The price with as many decimals as the row's, and how far away it is."""
    if not figures.known(stop):
        return ((figures.NOTHING, QUIET),)
    decimals = len(figures.price(row.price, row.grid).partition(".")[2])
    return (f"{stop:.{decimals}f} ", ""), (f"{figures.percent(row.stop_frac):>7}", QUIET)


def _cautions(names: Sequence[str], _: ScanRow, __: Scene) -> Cell:
    """The mark of each; the words stand under the table."""
    return (("".join(CAUTION_BY_NAME[name].mark for name in names), ODD),)


def _grid(decimals: int | None, _: ScanRow, __: Scene) -> Cell:
    """The unit of the decimal grid that prices lie on; `none` is the spec's word for off grid."""
    unit = "none" if decimals is None else f"1e-{decimals}" if decimals else "1"
    return ((unit, QUIET),)


def _place_before(place: int | None, row: ScanRow, _: Scene) -> Cell:
    return (("NEW", FRESH),) if row.new else ((figures.NOTHING if place is None else str(place), QUIET),)


_DRAWN: dict[Look, Callable[[Any, ScanRow, Scene], Cell]] = {
    "place": lambda place, _, __: ((str(place), QUIET),),
    "symbol": _symbol,
    "name": lambda name, _, __: ((printable(name), QUIET),),
    "side": lambda _, row, __: side_cell(row.side),
    "signal": lambda signal, row, _: ((figures.signed(signal, _SIGNAL_DECIMALS), SIDE_MARKS[row.side][1]),),
    "multiple": lambda multiple, _, __: _number(multiple, figures.signed(multiple, _MULTIPLE_DECIMALS)),
    "figure": lambda value, _, __: _number(value, figures.plain(value, _FIGURE_DECIMALS)),
    "cautions": _cautions,
    "families": _families,
    "price": lambda price, row, _: _number(price, figures.price(price, row.grid)),
    "stop": _stop,
    "share": lambda share, _, __: _number(share, figures.share(share)),
    "change": lambda change, _, __: ((figures.percent(change), direction_style(change)),),
    "amount": lambda amount, _, __: _number(amount, figures.human(amount)),
    "age": _age,
    "moment": lambda time_ms, _, scene: ((scene.moment(time_ms), QUIET),),
    "bars": lambda bars, row, scene: _lacking(bars, row, odd=bars < scene.header.bars),
    "gaps": lambda bars, row, _: _lacking(bars, row, odd=bars > 0),
    "grid": _grid,
    "bar time": _bar_time,
    "closes": _spark,
    "sides": _sides,
    "agreement": _agreement,
    "place before": _place_before,
}

COLUMNS: dict[str, Column] = {key: Column.of(measure) for key, measure in table.COLUMNS.items()}

_STAYS = ("symbol", "side", "signal")
_LAST_TO_GO = (
    "spark", "flipped", "volume", "grid", "gaps", "bars", "time",
    "stretch", "change", "families", "price", "exchange", "age", "rank", "cautions",
)  # fmt: skip
DROP_ORDER: tuple[str, ...] = (*(key for key in COLUMNS if key not in (*_STAYS, *_LAST_TO_GO)), *_LAST_TO_GO)
"""What goes first where the terminal is too narrow: what is not named above; symbol, side and signal never go."""


def default_columns(result: ScanResult) -> tuple[str, ...]:
    """The usual columns, and those of exchange, cautions, bars, gaps and time where they tell rows apart.

    A scan of several exchanges names each row's, also where the rows left are of one.
    """
    rows = result.rows
    wanted = {
        "exchange": len({row.exchange for row in rows}) > 1 or "," in result.header.exchange,
        "cautions": any(row.cautions for row in rows),
        "bars": any(row.bars < result.header.bars for row in rows),
        "gaps": any(row.gap_bars > 0 for row in rows),
        "with": bool(result.header.others),
        "time": len({row.bar_time_ms for row in rows}) > 1,
    }
    return tuple(key for key, measure in table.COLUMNS.items() if measure.usual or wanted.get(key, False))


def checked_columns(keys: Sequence[str]) -> tuple[str, ...]:
    """The keys as given; UsageError with the nearest name for one that is no column."""
    for key in keys:
        if key not in COLUMNS:
            raise UsageError(*unknown_name("column", key, COLUMNS))
    return tuple(keys)
