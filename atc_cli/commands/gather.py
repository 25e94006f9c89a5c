"""From settings to checked candles, for every command that computes signals."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event
from time import perf_counter
from typing import TypeVar

from atc_cli.commands.ports import Ports
from atc_cli.data.load import Loaded, failed, left_out, load
from atc_cli.data.market import FILES, Listing, Market, Progress, Request
from atc_cli.data.universe import Filters, Universe, choose
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params, document_hash
from atc_cli.domain.results.scan import Decision, Header, ScanRow, Skipped, SkipReason
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.engine.backend import Workload
from atc_cli.errors import AtcError, BusyError, NoDataError, UnavailableError, UsageError
from atc_cli.settings.sections import Settings

DEFAULT_QUOTE = "USDT"
ANY_QUOTE = "any"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Checked candles of every market, rows that earlier scans remember, and what it took to get them."""

    series: tuple[Candles, ...]
    known: tuple[ScanRow, ...]
    timeframe: str
    universe: Universe
    skipped: tuple[Skipped, ...]
    newest_open_ms: int | None
    now_ms: int
    interrupted: bool
    notes: tuple[str, ...]
    fetch_ms: float

    @property
    def bars(self) -> int:
        """Candles of all series and rows."""
        return sum(len(each) for each in self.series) + sum(row.bars for row in self.known)

    @property
    def longest_bars(self) -> int:
        """Bars of the longest series."""
        return max((*map(len, self.series), *(row.bars for row in self.known)), default=0)

    def listings(self) -> Mapping[tuple[str, str], Listing]:
        """Every listing by exchange and symbol."""
        return {(each.exchange, each.symbol): each for each in self.universe.listings}

    def panel(self) -> Panel:
        """All series, in order."""
        return Panel.of(self.series, self.timeframe)

    def workload(self, params: Params, want: Want) -> Workload:
        """What computing all of them would be, rows that are remembered included."""
        return Workload(
            series=len(self.series) + len(self.known),
            bars_total=self.bars,
            longest_bars=self.longest_bars,
            dialect=params.dialect,
            want=want,
        )


def gather(
    settings: Settings,
    ports: Ports,
    request: Request,
    *,
    typed: Sequence[str] = (),
    watched: Sequence[str] | None = None,
) -> Gathered:
    """Listings, universe, candles. Raises NoDataError and UsageError as universe.choose does."""
    began = perf_counter()
    universe, dead = universe_of(settings, ports, typed, watched)
    loaded = load_all(ports.markets, universe, request, ports.progress)
    return Gathered(
        series=tuple(candles for each in loaded for candles in each.candles),
        known=tuple(row for each in loaded for row in each.rows),
        timeframe=request.timeframe,
        universe=universe,
        skipped=(*dead, *universe.missing, *(skip for each in loaded for skip in each.skipped)),
        newest_open_ms=max((each.newest_open_ms for each in loaded if each.newest_open_ms is not None), default=None),
        now_ms=max((each.now_ms for each in loaded), default=ports.clock_ms()),
        interrupted=any(each.interrupted for each in loaded),
        notes=tuple(note for market in ports.markets for note in market.notes),
        fetch_ms=(perf_counter() - began) * 1000,
    )


def universe_of(
    settings: Settings, ports: Ports, typed: Sequence[str], watched: Sequence[str] | None
) -> tuple[Universe, list[Skipped]]:
    """What to scan, and the markets that are dead. Raises as `gather` does.

    A name that a kept list of symbols does not hold may be new: then that list is fetched once.
    """
    filters = _filters(settings, ports)
    try:
        offered, dead = _listings(settings, ports.markets)
        universe = choose(offered, filters, typed=typed, watched=watched)
    except (UsageError, NoDataError):
        if not _refreshed(ports.markets):
            raise
    else:
        if not universe.missing or not _refreshed(ports.markets):
            return universe, dead
    offered, dead = _listings(settings, ports.markets)
    return choose(offered, filters, typed=typed, watched=watched), dead


def _refreshed(markets: Sequence[Market]) -> bool:
    """Whether any market will fetch its list of symbols again; all are told to."""
    refreshed = [market.refresh() for market in markets]
    return any(refreshed)


def _filters(settings: Settings, ports: Ports) -> Filters:
    age_ms = settings.min_age * TIMEFRAMES_MS[settings.timeframe]
    return Filters(
        deny=settings.deny,
        allow=settings.allow,
        stable=settings.stable,
        leveraged=settings.leveraged,
        born_by_ms=ports.clock_ms() - age_ms if age_ms else None,
        min_volume=settings.min_volume,
    )


def _listings(settings: Settings, markets: Sequence[Market]) -> tuple[list[Listing], list[Skipped]]:
    """What the markets offer; one that cannot be reached is skipped by name unless it is the only one."""

    def ask(market: Market) -> list[Listing] | AtcError:
        try:
            return market.listings(quote=quote_of(settings, market), tickers=settings.min_volume is not None)
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


def quote_of(settings: Settings, market: Market) -> str | None:
    """The quote currency to filter by; None is all. Names of files need not have one."""
    if settings.quote is None:
        return None if market.name == FILES else DEFAULT_QUOTE
    return None if settings.quote.casefold() == ANY_QUOTE else settings.quote.upper()


def load_all(markets: Sequence[Market], universe: Universe, request: Request, progress: Progress) -> list[Loaded]:
    """Load every market at once. Raises what failed where all did.

    An interrupt leaves each with what had arrived, a failure costs its own symbols.
    """
    failures: list[AtcError] = []

    def fetch(market: Market) -> Loaded:
        listings = universe.of(market.name)
        try:
            return load(market, listings, request, progress)
        except KeyboardInterrupt:
            return left_out(listings)
        except (UnavailableError, BusyError) as error:
            failures.append(error)
            return failed(listings, error)

    asked = [market for market in markets if universe.of(market.name)]
    loaded = _at_once(fetch, asked)
    if failures and len(failures) == len(asked):
        raise failures[0]
    return loaded


def request_of(settings: Settings, params: Params, *, max_lag_bars: int) -> Request:
    """What is wanted of every symbol."""
    return Request(
        timeframe=settings.timeframe,
        bars=settings.bars,
        include_open=settings.include_open,
        warmup_bars=params.warmup_bars,
        min_bars=settings.min_bars,
        cutout_bars=settings.cutout,
        max_lag_bars=max_lag_bars,
    )


def _warnings(gathered: Gathered) -> tuple[str, ...]:
    ahead = [each.symbol for each in gathered.series if each.timestamp[-1] > gathered.now_ms]
    if not ahead:
        return gathered.notes
    future = f"bars in the future: {len(ahead)} symbol(s), {ahead[0]} first; simulated, or in another time zone?"
    return (*gathered.notes, future)


def header_of(
    settings: Settings, params: Params, ports: Ports, gathered: Gathered, *, decision: Decision, compute_ms: float
) -> Header:
    """Everything that makes these signals these signals."""
    window = {"timeframe": settings.timeframe, "bars": settings.bars, "include_open": settings.include_open}
    document = {**params.document(), **window}
    may_be_old = settings.offline or not all(market.live for market in ports.markets)
    newest = gathered.newest_open_ms
    closed_ms = None if newest is None else newest + TIMEFRAMES_MS[settings.timeframe]
    return Header(
        exchange=",".join(market.title for market in ports.markets),
        market=ports.markets[0].kind,
        simulated=any(market.simulated for market in ports.markets),
        timeframe=settings.timeframe,
        bars=settings.bars,
        dialect=settings.dialect.value,
        preset=settings.preset,
        modified=settings.modified,
        params=document,
        params_hash=document_hash(document),
        cuts=params.cuts,
        backend=decision,
        generated_at_ms=ports.clock_ms(),
        bar_time_ms=newest,
        data_age_ms=None if closed_ms is None or not may_be_old else max(gathered.now_ms - closed_ms, 0),
        include_open=settings.include_open,
        timings_ms={"fetch": gathered.fetch_ms, "compute": compute_ms},
        warnings=(*_warnings(gathered), *ports.notes),
    )
