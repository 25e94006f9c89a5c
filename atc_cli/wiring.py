"""Settings to concrete markets and backends. The only place that knows them all."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from atc_cli.commands.ports import Ports
from atc_cli.data.source import Market, Progress
from atc_cli.engine import numba, reference, rust
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.errors import UsageError
from atc_cli.folders import CANDLES, cache_folder
from atc_cli.settings import DEMO, Settings

if TYPE_CHECKING:
    from atc_cli.data.store import Store

_NOT_BUILT = "this version of atc does not include it"


def clock_ms() -> int:
    """The wall clock, UTC ms."""
    return time.time_ns() // 1_000_000


def offers() -> list[Offer | Unavailable]:
    """Every backend by name: what can run, and why the others cannot."""
    absent = [Unavailable(name, _NOT_BUILT, "use --backend auto") for name in ("cuda", "dask")]
    return [rust.offer(), numba.offer(find_spec("numba")), *absent, reference.offer()]


@contextmanager
def ports(settings: Settings, progress: Progress, *, concurrent: int | None = None) -> Iterator[Ports]:
    """Everything that a command needs; markets are closed at the end whatever happens.

    `concurrent`: requests under way at once per exchange, the usual number if None.
    """
    with ExitStack() as stack:
        opened = []
        for market in _markets(settings, progress, concurrent):
            stack.callback(market.close)
            opened.append(market)
        yield Ports(markets=opened, offers=offers(), clock_ms=clock_ms, progress=progress)


def _markets(settings: Settings, progress: Progress, concurrent: int | None) -> Iterator[Market]:
    if settings.data is not None:
        from atc_cli.data.files import FolderMarket

        yield FolderMarket(settings.data, settings.timeframe)
        return
    if DEMO in settings.exchange and len(settings.exchange) > 1:
        raise UsageError("demo is a simulated market and is not mixed with real ones", "--exchange demo")
    for exchange in settings.exchange:
        yield _demo(settings) if exchange == DEMO else _exchange(settings, exchange, progress, concurrent)


def _demo(settings: Settings) -> Market:
    from atc_cli.data.demo import DemoMarket

    return DemoMarket(settings.seed, clock_ms)


def _exchange(settings: Settings, exchange: str, progress: Progress, concurrent: int | None) -> Market:
    if settings.offline:
        from atc_cli.data.store_offline import OfflineMarket

        return OfflineMarket(_candles(settings), exchange, settings.market, settings.timeframe, clock=clock_ms)
    from atc_cli.data.exchange import CONCURRENT, ExchangeMarket
    from atc_cli.data.stored import StoredMarket

    market = ExchangeMarket(
        exchange,
        settings.market,
        settings.ccxt.get(exchange, {}),
        folder=cache_folder(settings.cache_dir),
        rate_share=settings.rate_share,
        refresh=settings.refresh_markets,
        concurrent=concurrent or CONCURRENT,
        progress=progress,
    )
    return StoredMarket(
        market,
        store(settings, market.notes.append),
        limit_bytes=settings.cache_max_mb * 1e6,
        forming=settings.include_open,
        refresh=settings.refresh,
    )


def store(settings: Settings, say: Callable[[str], None]) -> "Store":
    """The candles on disk; `say` is told of damaged files."""
    from atc_cli.data.store import Store

    return Store(_candles(settings), say)


def _candles(settings: Settings) -> Path:
    return cache_folder(settings.cache_dir) / CANDLES
