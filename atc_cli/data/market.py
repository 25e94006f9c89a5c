"""Places that candles come from, what is asked of them, and where long work reports to."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from atc_cli.domain.panel import Candles, RawCandles
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.results.stored import Content, Entry
from atc_cli.domain.window import Window

FILES = "files"  # what candles from a folder carry as their exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A symbol that a market offers.

    `symbol` is the name we show and accept (ccxt's unified one on an exchange), `native` the market's
    own (BTCUSDT); `born_ms` is when it was listed (UTC ms), None where that is not known; `began_ms` when it traded at
    the latest, as far as stored candles show its age. The two day figures
    are set where tickers were fetched: a fraction, quote currency.
    """

    exchange: str
    symbol: str
    native: str
    quote: str | None = None
    born_ms: int | None = None
    began_ms: int | None = None
    change_24h_frac: float | None = None
    quote_volume: float | None = None


@dataclass(frozen=True, slots=True)
class From:
    """A symbol and the open time (UTC ms) from which on its candles are wanted."""

    listing: Listing
    since_ms: int


@dataclass(frozen=True, slots=True)
class Stored:
    """Candles of a listing that are on disk and need no request: what is known of them, and what they are."""

    listing: Listing
    entry: Entry
    content: Content


class Price(NamedTuple):
    """What candles of one symbol cost: requests, and their weight in the rate limit, 0 where that is not known."""

    requests: int
    weight: int

    @property
    def charged(self) -> int:
        """What the exchange counts, as far as we know."""
        return self.weight or self.requests

    def plus(self, other: "Price", times: int = 1) -> "Price":
        """This and so many times the other."""
        return Price(self.requests + times * other.requests, self.weight + times * other.weight)


Prices = Callable[[int], Price]
"""What so many of the newest closed candles of a symbol cost, where it has no gaps."""

# Candles are those that were checked before: the store holds nothing else.
Arrived = RawCandles | Candles | Skipped
Delivery = Callable[[Arrived], None]


class Shared(Protocol):
    """Candles below a path that other machines may have too: this travels to a process there, which reads them."""

    @property
    def path(self) -> Path:
        """Absolute."""

    def mark(self) -> str:
        """What a glance finds there, "" where nothing: whoever finds the same has the same candles."""

    def part(self, listings: Sequence[Listing]) -> "Shared":
        """The same for some of the listings."""

    def read(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> Counter[str]:
        """Deliver what is there as Market.fetch does, changing nothing; what there is to note, and of how many files.

        A listing that is not there as it was is not delivered. Raises UnavailableError where none of a folder is.
        """


class Market(Protocol):
    """One place that candles come from: an exchange, a folder, the simulated market.

    `name` is what listings and rows carry as their exchange, `title` and `kind` (spot, swap, files) what the
    header shows; `live` says
    whether the newest bar is known from a clock (an exchange, the simulation) or only from the candles
    themselves (a folder); `notes` grows by what a person must hear and no symbol is lost by.
    """

    name: str
    title: str
    kind: str
    simulated: bool
    live: bool
    notes: Sequence[str] = ()

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        """Every active symbol, of one quote currency if given, with day figures if `tickers`."""

    def now_ms(self) -> int:
        """The market's own clock, UTC ms: it decides which bars are closed."""

    def certain_ms(self, now_ms: int) -> int:
        """Of a time that `now_ms` told, what is over beyond doubt: a bar that nothing follows is stored by that."""
        return now_ms

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        """Deliver each listing exactly once, in any order, as it arrives: candles as they came, or why not.

        At least the closed candles of the window, and the forming one if there is one and the window has it; fewer if
        there are no more.
        """

    def aged(self, listings: Sequence[Listing], window: Window, by_ms: int) -> list[Listing]:  # noqa: ARG002
        """The listings with the beginnings that are known without a request, to tell whether they began `by_ms`."""
        return list(listings)

    def stored(self, listings: Sequence[Listing], window: Window) -> Iterable[Stored]:  # noqa: ARG002
        """Which of the listings can be had without a request, and what candles they are; none is read."""
        return ()

    def shared(
        self,
        listings: Sequence[Listing],  # noqa: ARG002
        window: Window,  # noqa: ARG002
    ) -> tuple[Shared, list[Listing]] | None:
        """Which of the listings another process can read, and where; neighbours there are side by side.

        They are in use from now on. None: no candle of this market lies on a path.
        """
        return None

    def noted(self, noted: Counter[str]) -> None:  # noqa: ARG002
        """Add to the notes what was noted where candles were read in other processes."""
        return

    def prices(self, timeframe: str) -> Prices | None:  # noqa: ARG002
        """What candles cost, once listings were asked for; None where no request is made, or all are in any case."""
        return None

    def near(self, listings: Sequence[Listing], window: Window, most_bars: int) -> set[str]:  # noqa: ARG002
        """The symbols of which no more than so many bars have to be asked for, because the others are stored."""
        return set()

    def used(self, stored: Sequence[Stored], window: Window) -> None:  # noqa: ARG002
        """These needed neither a request nor a candle: what is stored of them is in use all the same."""
        return

    def at(self, timeframe: str) -> "Market":  # noqa: ARG002
        """The same market for candles of another timeframe; it is closed with this one."""
        return self

    def refresh(self) -> bool:
        """Forget a list of symbols that was kept from an earlier run; False where there is none."""
        return False

    def interrupt(self) -> None:
        """End what this market does in another thread as Ctrl-C would; one without waits need not."""
        return

    def close(self) -> None:
        """Let go of connections."""


class Progress(Protocol):
    """Where long work reports to."""

    def begin(self, what: str, total: int) -> None:
        """A new piece of work of `total` steps starts."""

    def advance(self) -> None:
        """One step is done."""

    def end(self) -> None:
        """The work is over, or was interrupted."""

    def lasting(self, words: str) -> None:
        """What begins now takes long, and why."""

    def sent(self, weight: int) -> None:
        """A request goes out that costs so much of the rate limit; 0 where that is not known."""

    def received(self, bars: int) -> None:
        """So many candles came over the network."""

    def waiting(self, exchange: str, seconds: float, /) -> None:
        """The next request to an exchange has to wait so long for its rate limit."""
