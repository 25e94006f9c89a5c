"""Spans to lines of rich Text: grids that are exactly as wide as their cells, and items that flow.

No rich Table: it shrinks and wraps cells to fit, where a scan drops whole columns in a fixed order.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from atc_cli.reporting.columns import Cell, Justify

GAP = 2
TITLE, RULE = "bold cyan", "dim"
_SEPARATOR = " · "


def show(console: Console, lines: Iterable[Text]) -> None:
    """Print lines as they are: never wrapped, cut or padded to the console's idea of a width."""
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False)


def text_of(cell: Cell) -> Text:
    """Spans as one Text; a name is never read as markup."""
    text = Text(end="")
    for part, style in cell:
        text.append(part, style)
    return text


def width_of(cell: Cell) -> int:
    """Terminal cells that the spans take; a Chinese character takes two."""
    return sum(cell_len(part) for part, _ in cell)


def widths(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> list[int]:
    """The width of every column of a grid."""
    found = [cell_len(title) for title in titles]
    for row in rows:
        found = [max(width, width_of(cell)) for width, cell in zip(found, row, strict=True)]
    return found


def total(column_widths: Sequence[int], gap: int = GAP) -> int:
    """The width of a grid's lines."""
    return sum(column_widths) + gap * max(len(column_widths) - 1, 0)


def line(cells: Sequence[Cell], column_widths: Sequence[int], justify: Sequence[Justify], gap: int = GAP) -> Text:
    """One line of a grid, without trailing blanks."""
    text = Text(no_wrap=True, overflow="ignore")
    for cell, width, side in zip(cells, column_widths, justify, strict=True):
        if text:
            text.append(" " * gap)
        blank = " " * (width - width_of(cell))
        text.append_text(text_of(((blank, ""), *cell) if side == "right" else (*cell, (blank, ""))))
    text.rstrip()
    return text


def rule(width: int) -> Text:
    """A thin horizontal line."""
    return Text("─" * width, RULE)


def clipped(cell: Cell, width: int) -> Cell:
    """The cell in at most `width` cells, its first span cut with an ellipsis if need be."""
    over = width_of(cell) - width
    if over <= 0:
        return cell
    (head, style), *rest = cell
    kept = max(cell_len(head) - over - 1, 0)
    return (f"{set_cell_size(head, kept)}…", style), *rest


def flow(items: Iterable[Cell], width: int | None, *, separator: str = _SEPARATOR, indent: int = 0) -> list[Text]:
    """Items one after the other, on as many lines of at most `width` as they need (None: on one line).

    An item stays whole if a line can hold it; lines after the first are indented.
    """
    lines: list[Text] = []
    current = Text()
    for item in items:
        for piece in broken(text_of(item), width - indent if width else None):
            if current and width and current.cell_len + len(separator) + piece.cell_len > width:
                lines.append(current)
                current = Text(" " * indent)
            elif current:
                current.append(separator, "dim")
            current.append_text(piece)
    return [*lines, current] if current else lines


def broken(text: Text, width: int | None) -> list[Text]:
    """The text in pieces of at most `width` cells, broken at blanks, a longer word anywhere."""
    if width is None or text.cell_len <= width:
        return [text]
    cuts = [0]
    for at, char in enumerate(text.plain):
        if cell_len(text.plain[cuts[-1] : at + 1].rstrip()) > max(width, 2):
            blank = text.plain.rfind(" ", cuts[-1], at + 1)
            cuts.append(blank + 1 if blank > cuts[-1] and char != " " else at)
    pieces = [text[start:stop] for start, stop in pairwise([*cuts, len(text.plain)])]
    for piece in pieces:
        piece.rstrip()
    return pieces
