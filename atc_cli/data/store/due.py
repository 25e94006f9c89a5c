"""What the store lacks of a window: what the ledger of a symbol says, before and after its candles are read."""

import numpy as np

from atc_cli.data.store.held import Held
from atc_cli.domain.results.stored import Entry
from atc_cli.domain.timeframe import MINUTE_MS
from atc_cli.domain.window import Window

SETTLED_MS = MINUTE_MS  # a bar that is missing this long after its close has no trades


def asked_until_ms(window: Window, on_grid_ms: int) -> int:
    """The newest bar whose absence means something: exchanges publish a bar some seconds after its close."""
    return window.at(window.now_ms - SETTLED_MS).newest_ms(on_grid_ms)


def is_settled(window: Window, entry: Entry) -> bool:
    """Whether the newest bars are held and all there is, which shows before any candle is read; a hole asks for one."""
    newest_ms = window.newest_ms(entry.offset_ms)
    due = window.bars is None or any(each.due(window.now_ms) for each in entry.holes)
    doubted = doubted_ms(entry, window.step_ms, window.now_ms) is not None
    return (
        not due
        and not doubted
        and entry.last_ms <= newest_ms
        and _reaches_back(window, entry)
        and _reaches_now(window, entry)
    )


def lacks_bars(window: Window, entry: Entry) -> int | None:
    """How many of the newest bars must be asked for, and no others; None where that may be the whole window."""
    doubted = doubted_ms(entry, window.step_ms, window.now_ms) is not None
    if window.bars is None or doubted or not _reaches_back(window, entry):
        return None
    oldest_ms = min([entry.last_ms, *(hole.from_ms for hole in entry.holes if hole.due(window.now_ms))])
    return (window.newest_ms(entry.offset_ms) - oldest_ms) // window.step_ms


def is_held(window: Window, held: Held) -> bool:
    """Whether nothing must be asked for."""
    return doubted_ms(held.entry, window.step_ms, window.now_ms) is None and since_ms(window, held) is None


def since_ms(window: Window, held: Held) -> int | None:
    """From where on the exchange must be asked; None where the store knows all, 0 where the window is not held."""
    entry, first_ms = held.entry, int(held.timestamp[0])
    if not _reaches_back(window, entry):
        return 0
    from_ms = first_ms + 1 if window.since_ms is None else window.since_ms
    end_ms = window.newest_ms(entry.offset_ms)
    due = [
        hole.from_ms
        for hole in entry.holes
        if hole.last_ms >= from_ms and hole.from_ms <= end_ms and hole.due(window.now_ms)
    ]
    if due and window.since_ms is not None and min(due) < first_ms:
        return 0
    if due:
        return int(held.timestamp[max(int(np.searchsorted(held.timestamp, min(due))) - 1, 0)])
    return None if _reaches_now(window, entry) else entry.last_ms


def doubted_ms(entry: Entry, step_ms: int, now_ms: int) -> int | None:
    """From which bar on nothing is believed that is stored, None where all is.

    Where bars that are not closed yet are stored, or were asked for, a wrong clock had its hand in the newest one.
    """
    closed_ms = entry.offset_ms + (now_ms - entry.offset_ms) // step_ms * step_ms - step_ms
    return None if max(entry.last_ms, entry.asked_ms) <= closed_ms else min(entry.last_ms, closed_ms + step_ms)


def _reaches_back(window: Window, entry: Entry) -> bool:
    """Whether the oldest bars are held, and enough of the newest for a tail to be less than the whole."""
    if window.bars is not None:
        behind_bars = (window.newest_ms(entry.offset_ms) - entry.last_ms) // window.step_ms
        return (entry.bars >= window.bars or entry.complete) and behind_bars < window.bars
    from_ms = window.since_ms or 0
    return (entry.complete or entry.first_ms < from_ms + window.step_ms) and entry.last_ms >= from_ms


def _reaches_now(window: Window, entry: Entry) -> bool:
    """Whether the newest bar that is wanted is held, or was asked for in vain."""
    newest_ms = window.newest_ms(entry.offset_ms)
    return not window.has_forming and max(entry.last_ms, entry.asked_ms) >= newest_ms
