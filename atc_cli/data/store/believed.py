"""What is stored, without what only a wrong clock can have put there."""

from dataclasses import replace

from atc_cli.data.store import due
from atc_cli.data.store.held import Held
from atc_cli.data.store.shelf import Shelf
from atc_cli.domain.window import Window


def believed(shelf: Shelf, held: Held, window: Window, now_ms: int) -> Held | None:
    """As much of the window as is held and believed at `now_ms`, as far back as ever; None where nothing is."""
    doubted_ms = due.doubted_ms(held.entry, window.step_ms, now_ms)
    if doubted_ms is None:
        return held
    left = held.before(doubted_ms)
    if window.bars is None:
        return left
    doubted = len(held.timestamp) - (0 if left is None else len(left.timestamp))
    again = shelf.read([held.entry.native], replace(window, bars=window.bars + doubted))
    return next((each.before(doubted_ms) for group in again for each in group), None)
