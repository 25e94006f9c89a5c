"""Every market at once: what they list, which symbols of it, their candles."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from time import perf_counter
from types import MappingProxyType
from typing import TypeVar

from atc_cli.data.away import Away
from atc_cli.data.load import Elsewhere, Known, Loaded, Needs, failed, left_out, load
from atc_cli.data.market import FILES, Listing, Market, Progress, Stored
from atc_cli.data.universe import Filters, Universe, choose, unknown_ages
from atc_cli.domain.panel import Candles
from atc_cli.domain.results.scan import ScanRow, Skipped, SkipReason
from atc_cli.domain.window import Window
from atc_cli.errors import AtcError, BusyError, NoDataError, UnavailableError, UsageError
from atc_cli.stages import FETCH, LISTINGS, made, stage

DEFAULT_QUOTE = "USDT"
ANY_QUOTE = "any"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which candles of which symbols; `quote` None is the usual currency of an exchange, and all of a folder.

    `stored`: markets list what is stored only.
    """

    window: Window
    needs: Needs
    filters: Filters
    quote: str | None
    typed: Sequence[str] = ()
    watched: Sequence[str] | None = None
    stored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Checked candles of every market, those that need not be read or are away, and what it took to get them."""

    series: tuple[Candles, ...]
    known: tuple[Stored, ...]
    away: tuple[Away, ...] = ()
    universe: Universe
    skipped: tuple[Skipped, ...]
    newest_open_ms: int | None
    now_ms: int
    interrupted: bool
    notes: tuple[str, ...]
    fetch_ms: float

    @property
    def usable(self) -> Sequence[Candles | Away]:
        """Of which candles were read, here or elsewhere."""
        return (*self.series, *self.away)

    def whole(self, rows: Iterable[ScanRow]) -> list[ScanRow]:
        """Rows with what those that were made elsewhere show besides."""
        if not self.away:
            return list(rows)
        wanted = {(row.exchange, row.symbol): row for row in rows}
        away = {(each.exchange, each.symbol): each for each in self.away if (each.exchange, each.symbol) in wanted}
        return [away[name].whole(row) if name in away else row for name, row in wanted.items()]

    def listings(self) -> Mapping[tuple[str, str], Listing]:
        """Every listing by exchange and symbol."""
        return {(each.exchange, each.symbol): each for each in self.universe.listings}


def gather(
    markets: Sequence[Market],
    wanted: Wanted,
    progress: Progress,
    *,
    known: Known | None = None,
    elsewhere: Elsewhere | None = None,
) -> Gathered:
    """Listings, universe, candles. Raises NoDataError and UsageError as universe.choose does."""
    began = perf_counter()
    with stage(LISTINGS):
        universe, dead = universe_of(markets, wanted)
    loaded = load_all(markets, universe, wanted, progress, known=known, elsewhere=elsewhere)
    return gathered_of(markets, universe, wanted, loaded, dead, began_s=began)


def candles_of(
    markets: Sequence[Market],
    universe: Universe,
    wanted: Wanted,
    progress: Progress,
    *,
    known: Known | None = None,
    elsewhere: Elsewhere | None = None,
) -> Gathered:
    """The candles of these symbols. Raises as `load_all` does."""
    began_s = perf_counter()
    loaded = load_all(markets, universe, wanted, progress, known=known, elsewhere=elsewhere)
    return gathered_of(markets, universe, wanted, loaded, (), began_s=began_s)


def gathered_of(
    markets: Sequence[Market],
    universe: Universe,
    wanted: Wanted,
    loaded: Sequence[Loaded],
    skipped: Sequence[Skipped],
    *,
    began_s: float,
) -> Gathered:
    """What was loaded of a universe since `began_s` (perf_counter), and what was skipped before."""
    made("candles", lambda: (each.values.nbytes for market in loaded for each in market.candles))
    return Gathered(
        series=tuple(candles for each in loaded for candles in each.candles),
        known=tuple(stored for each in loaded for stored in each.known),
        away=tuple(away for each in loaded for away in each.away),
        universe=universe,
        skipped=(*skipped, *universe.missing, *(skip for each in loaded for skip in each.skipped)),
        newest_open_ms=max((each.newest_open_ms for each in loaded if each.newest_open_ms is not None), default=None),
        now_ms=max((each.now_ms for each in loaded), default=wanted.window.now_ms),
        interrupted=any(each.interrupted for each in loaded),
        notes=(*unknown_ages(universe, wanted.filters), *(note for market in markets for note in market.notes)),
        fetch_ms=(perf_counter() - began_s) * 1000,
    )


def universe_of(markets: Sequence[Market], wanted: Wanted) -> tuple[Universe, list[Skipped]]:
    """What to scan, and the markets that are dead. Raises as `gather` does.

    A name that a kept list of symbols does not hold may be new: then that list is fetched once.
    """

    def chosen() -> tuple[Universe, list[Skipped]]:
        offered, dead = _listings(markets, wanted)
        universe = choose(offered, wanted.filters, typed=wanted.typed, watched=wanted.watched, stored=wanted.stored)
        return universe, dead

    try:
        universe, dead = chosen()
    except (UsageError, NoDataError):
        if not _refreshed(markets):
            raise
    else:
        if not universe.missing or not _refreshed(markets):
            return universe, dead
    return chosen()


def _refreshed(markets: Sequence[Market]) -> bool:
    """Whether any market will fetch its list of symbols again; all are told to."""
    refreshed = [market.refresh() for market in markets]
    return any(refreshed)


def _listings(markets: Sequence[Market], wanted: Wanted) -> tuple[list[Listing], list[Skipped]]:
    """What the markets offer; one that cannot be reached is skipped by name unless it is the only one."""

    def ask(market: Market) -> list[Listing] | AtcError:
        born_by_ms, tickers = wanted.filters.born_by_ms, wanted.filters.min_volume is not None
        try:
            offered = market.listings(quote=quote_of(wanted.quote, market), tickers=tickers)
            return offered if born_by_ms is None else market.aged(offered, wanted.window, born_by_ms)
        except (UnavailableError, BusyError) as error:
            return error

    answers = _at_once(ask, markets)
    errors = [each for each in answers if isinstance(each, AtcError)]
    if errors and len(errors) == len(markets):
        raise errors[-1]
    offered = [listing for each in answers if not isinstance(each, AtcError) for listing in each]
    dead = [
        Skipped("all symbols", SkipReason.FETCH_FAILED, str(each), market.name)
        for market, each in zip(markets, answers, strict=True)
        if isinstance(each, AtcError)
    ]
    return offered, dead


def _at_once(work: Callable[[Market], T], markets: Sequence[Market]) -> list[T]:
    """`work` of each market, in threads where there are several; Ctrl-C ends it in all of them."""
    if len(markets) < 2:
        return [work(each) for each in markets]
    all_there = Event()

    def begin(market: Market) -> T:
        all_there.wait()
        return work(market)

    with ThreadPoolExecutor(len(markets)) as pool:
        try:
            under_way = [pool.submit(begin, each) for each in markets]
            all_there.set()
            wait(under_way)
        except KeyboardInterrupt:
            for each in markets:
                each.interrupt()
            if not all_there.is_set():  # nothing has begun, so nothing has arrived
                all_there.set()
                raise
    return [each.result() for each in under_way]


def quote_of(quote: str | None, market: Market) -> str | None:
    """The quote currency to filter by; None is all. Names of files need not have one."""
    if quote is None:
        return None if market.name == FILES else DEFAULT_QUOTE
    return None if quote.casefold() == ANY_QUOTE else quote.upper()


def load_all(
    markets: Sequence[Market],
    universe: Universe,
    wanted: Wanted,
    progress: Progress,
    *,
    known: Known | None = None,
    elsewhere: Elsewhere | None = None,
    told_ms: Mapping[str, int] = MappingProxyType({}),
) -> list[Loaded]:
    """Load every market that has listings at once, one by one `elsewhere`. Raises what failed where all did.

    An interrupt leaves each with what had arrived, a failure costs its own symbols. `told_ms` is the time of markets,
    by name, that were asked for it before.
    """
    failures: list[AtcError] = []

    def fetch(market: Market) -> Loaded:
        listings = universe.of(market.name)
        try:
            now_ms = told_ms.get(market.name)
            whole = (market, listings, wanted.window, wanted.needs, progress)
            return load(*whole, known=known, elsewhere=elsewhere, now_ms=now_ms)
        except KeyboardInterrupt:
            return left_out(listings)
        except (UnavailableError, BusyError) as error:
            failures.append(error)
            return failed(listings, error)

    asked = [market for market in markets if universe.of(market.name)]
    with stage(FETCH):
        loaded = _at_once(fetch, asked) if elsewhere is None else list(_one_by_one(fetch, universe, asked))
    if failures and len(failures) == len(asked):
        raise failures[0]
    return loaded


def _one_by_one(fetch: Callable[[Market], Loaded], universe: Universe, markets: Iterable[Market]) -> Iterator[Loaded]:
    """After an interrupt no other is begun."""
    interrupted = False
    for each in markets:
        loaded = left_out(universe.of(each.name)) if interrupted else fetch(each)
        interrupted = loaded.interrupted
        yield loaded
