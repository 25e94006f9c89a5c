"""Real exchanges through ccxt."""

from collections.abc import Awaitable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from atc_cli.data.exchange.budget import Budget, ClockMs, wall_ms
from atc_cli.data.exchange.client import Client, check_timeframe, paced_by_ccxt, paging, prices_of
from atc_cli.data.exchange.clock import Clock, any_answer, keep_time, told_ms
from atc_cli.data.exchange.connect import connect, version
from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.markets import (
    MarketRecord,
    MarketsFile,
    born_ms,
    is_text,
    listing_of,
    may_count_contracts,
    odd_names,
    offers,
    public,
)
from atc_cli.data.exchange.meter import meter
from atc_cli.data.exchange.pages import Found, Paging, Row, SeamError, cut_short
from atc_cli.data.exchange.retry import Health, Patience, Pause, announced
from atc_cli.data.exchange.runner import Runner
from atc_cli.data.exchange.search import rows_of
from atc_cli.data.exchange.tariff import tariff_of
from atc_cli.data.market import Delivery, From, Listing, Market, Prices, Progress
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.secrets import Notes, hiding
from atc_cli.domain.window import Window

CONCURRENT = 8
RATE_SHARE = 0.9

T = TypeVar("T")
_Job = tuple[Listing, Window]


class ExchangeMarket(Market):
    """One kind of market ("spot" or "swap") of one exchange: a `Market` over the network.

    `options` go to ccxt's constructor over our own (proxies, urls, timeout in ms), keys and passwords only with
    `use_keys`. Swaps are linear perpetuals only. `folder` keeps the list of markets for a day and what this machine
    has spent of the rate limit, of which at most `rate_share` is used; without it both last as long as this object.
    `refresh` has the list fetched whatever is kept. At most `concurrent` requests are under way at once. `pause`
    waits the given seconds, `clock_ms` is our clock (UTC ms): where it alone objects, the exchange is believed.
    """

    simulated = False
    live = True

    def __init__(
        self,
        exchange_id: str,
        market: str,
        options: Mapping[str, object],
        *,
        folder: Path | None = None,
        rate_share: float = RATE_SHARE,
        refresh: bool = False,
        use_keys: bool = False,
        concurrent: int = CONCURRENT,
        progress: Progress | None = None,
        pause: Pause | None = None,
        clock_ms: ClockMs = wall_ms,
    ) -> None:
        import asyncio

        self.name = self.title = exchange_id
        self.kind = market
        self._words = hiding([options])
        self.notes: list[str] = Notes(self._words)
        self._options = options if use_keys else public(options)
        self._use_keys = use_keys
        self._folder = folder
        self._rate_share = rate_share
        self._refresh = refresh
        self._concurrent, self._progress = concurrent, progress
        self._clock_ms = clock_ms
        self._clock = Clock(exchange_id, clock_ms, self.notes.append)
        self._runner = Runner()
        self._pause: Pause = pause or asyncio.sleep
        self._wait = announced(self._pause, exchange_id, progress)
        self._patience = Patience(self._pause, self._wait)
        self._client: Client | None = None
        self._budget: Budget | None = None
        self._list_is_kept = False
        self._counted_in_contracts: set[str] = set()

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:
        """Active markets of the kind, by symbol; `tickers` adds the day figures with one more request.

        Raises UsageError for an exchange or a kind that does not exist, UnavailableError, BusyError,
        ConfigError.
        """
        return self._run(self._listings(quote, tickers))

    def now_ms(self) -> int:
        """The exchange's time, UTC ms, as far as a second witness agrees. Raises as `listings` does."""
        return self._run(self._clock.agreed_ms(self._told_ms))

    def certain_ms(self, now_ms: int) -> int:
        """No later than any witness of the exchange's time said when it was last asked for."""
        certain_ms = self._clock.certain_ms
        return now_ms if certain_ms is None else min(now_ms, certain_ms)

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        """Deliver the candles of the window of each listing, and the forming one unless it alone would be a page.

        A symbol that fails is delivered as Skipped. Raises UsageError for a timeframe that the exchange does
        not have, UnavailableError or BusyError when no symbol was answered, KeyboardInterrupt at once.
        """
        if listings:
            self._run(self._fetch([(each, window) for each in listings], window.timeframe, deliver))

    def fetch_from(self, wants: Sequence[From], window: Window, deliver: Delivery) -> None:
        """Deliver every candle of each listing from its `since_ms` to the end of the window, closed and forming.

        Each listing exactly once; one request where a page holds the tail, of the smallest weight that does.
        Raises as `fetch` does.
        """
        if wants:
            jobs = [(each.listing, window.tail(each.since_ms)) for each in wants]
            self._run(self._fetch(jobs, window.timeframe, deliver))

    def prices(self, timeframe: str) -> Prices:
        """By weight where weights are known."""
        weighed = tariff_of(self.name, self.kind) is not None
        return prices_of(self._paging(self._connected(), timeframe), weighed=weighed)

    def refresh(self) -> bool:
        """Have the list of markets fetched again the next time it is needed; False where it is new."""
        kept, self._list_is_kept = self._list_is_kept, False
        if kept and self._client is not None:
            self._client.markets = None
            self._refresh = True
        return kept

    def interrupt(self) -> None:
        """End the work that another thread has asked for, now and later: it raises KeyboardInterrupt there."""
        self._runner.interrupt()

    def close(self) -> None:
        """Let go of connections; harmless after errors and when repeated."""
        client, self._client = self._client, None
        self._runner.close(client.close() if client is not None else None)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        self._patience = Patience(self._pause, self._wait)
        try:
            return self._runner.run(work)
        except RequestError as failure:
            raise failure.as_error(self.name) from failure

    async def _listings(self, quote: str | None, tickers: bool) -> list[Listing]:
        client, markets = await self._loaded()
        offered = [each for each in markets.values() if offers(each, self.kind, quote)]
        chosen = [each for each in offered if is_text(each)]
        for note in odd_names(offered, self.name):
            if note not in self.notes:
                self.notes.append(note)
        self._counted_in_contracts = {each["symbol"] for each in chosen if may_count_contracts(each, self.name)}
        days: Mapping[str, Mapping[str, object]] = {}
        if tickers and client.has.get("fetchTickers"):
            days = await self._patience.ask(client.fetch_tickers)
        listings = (listing_of(each, days.get(each["symbol"], {}), self.name) for each in chosen)
        return sorted(listings, key=lambda each: each.symbol)

    async def _told_ms(self, again: bool) -> int | None:
        """What the exchange says that it is now; None where it says that in the Date of its answers only."""
        client = self._connected()
        if client.has.get("fetchTime"):
            self._clock.forget_date()
            return await told_ms(client, self._patience)
        _, markets = await self._loaded()
        if again or not self._clock.dated:
            self._clock.forget_date()
            symbols = (each["symbol"] for each in markets.values() if offers(each, self.kind, None))
            await any_answer(client, self._patience, next(symbols, None))
        return None

    async def _fetch(self, jobs: Sequence[_Job], timeframe: str, deliver: Delivery) -> None:
        import asyncio

        client, _ = await self._loaded()
        check_timeframe(client, timeframe)
        pages = self._paging(client, timeframe)
        health, queue = Health(), iter(jobs)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._concurrent, len(jobs))):
                    group.create_task(self._work(queue, pages, health, deliver))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        if health.nothing_came is not None:
            raise health.nothing_came

    def _paging(self, client: Client, timeframe: str) -> Paging:
        return paging(client, self.kind, tariff_of(self.name, self.kind), timeframe)

    async def _work(self, queue: Iterator[_Job], pages: Paging, health: Health, deliver: Delivery) -> None:
        for job in queue:
            deliver(await self._candles(job, pages, health))

    async def _candles(self, job: _Job, pages: Paging, health: Health) -> RawCandles | Skipped:
        listing, window = job
        if health.gone is not None:
            return health.gone.as_skip(listing)
        try:
            found = await self._agreeing_rows(job, pages)
        except RequestError as failure:
            health.bad(failure)
            if failure.trouble is Trouble.WRONG_REQUEST and self._list_is_kept and (file := self._markets_file()):
                file.forget()  # the symbol may be gone: the next run asks
            return failure.as_skip(listing)
        health.good()
        if self._progress is not None:
            self._progress.received(len(found.rows))
        if found.cut is not None:
            self.notes.append(f"{listing.symbol}: {self.name} {cut_short(found.rows, found.cut)}")
        in_coins = listing.symbol not in self._counted_in_contracts
        return found.candles(listing, window.timeframe, has_volume=in_coins)

    async def _agreeing_rows(self, job: _Job, pages: Paging) -> Found:
        """The rows; where pages contradict each other all of them are fetched once more, and it is said."""
        try:
            return await self._rows(job, pages)
        except SeamError as seam:
            self.notes.append(f"{job[0].symbol}: {self.name} sent {seam.detail}; fetched again")
            return await self._rows(job, pages)

    async def _rows(self, job: _Job, pages: Paging) -> Found:
        listing, window = job
        client, markets = await self._loaded()

        def ask(since_ms: int | None, limit: int) -> Awaitable[list[Row]]:
            return self._patience.ask(partial(client.fetch_ohlcv, listing.symbol, window.timeframe, since_ms, limit))

        if listing.symbol not in markets:
            raise RequestError(Trouble.WRONG_REQUEST, f"{listing.symbol} is not listed")
        return await rows_of(ask, window, pages, born_ms(markets[listing.symbol]))

    def _connected(self) -> Client:
        if self._client is None:
            client = connect(self.name, self.kind, self._options, self._words)
            self._budget = meter(
                client,
                None if paced_by_ccxt(self._options) else tariff_of(self.name, self.kind),
                folder=self._folder and self._folder / "rate",
                share=self._rate_share,
                clock_ms=self._clock_ms,
                pause=self._wait,
                progress=self._progress,
                say=self.notes.append,
            )
            keep_time(client, self._clock)
            self._client = client
        return self._client

    async def _loaded(self) -> tuple[Client, Mapping[str, MarketRecord]]:
        client = self._connected()
        if not client.markets:
            await self._load_markets(client)
        if not client.markets:
            raise RequestError(Trouble.UNREADABLE, "no list of markets")
        return client, client.markets

    async def _load_markets(self, client: Client) -> None:
        """The list that is kept from an earlier run, else the exchange's."""
        file = self._markets_file()
        kept = None if file is None or self._refresh else file.read(self._clock_ms())
        if kept is not None:
            client.set_markets(kept.markets)
            self._list_is_kept = True
            if self._budget is not None and kept.per_minute is not None:
                self._budget.per_minute = kept.per_minute
            return
        await self._patience.ask(partial(client.load_markets, True))
        if file is not None and client.markets:
            per_minute = self._budget.per_minute if self._budget is not None else None
            file.write(client.markets.values(), self._clock_ms(), per_minute)

    def _markets_file(self) -> MarketsFile | None:
        if self._folder is None:
            return None
        key = [version(), public(self._options), *(["keys"] if self._use_keys else [])]
        return MarketsFile(self._folder / "markets", self.name, self.kind, key, self.notes.append)
