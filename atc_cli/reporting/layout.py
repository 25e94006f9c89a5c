"""The house's style of tables, and items that flow over lines."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from rich import get_console
from rich.box import Box
from rich.table import Table
from rich.text import Text

from atc_cli.reporting.cells import Cell

GAP = 2
TITLE, RULE = "bold cyan", "dim"
_BLANK, _LINE = "    \n", " ── \n"
_RULES = Box(_BLANK + _BLANK + _LINE + _BLANK + _LINE + _BLANK + _BLANK + _BLANK)
_SEPARATOR = " · "
_UNLIMITED = 10_000


def ruled_table(*, gap: int = GAP, width: int | None = None) -> Table:
    """An empty table with a thin line under its head and after each section, `gap` (at least 1) between columns.

    `width` is what its columns take in all, so that Rich neither shrinks nor stretches them.
    """
    between = gap - 1  # the box brings one
    return Table(
        box=_RULES,
        show_edge=False,
        pad_edge=False,
        padding=(0, between, 0, 0),
        header_style=TITLE,
        border_style=RULE,
        width=width,
    )


def natural_width(table: Table) -> int:
    """The width of a table in which nothing is cut or wrapped."""
    console = get_console()
    return console.measure(table, options=console.options.update(max_width=_UNLIMITED)).maximum


def plain_table(lines: Iterable[Mapping[str, str]], heads: Sequence[str], *, left: Collection[str]) -> Table:
    """Cells by head; those under `left` begin at the left."""
    table = ruled_table()
    for head in heads:
        table.add_column(head, justify="left" if head in left else "right", no_wrap=True)
    for line in lines:
        table.add_row(*(line[head] for head in heads))
    return table


def fitting(
    heads: Sequence[str], least_needed: Sequence[str], table_of: Callable[[Sequence[str]], Table], width: int | None
) -> Table:
    """The table of the columns that fit: of `least_needed` the last that has room stays, then the one before it..

    It is as wide as its figures need, also where that is more than `width`: Rich would cut them.
    """
    table = table_of(heads)
    if width is not None and natural_width(table) > width:
        kept = [head for head in heads if head not in least_needed]
        table = table_of(kept)
        for head in reversed(least_needed):
            wider = table_of([each for each in heads if each in (*kept, head)])
            if natural_width(wider) <= width:
                kept.append(head)
                table = wider
    table.width = natural_width(table)
    return table


def gone(heads: Sequence[str], table: Table, width: int | None) -> list[Text]:
    """Words that name the columns which did not fit."""
    shown = {str(column.header) for column in table.columns}
    missing = [head for head in heads if head not in shown]
    return flow([((f"in a wider terminal also {', '.join(missing)}", "dim"),)], width) if missing else []


def text_of(cell: Cell) -> Text:
    """Spans as one Text; a name is never read as markup."""
    if len(cell) == 1:
        return Text(*cell[0])
    return Text.assemble(*cell)


def flow(items: Iterable[Cell], width: int | None, *, separator: str = _SEPARATOR, indent: int = 0) -> list[Text]:
    """Items one after the other, on as many lines of at most `width` as they need (None: on one line).

    An item stays whole if a line can hold it; lines after the first are indented.
    """
    lines: list[Text] = []
    current = Text()
    for item in items:
        for piece in _pieces(text_of(item), width - indent if width else None):
            if current and width and current.cell_len + len(separator) + piece.cell_len > width:
                lines.append(current)
                current = Text(" " * indent)
            elif current:
                current.append(separator, "dim")
            current.append_text(piece)
    return [*lines, current] if current else lines


def _pieces(text: Text, width: int | None) -> Iterable[Text]:
    return [text] if width is None else text.wrap(get_console(), width)
