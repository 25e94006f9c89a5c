"""What the store lacks of a window: what the ledger of a symbol says, before and after its candles are read."""

from collections.abc import Iterable, Iterator

import numpy as np

from atc_cli.data.store.held import Held
from atc_cli.data.store.ledger import APART_MS
from atc_cli.domain.results.stored import Entry, Hole, due
from atc_cli.domain.timeframe import MINUTE_MS
from atc_cli.domain.window import Window

SETTLED_MS = MINUTE_MS  # a bar that is missing this long after its close has no trades
LOOK_BARS = 100  # before what one answer called the first bar: one page everywhere holds them


def asked_until_ms(window: Window, on_grid_ms: int) -> int:
    """The newest bar whose absence means something: exchanges publish a bar some seconds after its close."""
    return window.at(window.now_ms - SETTLED_MS).newest_ms(on_grid_ms)


def is_settled(window: Window, entry: Entry) -> bool:
    """Whether the newest bars are held and all there is, which shows before any candle is read; a hole asks for one."""
    newest_ms = window.newest_ms(entry.offset_ms)
    asks = window.bars is None or any(each.due(window.now_ms) for each in entry.holes)
    doubted = doubted_ms(entry, window.step_ms, window.now_ms) is not None
    return (
        not asks
        and not is_unsure(window, entry)
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
    again_ms = _again_ms(window, entry)
    if again_ms and window.since_ms is not None:
        return 0
    lacks = (*entry.holes, *(() if _waits_for_a_tail(window, entry) else entry.unsure))
    asks = [hole.from_ms for hole in _of_window(window, entry, lacks, first_ms) if hole.due(window.now_ms)]
    if asks and window.since_ms is not None and min(asks) < first_ms:
        return 0
    if again_ms:
        return again_ms
    if asks:
        return int(held.timestamp[max(int(np.searchsorted(held.timestamp, min(asks))) - 1, 0)])
    return None if _reaches_now(window, entry) else entry.last_ms


def is_unsure(window: Window, entry: Entry, first_ms: int = 0, bars: int = 0) -> bool:
    """Whether one answer alone says what is missing of `bars` that begin at `first_ms`, or before them."""
    inside = entry.unsure and any(_of_window(window, entry, entry.unsure, first_ms or entry.first_ms))
    return bool(inside) or (
        bool(entry.ask_begin_ms or entry.cut_ms) and _wants_older(window, entry, bars or entry.bars)
    )


def _again_ms(window: Window, entry: Entry) -> int | None:
    """From where on to ask for candles before the first, where one answer had none and another is due."""
    asks = entry.complete and entry.ask_begin_ms and due(entry.ask_begin_ms, window.now_ms)
    waits = window.bars is not None and _reaches_now(window, entry)  # an exchange that keeps few shows it at a new bar
    if not asks or waits or not _wants_older(window, entry, entry.bars):
        return None
    return entry.first_ms - LOOK_BARS * window.step_ms


def _wants_older(window: Window, entry: Entry, bars: int) -> bool:
    return entry.first_ms > (window.since_ms or 0) if window.bars is None else bars < window.bars


def _waits_for_a_tail(window: Window, entry: Entry) -> bool:
    """Whether a tail will be asked for soon anyway, which a second look can ride on."""
    return window.bars is not None and window.step_ms <= APART_MS and _reaches_now(window, entry)


def _of_window(window: Window, entry: Entry, holes: Iterable[Hole], first_ms: int) -> Iterator[Hole]:
    from_ms = first_ms + 1 if window.since_ms is None else window.since_ms
    end_ms = window.newest_ms(entry.offset_ms)
    return (each for each in holes if each.last_ms >= from_ms and each.from_ms <= end_ms)


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
        all_there_is = entry.complete or (entry.cut_ms and not due(entry.cut_ms, window.now_ms))
        return (entry.bars >= window.bars or bool(all_there_is)) and behind_bars < window.bars
    from_ms = window.since_ms or 0
    oldest_ms = min(entry.oldest_ms or entry.first_ms, entry.first_ms)
    return (entry.complete or oldest_ms < from_ms + window.step_ms) and entry.last_ms >= from_ms


def _reaches_now(window: Window, entry: Entry) -> bool:
    """Whether the newest bar that is wanted is held, or was asked for in vain."""
    newest_ms = window.newest_ms(entry.offset_ms)
    return not window.has_forming and max(entry.last_ms, entry.asked_ms) >= newest_ms
