"""Candles of a symbol as the store has them."""

from dataclasses import dataclass, replace

import numpy as np

from atc_cli.domain.panel import Candles, Floats, Ints
from atc_cli.domain.results.stored import Content, Entry


@dataclass(frozen=True, slots=True)
class Held:
    """What the store has of a symbol: timestamps UTC ms [bars], values [5, bars]; maybe views of a larger array.

    `content` is None where other candles were joined to them.
    """

    entry: Entry
    timeframe: str
    timestamp: Ints
    values: Floats
    content: Content | None = None

    def candles(self, exchange: str, symbol: str, *, unsure: bool = False) -> Candles:
        """As candles that were checked: nothing else is ever stored."""
        return Candles(
            exchange=exchange,
            symbol=symbol,
            timeframe=self.timeframe,
            timestamp=self.timestamp,
            values=self.values,
            content=None if unsure else self.content,
            unsure=unsure,
        )

    def before(self, open_ms: int) -> "Held | None":
        """Without the bars from there on, and nobody asked for those; None where no bar is left."""
        stop = int(np.searchsorted(self.timestamp, open_ms))
        if not stop:
            return None
        bars = self.entry.bars - (len(self.timestamp) - stop)
        entry = replace(self.entry, bars=bars, last_ms=int(self.timestamp[stop - 1]), asked_ms=0)
        return Held(entry, self.timeframe, self.timestamp[:stop], self.values[:, :stop])


def difference(held: Held, fresh: Candles, *, from_ms: int | None = None) -> int | None:
    """Open time of the first bar that the two tell differently, None if there is none.

    From `from_ms` on `fresh` must have every bar that is held, and the last of them may have settled since: trades are
    counted late, so its volume may be another. Without it only bars that both have are compared, to the bit.
    """
    first = 0 if from_ms is None else int(np.searchsorted(held.timestamp, from_ms))
    stamps, values = held.timestamp[first:], held.values[:, first:]
    if not len(stamps) or not len(fresh):
        return None
    place = np.minimum(np.searchsorted(fresh.timestamp, stamps), len(fresh) - 1)
    other, found = fresh.values[:, place], fresh.timestamp[place] == stamps
    same = ((values == other) | (np.isnan(values) & np.isnan(other))).all(axis=0)
    if from_ms is not None:
        same[-1] |= (values[:4, -1] == other[:4, -1]).all() and stamps[-1] == held.entry.last_ms
    wrong = ~(same & found) if from_ms is not None else found & ~same
    return int(stamps[np.argmax(wrong)]) if wrong.any() else None
