"""Stored candles as a process reads them that sees the same files: nothing is set aside, noted or fetched."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from atc_cli.data.market import Delivery, Listing, Stored
from atc_cli.data.store.due import is_unsure
from atc_cli.data.store.file import DamagedError, UnreadableError
from atc_cli.data.store.held import Held
from atc_cli.data.store.shelf import Shelf, by_group, group_of, in_window
from atc_cli.disk.regular import mark_of
from atc_cli.domain.window import Window


def _unheard(_words: str) -> None:
    """Whoever sent this reads the same files, and hears of them there."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """Files of a shelf, and the checksums that their candles had where this was made."""

    shelf: Shelf
    checksums: frozenset[str]
    numbers: frozenset[int]

    @classmethod
    def of(cls, shelf: Shelf, stored: Iterable[Stored]) -> tuple[Self, list[Listing]]:
        """Where these can be read, and their listings, file by file."""
        known = list(stored)
        natives = {each.entry.native for each in known}
        listings = sorted((each.listing for each in known), key=lambda each: group_of(each.native))
        checksums = frozenset(each.content.checksum for each in known)
        quiet = replace(shelf, root=shelf.root.absolute(), say=_unheard)
        return cls(quiet, checksums, frozenset(map(group_of, natives))), listings

    @property
    def path(self) -> Path:
        """The folder of the shelf."""
        return self.shelf.folder

    def mark(self) -> str:
        """Of the beginnings of the files, which tell what is in them."""
        return mark_of(map(self.shelf.path_of, sorted(self.numbers))) if self.path.is_dir() else ""

    def part(self, listings: Sequence[Listing]) -> Self:  # noqa: ARG002
        """The same: a file is read whole whatever is wanted of it."""
        return self

    def read(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> Counter[str]:
        """What is there as it was, file by file; nothing is noted."""
        by_native = {each.native: each for each in listings}
        for number, natives in by_group(by_native):
            with suppress(DamagedError, UnreadableError):
                for held in in_window(self.shelf.parsed(number), natives, window):
                    if self._is_same(held, window):
                        listing = by_native[held.entry.native]
                        deliver(held.candles(listing.exchange, listing.symbol))
        return Counter()

    def _is_same(self, held: Held, window: Window) -> bool:
        """Whether it is the candles that were spoken of, and no more has to be said of them."""
        content = held.content
        unsure = is_unsure(window, held.entry, int(held.timestamp[0]), len(held.timestamp))
        return content is not None and content.checksum in self.checksums and not unsure
