"""The scan as a table for people, in the terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from rich.cells import cell_len
from rich.text import Text

from atc_cli.domain.catalog import FAMILIES
from atc_cli.domain.cautions import that_occur
from atc_cli.domain.measures import table as measures
from atc_cli.domain.results.scan import ScanResult, ScanRow
from atc_cli.reporting.banner import banner, breadth
from atc_cli.reporting.cells import ODD, QUIET, Cell, Span
from atc_cli.reporting.columns import COLUMNS, DROP_ORDER, SPARK_NARROW, Scene, checked_columns, default_columns
from atc_cli.reporting.layout import GAP, RULE, TITLE, flow
from atc_cli.reporting.text import printable

_TITLE_MAY_GO = ("spark", "side")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A column's cells and the width that holds them all."""

    title: str
    cells: Sequence[Cell]
    width: int


def scan_table(result: ScanResult, *, columns: tuple[str, ...] | None, width: int | None, zone: tzinfo) -> list[Text]:
    """The scan as what Rich prints, line by line.

    `width` in terminal cells, None off a terminal: then nothing is dropped or cut. Of the default columns
    those that do not fit go in DROP_ORDER and no line is wider than `width`; `columns` are shown exactly
    as asked, however wide. Times are in `zone`. Raises UsageError for an unknown column.
    """
    keys = checked_columns(columns) if columns else default_columns(result)
    above = [*banner(result.header, width=width, zone=zone), *breadth(result.breadth, width=width), Text()]
    if not result.rows:
        return [*above, *_nothing(result, width)]
    scene = Scene.of(result, zone)
    drawn = {key: _drawn(key, result.rows, scene) for key in keys}
    cautions = _cautions(result.rows, drawn, width)
    if width is None:
        return [*above, *_lines(drawn), *cautions]
    if "spark" in drawn and _total(drawn) > width:
        drawn["spark"] = _drawn("spark", result.rows, replace(scene, spark_cells=SPARK_NARROW))
    if not columns:
        drawn = _fitted(drawn, width)
    return [*above, *_lines(drawn), *_legend(drawn, width), *cautions]


def _drawn(key: str, rows: Iterable[ScanRow], scene: Scene) -> _Drawn:
    """A column; one drawn small goes without its title rather than be as wide as that."""
    column = COLUMNS[key]
    cells = [column.cell(row, scene) for row in rows]
    widest = max(map(_cell_width, cells))
    title = "" if key in _TITLE_MAY_GO and widest < cell_len(column.title) else column.title
    return _Drawn(title, cells, max(widest, cell_len(title)))


def _total(drawn: Mapping[str, _Drawn]) -> int:
    return sum(column.width for column in drawn.values()) + GAP * (len(drawn) - 1)


def _fitted(drawn: Mapping[str, _Drawn], width: int) -> dict[str, _Drawn]:
    """The columns that fit; the last resort is marks for sides and cut symbols."""
    kept = dict(drawn)
    for key in DROP_ORDER:
        if _total(kept) <= width:
            return kept
        kept.pop(key, None)
    if _total(kept) > width:
        kept["side"] = _Drawn("", [((cell[0][0][:1], cell[0][1]),) for cell in kept["side"].cells], 1)
        room = kept["symbol"].width + width - _total(kept)
        kept["symbol"] = replace(kept["symbol"], width=max(min(room, kept["symbol"].width), 1))
    return kept


def _lines(drawn: Mapping[str, _Drawn]) -> Iterator[Text]:
    """Titles, a rule and the rows, in columns of fixed width; what is wider than its column ends in an ellipsis.

    Lines and not Rich's Table, which takes longer to lay out a thousand rows than it takes to compute them.
    """
    columns = [(column.width, COLUMNS[key].justify == "right") for key, column in drawn.items()]
    yield _line([((column.title, TITLE),) for column in drawn.values()], columns)
    yield Text("─" * _total(drawn), RULE)
    for cells in zip(*(column.cells for column in drawn.values()), strict=True):
        yield _line(cells, columns)


def _line(cells: Iterable[Cell], columns: Sequence[tuple[int, bool]]) -> Text:
    parts: list[Span] = []
    for cell, (width, to_the_right) in zip(cells, columns, strict=True):
        room = width - _cell_width(cell)
        shown = cell if room >= 0 else _cut(cell, width)
        blanks: Span = (" " * room, "")
        parts += [(" " * GAP, "") if parts else ("", ""), *((blanks, *shown) if to_the_right else (*shown, blanks))]
    line, at = Text("".join([text for text, _ in parts]), no_wrap=True), 0
    for text, style in parts:
        if style:
            line.stylize(style, at, at + len(text))
        at += len(text)
    return line


def _cell_width(cell: Cell) -> int:
    return cell_len(cell[0][0]) if len(cell) == 1 else sum(cell_len(text) for text, _ in cell)


def _cut(cell: Cell, width: int) -> Cell:
    """The cell in `width`, an ellipsis last, in the style that it begins with."""
    text = Text("".join(text for text, _ in cell))
    text.truncate(width, overflow="ellipsis")
    return ((text.plain, cell[0][1]),)


def _legend(drawn: Mapping[str, _Drawn], width: int) -> list[Text]:
    words: list[str] = []
    if "families" in drawn:
        words.append(" ".join(f"{family.title[0]}={family.title}" for family in FAMILIES))
        words.append("▲▼ beyond the cut, ▴▾ within")
    if "age" in drawn:
        words.append(f"age in {measures.COLUMNS['age'].unit}")
    if "spark" in drawn:
        words.append("closes since the flip in colour")
    items: list[Cell] = [((each, "dim"),) for each in words]
    return [Text(), *flow(items, width)] if items else []


def _cautions(rows: Iterable[ScanRow], drawn: Mapping[str, _Drawn], width: int | None) -> list[Text]:
    """What the marks of cautions say, of those that some row carries."""
    occurring = that_occur(rows) if "cautions" in drawn else ()
    items: list[Cell] = [((each.mark, ODD), (f" {each.words}", QUIET)) for each in occurring]
    return flow(items, width)


def _nothing(result: ScanResult, width: int | None) -> list[Text]:
    """Why the table is empty."""
    if any(result.breadth.values()) or (result.hidden and not result.skipped):
        said = "no symbol passes the filters"
    elif result.scanned:
        said = f"no symbol could be ranked: {len(result.skipped)} of {result.scanned} were skipped"
    else:
        said = "no symbol was scanned"
    hidden: list[Cell] = [((f"{count} {printable(name)}", "dim"),) for name, count in result.hidden.items()]
    return flow([((said, "bold yellow"),), *hidden], width)
