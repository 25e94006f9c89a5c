"""What an answer says of what is stored: in which way it contradicts it, how far it reaches back."""

from collections.abc import Collection
from dataclasses import replace

from atc_cli.data.market import Listing
from atc_cli.data.store.held import Held, difference
from atc_cli.data.store.ledger import APART_MS
from atc_cli.domain.panel import Candles
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.results.stored import Entry, Hole
from atc_cli.domain.timeframe import iso
from atc_cli.domain.window import Window


def contradiction(told: Candles | Skipped, differing_ms: int | None) -> str:
    """In which way an answer contradicts what is stored."""
    when = "stored bars" if differing_ms is None else f"the stored bar of {iso(differing_ms)}"
    gone = isinstance(told, Skipped) or differing_ms not in told.timestamp
    return f"does not have {when} any more" if gone else f"tells {when} otherwise now"


def asked_from_ms(window: Window, first_ms: int) -> int:
    """The first bar that the exchange was asked for, on the grid of the first that it has."""
    if window.since_ms is None:
        return first_ms
    return first_ms - (first_ms - window.since_ms) // window.step_ms * window.step_ms


def parted(entry: Entry, first_ms: int, step_ms: int) -> bool:
    """Whether bars that nobody asked for are missing before `first_ms`, among the stored ones or after them."""
    return first_ms > entry.last_ms + step_ms or any(hole.from_ms < first_ms for hole in entry.holes)


def failed(holes: Collection[Hole], window: Window) -> tuple[Hole, ...]:
    """The holes that were asked about in vain, not to be asked about again for a while."""
    retry_ms = window.now_ms + APART_MS
    return tuple(replace(each, retry_ms=retry_ms) for each in holes if each.due(window.now_ms))


def contradicted_ms(held: Held, tail: Candles | Skipped, since_ms: int, now_ms: int) -> int | None:
    """The first bar that a tail from `since_ms` on tells otherwise than it is held, None if there is none.

    One that was to begin before the first bar may begin after it: the oldest bars go as time passes where an exchange
    keeps few. More than went by since it was last asked is a contradiction.
    """
    entry = held.entry
    if isinstance(tail, Skipped):
        return max(since_ms, entry.first_ms)
    first_ms = int(tail.timestamp[0])
    passed_ms = now_ms - (entry.ask_begin_ms - APART_MS) + tail.step_ms
    goes = since_ms < entry.first_ms <= first_ms <= min(entry.first_ms + passed_ms, entry.last_ms)
    return difference(held, tail, from_ms=first_ms if goes else since_ms)


def is_dated(listing: Listing, candles: Candles) -> bool:
    """Whether the listing date says that the first of these is the first that there is."""
    return listing.born_ms is not None and abs(listing.born_ms - int(candles.timestamp[0])) < candles.step_ms
