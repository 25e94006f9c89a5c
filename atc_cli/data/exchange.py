"""Real exchanges through ccxt: the only module that imports it, and only when an exchange is asked.

Importing ccxt takes half a second and 100 MB, so a market that is never asked never pays for it.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Any, TypeVar

import numpy as np

from atc_cli.data.exchange_client import (
    Client,
    ask_needed_lists_only,
    check_kind,
    check_timeframe,
    listen,
    our_options,
    paging,
)
from atc_cli.data.exchange_errors import RequestError, Trouble
from atc_cli.data.exchange_pages import Row, SeamError, Window, rows_of
from atc_cli.data.exchange_retry import Health, Patience, Pause
from atc_cli.data.exchange_tariff import tariff_of
from atc_cli.data.source import Delivery, From, Listing
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.results import Skipped
from atc_cli.errors import ConfigError, UsageError, unknown_name
from atc_cli.merge import merged

_CONCURRENT = 8
# swap candles of these carry base volume; gate, kucoinfutures and mexc hand contracts through
_VOLUME_IN_COINS = frozenset({"binance", "binanceusdm", "bybit", "okx", "bitget", "hyperliquid", "htx"})

T = TypeVar("T")
_Job = tuple[Listing, Callable[..., Window]]


class ExchangeMarket:
    """One kind of market ("spot" or "swap") of one exchange: a `Market` over the network.

    `options` go to ccxt's constructor over our own (proxies, urls, timeout in ms). `pause` waits the given
    seconds between attempts. Swaps are linear perpetuals only.
    """

    simulated = False
    live = True

    def __init__(
        self, exchange_id: str, market: str, options: Mapping[str, object], *, pause: Pause | None = None
    ) -> None:
        import asyncio

        self.name = exchange_id
        self.title = exchange_id
        self.kind = market
        self._options = options
        self._runner = asyncio.Runner()
        self._pause: Pause = pause or asyncio.sleep
        self._patience = Patience(self._pause)
        self._client: Client | None = None
        self._counted_in_contracts: set[str] = set()
        self.notes: list[str] = []

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        """Active markets of the kind, by symbol; `tickers` adds the day figures with one more request.

        Raises UsageError for an exchange or a kind that does not exist, UnavailableError, BusyError,
        ConfigError.
        """
        return self._run(self._listings(quote, tickers))

    def now_ms(self) -> int:
        """The exchange's clock, UTC ms; ours where it tells no time. Raises as `listings` does."""
        return self._run(self._now_ms())

    def fetch(self, listings: Sequence[Listing], timeframe: str, bars: int, now_ms: int, deliver: Delivery) -> None:
        """Deliver the newest `bars` closed candles and the forming one of each listing, as of `now_ms`.

        A symbol that fails is delivered as Skipped. Raises UsageError for a timeframe that the exchange does
        not have, UnavailableError or BusyError when no symbol was answered, KeyboardInterrupt at once.
        """
        if listings:
            make = partial(Window, timeframe=timeframe, now_ms=now_ms, bars=bars)
            self._run(self._fetch([(each, make) for each in listings], timeframe, deliver))

    def fetch_from(self, wants: Sequence[From], timeframe: str, now_ms: int, deliver: Delivery) -> None:
        """Deliver every candle of each listing that opens at `since_ms` or later, up to `now_ms`, closed and forming.

        Each listing exactly once; one request where a page holds the tail, of the smallest weight that does.
        Raises as `fetch` does.
        """
        if wants:
            make = partial(Window, timeframe=timeframe, now_ms=now_ms)
            jobs = [(each.listing, partial(make, since_ms=each.since_ms)) for each in wants]
            self._run(self._fetch(jobs, timeframe, deliver))

    def close(self) -> None:
        """Let go of connections; harmless after errors and when repeated."""
        client, self._client = self._client, None
        try:
            if client is not None:
                self._runner.run(client.close())
        finally:
            self._runner.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        self._patience = Patience(self._pause)
        try:
            return self._runner.run(work)
        except RequestError as failure:
            raise failure.as_error(self.name) from failure

    async def _listings(self, quote: str | None, tickers: bool) -> list[Listing]:
        client, markets = await self._loaded()
        chosen = [each for each in markets.values() if _offers(each, self.kind, quote)]
        self._counted_in_contracts = {each["symbol"] for each in chosen if _may_count_contracts(each, self.name)}
        days: Mapping[str, Mapping[str, object]] = {}
        if tickers and client.has.get("fetchTickers"):
            days = await self._patience.ask(client.fetch_tickers)
        listings = (self._listing(each, days.get(each["symbol"], {})) for each in chosen)
        return sorted(listings, key=lambda each: each.symbol)

    def _listing(self, market: Mapping[str, Any], day: Mapping[str, object]) -> Listing:
        change_percent = _finite(day.get("percentage"))
        return Listing(
            exchange=self.name,
            symbol=market["symbol"],
            native=market["id"],
            quote=market["quote"],
            change_24h_frac=None if change_percent is None else change_percent / 100,
            quote_volume=_finite(day.get("quoteVolume")),
        )

    async def _now_ms(self) -> int:
        client = self._connected()
        if not client.has.get("fetchTime"):
            return client.milliseconds()
        now_ms = await self._patience.ask(client.fetch_time)
        if type(now_ms) is not int or now_ms <= 0:
            raise RequestError(Trouble.UNREADABLE, "no time of day")
        return now_ms

    async def _fetch(self, jobs: Sequence[_Job], timeframe: str, deliver: Delivery) -> None:
        import asyncio

        client, _ = await self._loaded()
        check_timeframe(client, timeframe)
        pages = paging(client, self.kind, tariff_of(self.name, self.kind))
        health = Health()
        queue = ((listing, make(paging=pages)) for listing, make in jobs)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(_CONCURRENT, len(jobs))):
                    group.create_task(self._work(queue, health, deliver))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        if health.nothing_came is not None:
            raise health.nothing_came

    async def _work(self, queue: Iterator[tuple[Listing, Window]], health: Health, deliver: Delivery) -> None:
        for listing, window in queue:
            deliver(await self._candles(listing, window, health))

    async def _candles(self, listing: Listing, window: Window, health: Health) -> RawCandles | Skipped:
        if health.gone is not None:
            return health.gone.as_skip(listing)
        try:
            rows = await self._agreeing_rows(listing, window)
        except RequestError as failure:
            health.bad(failure)
            return failure.as_skip(listing)
        health.good()
        table = np.array(rows, dtype=np.float64).reshape(-1, 6)
        if listing.symbol in self._counted_in_contracts:
            table[:, 5] = np.nan
        return RawCandles(exchange=listing.exchange, symbol=listing.symbol, timestamp=table[:, 0], values=table[:, 1:])

    async def _agreeing_rows(self, listing: Listing, window: Window) -> list[Row]:
        """The rows; where pages contradict each other all of them are fetched once more, and it is said."""
        try:
            return await self._rows(listing, window)
        except SeamError as seam:
            self.notes.append(f"{listing.symbol}: {self.name} sent {seam.detail}; fetched again")
            return await self._rows(listing, window)

    async def _rows(self, listing: Listing, window: Window) -> list[Row]:
        client, markets = await self._loaded()

        async def ask(since_ms: int | None, limit: int) -> list[Row]:
            request = partial(client.fetch_ohlcv, listing.symbol, window.timeframe, since_ms, limit)
            return await self._patience.ask(request)

        if listing.symbol not in markets:
            raise RequestError(Trouble.WRONG_REQUEST, f"{listing.symbol} is not listed")
        created = markets[listing.symbol].get("created")
        return await rows_of(ask, window, created if isinstance(created, int) else 0)

    def _connected(self) -> Client:
        if self._client is None:
            self._client = _connect(self.name, self.kind, self._options)
        return self._client

    async def _loaded(self) -> tuple[Client, Mapping[str, Mapping[str, Any]]]:
        client = self._connected()
        if not client.markets:
            await self._patience.ask(client.load_markets)
        if not client.markets:
            raise RequestError(Trouble.UNREADABLE, "no list of markets")
        return client, client.markets


def exchange_ids() -> list[str]:
    """Every exchange that ccxt knows."""
    import ccxt

    return list(ccxt.exchanges)


def _connect(exchange_id: str, kind: str, options: Mapping[str, object]) -> Client:
    import ccxt.async_support as ccxt

    if exchange_id not in ccxt.exchanges:
        raise UsageError(*unknown_name("exchange", exchange_id, ["demo", *ccxt.exchanges]))
    try:
        client: Client = getattr(ccxt, exchange_id)(merged(our_options(exchange_id, kind), options))
    except (ccxt.BaseError, TypeError, ValueError, AttributeError, LookupError) as error:
        raise ConfigError(f"ccxt does not take the options of {exchange_id}: {error}") from error
    check_kind(client, exchange_id, kind)
    ask_needed_lists_only(client, kind, options)
    listen(client)
    client.timeout_on_exit = 0  # aiohttp itself waits for its connections to close
    return client


def _offers(market: Mapping[str, Any], kind: str, quote: str | None) -> bool:
    """Whether a market is open, of the kind, and of the quote currency if one is given."""
    of_kind = market.get("spot") if kind == "spot" else market.get("swap") and market.get("linear")
    named = all(isinstance(market.get(key), str) for key in ("symbol", "id", "quote"))
    return bool(of_kind and named and market.get("active") is not False) and (
        quote is None or market["quote"].casefold() == quote.casefold()
    )


def _may_count_contracts(market: Mapping[str, Any], exchange: str) -> bool:
    """Whether candle volume may count contracts that are not one coin each: then it is unknown."""
    size = market.get("contractSize")
    return exchange not in _VOLUME_IN_COINS and size is not None and size != 1


def _finite(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else None
