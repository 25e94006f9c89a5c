"""Places that candles come from, and the one way from symbols to a panel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from atc_cli.domain.panel import Candles, RawCandles, check
from atc_cli.domain.results import Skipped, SkipReason
from atc_cli.domain.timeframe import TIMEFRAMES_MS, iso, newest_closed_open_ms
from atc_cli.errors import AtcError

FILES = "files"  # what candles from a folder carry as their exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A symbol that a market offers.

    `symbol` is the name we show and accept (ccxt's unified one on an exchange), `native` the market's
    own (BTCUSDT); `born_ms` is when it was listed (UTC ms), None where that is not known. The two day figures
    are set where tickers were fetched: a fraction, quote currency.
    """

    exchange: str
    symbol: str
    native: str
    quote: str | None = None
    born_ms: int | None = None
    change_24h_frac: float | None = None
    quote_volume: float | None = None


@dataclass(frozen=True, slots=True)
class From:
    """A symbol and the open time (UTC ms) from which on its candles are wanted."""

    listing: Listing
    since_ms: int


# Candles are those that were checked before: the store holds nothing else.
Delivery = Callable[[RawCandles | Candles | Skipped], None]


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

    def fetch(self, listings: Sequence[Listing], timeframe: str, bars: int, now_ms: int, deliver: Delivery) -> None:
        """Deliver each listing exactly once, in any order, as it arrives: candles as they came, or why not.

        The newest `bars` closed candles and the forming one if there is one; fewer if there are no more.
        """

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

    def sent(self, weight: int) -> None:
        """A request goes out that costs so much of the rate limit; 0 where that is not known."""

    def received(self, bars: int) -> None:
        """So many candles came over the network."""

    def waiting(self, exchange: str, seconds: float, /) -> None:
        """The next request to an exchange has to wait so long for its rate limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is wanted of every symbol; `max_lag_bars` older than the newest bar is still a row."""

    timeframe: str
    bars: int
    include_open: bool
    warmup_bars: int
    min_bars: int
    cutout_bars: int
    max_lag_bars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Checked candles of one market, and every symbol that did not make it."""

    candles: tuple[Candles, ...]
    skipped: tuple[Skipped, ...]
    newest_open_ms: int | None
    now_ms: int
    interrupted: bool


def load(market: Market, listings: Sequence[Listing], request: Request, progress: Progress) -> Loaded:
    """Fetch, check, cut to the window, and take out what is too short or too old.

    Ctrl-C ends the fetch; what arrived is kept and the rest is skipped as interrupted.
    """
    now_ms = market.now_ms()
    candles: list[Candles] = []
    skipped: list[Skipped] = []

    def deliver(arrived: RawCandles | Candles | Skipped) -> None:
        checked = check(arrived, request.timeframe) if isinstance(arrived, RawCandles) else arrived
        ready = _window(checked, request, market, now_ms)
        if isinstance(ready, Skipped):
            skipped.append(ready)
        else:
            candles.append(ready)
        progress.advance()

    interrupted = False
    progress.begin("candles", len(listings))
    try:
        market.fetch(listings, request.timeframe, request.bars, now_ms, deliver)
    except KeyboardInterrupt:
        interrupted = True
        arrived = {each.symbol for each in candles} | {each.symbol for each in skipped}
        skipped += _not_fetched([each for each in listings if each.symbol not in arrived])
    finally:
        progress.end()
    newest = newest_closed_open_ms(now_ms, request.timeframe) if market.live else _newest(candles, request)
    fresh = [_not_stale(each, newest, request) for each in candles]
    kept = tuple(each for each in fresh if isinstance(each, Candles))
    skipped += [each for each in fresh if isinstance(each, Skipped)]
    return Loaded(
        candles=_in_order(kept, listings),
        skipped=tuple(sorted(skipped, key=lambda each: (each.reason, each.symbol))),
        newest_open_ms=newest,
        now_ms=now_ms,
        interrupted=interrupted,
    )


def _window(checked: Candles | Skipped, request: Request, market: Market, now_ms: int) -> Candles | Skipped:
    """The last bars of the window; the forming bar only where it is asked for.

    Files whose bars go on past now (simulated, or labelled in another time zone) have no forming bar.
    """
    if isinstance(checked, Skipped):
        return checked
    step = TIMEFRAMES_MS[request.timeframe]
    last = int(checked.timestamp[-1])
    judged = market.live or last <= now_ms
    closed = int((checked.timestamp + step <= now_ms).sum()) if judged else len(checked)
    usable = checked if request.include_open else checked.between(0, closed, request.timeframe)
    forming = request.include_open and last <= now_ms < last + step
    window = replace(usable.tail(request.bars, request.timeframe), forming=forming)
    return _long_enough(window, request)


def _long_enough(window: Candles, request: Request) -> Candles | Skipped:
    needed = max(request.warmup_bars, request.min_bars)
    if len(window) < needed:
        detail = f"needs {needed} bars, has {len(window)}"
        return Skipped(window.symbol, SkipReason.TOO_FEW_BARS, detail, window.exchange)
    if len(window) <= request.cutout_bars:
        detail = f"cutout is {request.cutout_bars} bars, has {len(window)}"
        return Skipped(window.symbol, SkipReason.CUTOUT, detail, window.exchange)
    return window


def _newest(candles: Sequence[Candles], request: Request) -> int | None:
    """Open time of the newest closed bar; the bar before a forming one is closed."""
    step = TIMEFRAMES_MS[request.timeframe]
    return max((int(each.timestamp[-1]) - step * each.forming for each in candles), default=None)


def _not_stale(candles: Candles, newest_ms: int | None, request: Request) -> Candles | Skipped:
    last = int(candles.timestamp[-1])
    lag = ((newest_ms or last) - last) // TIMEFRAMES_MS[request.timeframe]
    if lag <= request.max_lag_bars:
        return candles
    detail = f"last bar {iso(last)} is {lag} bar{'' if lag == 1 else 's'} behind"
    return Skipped(candles.symbol, SkipReason.STALE, detail, candles.exchange, lag_bars=lag)


def left_out(listings: Sequence[Listing]) -> Loaded:
    """A market that was not asked any more, because of an interrupt."""
    skipped = tuple(_not_fetched(listings))
    return Loaded(candles=(), skipped=skipped, newest_open_ms=None, now_ms=0, interrupted=True)


def failed(listings: Sequence[Listing], error: AtcError) -> Loaded:
    """A market whose fetch failed as a whole, beside others that did not."""
    skipped = tuple(Skipped(each.symbol, SkipReason.FETCH_FAILED, str(error), each.exchange) for each in listings)
    return Loaded(candles=(), skipped=skipped, newest_open_ms=None, now_ms=0, interrupted=False)


def _not_fetched(listings: Sequence[Listing]) -> list[Skipped]:
    why = "not fetched before the interrupt"
    return [Skipped(each.symbol, SkipReason.INTERRUPTED, why, each.exchange) for each in listings]


def _in_order(candles: Sequence[Candles], listings: Sequence[Listing]) -> tuple[Candles, ...]:
    """The order of the listings, whatever order the network had: the same run gives the same panel."""
    place = {each.symbol: i for i, each in enumerate(listings)}
    return tuple(sorted(candles, key=lambda each: place.get(each.symbol, len(place))))
