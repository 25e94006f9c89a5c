"""The scan as a table for people, in the terminal."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from atc_cli.domain.catalog import FAMILIES
from atc_cli.domain.cautions import that_occur
from atc_cli.domain.measures import table as measures
from atc_cli.domain.results.scan import Prefiltered, ScanResult, ScanRow, Side
from atc_cli.reporting.banner import banner, breadth, compared
from atc_cli.reporting.cells import ODD, QUIET, SIDE_MARKS, Cell, Span
from atc_cli.reporting.columns import COLUMNS, DROP_ORDER, SPARK_NARROW, Scene, checked_columns, default_columns
from atc_cli.reporting.layout import GAP, RULE, TITLE, flow
from atc_cli.reporting.prefilter import prefilter_parts
from atc_cli.reporting.text import printable

if TYPE_CHECKING:
    from atc_cli.domain.results.hits import Hits

_TITLE_MAY_GO = ("spark", "side")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A column's cells and the width that holds them all."""

    title: str
    cells: Sequence[Cell]
    width: int


def scan_table(
    result: ScanResult,
    *,
    columns: tuple[str, ...] | None,
    width: int | None,
    zone: tzinfo,
    first: int | None = None,
) -> list[Text]:
    """The scan as what Rich prints, line by line.

    `width` in terminal cells, None off a terminal: then nothing is dropped or cut. Of the default columns
    those that do not fit go in DROP_ORDER and no line is wider than `width`; `columns` are shown exactly
    as asked, however wide. With `first` each side has a block of its own, of so many rows at most, and a line says
    how many more there are. Times are in `zone`. Raises UsageError for an unknown column.
    """
    shown = result if first is None else replace(result, rows=_first_of_each_side(result.rows, first))
    keys = checked_columns(columns) if columns else _usual(shown, by_side=first is not None)
    above = [*banner(result.header, width=width, zone=zone), *breadth(result.breadth, width=width)]
    above += flow([((compared(result, zone), "dim"),)], width, indent=2) if "was" in keys else []
    above += [*_prefilter(result.prefiltered, width), *_hits(result.hits, width), Text()]
    if not result.rows:
        return [*above, *_nothing(result, width)]
    drawn = _columns(shown, keys, width, Scene.of(result, zone), whole=bool(columns))
    lines = list(_lines(drawn))
    below = [*([] if width is None else _legend(drawn, width)), *_cautions(shown.rows, drawn, width)]
    if first is None:
        return [*above, *lines, *below]
    blocks = _blocks(shown.rows, lines, Counter(row.side for row in result.rows))
    return [*above, *blocks, *_more(result.rows, shown.rows, width), *below]


def _usual(result: ScanResult, *, by_side: bool) -> tuple[str, ...]:
    """The default columns; under the heading of a side its name would be said twice."""
    return tuple(key for key in default_columns(result) if not (by_side and key == "side"))


def _columns(
    result: ScanResult, keys: Sequence[str], width: int | None, scene: Scene, *, whole: bool
) -> dict[str, _Drawn]:
    drawn = {key: _drawn(key, result.rows, scene) for key in keys}
    if width is None:
        return drawn
    if "spark" in drawn and _total(drawn) > width:
        drawn["spark"] = _drawn("spark", result.rows, replace(scene, spark_cells=SPARK_NARROW))
    return drawn if whole else _fitted(drawn, width)


def _first_of_each_side(rows: Iterable[ScanRow], first: int) -> tuple[ScanRow, ...]:
    """Side by side, each in the order of the rows."""
    by_side: dict[Side, list[ScanRow]] = {side: [] for side in Side}
    for row in rows:
        by_side[row.side].append(row)
    return tuple(row for each in by_side.values() for row in each[:first])


def _blocks(rows: Sequence[ScanRow], lines: Sequence[Text], counts: Mapping[Side, int]) -> Iterator[Text]:
    """The titles, and the lines of each side under a heading in place of the rule."""
    titles, rule, *drawn = lines
    yield titles
    at = 0
    for side, group in groupby(rows, key=attrgetter("side")):
        size = len(list(group))
        yield from [Text()] if at else []
        yield _heading(side, size, counts[side], len(rule))
        yield from drawn[at : at + size]
        at += size


def _heading(side: Side, shown: int, count: int, width: int) -> Text:
    mark, style = SIDE_MARKS[side]
    line = Text(f"{mark} {side.value}", style, no_wrap=True)
    line.append(f"  {shown} of {count} " if shown < count else f"  {count} ", RULE)
    line.append("─" * max(width - cell_len(line.plain), 0), RULE)
    line.truncate(width)
    return line


def _more(rows: Sequence[ScanRow], shown: Sequence[ScanRow], width: int | None) -> list[Text]:
    left = Counter(row.side for row in rows)
    left.subtract(row.side for row in shown)
    words = ", ".join(f"{left[side]} more {side.value}" for side in Side if left[side] > 0)
    items: list[Cell] = [((words, ""),), (("--all-rows shows them", ""),)]
    return [Text(), *flow(items, width, separator=": ")] if words else []


def _prefilter(done: Prefiltered | None, width: int | None) -> list[Text]:
    items: list[Cell] = [] if done is None else [((part, "yellow"),) for part in prefilter_parts(done)]
    return flow(items, width, indent=2)


def _hits(hits: "Hits | None", width: int | None) -> list[Text]:
    if hits is None:
        return []
    from atc_cli.reporting.hits import hits_line

    return hits_line(hits, width)


def _drawn(key: str, rows: Iterable[ScanRow], scene: Scene) -> _Drawn:
    """A column; one drawn small goes without its title rather than be as wide as that."""
    column = COLUMNS[key]
    cells = [column.cell(row, scene) for row in rows]
    widest = max(map(_cell_width, cells))
    title = column.title_in(scene.header)
    title = "" if key in _TITLE_MAY_GO and widest < cell_len(title) else title
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
        if "side" in kept:
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


def _legend(drawn: Mapping[str, _Drawn], width: int | None) -> list[Text]:
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
