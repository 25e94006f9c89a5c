"""The market as a backtest walks along it: candles and signals of every symbol on one axis of time."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]


def _none() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """`axis_ms` [T]: every time at which a bar of some symbol opens, UTC ms, ascending.

    A symbol whose last bar is before place `alive_from` was delisted; those that miss the newest bars only may go on.

    Symbol i is offsets[i]:offsets[i+1] of each flat column, oldest bar first; the symbols are sorted by name. `at` is
    the place of a bar on the axis, `signal` Average_Signal at its close (NaN: none, the symbol is not in the universe
    yet), `age` the bars since the side flipped (0: at this bar, -1: never). Empty where the rules need none of them:
    `atr` ATR(100) at its close (NaN: none), `key` what decides between equal |signal| (the smaller first, inf: not
    known), `volume` the quote volume of the last 24 h (NaN: not known), `funding` what one unit of value held pays per
    bar: the sum of the rates at the moments in (open of the symbol's bar before, open of this bar].
    """

    symbols: tuple[str, ...]
    axis_ms: Ints
    alive_from: int
    offsets: Ints
    at: Int32s
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    signal: Floats
    age: Int32s
    atr: Floats = field(default_factory=_none)
    key: Floats = field(default_factory=_none)
    volume: Floats = field(default_factory=_none)
    funding: Floats = field(default_factory=_none)

    def __len__(self) -> int:
        return len(self.symbols)

    def rows(self, symbol: int) -> slice:
        """Where symbol i is in the columns."""
        return slice(int(self.offsets[symbol]), int(self.offsets[symbol + 1]))

    def column(self, name: str, symbol: int) -> Floats:
        """A column of one symbol; empty where it is."""
        column: Floats = getattr(self, name)
        return column[self.rows(symbol)] if len(column) else column
