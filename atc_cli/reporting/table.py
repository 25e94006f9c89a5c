"""The scan as a table for people."""

from collections.abc import Sequence
from datetime import tzinfo

from rich.text import Text

from atc_cli.domain.catalog import FAMILIES
from atc_cli.domain.results import ScanResult
from atc_cli.reporting.banner import banner
from atc_cli.reporting.columns import (
    COLUMNS,
    DROP_ORDER,
    SPARK_NARROW,
    Cell,
    Scene,
    checked_columns,
    default_columns,
)
from atc_cli.reporting.layout import TITLE, clipped, flow, line, rule, total, width_of, widths
from atc_cli.reporting.text import SPARK_CLOSES

_Drawn = dict[str, list[Cell]]


def scan_table(result: ScanResult, *, columns: tuple[str, ...] | None, width: int | None, zone: tzinfo) -> list[Text]:
    """The scan as lines; print them with layout.show.

    `width` in terminal cells, None off a terminal: then nothing is dropped or cut. Of the default columns
    those that do not fit go in DROP_ORDER and no line is wider than `width`; `columns` are shown exactly
    as asked, however wide. Times are in `zone`. Raises UsageError for an unknown column.
    """
    keys = checked_columns(columns) if columns else default_columns(result)
    above = banner(result.header, width=width, zone=zone)
    if not result.rows:
        return [*above, Text(), *_nothing(result, width)]
    drawn = _draw(result, keys, zone, SPARK_CLOSES)
    if width is not None and total(_natural(drawn)) > width:
        drawn = _fitted(result, drawn, width, zone, droppable=columns is None)
    return [*above, Text(), *_body(drawn), *(_legend(drawn, width) if width else [])]


def _draw(result: ScanResult, keys: Sequence[str], zone: tzinfo, spark_cells: int) -> _Drawn:
    scene = Scene.of(result, zone, spark_cells)
    return {key: [COLUMNS[key].cell(row, scene) for row in result.rows] for key in keys}


def _natural(drawn: _Drawn) -> list[int]:
    return widths([_title(key, cells) for key, cells in drawn.items()], zip(*drawn.values(), strict=True))


def _title(key: str, cells: list[Cell]) -> str:
    """A column drawn small goes without its title rather than be as wide as that."""
    title = COLUMNS[key].title
    small = key in ("spark", "side") and all(width_of(cell) < len(title) for cell in cells)
    return "" if small else title


def _fitted(result: ScanResult, drawn: _Drawn, width: int, zone: tzinfo, *, droppable: bool) -> _Drawn:
    if "spark" in drawn:
        drawn = {**drawn, **_draw(result, ["spark"], zone, SPARK_NARROW)}
    for key in DROP_ORDER if droppable else ():
        if total(_natural(drawn)) <= width:
            return drawn
        drawn = {kept: cells for kept, cells in drawn.items() if kept != key}
    return _squeezed(drawn, width) if droppable else drawn


def _squeezed(drawn: _Drawn, width: int) -> _Drawn:
    """The last resort of a terminal that cannot hold symbol, side and signal: marks for sides, cut symbols."""
    over = total(_natural(drawn)) - width
    if over <= 0:
        return drawn
    sides: list[Cell] = [((mark[:1], style),) for ((mark, style),) in drawn["side"]]
    drawn = {**drawn, "side": sides}
    column_widths = _natural(drawn)
    symbol_width = width - total(column_widths) + column_widths[list(drawn).index("symbol")]
    return {**drawn, "symbol": [clipped(cell, max(symbol_width, 1)) for cell in drawn["symbol"]]}


def _body(drawn: _Drawn) -> list[Text]:
    column_widths = _natural(drawn)
    justify = [COLUMNS[key].justify for key in drawn]
    titles: list[Cell] = [((_title(key, cells), TITLE),) for key, cells in drawn.items()]
    rows = zip(*drawn.values(), strict=True)
    return [
        line(titles, column_widths, justify),
        rule(total(column_widths)),
        *(line(row, column_widths, justify) for row in rows),
    ]


def _legend(drawn: _Drawn, width: int) -> list[Text]:
    items: list[Cell] = []
    if "families" in drawn:
        names = " ".join(f"{family.title[0]}={family.title}" for family in FAMILIES)
        items += [((names, "dim"),), (("▲▼ beyond the cut, ▴▾ within", "dim"),)]
    if "age" in drawn:
        items.append((("age in bars", "dim"),))
    if "spark" in drawn:
        items.append((("closes since the flip in colour", "dim"),))
    return [Text(), *flow(items, width)] if items else []


def _nothing(result: ScanResult, width: int | None) -> list[Text]:
    """Why the table is empty."""
    if result.hidden:
        said = "no symbol passes the filters"
    elif result.scanned:
        said = f"no symbol could be ranked: {len(result.skipped)} of {result.scanned} were skipped"
    else:
        said = "no symbol was scanned"
    hidden: list[Cell] = [((f"{count} {name}", "dim"),) for name, count in result.hidden.items()]
    return flow([((said, "bold yellow"),), *hidden], width)
