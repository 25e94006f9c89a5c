"""What the store holds of one exchange, as a market that needs no network."""

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from pathlib import Path

from atc_cli.data.market import Delivery, Listing, Market, Stored
from atc_cli.data.store.shelf import Store
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.results.stored import Entry
from atc_cli.domain.window import Window
from atc_cli.errors import NoDataError, UnavailableError


class OfflineMarket(Market):
    """The symbols stored below `folder`; the newest stored bar is now. `clock` gives UTC ms."""

    simulated = False
    live = False

    def __init__(self, folder: Path, exchange: str, market: str, timeframe: str, *, clock: Callable[[], int]) -> None:
        self.name = self.title = exchange
        self.kind = market
        notes: list[str] = []
        self.notes: Sequence[str] = notes
        self._shelf = Store(folder, notes.append).shelf(exchange, market, timeframe)
        self._clock = clock
        self._entries: list[Entry] | None = None

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:  # noqa: ARG002
        """Every stored symbol of that quote currency; NoDataError where nothing is stored.

        Of imported candles the quote is known by the end of the name only. No day figures are stored.
        """
        held = self._held()
        if not held:
            raise NoDataError(
                f"--offline: no {self._shelf.timeframe} candles of {self.name} {self.kind} are stored on disk",
                "drop --offline once, or use --data DIR or --exchange demo; `atc cache ls` lists what is stored",
            )
        wanted = (quote or "").casefold()
        return [
            Listing(exchange=self.name, symbol=each.symbol, native=each.native, quote=each.quote)
            for each in held
            if (each.quote.casefold() == wanted if each.quote and wanted else each.native.casefold().endswith(wanted))
        ]

    def now_ms(self) -> int:
        """The local clock, but never before a stored bar has closed: the exchange's clock said that it had."""
        newest_ms = max((each.last_ms for each in self._held()), default=0)
        return max(self._clock(), newest_ms + self._shelf.step_ms)

    def stored(self, listings: Sequence[Listing], window: Window) -> Iterator[Stored]:
        """Everything that is stored; a range in time is to be read."""
        by_native = {each.native: each for each in listings if window.bars is not None}
        return (Stored(by_native[entry.native], entry, each) for entry, each in self._shelf.contents(by_native))

    def used(self, stored: Sequence[Stored], window: Window) -> None:  # noqa: ARG002
        """Note it."""
        self._touch({each.entry.native for each in stored})

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        """Deliver what is stored of each, file by file."""
        left = {each.native: each for each in listings}
        self._touch(left.keys())
        for group in self._shelf.read(left.copy(), window):
            for held in group:
                listing = left.pop(held.entry.native)
                deliver(held.candles(listing.exchange, listing.symbol))
        for each in left.values():
            deliver(Skipped(each.symbol, SkipReason.NO_CANDLES, "its stored candles are gone", each.exchange))

    def _touch(self, natives: Set[str]) -> None:
        """Remember that these were used."""
        now_ms = self._clock()
        unused = {each.native for each in self._held() if each.unused(now_ms)} & natives
        if unused:
            with suppress(UnavailableError):  # what cannot be written can be read
                self._shelf.touch(unused, now_ms)

    def _held(self) -> list[Entry]:
        """Symbols with candles, as they were when first asked for."""
        if self._entries is None:
            self._entries = [each for each in self._shelf.entries() if each.bars]
        return self._entries

    def close(self) -> None:
        """Nothing is held open."""
