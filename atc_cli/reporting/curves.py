"""Lines over time as a small picture of characters."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from atc_cli.domain.results.backtest import Floats
from atc_cli.reporting.cells import Span

_ROW_DOTS, _CELL_DOTS = 4, 2
_EMPTY = 0x2800
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # of a braille cell: its columns, from the top


class Line(NamedTuple):
    """Values over time; a `dotted` line can be told from another without colours."""

    values: Floats
    style: str
    dotted: bool = False


def curves(lines: Sequence[Line], low: float, high: float, *, cells: int, rows: int) -> list[Text]:
    """Lines on one scale from low to high, in so many cells; where two meet the first is seen."""
    shown = [each._replace(values=last_of_each(each.values, cells * _CELL_DOTS)) for each in lines]
    top = rows * _ROW_DOTS - 1
    grids = [_dots(each, low, top / (high - low) if high > low else 0.0, cells, rows) for each in shown]
    return [
        Text.assemble(*_row([grid[row] for grid in grids], [each.style for each in shown]), no_wrap=True)
        for row in range(rows)
    ]


def _dots(line: Line, low: float, scale: float, cells: int, rows: int) -> list[list[int]]:
    """The bits of each cell, row by row from the top."""
    top = rows * _ROW_DOTS - 1
    levels = np.round((line.values - low) * scale).astype(int).tolist()
    grid = [[0] * cells for _ in range(rows)]
    before = levels[0]
    for place, level in enumerate(levels):
        if line.dotted and place % _CELL_DOTS:
            continue
        first, last = (level, level) if line.dotted else sorted((_beside(before, level), level))
        for each in range(first, last + 1):
            row, dot = divmod(top - each, _ROW_DOTS)
            grid[row][place // _CELL_DOTS] |= _BITS[place % _CELL_DOTS][dot]
        before = level
    return grid


def _beside(before: int, level: int) -> int:
    """Where a line that comes from `before` begins in the column of `level`, so that it has no holes."""
    return level if before == level else before + (1 if level > before else -1)


def _row(bits: Sequence[Sequence[int]], styles: Sequence[str]) -> list[Span]:
    spans: list[Span] = []
    for cell in zip(*bits, strict=True):
        drawn = next(((each, style) for each, style in zip(cell, styles, strict=True) if each), (0, ""))
        spans.append((chr(_EMPTY + drawn[0]) if drawn[0] else " ", drawn[1]))
    return spans


def last_of_each(values: Floats, count: int) -> Floats:
    """The last value of each of so many stretches, as long as each other or nearly."""
    return values[np.maximum(_bounds(len(values), count)[1:] - 1, 0)]


def lowest_of_each(values: Floats, count: int) -> Floats:
    """The lowest value of each of so many stretches; of fewer values each is seen more than once."""
    if len(values) < count:
        return last_of_each(values, count)
    lowest: Floats = np.minimum.reduceat(values, _bounds(len(values), count)[:-1])
    return lowest


def _bounds(length: int, count: int) -> NDArray[np.int64]:
    return np.linspace(0, length, count + 1).astype(np.int64)
