"""The one way from symbols to checked candles."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from atc_cli.data.market import Arrived, Listing, Market, Progress, Request
from atc_cli.domain.panel import Candles, RawCandles, check
from atc_cli.domain.results.scan import ScanRow, Skipped, SkipReason
from atc_cli.domain.timeframe import TIMEFRAMES_MS, iso, newest_closed_open_ms
from atc_cli.errors import AtcError, BusyError, UnavailableError

Usable = Candles | ScanRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Checked candles of one market, rows that need none, and every symbol that did not make it."""

    candles: tuple[Candles, ...]
    rows: tuple[ScanRow, ...] = ()
    skipped: tuple[Skipped, ...]
    newest_open_ms: int | None
    now_ms: int
    interrupted: bool


@dataclass(slots=True)
class _Arrivals:
    """What comes in of the listings of one market: checked, cut to the window, without what is too short."""

    market: Market
    listings: Sequence[Listing]
    request: Request
    progress: Progress
    now_ms: int
    usable: list[Usable] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def ask(self) -> None:
        """What is known, and then the market for the others; raises as it does if nothing is of use without it."""
        with suppress(UnavailableError):  # a file of the store: the fetch says which, and loses what it costs
            for ready in self.market.known(self.listings, self.request, self.now_ms):
                self._take(ready)
        wanted = self.left()
        try:
            if wanted:
                self.market.fetch(wanted, self.request.timeframe, self.request.bars, self.now_ms, self._deliver)
        except (UnavailableError, BusyError) as error:
            if not self.usable:
                raise
            self.skipped += failed(self.left(), error).skipped

    def _deliver(self, arrived: Arrived) -> None:
        checked = check(arrived, self.request.timeframe) if isinstance(arrived, RawCandles) else arrived
        window = _window(checked, self.request, self.market, self.now_ms) if isinstance(checked, Candles) else checked
        self._take(window)

    def _take(self, ready: Usable | Skipped) -> None:
        if isinstance(ready, Skipped):
            self.skipped.append(ready)
        else:
            self.usable.append(ready)
        self.progress.advance()

    def left(self) -> list[Listing]:
        """Listings of which nothing has come."""
        arrived = {each.symbol for each in (*self.usable, *self.skipped)}
        return [each for each in self.listings if each.symbol not in arrived]


def load(market: Market, listings: Sequence[Listing], request: Request, progress: Progress) -> Loaded:
    """Fetch, check, cut to the window, and take out what is too short or too old.

    Ctrl-C ends the fetch; what arrived is kept and the rest is skipped as interrupted. Where the market fails as a
    whole, what needs nothing of it is kept and the rest skipped; raises as the market does where there is nothing.
    """
    arrivals = _Arrivals(market, listings, request, progress, market.now_ms())
    interrupted = False
    progress.begin("candles", len(listings))
    try:
        arrivals.ask()
    except KeyboardInterrupt:
        interrupted = True
        arrivals.skipped += _not_fetched(arrivals.left())
    finally:
        progress.end()
    usable, now_ms = arrivals.usable, arrivals.now_ms
    newest = newest_closed_open_ms(now_ms, request.timeframe) if market.live else _newest(usable, request)
    fresh = [_not_stale(each, newest, request) for each in usable]
    skipped = (*arrivals.skipped, *(each for each in fresh if isinstance(each, Skipped)))
    return Loaded(
        candles=_in_order([each for each in fresh if isinstance(each, Candles)], listings),
        rows=tuple(each for each in fresh if isinstance(each, ScanRow)),
        skipped=tuple(sorted(skipped, key=lambda each: (each.reason, each.symbol))),
        newest_open_ms=newest,
        now_ms=now_ms,
        interrupted=interrupted,
    )


def _window(checked: Candles, request: Request, market: Market, now_ms: int) -> Candles | Skipped:
    """The last bars of the window; the forming bar only where it is asked for.

    Files whose bars go on past now (simulated, or labelled in another time zone) have no forming bar.
    """
    step = TIMEFRAMES_MS[request.timeframe]
    last = int(checked.timestamp[-1])
    judged = market.live or last <= now_ms
    closed = int((checked.timestamp + step <= now_ms).sum()) if judged else len(checked)
    usable = checked if request.include_open else checked.between(0, closed, request.timeframe)
    forming = request.include_open and last <= now_ms < last + step
    window = replace(usable.tail(request.bars, request.timeframe), forming=forming)
    return too_short(window.exchange, window.symbol, len(window), request) or window


def too_short(exchange: str, symbol: str, bars: int, request: Request) -> Skipped | None:
    """Why a window of so many bars has no signal, None if it has one."""
    needed = max(request.warmup_bars, request.min_bars)
    if bars < needed:
        return Skipped(symbol, SkipReason.TOO_FEW_BARS, f"needs {needed} bars, has {bars}", exchange)
    if bars <= request.cutout_bars:
        return Skipped(symbol, SkipReason.CUTOUT, f"cutout is {request.cutout_bars} bars, has {bars}", exchange)
    return None


def _newest(usable: Sequence[Usable], request: Request) -> int | None:
    """Open time of the newest closed bar; the bar before a forming one is closed."""
    step = TIMEFRAMES_MS[request.timeframe]
    return max((_last_ms(each) - step * each.forming for each in usable), default=None)


def _last_ms(each: Usable) -> int:
    return each.bar_time_ms if isinstance(each, ScanRow) else int(each.timestamp[-1])


def _not_stale(each: Usable, newest_ms: int | None, request: Request) -> Usable | Skipped:
    last = _last_ms(each)
    lag = ((newest_ms or last) - last) // TIMEFRAMES_MS[request.timeframe]
    if lag <= request.max_lag_bars:
        return each
    detail = f"last bar {iso(last)} is {lag} bar{'' if lag == 1 else 's'} behind"
    return Skipped(each.symbol, SkipReason.STALE, detail, each.exchange, lag_bars=lag)


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
