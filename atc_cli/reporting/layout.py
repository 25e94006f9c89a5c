"""The house's style of tables, and items that flow over lines."""

from collections.abc import Iterable

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
