"""One fetch through the store: what is held, what is asked for, what agrees, what is written."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import numpy as np

from atc_cli.data.market import Arrived, Delivery, From, Listing, Market
from atc_cli.data.store import answer, doubt, due
from atc_cli.data.store.believed import believed
from atc_cli.data.store.file import UnreadableError
from atc_cli.data.store.held import Held, difference
from atc_cli.data.store.ledger import APART_MS, Update, entry_after, fresh
from atc_cli.data.store.shelf import Shelf, group_of
from atc_cli.domain.panel import Candles, RawCandles, check
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.results.stored import Entry, Hole
from atc_cli.domain.timeframe import iso
from atc_cli.domain.window import Window
from atc_cli.errors import UnavailableError
from atc_cli.stages import stage

BATCH = 64  # symbols between two writes: what a kill can cost


class Tailed(Market, Protocol):
    """A market that can also be asked for candles from a time on, and takes notes."""

    notes: list[str]

    def fetch_from(self, wants: Sequence[From], window: Window, deliver: Delivery) -> None:
        """Deliver each listing once: its candles from since_ms to the end of the window, closed and forming."""


class Visit:
    """One fetch: what the store holds is delivered, the rest asked for, compared, and written in batches."""

    def __init__(self, market: Tailed, shelf: Shelf, notes: list[str], window: Window, deliver: Delivery) -> None:
        self._market, self._shelf, self._notes, self._window = market, shelf, notes, window
        self._hand_over = deliver
        self._listings: dict[str, Listing] = {}  # by symbol, what is not delivered yet
        self._held: dict[str, Held] = {}
        self._since: dict[str, int] = {}
        self._believed_ms: dict[str, int] = {}  # by symbol, the last bar that is, where a wrong clock stored others
        self._worthless: set[str] = set()  # of what is stored of these nothing is believed
        self._asked_again: dict[str, str] = {}  # what was told otherwise once
        self._suspect: dict[str, str] = {}  # and twice
        self._goes_on: set[str] = set()  # candles came that are older than what was taken for the first
        self._unused: set[str] = set()  # needs no write but the note that it was used
        self._writes: list[Update] = []
        self.wrote = False
        self.hits = 0  # delivered without a request
        self.failure: UnavailableError | None = None  # why nothing is stored any more
        self.unreadable: UnreadableError | None = None  # why some is not stored

    def run(self, listings: Sequence[Listing], *, refresh: bool) -> None:
        """Deliver every listing once; raises what the market raises."""
        # In the order of the files, so that a batch is written to few of them.
        self._listings = {each.symbol: each for each in sorted(listings, key=lambda each: group_of(each.native))}
        self._take_stored(refresh)
        try:
            self._ask()
        finally:
            self._flush()
            if self._unused:
                with suppress(UnavailableError):
                    self._shelf.touch(self._unused, self._window.now_ms)

    def _take_stored(self, refresh: bool) -> None:
        """Deliver what needs no request; note of the others what is held and from where on to ask."""
        by_native = {each.native: each for each in self._listings.values()}
        for group in self._shelf.read(by_native, self._window):
            for held in self._believed(group, by_native):
                listing = by_native[held.entry.native]
                since_ms = 0 if refresh else due.since_ms(self._window, held)
                if since_ms is None:
                    self._unused |= {listing.native} if held.entry.unused(self._window.now_ms) else set()
                    unsure = due.is_unsure(self._window, held.entry, int(held.timestamp[0]), len(held.timestamp))
                    self._deliver(held.candles(listing.exchange, listing.symbol, unsure=unsure))
                    self.hits += 1
                else:
                    self._held[listing.symbol], self._since[listing.symbol] = held, since_ms

    def _believed(self, group: Collection[Held], by_native: Mapping[str, Listing]) -> Iterator[Held]:
        """What is held of each symbol, less what a wrong clock stored.

        That goes at the next write; a range in time does not show which bar before it was the last.
        """
        for held in group:
            left = believed(self._shelf, held, self._window, self._window.now_ms)
            if left is not held and self._window.bars is not None:
                symbol = by_native[held.entry.native].symbol
                if left is None:
                    self._worthless.add(symbol)
                else:
                    self._believed_ms[symbol] = left.entry.last_ms
            if left is not None:
                yield left

    def _ask(self) -> None:
        window = self._window
        tails = [From(each, since_ms) for each in self._listings.values() if (since_ms := self._since.get(each.symbol))]
        if tails:
            self._market.fetch_from(tails, window, self._tail)
        again = [each for each in tails if each.listing.symbol in self._asked_again]
        if again:
            self._market.fetch_from(again, window, self._tail)
        asked = {each.listing.symbol for each in tails} - self._suspect.keys() - self._goes_on
        whole = [each for each in self._listings.values() if each.symbol not in asked]
        if whole:
            self._market.fetch(whole, window, self._whole)

    def _tail(self, arrived: Arrived) -> None:
        """A tail that begins with a bar that is held, or before all: it must agree with what is held from there on.

        One that does not is asked for again, and then the whole window is; so is it where there are older candles.
        """
        listing, held = self._listings[arrived.symbol], self._held[arrived.symbol]
        since_ms = self._since[listing.symbol]
        with stage("check"):
            tail = check(arrived) if isinstance(arrived, RawCandles) else arrived
        if isinstance(tail, Skipped) and tail.reason is not SkipReason.NO_CANDLES:
            self._write(listing, failed=answer.failed(held.entry.holes, self._window))
            self._deliver(tail)
            return
        differing_ms = answer.contradicted_ms(held, tail, since_ms, self._window.now_ms)
        if isinstance(tail, Skipped) or differing_ms is not None:
            self._doubt(listing, answer.contradiction(tail, differing_ms))
            return
        if listing.symbol in self._asked_again:
            self._note(listing, f"{self._asked_again[listing.symbol]}: asked again, it agrees with what is stored")
        first_ms, ready = int(tail.timestamp[0]), doubt.joined(held, tail)
        complete = since_ms < held.entry.first_ms <= first_ms
        entry = self._write(listing, tail, asked_from_ms=first_ms, complete=complete)
        if first_ms < held.entry.first_ms and not self._is_full(ready):
            self._goes_on.add(listing.symbol)
        else:
            self._deliver(self._marked(ready, entry))

    def _whole(self, arrived: Arrived) -> None:
        """A whole window: it is right, and joined to what is held of the time before it."""
        listing = self._listings[arrived.symbol]
        with stage("check"):
            candles = check(arrived) if isinstance(arrived, RawCandles) else arrived
        if isinstance(candles, Skipped) and listing.symbol in self._suspect:
            self._note(listing, f"{self._suspect[listing.symbol]}: fetched again in vain")
        cut = isinstance(arrived, RawCandles) and arrived.cut
        self._deliver(candles if isinstance(candles, Skipped) else self._kept(listing, candles, cut=cut))

    def _kept(self, listing: Listing, candles: Candles, *, cut: bool) -> Candles:
        """Note a whole window for the store; what to deliver: the exchange may have fewer bars than are stored."""
        window, held, first_ms = self._window, self._held.get(listing.symbol), int(candles.timestamp[0])
        complete = not cut and not self._is_full(candles)
        asked_from_ms = 0 if complete else first_ms if cut else answer.asked_from_ms(window, first_ms)
        differing_ms = None if held is None else difference(held, candles, from_ms=first_ms)
        # an exchange that keeps few bars never fills a hole before them: what lies beyond it is of no use
        parted = complete and held is not None and answer.parted(held.entry, first_ms, window.step_ms)
        if held is not None and (parted or differing_ms is not None):
            told = (
                f"has no bars before {iso(first_ms)} any more"
                if parted
                else answer.contradiction(candles, differing_ms)
            )
            return self._settled(listing, held, candles, told, parted=parted, asked_from_ms=asked_from_ms)
        if listing.symbol in self._suspect:
            self._note(listing, f"{self._suspect[listing.symbol]}: fetched again, and what is stored agrees")
        cut = cut and window.bars is not None
        entry = self._write(listing, candles, asked_from_ms=asked_from_ms, complete=complete, cut=cut)
        return self._marked(doubt.joined(held, candles) if complete else candles, entry)

    def _settled(
        self, listing: Listing, held: Held, candles: Candles, told: str, *, parted: bool, asked_from_ms: int
    ) -> Candles:
        """What to deliver of a window that contradicts what is held, which is kept, set aside or taken back."""
        closed = candles.between(0, self._closed(candles))
        if not len(closed):
            return candles
        now_ms, told = self._window.now_ms, self._suspect.get(listing.symbol, told)
        try:
            settled = doubt.settled(self._shelf, held, closed, parted=parted, now_ms=now_ms)
        except UnavailableError as error:
            self._note(
                listing, f"{told}: fetched again and not stored, for what is stored cannot be set aside: {error}"
            )
            return candles
        self._note(listing, f"{told}: fetched again, {settled.words}")
        entry = self._write(
            listing,
            doubt.joined(settled.older, closed),
            asked_from_ms=asked_from_ms,
            complete=not asked_from_ms,
            anew=True,
            failed=doubt.unexplained(settled.older, closed, now_ms + APART_MS),
        )
        if settled.older is not None and settled.from_aside:
            self._take_back(settled.older)
        return self._marked(candles if asked_from_ms else doubt.joined(settled.older, candles), entry)

    def _take_back(self, older: Held) -> None:
        """They are set aside no more once they are stored again."""
        self._flush()
        if self.failure is None:
            with suppress(UnavailableError):
                doubt.forget(self._shelf, older)

    def _doubt(self, listing: Listing, told: str) -> None:
        """Ask once more; the second time for the whole window."""
        if listing.symbol in self._asked_again:
            self._suspect[listing.symbol] = told
        else:
            self._asked_again[listing.symbol] = told

    def _note(self, listing: Listing, what: str) -> None:
        self._notes.append(f"{listing.symbol}: {self._market.name} {what}")

    def _write(
        self,
        listing: Listing,
        candles: Candles | None = None,
        *,
        asked_from_ms: int | None = None,
        complete: bool = False,
        cut: bool = False,
        anew: bool = False,
        failed: tuple[Hole, ...] = (),
    ) -> Entry | None:
        """Note closed candles for the next batch; what is known then. The forming bar is never stored."""
        stop = 0 if candles is None else self._closed(candles)
        held = self._held.get(listing.symbol)
        known = None if held is None else held.entry
        if not stop and not failed:
            return known
        stamps = np.empty(0, dtype=np.int64) if candles is None else candles.timestamp[:stop]
        update = Update(
            native=listing.native,
            symbol=listing.symbol,
            quote=listing.quote,
            timestamp=stamps,
            values=np.empty((5, 0)) if candles is None else candles.values[:, :stop],
            asked_from_ms=asked_from_ms,
            asked_until_ms=due.asked_until_ms(self._certain, int(stamps[0])) if stop else 0,
            complete=complete,
            dated=complete and candles is not None and answer.is_dated(listing, candles),
            cut=cut,
            replace=anew or listing.symbol in self._worthless,
            believed_ms=self._believed_ms.pop(listing.symbol, None),
            failed=failed,
            now_ms=self._window.now_ms,
        )
        self._writes.append(update)
        if len(self._writes) >= BATCH:
            self._flush()
        step_ms = self._window.step_ms
        before = fresh(update, step_ms) if known is None or update.replace else known
        return entry_after(before, update, step_ms)

    def _is_full(self, candles: Candles) -> bool:
        """Whether the window wants no older ones."""
        return self._window.bars is None or self._window.closed(candles.timestamp) >= self._window.bars

    def _marked(self, candles: Candles, entry: Entry | None) -> Candles:
        """The candles, and whether one answer alone says what is missing of them."""
        window, first_ms = self._window, int(candles.timestamp[0])
        unsure = entry is not None and due.is_unsure(window, entry, first_ms, window.closed(candles.timestamp))
        return replace(candles, unsure=unsure) if unsure else candles

    @property
    def _certain(self) -> Window:
        """The window as of what is over beyond doubt."""
        return self._window.at(self._market.certain_ms(self._window.now_ms))

    def _closed(self, candles: Candles) -> int:
        """How many bars are closed beyond doubt: a bar follows, or no witness of the time denies it."""
        followed = min(self._window.closed(candles.timestamp), len(candles) - 1)
        return max(followed, self._certain.closed(candles.timestamp))

    def _deliver(self, ready: Candles | Skipped) -> None:
        del self._listings[ready.symbol]
        self._held.pop(ready.symbol, None)
        self._hand_over(ready)

    def _flush(self) -> None:
        writes, self._writes = self._writes, []
        if not writes or self.failure is not None:
            return
        try:
            with stage("store write"):
                self._shelf.write(writes)
            self.wrote = True
        except UnreadableError as error:  # said as it was read; the other files are written
            self.unreadable, self.wrote = error, True
        except UnavailableError as error:
            self.failure = error
            self._notes.append(f"candles are not stored: {error}")
