"""What the store holds of one exchange, as a market that needs no network."""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from copy import copy
from pathlib import Path

from atc_cli.data.market import Delivery, Listing, Market, Shared, Stored
from atc_cli.data.store.age import aged
from atc_cli.data.store.believed import believed
from atc_cli.data.store.damage import Lost, lost
from atc_cli.data.store.due import doubted_ms, is_unsure
from atc_cli.data.store.shared import Shelved
from atc_cli.data.store.shelf import Store
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.results.stored import Entry
from atc_cli.domain.timeframe import MINUTE_MS
from atc_cli.domain.window import Window
from atc_cli.errors import NoDataError, UnavailableError

_BEHIND_MS = MINUTE_MS  # how far behind the exchange's a local clock may be without anyone minding


class OfflineMarket(Market):
    """The symbols stored below `folder`; the newest stored bar is now. `clock` gives UTC ms.

    `host` is the tag of a host that is not the exchange's own.
    """

    simulated = False
    live = False

    def __init__(
        self,
        folder: Path,
        exchange: str,
        market: str,
        timeframe: str,
        *,
        clock: Callable[[], int],
        host: str = "",
    ) -> None:
        self.name = self.title = exchange
        self.kind = market
        notes: list[str] = []
        self.notes: Sequence[str] = notes
        self._say = notes.append
        self._store, self._host = Store(folder, notes.append), host
        self._shelf = self._store.shelf(exchange, market, timeframe, host)
        self._clock = clock
        self._entries: list[Entry] | None = None
        self._lost: dict[str, Lost] = {}

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:  # noqa: ARG002
        """Every stored symbol of that quote currency; NoDataError where nothing is stored.

        Of imported candles the quote is known by the end of the name only. No day figures are stored.
        """
        held = self._held()
        if not (held or self._lost):
            raise NoDataError(
                f"--offline: no {self._shelf.timeframe} candles of {self._shelf.source} {self.kind} are stored on disk",
                "drop --offline once, or use --data DIR or --exchange demo; `atc cache ls` lists what is stored",
            )
        wanted = (quote or "").casefold()
        known: list[Entry | Lost] = [*held, *self._lost.values()]
        return [
            Listing(exchange=self.name, symbol=each.symbol, native=each.native or each.symbol, quote=each.quote)
            for each in known
            if not each.native or _is_quoted(each, wanted)
        ]

    def aged(self, listings: Sequence[Listing], window: Window, by_ms: int) -> list[Listing]:  # noqa: ARG002
        """With the first stored bar where trading is known to begin with it, or it is old enough."""
        return aged(listings, self._shelf, by_ms)

    def now_ms(self) -> int:
        """The local clock, but where it is a little behind, never before a stored bar has closed."""
        clock_ms, step_ms = self._clock(), self._shelf.step_ms
        newest_ms = max((each.last_ms for each in self._held() if not self._doubts(each)), default=0)
        return max(clock_ms, newest_ms + step_ms)

    def stored(self, listings: Sequence[Listing], window: Window) -> Iterator[Stored]:
        """Everything that is stored and believed; a range in time is to be read."""
        by_native = {each.native: each for each in listings if window.bars is not None}
        contents = self._shelf.contents(by_native)
        return (
            Stored(by_native[entry.native], entry, each)
            for entry, each in contents
            if not self._doubts(entry) and not is_unsure(window, entry)
        )

    def shared(self, listings: Sequence[Listing], window: Window) -> tuple[Shared, list[Listing]]:
        """Everything that is stored and believed; what is gone or doubted is told here."""
        known = list(self.stored(listings, window))
        self.used(known, window)
        return Shelved.of(self._shelf, known)

    def used(self, stored: Sequence[Stored], window: Window) -> None:  # noqa: ARG002
        """Note it."""
        self._touch({each.entry.native for each in stored})

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        """Deliver what is stored of each, file by file."""
        left, doubted = {each.native: each for each in listings}, 0
        self._touch(left.keys())
        until_ms = self._clock() + _BEHIND_MS
        for group in self._shelf.read(left.keys() - self._lost.keys(), window):
            for held in group:
                usable = believed(self._shelf, held, window, until_ms)
                doubted += usable is not held
                if usable is not None:
                    listing = left.pop(held.entry.native)
                    first_ms, bars = int(usable.timestamp[0]), len(usable.timestamp)
                    unsure = is_unsure(window, usable.entry, first_ms, bars)
                    deliver(usable.candles(listing.exchange, listing.symbol, unsure=unsure))
        for each in left.values():
            deliver(self._gone(each))
        if doubted:
            self._say(
                f"{self.name}: {doubted} symbols were stored by a clock ahead of this machine's: newest bars left out"
            )

    def at(self, timeframe: str) -> "OfflineMarket":
        """What is stored of that timeframe."""
        other = copy(self)
        other._shelf = self._store.shelf(self.name, self.kind, timeframe, self._host)
        other._entries = None
        return other

    def _doubts(self, entry: Entry) -> bool:
        """Whether the entry tells of a time that has not come."""
        return doubted_ms(entry, self._shelf.step_ms, self._clock() + _BEHIND_MS) is not None

    def _touch(self, natives: Set[str]) -> None:
        """Remember that these were used."""
        now_ms = self._clock()
        unused = {each.native for each in self._held() if each.unused(now_ms)} & natives
        if unused:
            with suppress(UnavailableError):  # what cannot be written can be read
                self._shelf.touch(unused, now_ms)

    def _gone(self, listing: Listing) -> Skipped:
        lost = self._lost.get(listing.native)
        if lost is None:
            why = "its stored candles are gone"
            return Skipped(listing.symbol, SkipReason.NO_CANDLES, why, listing.exchange)
        why = f"its stored candles are damaged, in {lost.path}; scan without --offline, or `atc cache prune`"
        return Skipped(listing.symbol, SkipReason.UNREADABLE, why, listing.exchange)

    def _held(self) -> list[Entry]:
        """Symbols with candles, as they were when first asked for; files that tell nothing are set aside."""
        if self._entries is None:
            entries, silent = self._shelf.listed()
            self._entries = [each for each in entries if each.bars]
            gone = lost(self._shelf, silent, {each.native for each in entries})
            self._lost = {each.native or each.symbol: each for each in gone}
            if silent:
                with suppress(UnavailableError):  # one that cannot be read: its skip says so
                    self._shelf.entries()
        return self._entries

    def close(self) -> None:
        """Nothing is held open."""


def _is_quoted(each: Entry | Lost, wanted: str) -> bool:
    """By the end of the name where its quote currency is not known."""
    if each.quote and wanted:
        return each.quote.casefold() == wanted
    return each.native.casefold().endswith(wanted)
