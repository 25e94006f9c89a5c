"""A size limit for the store: whole symbols go, those not used for the longest time first."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from atc_cli.data.store.shelf import Shelf, Store
from atc_cli.domain.results.stored import Entry


@dataclass(frozen=True, slots=True)
class Stored:
    """A symbol on a shelf, and about what it takes there in bytes."""

    shelf: Shelf
    entry: Entry
    size_bytes: float


def stored(store: Store) -> Iterator[Stored]:
    """Every symbol of every shelf; a file's size is shared out by bars."""
    for shelf in store.every_shelf():
        entries = shelf.entries()
        per_bar = shelf.size_bytes() / max(sum(each.bars for each in entries), 1)
        yield from (Stored(shelf, each, each.bars * per_bar) for each in entries)


def shrink(store: Store, limit_bytes: float, *, shelf: Shelf | None = None, keep: Collection[str] = ()) -> list[Stored]:
    """Throw away symbols until about `limit_bytes` are left, never those of `shelf` in `keep`; what went.

    Raises UnavailableError where the folder cannot be written.
    """
    if sum(each.size_bytes() for each in store.every_shelf()) <= limit_bytes:
        return []
    everything = sorted(stored(store), key=lambda each: each.entry.used_ms)
    left, gone = sum(each.size_bytes for each in everything), []
    for each in everything:
        if left <= limit_bytes:
            break
        if each.shelf != shelf or each.entry.native not in keep:
            gone.append(each)
            left -= each.size_bytes
    forget(gone)
    return gone


def forget(gone: Collection[Stored]) -> None:
    """Throw these symbols away. Raises UnavailableError where the folder cannot be written."""
    by_shelf: dict[Shelf, set[str]] = {}
    for each in gone:
        by_shelf.setdefault(each.shelf, set()).add(each.entry.native)
    for shelf, natives in by_shelf.items():
        shelf.forget(natives)
