"""The one way from symbols to checked candles."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from atc_cli.data.away import Away, Came
from atc_cli.data.market import Arrived, Listing, Market, Progress, Shared, Stored
from atc_cli.data.sound import sound
from atc_cli.domain.panel import Candles, RawCandles
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.timeframe import DAY_MS, iso, lasting
from atc_cli.domain.window import Window
from atc_cli.errors import AtcError, BusyError, UnavailableError
from atc_cli.stages import stage

Known = Callable[[Iterable[Stored]], Iterable[Stored]]
"""Of stored candles those that need not be read, because what follows from them is known."""

_Usable = Candles | Stored | Away
T = TypeVar("T", Candles, Away)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What makes candles usable; `max_lag_bars` older than the newest bar still are, of whatever time if None.

    `max_age_ms` is how long ago the last bar may have closed, None: that does not matter.
    """

    warmup_bars: int
    min_bars: int
    cutout_bars: int
    max_lag_bars: int | None
    max_age_ms: int | None = None


Elsewhere = Callable[[Shared, Sequence[Listing], Window, Needs, bool], Generator[Came]]
"""Has other processes read candles and use them up; the last argument is Market.live. Nothing comes where none can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Checked candles of one market, those that need not be read or are away, and every symbol that did not make it."""

    candles: tuple[Candles, ...]
    known: tuple[Stored, ...] = ()
    away: tuple[Away, ...] = ()
    skipped: tuple[Skipped, ...]
    newest_open_ms: int | None
    now_ms: int
    interrupted: bool


@dataclass(slots=True)
class _Arrivals:
    """What comes in of the listings of one market: checked, cut to the window, without what is too short."""

    market: Market
    listings: Sequence[Listing]
    window: Window
    needs: Needs
    progress: Progress
    usable: list[_Usable] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    def recall(self, known: Known) -> None:
        """Take what is known of stored candles."""
        used: list[Stored] = []

        def long_enough() -> Iterator[Stored]:
            for each in self.market.stored(self.listings, self.window):
                bars = min(each.entry.bars, self.window.bars or each.entry.bars)
                short = too_short(each.listing, bars, self.needs)
                if short is None:
                    yield each
                else:
                    used.append(each)
                    self._take(short)

        with suppress(UnavailableError):  # a file of the store: the fetch says which, and loses what it costs
            for each in known(long_enough()):
                used.append(each)
                self._take(each)
        self.market.used(used, self.window)

    def send(self, elsewhere: Elsewhere) -> None:
        """What other processes make of the candles that they can read; raises as they do."""
        found = self.market.shared(self.left(), self.window)
        if found is None or not found[1]:
            return
        with closing(elsewhere(*found, self.window, self.needs, self.market.live)) as groups:
            for came in groups:
                self.market.noted(came.noted)
                arrived: tuple[_Usable | Skipped, ...] = (*came.away, *came.skipped)
                for each in arrived:
                    self._take(each)

    def ask(self) -> None:
        """The market for what has not come; raises as it does if nothing is of use without it."""
        wanted = self.left()
        try:
            if wanted:
                self.market.fetch(wanted, self.window, self._deliver)
        except (UnavailableError, BusyError) as error:
            if not self.usable:
                raise
            self.skipped += failed(self.left(), error).skipped

    def _deliver(self, arrived: Arrived) -> None:
        with stage("check"):
            usable = ready(arrived, self.window, self.needs, live=self.market.live)
        self._take(usable)

    def _take(self, ready: _Usable | Skipped) -> None:
        if isinstance(ready, Skipped):
            self.skipped.append(ready)
        else:
            self.usable.append(ready)
        self.progress.advance()

    def left(self) -> list[Listing]:
        """Listings of which nothing has come."""
        arrived = {_whose(each).symbol for each in (*self.usable, *self.skipped)}
        return [each for each in self.listings if each.symbol not in arrived]


def ready(arrived: Arrived, window: Window, needs: Needs, *, live: bool) -> Candles | Skipped:
    """The checked candles of the window, or why there is no signal; the forming bar only where it is asked for.

    Files whose bars go on past now (simulated, or labelled in another time zone) have no forming bar.
    """
    checked = sound(arrived, window) if isinstance(arrived, RawCandles) else arrived
    if isinstance(checked, Skipped):
        return checked
    last = last_ms(checked)
    closed = window.closed(checked.timestamp) if live or last <= window.now_ms else len(checked)
    usable = window.cut(checked if window.forming else checked.between(0, closed))
    kept = last_ms(usable) == last if len(usable) else False
    forming = window.forming and kept and last <= window.now_ms < last + window.step_ms
    return too_short(usable, len(usable), needs) or replace(usable, forming=forming)


def load(
    market: Market,
    listings: Sequence[Listing],
    window: Window,
    needs: Needs,
    progress: Progress,
    *,
    known: Known | None = None,
    elsewhere: Elsewhere | None = None,
    now_ms: int | None = None,
) -> Loaded:
    """Fetch, check, cut to the window as of the market's own clock, and take out what is too short or too old.

    `now_ms` is what that clock told before, where one scan loads several times.

    Ctrl-C ends the fetch; what arrived is kept and the rest is skipped as interrupted. Where the market fails as a
    whole, what needs nothing of it is kept and the rest skipped; raises as the market does where there is nothing.
    """
    window = window.at(market.now_ms() if now_ms is None else now_ms)
    arrivals = _Arrivals(market, listings, window, needs, progress)
    interrupted = False
    progress.begin("candles", len(listings))
    try:
        if known is not None:
            arrivals.recall(known)
        if elsewhere is not None:
            arrivals.send(elsewhere)
        arrivals.ask()
    except KeyboardInterrupt:
        interrupted = True
        arrivals.skipped += _not_fetched(arrivals.left())
    finally:
        progress.end()
    judged = not market.live and needs.max_lag_bars is not None
    of_now, ahead = _without_ahead(arrivals.usable, window.now_ms) if judged else (arrivals.usable, [])
    newest_ms = window.newest_open_ms if market.live else _newest_ms(of_now)
    fresh = [
        _too_old(each, window, needs.max_age_ms) or _not_stale(each, newest_ms, window.step_ms, needs.max_lag_bars)
        for each in of_now
    ]
    skipped = (*arrivals.skipped, *ahead, *(each for each in fresh if isinstance(each, Skipped)))
    return Loaded(
        candles=_in_order([each for each in fresh if isinstance(each, Candles)], listings),
        known=tuple(each for each in fresh if isinstance(each, Stored)),
        away=_in_order([each for each in fresh if isinstance(each, Away)], listings),
        skipped=tuple(sorted(skipped, key=lambda each: (each.reason, each.symbol))),
        newest_open_ms=newest_ms,
        now_ms=window.now_ms,
        interrupted=interrupted,
    )


def too_short(whose: Candles | Listing, bars: int, needs: Needs) -> Skipped | None:
    """Why so many bars have no signal, None if they have one."""
    needed = max(needs.warmup_bars, needs.min_bars)
    if bars < needed:
        detail = f"needs {needed} bars, has {bars}"
        return Skipped(whose.symbol, SkipReason.TOO_FEW_BARS, detail, whose.exchange)
    if bars <= needs.cutout_bars:
        detail = f"cutout is {needs.cutout_bars} bars, has {bars}"
        return Skipped(whose.symbol, SkipReason.CUTOUT, detail, whose.exchange)
    return None


def _whose(each: _Usable | Skipped) -> Listing | Candles | Away | Skipped:
    return each.listing if isinstance(each, Stored) else each


def _without_ahead(usable: Sequence[_Usable], now_ms: int) -> tuple[list[_Usable], list[Skipped]]:
    """Those that can be of now, and why the others cannot.

    A last bar that opens after now is no clock for the others. Where most have one, a day ahead at most, they are
    labelled in another time zone and usable.
    """
    ahead_ms = [last_ms(each) - now_ms for each in usable]
    zoned = sum(0 < each <= DAY_MS for each in ahead_ms) * 2 > len(usable)
    allowed_ms = DAY_MS if zoned else 0
    of_now = [each for each, by_ms in zip(usable, ahead_ms, strict=True) if by_ms <= allowed_ms]
    return of_now, [_ahead(each) for each, by_ms in zip(usable, ahead_ms, strict=True) if by_ms > allowed_ms]


def _ahead(each: _Usable) -> Skipped:
    whose = _whose(each)
    detail = f"the last bar opens at {iso(last_ms(each))}, which is still to come"
    return Skipped(whose.symbol, SkipReason.IN_THE_FUTURE, detail, whose.exchange)


def _newest_ms(usable: Sequence[_Usable]) -> int | None:
    """Open time of the newest closed bar; the bar before a forming one is closed."""
    return max(map(_closed_ms, usable), default=None)


def _closed_ms(each: _Usable) -> int:
    return each.entry.last_ms if isinstance(each, Stored) else last_ms(each) - each.step_ms * each.forming


def last_ms(each: _Usable) -> int:
    """Open time of the last bar."""
    if isinstance(each, Candles):
        return int(each.timestamp[-1])
    return each.entry.last_ms if isinstance(each, Stored) else each.last_ms


def _not_stale(each: _Usable, newest_ms: int | None, step_ms: int, max_lag_bars: int | None) -> _Usable | Skipped:
    last = last_ms(each)
    lag = ((newest_ms or last) - last) // step_ms
    if max_lag_bars is None or lag <= max_lag_bars:
        return each
    whose = _whose(each)
    detail = f"last bar {iso(last)} is {lag} bar{'' if lag == 1 else 's'} behind"
    return Skipped(whose.symbol, SkipReason.STALE, detail, whose.exchange, lag_bars=lag)


def _too_old(each: _Usable, window: Window, max_age_ms: int | None) -> Skipped | None:
    closed_ms = _closed_ms(each) + window.step_ms
    if max_age_ms is None or window.now_ms - closed_ms <= max_age_ms:
        return None
    whose = _whose(each)
    detail = f"its last bar closed at {iso(closed_ms)}, {lasting(window.now_ms - closed_ms)} ago"
    return Skipped(whose.symbol, SkipReason.TOO_OLD, detail, whose.exchange)


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


def _in_order(candles: Sequence[T], listings: Sequence[Listing]) -> tuple[T, ...]:
    """The order of the listings, whatever order the network had: the same run gives the same panel."""
    place = {each.symbol: i for i, each in enumerate(listings)}
    return tuple(sorted(candles, key=lambda each: place.get(each.symbol, len(place))))
