"""From settings to a panel, for every command that computes signals."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from atc_cli.commands.ports import Ports
from atc_cli.data.source import FILES, Listing, Loaded, Market, Progress, Request, failed, left_out, load
from atc_cli.data.universe import Filters, Universe, choose
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params, document_hash
from atc_cli.domain.results import Decision, Header, Skipped, SkipReason
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.errors import AtcError, BusyError, UnavailableError
from atc_cli.settings import Settings

DEFAULT_QUOTE = "USDT"
ANY_QUOTE = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Checked candles of every market, and what it took to get them."""

    panel: Panel
    universe: Universe
    skipped: tuple[Skipped, ...]
    newest_open_ms: int | None
    now_ms: int
    interrupted: bool
    fetch_ms: float

    def listings(self) -> list[Listing]:
        """The listing behind each series of the panel."""
        by_name = {(each.exchange, each.symbol): each for each in self.universe.listings}
        return [by_name[candles.exchange, candles.symbol] for candles in self.panel.series]


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
    offered, dead = _listings(settings, ports.markets)
    filters = Filters(deny=settings.deny, min_volume=settings.min_volume)
    universe = choose(offered, filters, typed=typed, watched=watched)
    loaded = _load_all(ports.markets, universe, request, ports.progress)
    return Gathered(
        panel=Panel.of([candles for each in loaded for candles in each.candles], request.timeframe),
        universe=universe,
        skipped=(*dead, *universe.missing, *(skip for each in loaded for skip in each.skipped)),
        newest_open_ms=max((each.newest_open_ms for each in loaded if each.newest_open_ms is not None), default=None),
        now_ms=max((each.now_ms for each in loaded), default=ports.clock_ms()),
        interrupted=any(each.interrupted for each in loaded),
        fetch_ms=(perf_counter() - began) * 1000,
    )


def _listings(settings: Settings, markets: Sequence[Market]) -> tuple[list[Listing], list[Skipped]]:
    """What the markets offer; one that cannot be reached is skipped by name unless it is the only one."""
    offered: list[Listing] = []
    dead: list[Skipped] = []
    for market in markets:
        try:
            offered += market.listings(quote=quote_of(settings, market), tickers=settings.min_volume is not None)
        except (UnavailableError, BusyError) as error:
            if len(dead) + 1 == len(markets):
                raise
            dead.append(Skipped("all symbols", SkipReason.FETCH_FAILED, str(error), market.name))
    return offered, dead


def quote_of(settings: Settings, market: Market) -> str | None:
    """The quote currency to filter by; None is all. Names of files need not have one."""
    if settings.quote is None:
        return None if market.name == FILES else DEFAULT_QUOTE
    return None if settings.quote.casefold() == ANY_QUOTE else settings.quote.upper()


def _load_all(markets: Sequence[Market], universe: Universe, request: Request, progress: Progress) -> list[Loaded]:
    """Load market after market; an interrupt leaves the next ones out, a failure costs its own symbols only."""
    loaded: list[Loaded] = []
    failures: list[AtcError] = []
    asked = [(market, listings) for market in markets if (listings := universe.of(market.name))]
    for market, listings in asked:
        if any(each.interrupted for each in loaded):
            loaded.append(left_out(listings))
            continue
        try:
            loaded.append(load(market, listings, request, progress))
        except (UnavailableError, BusyError) as error:
            failures.append(error)
            loaded.append(failed(listings, error))
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
    ahead = [each.symbol for each in gathered.panel.series if each.timestamp[-1] > gathered.now_ms]
    if not ahead:
        return ()
    return (f"bars in the future: {len(ahead)} symbol(s), {ahead[0]} first; simulated, or in another time zone?",)


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
        warnings=_warnings(gathered),
    )
