"""Settings to concrete markets and backends. The only place that knows them all."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atc_cli.commands.ports import Ports, crowded
from atc_cli.data.market import Market, Progress
from atc_cli.disk.folders import CANDLES, LAST, LOG, SIGNALS, WINDOWS, cache_folder, data_folder
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.engines import AUTO, ELSEWHERE, Engine
from atc_cli.engine import offers as engine
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.memory import free_bytes
from atc_cli.errors import UsageError
from atc_cli.identity import code_checksum
from atc_cli.settings.names import DEMO
from atc_cli.settings.sections import Settings
from atc_cli.stages import LISTINGS, stage

if TYPE_CHECKING:
    from atc_cli.commands.bench import BenchPorts
    from atc_cli.commands.profile import ProfilePorts
    from atc_cli.data.store.shelf import Store
    from atc_cli.domain.results.profile import MemoryUse
    from atc_cli.signals.last import Last
    from atc_cli.signals.log import Log
    from atc_cli.signals.rows import Signals
    from atc_cli.signals.windows import Windows


def clock_ms() -> int:
    """The wall clock, UTC ms."""
    return time.time_ns() // 1_000_000


def offers(cluster: Cluster | None = None, say: Callable[[str], None] | None = None) -> list[Offer | Unavailable]:
    """Every backend: what can run here, and why the others cannot; `say` hears why measured coefficients are unused."""
    from atc_cli.cli.coefficients import in_force

    found = in_force()
    if found.fault is not None and say is not None:
        say(found.fault)
    return engine.offers(cluster, found.costs)


@contextmanager
def ports(
    settings: Settings,
    progress: Progress,
    *,
    concurrent: int | None = None,
    remember: bool = False,
    ahead: bool = False,
    anchor: Anchor | None = None,
    verbose: bool = False,
) -> Iterator[Ports]:
    """Everything that a command needs; markets and clusters are closed at the end whatever happens.

    `concurrent`: requests under way at once per exchange, the usual number if None. `remember`: rows of earlier scans
    will do, where the settings say so, and `ahead` of a backend that is named too. `anchor`: so will values of windows
    of that anchor. `verbose`: say where a cluster shows what it does.
    """
    check_tables(settings)
    notes: list[str] = []
    with ExitStack() as stack:
        signals = _signals(settings, notes.append, ahead=ahead) if remember else None
        if signals is not None:
            stack.callback(signals.close)
        opened = []
        with stage(LISTINGS):
            for market in _markets(settings, progress, concurrent):
                stack.callback(market.close)
                opened.append(market)
        with stage("route"):
            cluster = Cluster(settings.scheduler, notes.append, progress.lasting, progress, verbose=verbose)
            able = offers(stack.enter_context(closing(cluster)), notes.append)
        notes += [*_passed_over(able, settings), *crowded(settings.threads)]
        yield Ports(
            markets=opened,
            offers=able,
            clock_ms=clock_ms,
            progress=progress,
            signals=signals,
            windows=None if anchor is None else _windows(settings, anchor, notes.append),
            notes=notes,
            threads=settings.threads,
            free_bytes=free_bytes,
        )


def _passed_over(offers: Sequence[Offer | Unavailable], settings: Settings) -> Iterator[str]:
    """Why another backend computes than one that is many times as fast, or was expected to run."""
    for each in offers:
        if settings.backend != AUTO or not isinstance(each, Unavailable):
            continue
        if each.name == Engine.RUST or each.expected:
            yield f"backend {each.name} cannot run: {each.why}; {each.remedy}"


def check_tables(settings: Settings) -> None:
    """Raise ConfigError for a table of an exchange that does not exist: it would be left unread without a word."""
    if settings.ccxt:
        from atc_cli.commands.config import check_exchange

        for exchange in settings.ccxt:
            check_exchange(exchange, f"[ccxt.{exchange}]")


def _signals(settings: Settings, say: Callable[[str], None], *, ahead: bool) -> "Signals | None":
    """Rows of earlier scans; None where they are not wanted, or the candles are not all from the store.

    Who names a backend wants it to compute, but not what is known `ahead`: all give the same bits.
    """
    unlike = settings.include_open or settings.refresh or settings.data is not None or DEMO in settings.exchange
    named = settings.backend != AUTO and not ahead
    if not settings.signals_cache or unlike or named:
        return None
    from atc_cli.signals.disk import BytesCache
    from atc_cli.signals.rows import Signals

    cache = BytesCache(
        cache_folder(settings.cache_dir) / SIGNALS,
        memory_bytes=settings.signals_memory_mb * 10**6,
        disk_bytes=settings.signals_max_mb * 10**6,
        say=say,
    )
    window = {"timeframe": settings.timeframe, "bars": settings.bars}
    return Signals(cache, {**settings.params().document(), **window, "code": code_checksum()})


def _windows(settings: Settings, anchor: Anchor, say: Callable[[str], None]) -> "Windows | None":
    """Values of windows that were replayed before; None for who names a backend, and wants it to compute."""
    if settings.backend != AUTO:
        return None
    from atc_cli.signals.windows import Windows

    made_of = {
        "bars": settings.bars,
        "anchor": str(anchor),
        "market": settings.market,
        "data": None if settings.data is None else str(settings.data.absolute()),
        "hosts": [host_of(settings, each) for each in settings.exchange],
        "code": code_checksum(),
    }
    folder, limit_bytes = cache_folder(settings.cache_dir) / WINDOWS, settings.signals_max_mb * 1e6
    return Windows(folder, settings.params(), made_of, limit_bytes=limit_bytes, say=say)


def last(settings: Settings, typed: Sequence[str], watched: Sequence[str] | None) -> "Last | None":
    """Ranks of earlier scans with the same settings as far as ranks depend on them; None on a simulated market."""
    if settings.data is None and DEMO in settings.exchange:
        return None
    from atc_cli.domain.params import document_hash
    from atc_cli.settings.ranking import ranking
    from atc_cli.signals.last import Last

    same = {
        **ranking(settings),
        "data": None if settings.data is None else str(settings.data.absolute()),
        "hosts": [host_of(settings, each) for each in settings.exchange],
        "symbols": sorted(set(typed)),
        "watchlist": None if watched is None else sorted(set(watched)),
    }
    return Last(cache_folder(settings.cache_dir) / LAST, document_hash(same))


def log() -> "Log":
    """The rows that scans printed."""
    from atc_cli.signals.log import Log

    return Log(data_folder() / LOG)


def place_of(settings: Settings, exchange: str) -> str:
    """What tells these candles from others of the same names: a folder, a host, the seed of the simulated market."""
    if settings.data is not None:
        return str(settings.data.absolute())
    return f"seed {settings.seed}" if exchange == DEMO else host_of(settings, exchange)


def _markets(settings: Settings, progress: Progress, concurrent: int | None) -> Iterator[Market]:
    if settings.data is not None:
        from atc_cli.data.files.folder import FolderMarket

        yield FolderMarket(settings.data, settings.timeframe)
        return
    if DEMO in settings.exchange and len(settings.exchange) > 1:
        raise UsageError("demo is a simulated market and is not mixed with real ones", "--exchange demo")
    for exchange in settings.exchange:
        yield _demo(settings) if exchange == DEMO else _exchange(settings, exchange, progress, concurrent)


def _demo(settings: Settings) -> Market:
    from atc_cli.data.demo import DemoMarket

    return DemoMarket(settings.seed, clock_ms, settings.demo_symbols)


def _exchange(settings: Settings, exchange: str, progress: Progress, concurrent: int | None) -> Market:
    if settings.offline:
        from atc_cli.data.store.offline import OfflineMarket

        place = (_candles(settings), exchange, settings.market, settings.timeframe)
        return OfflineMarket(*place, clock=clock_ms, host=host_of(settings, exchange))
    from atc_cli.data.exchange.market import CONCURRENT, ExchangeMarket
    from atc_cli.data.store.market import StoredMarket

    market = ExchangeMarket(
        exchange,
        settings.market,
        settings.ccxt.get(exchange, {}),
        folder=cache_folder(settings.cache_dir),
        rate_share=settings.rate_share,
        refresh=settings.refresh_markets,
        use_keys=settings.use_keys,
        concurrent=concurrent or CONCURRENT,
        progress=progress,
    )
    return StoredMarket(
        market,
        store(settings, market.notes.append),
        limit_bytes=settings.cache_max_mb * 1e6,
        refresh=settings.refresh,
        host=host_of(settings, exchange),
    )


def host_of(settings: Settings, exchange: str) -> str:
    """The tag of the host that the settings lead to, "" for the exchange's own."""
    options = settings.ccxt.get(exchange)
    if not options:
        return ""
    from atc_cli.data.store import host

    return host.host_of(options)


def store(settings: Settings, say: Callable[[str], None]) -> "Store":
    """The candles on disk; `say` is told of damaged files."""
    from atc_cli.data.store.shelf import Store

    return Store(_candles(settings), say)


def _candles(settings: Settings) -> Path:
    return cache_folder(settings.cache_dir) / CANDLES


def watched_memory() -> "Callable[[], MemoryUse]":
    """From now on watch the peak of each stage and the arrays that are made; what tells them."""
    from atc_cli import stages
    from atc_cli.profiling.memory import Peaks
    from atc_cli.profiling.summing import memory_of

    peaks = Peaks()
    stages.watch(peaks.border)
    return lambda: memory_of(peaks.document(), {})


def profile_ports(progress: Progress, out: Path | None) -> "ProfilePorts":
    """Everything that `atc profile` needs."""
    from datetime import UTC, datetime
    from functools import partial

    from atc_cli.bench.machine import machine
    from atc_cli.commands.profile import ProfilePorts
    from atc_cli.profiling.place import base_of, revision

    now, known = datetime.now(UTC), revision()
    base = partial(base_of, out, now=now, revision=known)
    return ProfilePorts(machine=machine(now), revision=known, base=base, progress=progress)


def _not_benched(name: str) -> Unavailable:
    return Unavailable(name, "bench measures what computes in one process", "time an `atc scan --backend dask`")


def bench_ports(progress: Progress) -> "BenchPorts":
    """Everything that `atc bench` needs."""
    from importlib.util import find_spec

    from atc_cli.bench import talib
    from atc_cli.bench.process import measure_apart
    from atc_cli.commands.bench import BenchPorts

    return BenchPorts(
        offers=[each if each.name not in ELSEWHERE else _not_benched(each.name) for each in offers()],
        rival=talib.offer(find_spec("talib")),
        measure=measure_apart,
        clock_ms=clock_ms,
        progress=progress,
    )
