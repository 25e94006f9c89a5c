"""A market whose candles are on disk: store first, the missing tail and holes once, written back."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from atc_cli.data.market import Delivery, Listing, Market, Prices, Shared, Stored
from atc_cli.data.store import due
from atc_cli.data.store.age import aged
from atc_cli.data.store.limit import shrink
from atc_cli.data.store.shared import Shelved
from atc_cli.data.store.shelf import Shelf, Store
from atc_cli.data.store.visit import Tailed, Visit
from atc_cli.domain.window import Window
from atc_cli.errors import UnavailableError


class StoredMarket(Market):
    """`inner` with a store before it; what the store has to say goes to the market's own notes.

    `host` is the tag of a host that is not the exchange's own. The store is kept below `limit_bytes`. `refresh`: what
    is stored is fetched again and compared. `hits` counts
    symbols that needed no request; `failure` is why candles that came could not be stored, if so, `unreadable` why
    some could not.
    """

    def __init__(
        self, inner: Tailed, store: Store, *, limit_bytes: float, refresh: bool = False, host: str = ""
    ) -> None:
        self.name, self.title, self.kind = inner.name, inner.title, inner.kind
        self.simulated, self.live = inner.simulated, inner.live
        self._inner, self._store, self._limit_bytes = inner, store, limit_bytes
        self._compare_all = refresh
        self._host = host
        self.notes: Sequence[str] = inner.notes
        self.hits = 0
        self.failure: UnavailableError | None = None
        self.unreadable: UnavailableError | None = None

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        """As the market itself."""
        return self._inner.listings(quote=quote, tickers=tickers)

    def aged(self, listings: Sequence[Listing], window: Window, by_ms: int) -> list[Listing]:
        """With the first stored bar where trading is known to begin with it, or it is old enough."""
        return aged(listings, self._shelf(window), by_ms)

    def now_ms(self) -> int:
        """The market's own clock."""
        return self._inner.now_ms()

    def stored(self, listings: Sequence[Listing], window: Window) -> Iterator[Stored]:
        """Those of which the store knows all, file by file; none where all is compared."""
        if self._compare_all:
            return
        by_native = {each.native: each for each in listings}
        for entry, content in self._shelf(window).contents(by_native):
            if due.is_settled(window, entry):
                yield Stored(by_native[entry.native], entry, content)

    def shared(self, listings: Sequence[Listing], window: Window) -> tuple[Shared, list[Listing]]:
        """Those of which the store knows all; the others are asked for here."""
        known = list(self.stored(listings, window))
        self.used(known, window)
        return Shelved.of(self._shelf(window), known)

    def prices(self, timeframe: str) -> Prices | None:
        """As the market itself; none where all is compared, for then all is asked for."""
        return None if self._compare_all else self._inner.prices(timeframe)

    def near(self, listings: Sequence[Listing], window: Window, most_bars: int) -> set[str]:
        """Those whose window is stored but for its end."""
        by_native = {each.native: each.symbol for each in listings}
        lacking = ((entry, due.lacks_bars(window, entry)) for entry, _ in self._shelf(window).contents(by_native))
        return {by_native[entry.native] for entry, bars in lacking if bars is not None and bars <= most_bars}

    def used(self, stored: Sequence[Stored], window: Window) -> None:
        """Note it, to the day; a store that cannot be written still can be read."""
        self.hits += len(stored)
        unused = {each.entry.native for each in stored if each.entry.unused(window.now_ms)}
        if unused:
            with suppress(UnavailableError):
                self._shelf(window).touch(unused, window.now_ms)

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        """As the market itself, from the store where it holds the window; raises as the market does.

        Where the market fails as a whole, symbols that need nothing of it were delivered before.
        """
        shelf = self._shelf(window)
        visit = Visit(self._inner, shelf, self._inner.notes, window, deliver)
        try:
            visit.run(listings, refresh=self._compare_all)
        finally:
            self.hits += visit.hits
            self.failure = visit.failure or self.failure
            self.unreadable = visit.unreadable or self.unreadable
            if visit.wrote:
                self._shrink(shelf, {each.native for each in listings})

    def held(self, listings: Sequence[Listing], window: Window) -> int:
        """How many of these symbols need no request."""
        groups = self._shelf(window).read({each.native for each in listings}, window)
        return sum(due.is_held(window, each) for group in groups for each in group)

    def _shelf(self, window: Window) -> Shelf:
        return self._store.shelf(self.name, self.kind, window.timeframe, self._host)

    def _shrink(self, shelf: Shelf, scanned: Collection[str]) -> None:
        try:
            gone = shrink(self._store, self._limit_bytes, shelf=shelf, keep=scanned)
        except UnavailableError as error:
            self._inner.notes.append(f"the store cannot be made smaller: {error}")
            return
        if gone:
            self._inner.notes.append(
                f"the store is full: {len(gone)} symbols that were not used for long are gone from it"
            )

    def refresh(self) -> bool:
        """As the market itself."""
        return self._inner.refresh()

    def interrupt(self) -> None:
        """As the market itself; what had arrived is stored."""
        self._inner.interrupt()

    def close(self) -> None:
        """Let go of the market's connections."""
        self._inner.close()
