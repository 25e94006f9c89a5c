"""A market whose candles are on disk: store first, the missing tail and holes once, written back."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from atc_cli.data.market import Delivery, Listing, Market, Request
from atc_cli.data.store.limit import shrink
from atc_cli.data.store.shelf import Shelf, Store
from atc_cli.data.store.visit import Tailed, Visit, Window
from atc_cli.domain.results.scan import ScanRow, Skipped
from atc_cli.errors import UnavailableError
from atc_cli.signals.rows import Signals


class StoredMarket(Market):
    """`inner` with a store before it; what the store has to say goes to the market's own notes.

    The store is kept below `limit_bytes`. `forming`: the bar that is not closed yet is wanted too, so that every
    symbol is asked about. `refresh`: what is stored is fetched again and compared. `hits` counts symbols that needed
    no request; `failure` is why candles that came could not be stored, if so. `signals` remembers earlier scans.
    """

    def __init__(
        self,
        inner: Tailed,
        store: Store,
        *,
        limit_bytes: float,
        forming: bool = False,
        refresh: bool = False,
        signals: Signals | None = None,
    ) -> None:
        self.name, self.title, self.kind = inner.name, inner.title, inner.kind
        self.simulated, self.live = inner.simulated, inner.live
        self._inner, self._store, self._limit_bytes = inner, store, limit_bytes
        self._forming, self._compare_all = forming, refresh
        self._signals = signals
        self.notes: Sequence[str] = inner.notes
        self.hits = 0
        self.failure: UnavailableError | None = None

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        """As the market itself."""
        return self._inner.listings(quote=quote, tickers=tickers)

    def now_ms(self) -> int:
        """The market's own clock."""
        return self._inner.now_ms()

    def known(self, listings: Sequence[Listing], request: Request, now_ms: int) -> Iterator[ScanRow | Skipped]:
        """Rows of earlier scans where the store knows all and holds the same candles."""
        if self._signals is None or self._compare_all:
            return
        shelf = self._store.shelf(self.name, self.kind, request.timeframe)
        window = Window(request.timeframe, request.bars, now_ms, self._forming)
        unused = set()
        for entry, ready in self._signals.known(shelf, listings, request, window.settled):
            unused |= {entry.native} if entry.unused(now_ms) else set()
            self.hits += 1
            yield ready
        if unused:
            with suppress(UnavailableError):
                shelf.touch(unused, now_ms)

    def fetch(self, listings: Sequence[Listing], timeframe: str, bars: int, now_ms: int, deliver: Delivery) -> None:
        """As the market itself, from the store where it holds the window; raises as the market does.

        Where the market fails as a whole, symbols that need nothing of it were delivered before.
        """
        shelf = self._store.shelf(self.name, self.kind, timeframe)
        window = Window(timeframe, bars, now_ms, self._forming)
        visit = Visit(self._inner, shelf, self._inner.notes, window, deliver)
        try:
            visit.run(listings, refresh=self._compare_all)
        finally:
            self.hits += visit.hits
            self.failure = visit.failure or self.failure
            if visit.wrote:
                self._shrink(shelf, {each.native for each in listings})

    def held(self, listings: Sequence[Listing], timeframe: str, bars: int, now_ms: int) -> int:
        """How many of these symbols need no request at `now_ms`."""
        shelf = self._store.shelf(self.name, self.kind, timeframe)
        window = Window(timeframe, bars, now_ms, self._forming)
        groups = shelf.read({each.native for each in listings}, bars)
        return sum(window.since_ms(each) is None for group in groups for each in group)

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
