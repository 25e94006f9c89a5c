"""The ccxt adapter against a Binance of our own on the loopback."""

import asyncio
import gzip
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

import numpy as np
import pytest

from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.market import ExchangeMarket
from atc_cli.data.exchange.pages import AskRows, Paging, Row
from atc_cli.data.exchange.retry import Patience
from atc_cli.data.exchange.search import rows_of
from atc_cli.data.load import Needs, load
from atc_cli.data.market import Listing
from atc_cli.domain.panel import Candles, Panel, RawCandles, check
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.timeframe import HOUR_MS, MINUTE_MS, TIMEFRAMES_MS
from atc_cli.domain.window import Window
from atc_cli.errors import AtcError, BusyError, ConfigError, ExitCode, UnavailableError, UsageError
from tests.conftest import ROOT, SHARED
from tests.helpers.exchange_case import FORMING, NOW, Got, Waits, assert_same, coins, fetch_all, hourly, market_of
from tests.loopback import (
    EXCHANGE_INFO,
    KLINES,
    TICKERS,
    TIME,
    BinanceServer,
    BybitServer,
    Fault,
    LoopbackServer,
    OkxServer,
    Symbol,
    edited,
    fixed,
    malformed,
    rate_limited,
    refused,
    reset,
    stalled,
    wandering,
)

RECORDED = SHARED / "data" / "rest" / "binance"

needs_recorded = pytest.mark.skipif(not RECORDED.is_dir(), reason="recorded answers are not part of the project")
pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons


class TestListings:
    MIXED = (
        Symbol("ETH", bars=wandering(1)),
        Symbol("BTC", bars=wandering(2)),
        Symbol("SOL", "USDC", bars=wandering(3)),
        Symbol("OLD", status="SETTLING"),
        Symbol("SOON", status="PENDING_TRADING"),
        Symbol("BTC", "USDT_261225", contract="CURRENT_QUARTER"),
        Symbol("TSLA", contract="TRADIFI_PERPETUAL", bars=wandering(4)),
        Symbol("测试", bars=wandering(5)),
    )

    def test_swaps_are_active_linear_perpetuals_by_symbol(self) -> None:
        with BinanceServer(self.MIXED, now_ms=NOW) as server, market_of(server) as (market, _):
            listings = market.listings(quote=None, tickers=False)
        assert [(each.symbol, each.native, each.quote) for each in listings] == [
            ("BTC/USDT:USDT", "BTCUSDT", "USDT"),
            ("ETH/USDT:USDT", "ETHUSDT", "USDT"),
            ("SOL/USDC:USDC", "SOLUSDC", "USDC"),
            ("TSLA/USDT:USDT", "TSLAUSDT", "USDT"),
            ("测试/USDT:USDT", "测试USDT", "USDT"),
        ]
        assert {each.exchange for each in listings} == {"binance"}

    @pytest.mark.parametrize("quote", ["USDC", "usdc"])
    def test_a_quote_currency_selects(self, quote: str) -> None:
        with BinanceServer(self.MIXED, now_ms=NOW) as server, market_of(server) as (market, _):
            assert [each.native for each in market.listings(quote=quote, tickers=False)] == ["SOLUSDC"]

    def test_spot_lists_spot_symbols(self) -> None:
        symbols = [Symbol("BTC"), Symbol("ETH", "BTC"), Symbol("LUNA", status="BREAK")]
        with BinanceServer(symbols, now_ms=NOW) as server, market_of(server, "spot") as (market, _):
            assert [each.symbol for each in market.listings(quote=None, tickers=False)] == ["BTC/USDT", "ETH/BTC"]

    @pytest.mark.parametrize("kind", ["spot", "swap"])
    def test_one_exchange_info_serves_listings_and_fetch_and_nothing_strays(self, kind: str) -> None:
        with BinanceServer(coins(3), now_ms=NOW) as server, market_of(server, kind) as (market, _):
            market.listings(quote="USDT", tickers=False)
            fetch_all(market, bars=10)
            assert server.count(EXCHANGE_INFO) == 1
            assert {each.kind for each in server.answered} == {kind}

    @pytest.mark.parametrize(("kind", "weight"), [("spot", 20 + 80), ("swap", 1 + 40)])
    def test_tickers_fill_the_day_figures_with_one_request(self, kind: str, weight: int) -> None:
        day = {"priceChangePercent": "-2.500", "quoteVolume": "1234.5"}
        with BinanceServer(coins(2), now_ms=NOW) as server, market_of(server, kind) as (market, _):
            server.plan(edited(lambda lines: [{**lines[0], **day}]), path=TICKERS)
            first, second = market.listings(quote=None, tickers=True)
            assert server.weight == weight
        assert (first.change_24h_frac, first.quote_volume) == (-0.025, 1234.5)
        assert (second.change_24h_frac, second.quote_volume) == (None, None)

    def test_without_tickers_no_day_figures_are_asked_for(self) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
            (listing,) = market.listings(quote=None, tickers=False)
            assert (listing.change_24h_frac, listing.quote_volume) == (None, None)
            assert server.count(TICKERS) == 0

    @pytest.mark.parametrize("exchange", ["binance", "binanceusdm"])
    def test_both_names_of_the_usdm_market_work(self, exchange: str) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server, exchange=exchange) as (market, _):
            assert len(fetch_all(market).candles) == 1
            assert server.count(KLINES) == 4

    def test_a_configured_key_causes_no_private_request(self) -> None:
        with (
            BinanceServer(coins(1), now_ms=NOW) as server,
            market_of(server, "spot", apiKey="key", secret="secret") as (market, _),
        ):
            assert len(market.listings(quote=None, tickers=True)) == 1
            assert {each.kind for each in server.answered} == {"spot"}

    @pytest.mark.parametrize(
        ("exchange", "server_of"), [("binanceusdm", BinanceServer), ("bybit", BybitServer), ("okx", OkxServer)]
    )
    def test_nor_does_it_on_others(self, exchange: str, server_of: type[LoopbackServer]) -> None:
        key = {"apiKey": "key", "secret": "secret", "password": "password"}
        with server_of(coins(1), now_ms=NOW) as server, market_of(server, exchange=exchange, **key) as (market, _):
            assert len(fetch_all(market, 10).candles) == 1
            assert {each.status for each in server.answered} == {200}, "what is signed is not served"


class TestNames:
    def test_an_unknown_exchange_names_the_nearest(self) -> None:
        with closing(ExchangeMarket("binanc", "swap", {})) as market, pytest.raises(UsageError) as caught:
            market.listings(quote=None, tickers=False)
        assert str(caught.value) == "unknown exchange 'binanc'"
        assert "did you mean 'binance'?" in (caught.value.hint or "")

    def test_a_market_kind_that_the_exchange_lacks_names_what_it_has(self) -> None:
        with closing(ExchangeMarket("kraken", "swap", {})) as market, pytest.raises(UsageError) as caught:
            market.listings(quote=None, tickers=False)
        assert (str(caught.value), caught.value.hint) == ("kraken has no swap market", "it has: spot")

    @pytest.mark.parametrize("wrong", ["7m", "1H", "1M"])
    def test_an_unknown_timeframe_names_what_there_is(self, wrong: str) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
            with pytest.raises(UsageError, match=f"unknown timeframe '{wrong}'") as caught:
                fetch_all(market, timeframe=wrong)
            assert "15m" in (caught.value.hint or "")
            assert server.count(KLINES) == 0

    def test_options_that_ccxt_does_not_take_are_a_configuration_error(self) -> None:
        options = {"options": 1}
        with closing(ExchangeMarket("binance", "swap", options)) as market, pytest.raises(ConfigError):
            market.listings(quote=None, tickers=False)

    def test_two_proxies_at_once_are_a_configuration_error(self) -> None:
        proxies = {"httpProxy": "http://127.0.0.1:1", "httpsProxy": "http://127.0.0.1:1"}
        with (
            BinanceServer(coins(1), now_ms=NOW) as server,
            market_of(server, **proxies) as (market, _),
            pytest.raises(ConfigError, match="cannot be used as configured"),
        ):
            market.listings(quote=None, tickers=False)

    def test_importing_the_adapter_does_not_import_ccxt(self) -> None:
        code = "import sys, atc_cli.data.exchange.market; sys.exit('ccxt' in sys.modules or 'asyncio' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


class TestClock:
    @pytest.mark.parametrize("kind", ["spot", "swap"])
    def test_the_exchange_says_what_time_it_is_at_every_call(self, kind: str) -> None:
        with BinanceServer([], now_ms=NOW) as server, market_of(server, kind) as (market, _):
            assert market.now_ms() == NOW
            server.now_ms = NOW + 5
            assert market.now_ms() == NOW + 5
            assert server.count(TIME) == 2

    @pytest.mark.parametrize(("now_ms", "closed"), [(NOW + HOUR_MS - 1, 9), (NOW + HOUR_MS, 10)])
    def test_the_exchange_clock_decides_what_is_closed(self, now_ms: int, closed: int) -> None:
        bars = hourly(12, last_open_ms=NOW // HOUR_MS * HOUR_MS + HOUR_MS)
        top = int(bars[-2, 0])
        with BinanceServer([Symbol("BTC", bars=fixed(bars))]) as server, market_of(server) as (market, _):
            server.now_ms = top + (now_ms - NOW)
            listings = market.listings(quote=None, tickers=False)
            loaded = load(market, listings, *request(bars=20, min_bars=1), Silent())
        assert int(loaded.candles[0].timestamp[-1]) == top - HOUR_MS * (10 - closed)

    @pytest.mark.parametrize("body", ['{"serverTime": "soon"}', "{}", "[]"])
    def test_a_clock_that_tells_no_time_is_unavailable(self, body: str) -> None:
        with BinanceServer([], now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(Fault(body=body), path=TIME)
            with pytest.raises(UnavailableError, match="binance sent no time of day"):
                market.now_ms()


class Silent:
    """Progress that nobody watches."""

    def begin(self, what: str, total: int) -> None:
        self.total, self.done, self.ended = total, 0, False

    def advance(self) -> None:
        self.done += 1

    def end(self) -> None:
        self.ended = True


def request(**changes: int) -> tuple[Window, Needs]:
    window = Window(timeframe="1h", now_ms=0, bars=changes.pop("bars", 1500))
    fields = {"warmup_bars": 1, "min_bars": 0, "cutout_bars": 0, "max_lag_bars": 0, **changes}
    return window, Needs(**fields)


class TestCandles:
    @pytest.mark.parametrize(("kind", "pages", "weight"), [("swap", 4, 2 + 2 + 2 + 1), ("spot", 2, 2 + 2)])
    def test_1500_bars_and_the_forming_one_are_the_servers_to_the_last_bit(
        self, kind: str, pages: int, weight: int
    ) -> None:
        bars = hourly(3000)
        with BinanceServer([Symbol("BTC", bars=fixed(bars))], now_ms=FORMING) as server:
            with market_of(server, kind) as (market, _):
                market.listings(quote=None, tickers=False)
                now_ms, before = market.now_ms(), server.weight
                got = Got()
                market.fetch(
                    market.listings(quote=None, tickers=False), Window(timeframe="1h", now_ms=now_ms, bars=1500), got
                )
            assert_same(got.candles["BTCUSDT"], bars[-1501:])
            assert (server.count(KLINES), server.weight - before) == (pages, weight)
        closed = got.candles["BTCUSDT"].timestamp + HOUR_MS <= now_ms
        assert (int(closed.sum()), bool(closed[-1])) == (1500, False)

    @pytest.mark.parametrize("bars", [1, 2, 98, 99, 498, 499, 500, 997, 1000])
    def test_any_number_of_bars_across_page_edges(self, bars: int) -> None:
        table = hourly(3000)
        with (
            BinanceServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            assert_same(fetch_all(market, bars).candles["BTCUSDT"], table[-bars - 1 :])

    @pytest.mark.parametrize("timeframe", sorted(TIMEFRAMES_MS))
    def test_every_timeframe_fills_its_window(self, timeframe: str) -> None:
        with BinanceServer(coins(1), now_ms=FORMING) as server, market_of(server) as (market, _):
            raw = fetch_all(market, 600, timeframe).candles["C00USDT"]
        checked = check(raw)
        assert isinstance(checked, Candles)
        assert (len(checked), checked.gap_bars) == (601, 0)
        assert checked.timestamp[-1] <= FORMING < checked.timestamp[-1] + TIMEFRAMES_MS[timeframe]

    @pytest.mark.parametrize("kind", ["swap", "spot"])
    @pytest.mark.parametrize("age", [1, 2, 498, 499, 500, 999, 1000, 1001, 1501])
    def test_a_young_listing_has_all_its_bars(self, kind: str, age: int) -> None:
        bars = hourly(age)
        for born_ms in (0, int(bars[0, 0]) + 7 * MINUTE_MS):
            symbol = Symbol("NEW", born_ms=born_ms, bars=fixed(bars))
            with BinanceServer([symbol], now_ms=FORMING) as server, market_of(server, kind) as (market, _):
                assert_same(fetch_all(market).candles["NEWUSDT"], bars)

    def test_a_known_listing_date_saves_the_search_for_older_bars(self) -> None:
        bars = hourly(300)
        symbol = Symbol("NEW", born_ms=int(bars[0, 0]) + 1, bars=fixed(bars))
        with BinanceServer([symbol], now_ms=FORMING) as server, market_of(server) as (market, _):
            fetch_all(market)
            assert server.count(KLINES) == 1

    def test_a_listing_date_that_is_too_late_hides_nothing(self) -> None:
        bars = hourly(3000)
        symbol = Symbol("BTC", bars=fixed(bars), born_ms=0)
        with BinanceServer([symbol], now_ms=FORMING) as server, market_of(server) as (market, _):
            late = {"onboardDate": int(bars[-700, 0])}
            server.plan(
                edited(lambda info: {**info, "symbols": [{**each, **late} for each in info["symbols"]]}),
                path=EXCHANGE_INFO,
            )
            assert_same(fetch_all(market).candles["BTCUSDT"], bars[-1501:])

    def test_a_listing_without_a_trade_has_no_candles(self) -> None:
        with BinanceServer([Symbol("NIL")], now_ms=FORMING) as server, market_of(server) as (market, _):
            raw = fetch_all(market).candles["NILUSDT"]
        assert len(raw.timestamp) == 0
        skipped = check(raw)
        assert isinstance(skipped, Skipped)
        assert skipped.reason is SkipReason.NO_CANDLES

    @pytest.mark.parametrize("hole", [(2990, 2998), (2400, 2600), (1505, 1510), (1000, 2000)])
    @pytest.mark.parametrize("kind", ["swap", "spot"])
    def test_a_hole_is_bridged_to_older_bars(self, kind: str, hole: tuple[int, int]) -> None:
        bars = np.delete(hourly(3000), np.s_[slice(*hole)], axis=0)
        with (
            BinanceServer([Symbol("GAP", bars=fixed(bars))], now_ms=FORMING) as server,
            market_of(server, kind) as (market, _),
        ):
            raw = fetch_all(market, 1200).candles["GAPUSDT"]
            assert server.count(KLINES) < 20
        assert_same(raw, bars[-1201:])

    def test_bars_that_open_after_the_scan_began_are_not_delivered(self) -> None:
        bars = hourly(50)
        with (
            BinanceServer([Symbol("BTC", bars=fixed(bars))], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            got = Got()
            listings = market.listings(quote=None, tickers=False)
            market.fetch(listings, Window(timeframe="1h", now_ms=FORMING - 2 * HOUR_MS, bars=10), got)
        assert_same(got.candles["BTCUSDT"], bars[-13:-2])

    def test_a_symbol_that_is_not_listed_is_skipped_without_a_request(self) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
            got = Got()
            gone = Listing(exchange="binance", symbol="GONE/USDT:USDT", native="GONEUSDT")
            market.fetch(
                [*market.listings(quote=None, tickers=False), gone], Window(timeframe="1h", now_ms=NOW, bars=10), got
            )
            assert server.count(KLINES) == 1
        assert got.skipped["GONEUSDT"].reason is SkipReason.FETCH_FAILED
        assert "GONE/USDT:USDT is not listed" in got.skipped["GONEUSDT"].detail

    def test_no_listings_need_no_request(self) -> None:
        with BinanceServer([], now_ms=NOW) as server, market_of(server) as (market, _):
            market.fetch([], Window(timeframe="1h", now_ms=NOW, bars=10), Got())
            assert server.answered == []

    def test_an_exchange_that_sends_less_than_asked_is_asked_for_the_rest(self) -> None:
        bars = hourly(3000)
        with (
            BinanceServer([Symbol("BTC", bars=fixed(bars))], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            server.plan(edited(lambda rows: rows[:200]), path=KLINES)
            assert_same(fetch_all(market).candles["BTCUSDT"], bars[-1501:])

    def test_a_page_out_of_order_is_put_in_order(self) -> None:
        bars = hourly(3000)
        with (
            BinanceServer([Symbol("BTC", bars=fixed(bars))], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            server.plan(edited(lambda rows: rows[::-1]), path=KLINES)
            assert_same(fetch_all(market).candles["BTCUSDT"], bars[-1501:])

    @pytest.mark.parametrize("nth", [1, 2, 4])
    def test_an_empty_page_where_bars_must_be_is_asked_for_again(self, nth: int) -> None:
        bars = hourly(3000)
        with (
            BinanceServer([Symbol("BTC", bars=fixed(bars))], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            server.plan(edited(lambda rows: []), path=KLINES, nth=(nth,))
            assert_same(fetch_all(market).candles["BTCUSDT"], bars[-1501:])

    @pytest.mark.parametrize(
        "same",
        [lambda rows: rows[:0], lambda rows: rows[:1], lambda rows: rows[:1] * len(rows)],
        ids=["none", "the first", "the first again and again"],
    )
    def test_pages_without_progress_come_to_an_end(self, same: Callable[[list[object]], list[object]]) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(edited(same), path=KLINES)
            fetch_all(market)
            assert server.count(KLINES) <= 200


class TestPagesOfOtherExchanges:
    """Exchanges disagree on what `since` and `limit` mean; the window must come out whole wherever it can."""

    ROWS = tuple(Row(int(line[0]), *line[1:]) for line in hourly(3000).tolist())

    @staticmethod
    def fill(ask: AskRows, bars: int = 1500, page_bars: int = 500) -> list[Row]:
        window = Window(timeframe="1h", bars=bars, now_ms=FORMING)
        return asyncio.run(rows_of(ask, window, Paging(page_bars), born_ms=0)).rows

    @pytest.mark.parametrize("cap", [100, 300, 499, 10_000])
    @pytest.mark.parametrize("age", [1, 250, 500, 1200, 3000])
    def test_a_page_that_is_a_stretch_of_time(self, age: int, cap: int) -> None:
        rows = self.ROWS[-age:]

        async def ask(since_ms: int, limit: int) -> list[Row]:
            end_ms = since_ms + min(limit, cap) * HOUR_MS
            return [row for row in rows if since_ms <= row.open_ms < end_ms]

        assert self.fill(ask) == list(rows[-1501:])

    @pytest.mark.parametrize("cap", [100, 300, 499, 10_000])
    @pytest.mark.parametrize("age", [1, 250, 500, 1200, 3000])
    def test_a_page_that_is_the_first_bars_since(self, age: int, cap: int) -> None:
        rows = self.ROWS[-age:]

        async def ask(since_ms: int, limit: int) -> list[Row]:
            return [row for row in rows if row.open_ms >= since_ms][: min(limit, cap)]

        assert self.fill(ask) == list(rows[-1501:])

    def test_an_exchange_that_only_has_its_newest_bars_gives_those(self) -> None:
        async def ask(since_ms: int, limit: int) -> list[Row]:
            return [row for row in self.ROWS[-720:] if row.open_ms >= since_ms]

        assert self.fill(ask) == list(self.ROWS[-720:])

    def test_trades_once_a_day_end_in_few_requests(self) -> None:
        asked: list[int] = []

        async def ask(since_ms: int, limit: int) -> list[Row]:
            asked.append(limit)
            return [row for row in self.ROWS[::24] if since_ms <= row.open_ms < since_ms + limit * HOUR_MS]

        rows = self.fill(ask, bars=120)
        assert rows == list(self.ROWS[::24][-len(rows) :])
        assert len(asked) < 30


class TestOneSymbolFails:
    @staticmethod
    def faulty(fault: Fault, nth: tuple[int, ...] | None = None) -> tuple[Got, Waits, int]:
        """Three symbols of which the second gets the fault; what came, the waits, its requests."""
        with BinanceServer(coins(3), now_ms=NOW) as server, market_of(server) as (market, waits):
            server.plan(fault, path=KLINES, symbol="C01USDT", nth=nth)
            got = fetch_all(market)
            return got, waits, server.count(KLINES, "C01USDT")

    @staticmethod
    def row(change: Callable[[list[object]], object]) -> Fault:
        return edited(lambda rows: [*rows[:3], change(rows[3]), *rows[4:]])

    def test_an_invalid_symbol_is_skipped_at_once_with_the_exchanges_words(self) -> None:
        got, waits, requests = self.faulty(refused(400, -1121, "Invalid symbol."))
        assert sorted(got.candles) == ["C00USDT", "C02USDT"]
        skipped = got.skipped["C01USDT"]
        assert (skipped.exchange, skipped.symbol) == ("binance", "C01/USDT:USDT")
        assert skipped.reason is SkipReason.FETCH_FAILED
        assert skipped.detail == "the exchange rejected the request: HTTP 400: Invalid symbol."
        assert (requests, waits.seconds) == (1, [])

    @pytest.mark.parametrize("status", [400, 401, 404, 405, 410, 422, 431])
    def test_a_wrong_request_is_not_repeated(self, status: int) -> None:
        got, _, requests = self.faulty(Fault(status=status, body="{}"))
        assert f"HTTP {status}" in got.skipped["C01USDT"].detail
        assert requests == 1

    @pytest.mark.parametrize(
        "fault",
        [refused(500), refused(503), refused(504), malformed(), reset(), Fault(body="<html>busy</html>")],
        ids=["500", "503", "504", "malformed", "reset", "html"],
    )
    def test_what_passes_is_tried_again(self, fault: Fault) -> None:
        got, waits, _ = self.faulty(fault, nth=(1, 2))
        assert len(got.candles["C01USDT"].timestamp) == 1501
        # aiohttp itself repeats a GET once where the connection breaks
        assert len(waits.seconds) == (1 if fault.reset else 2)
        assert all(0 < each <= 2 for each in waits.seconds)

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            (refused(500, -1000, "An unknown error."), "is failing: HTTP 500: An unknown error."),
            (malformed(), "sent an answer that is not JSON"),
            (Fault(body="<html>busy</html>"), "sent an answer that is not JSON"),
            (Fault(body='"busy"'), "sent something that is no list of candles"),
            (Fault(body='{"candles": []}'), "sent a candle that is not six numbers: [None, "),
            (reset(), "cannot be reached: "),
        ],
        ids=["500", "malformed", "html", "text", "table", "reset"],
    )
    def test_what_does_not_pass_costs_the_symbol_after_three_tries(self, fault: Fault, words: str) -> None:
        got, waits, requests = self.faulty(fault)
        assert sorted(got.candles) == ["C00USDT", "C02USDT"]
        assert got.skipped["C01USDT"].detail.startswith(f"the exchange {words}")
        assert len(waits.seconds) == 2
        assert requests == 3 or fault.reset  # aiohttp repeats a broken GET

    @pytest.mark.parametrize(
        ("change", "shown"),
        [
            (lambda row: [None, *row[1:]], "[None, "),
            (lambda row: [row[0], None, *row[2:]], ", None, "),
            (lambda row: [row[0], "high", *row[2:]], ", None, "),
            (lambda row: [*row[:5], {}, *row[6:]], ", None]"),
            (lambda row: [], "[None, None"),
            (lambda row: None, "[None, None"),
        ],
        ids=["no time", "no open", "words", "table as volume", "empty", "null"],
    )
    def test_a_row_that_is_not_numbers_costs_the_symbol(
        self, change: Callable[[list[object]], object], shown: str
    ) -> None:
        got, _, _ = self.faulty(self.row(change))
        assert "the exchange sent a candle that is not six numbers" in got.skipped["C01USDT"].detail
        assert shown in got.skipped["C01USDT"].detail
        assert sorted(got.candles) == ["C00USDT", "C02USDT"]

    def test_a_value_that_is_not_finite_is_left_to_the_check_of_candles(self) -> None:
        got, _, _ = self.faulty(self.row(lambda row: [row[0], "NaN", *row[2:]]))
        skipped = check(got.candles["C01USDT"])
        assert isinstance(skipped, Skipped)
        assert skipped.reason is SkipReason.NOT_A_NUMBER

    def test_a_failure_in_a_later_page_costs_the_symbol_not_its_tail(self) -> None:
        got, _, _ = self.faulty(refused(400, -1121, "Invalid symbol."), nth=(3,))
        assert "C01USDT" in got.skipped

    def test_foreign_words_are_made_fit_to_show(self) -> None:
        nasty = "\x1b[31mno\nmore https://x.test/y?signature=abc " + "z" * 500
        detail = self.faulty(refused(400, -1, nasty))[0].skipped["C01USDT"].detail
        assert detail.isprintable()
        assert "signature" not in detail
        assert len(detail) < 250

    def test_an_exchange_that_does_not_answer_in_time_is_named(self) -> None:
        with (
            BinanceServer(coins(2), now_ms=NOW) as server,
            market_of(server, timeout=300) as (market, _),
        ):
            server.plan(stalled(), path=KLINES, symbol="C01USDT")
            got = fetch_all(market)
        assert got.skipped["C01USDT"].detail == "the exchange cannot be reached: no answer in time"
        assert "C00USDT" in got.candles


class TestRateLimit:
    @pytest.mark.parametrize("status", [429, 418])
    def test_retry_after_is_obeyed_and_nothing_is_lost(self, status: int) -> None:
        bars = hourly(3000)
        with (
            BinanceServer([Symbol("BTC", bars=fixed(bars))], now_ms=FORMING) as server,
            market_of(server) as (market, waits),
        ):
            server.plan(rate_limited(status, retry_after_s=7), path=KLINES, nth=(2,))
            assert_same(fetch_all(market).candles["BTCUSDT"], bars[-1501:])
        assert waits.seconds == [7.0]

    def test_without_retry_after_a_short_wait_is_made(self) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, waits):
            server.plan(rate_limited(), path=KLINES, nth=(1,))
            assert len(fetch_all(market).candles) == 1
        assert waits.seconds == [5.0]

    def test_requests_that_are_refused_together_wait_once(self) -> None:
        waits, sent = Waits(), [0] * 8

        async def run() -> list[int]:
            together, patience = asyncio.Barrier(8), Patience(waits, waits)

            async def ask(i: int) -> int:
                sent[i] += 1
                if sent[i] == 1:
                    await together.wait()
                    raise RequestError(Trouble.RATE_LIMITED, "HTTP 429", 20.0)
                return i

            return await asyncio.gather(*(patience.ask(partial(ask, i)) for i in range(8)))

        assert asyncio.run(run()) == list(range(8))
        assert (waits.seconds, sent) == ([20.0], [2] * 8)

    def test_a_longer_wait_than_is_bearable_ends_the_run_as_busy(self) -> None:
        with BinanceServer(coins(30), now_ms=NOW) as server, market_of(server) as (market, waits):
            server.plan(rate_limited(418, retry_after_s=7200), path=KLINES)
            with pytest.raises(BusyError) as caught:
                fetch_all(market)
            assert server.count(KLINES) <= 8
        assert (caught.value.code, waits.seconds) == (ExitCode.BUSY, [])
        assert "asks to wait 7200 s" in str(caught.value)

    def test_waits_add_up_to_a_bound(self) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, waits):
            server.plan(rate_limited(retry_after_s=0), path=KLINES)
            with pytest.raises(BusyError):
                fetch_all(market)
        assert sum(waits.seconds) == 60.0

    def test_after_some_symbols_the_rest_is_skipped(self) -> None:
        with BinanceServer(coins(30), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(rate_limited(retry_after_s=7200), path=KLINES, nth=tuple(range(11, 200)))
            got = fetch_all(market, bars=10)
            assert server.count(KLINES) < 30
        assert len(got.candles) == 10
        assert {each.reason for each in got.skipped.values()} == {SkipReason.FETCH_FAILED}
        assert all("limits the rate of requests: HTTP 429" in each.detail for each in got.skipped.values())


class TestExchangeFails:
    @pytest.mark.parametrize(
        ("fault", "error", "words", "requests"),
        [
            (refused(451, 0, "Restricted location."), UnavailableError, "refuses this location", 1),
            (refused(403), UnavailableError, "refuses this location", 1),
            (refused(500), UnavailableError, "is failing: HTTP 500", 3),
            (refused(502), UnavailableError, "is failing: HTTP 502", 3),
            (Fault(status=503, body="<html>Service Unavailable</html>"), UnavailableError, "is failing: HTTP 503", 3),
            (Fault(status=599, body="?"), UnavailableError, "is failing: HTTP 599", 3),
            (refused(400, -1100, "Illegal characters."), UnavailableError, "rejected the request: HTTP 400", 1),
            (rate_limited(418, retry_after_s=90), BusyError, "limits the rate of requests: HTTP 418", 1),
            (rate_limited(429, retry_after_s=90), BusyError, "limits the rate of requests: HTTP 429", 1),
            (malformed(), UnavailableError, "sent an answer that is not JSON", 3),
            (Fault(body="<html>Log in</html>"), UnavailableError, "sent an answer that is not JSON", 3),
            (Fault(body=""), UnavailableError, "sent no list of markets", 1),
            (Fault(body="{}"), UnavailableError, "sent no list of markets", 1),
            (Fault(body="[]"), UnavailableError, "sent no list of markets", 1),
            (Fault(body='{"symbols": [null]}'), UnavailableError, "sent something unexpected", 3),
            (Fault(body='{"symbols": [{"symbol": 5}]}'), UnavailableError, "sent ", 1),
            (reset(), UnavailableError, "cannot be reached", 3),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("kind", ["swap", "spot"])
    def test_the_run_ends_with_a_sentence(
        self, kind: str, fault: Fault, error: type[AtcError], words: str, requests: int
    ) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server, kind) as (market, _):
            server.plan(fault, path=EXCHANGE_INFO)
            with pytest.raises(AtcError) as caught:
                market.listings(quote=None, tickers=False)
            assert server.count(EXCHANGE_INFO) == requests * (2 if fault.reset else 1)  # aiohttp repeats a broken GET
        assert type(caught.value) is error
        assert f"binance {words}" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_after_a_failure_the_same_market_can_be_asked_again(self) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(refused(451), path=EXCHANGE_INFO, nth=(1,))
            with pytest.raises(UnavailableError):
                market.listings(quote=None, tickers=False)
            assert len(market.listings(quote=None, tickers=False)) == 1

    def test_a_lost_ticker_request_is_unavailable(self) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(refused(500), path=TICKERS)
            with pytest.raises(UnavailableError, match="is failing"):
                market.listings(quote=None, tickers=True)

    @pytest.mark.parametrize("path", [EXCHANGE_INFO, TIME])
    def test_a_passing_failure_at_the_start_is_survived(self, path: str) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(refused(502), path=path, nth=(1,))
            server.plan(rate_limited(retry_after_s=3), path=path, nth=(2,))
            assert len(fetch_all(market).candles) == 1

    def test_a_refused_connection_is_unavailable(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            urls = {"urls": {"api": {"fapiPublic": f"http://127.0.0.1:{taken.getsockname()[1]}/fapi/v1"}}}
            for ask in (ExchangeMarket.now_ms, lambda market: market.listings(quote=None, tickers=False)):
                with (
                    closing(ExchangeMarket("binance", "swap", urls, pause=Waits())) as market,
                    pytest.raises(UnavailableError, match="binance cannot be reached: Cannot connect") as caught,
                ):
                    ask(market)
                assert caught.value.code is ExitCode.UNAVAILABLE

    def test_when_nothing_answers_the_fetch_gives_up_early(self) -> None:
        with BinanceServer(coins(90), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(refused(503), path=KLINES)
            with pytest.raises(UnavailableError, match="is failing: HTTP 503"):
                fetch_all(market)
            assert server.count(KLINES) <= 3 * (16 + 8)

    def test_a_block_in_the_middle_skips_the_rest_without_asking(self) -> None:
        with BinanceServer(coins(30), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(refused(451), path=KLINES, nth=tuple(range(6, 200)))
            got = fetch_all(market, bars=10)
            assert server.count(KLINES) <= 5 + 8
        assert len(got.candles) == 5
        assert len(got.skipped) == 25

    def test_one_bad_symbol_alone_is_no_outage(self) -> None:
        with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(refused(400, -1121, "Invalid symbol."), path=KLINES)
            assert list(fetch_all(market).skipped) == ["C00USDT"]


class TestEnding:
    @staticmethod
    def interrupted_after(count: int, got: Got) -> Callable[[RawCandles | Skipped], None]:
        def deliver(raw: RawCandles | Skipped) -> None:
            got(raw)
            if len(got.order) == count:
                signal.raise_signal(signal.SIGINT)

        return deliver

    def test_an_interrupt_surfaces_with_what_arrived_and_the_market_still_closes(self) -> None:
        with BinanceServer(coins(40), now_ms=NOW) as server, market_of(server) as (market, _):
            got = Got()
            listings = market.listings(quote=None, tickers=False)
            with pytest.raises(KeyboardInterrupt):
                market.fetch(listings, Window(timeframe="1h", now_ms=NOW, bars=10), self.interrupted_after(5, got))
            assert 5 <= len(got.order) <= 13
            assert market.now_ms() == NOW

    def test_an_interrupted_load_keeps_what_arrived_and_names_the_rest(self) -> None:
        with BinanceServer(coins(40), now_ms=NOW) as server, market_of(server) as (market, _):
            listings = market.listings(quote=None, tickers=False)
            loaded = load(market, listings, *request(bars=10), InterruptingProgress(5))
        assert loaded.interrupted
        assert len(loaded.candles) >= 5
        assert len(loaded.candles) + len(loaded.skipped) == 40
        assert {each.reason for each in loaded.skipped} == {SkipReason.INTERRUPTED}

    def test_an_interrupt_while_the_exchange_is_silent_surfaces(self) -> None:
        with BinanceServer(coins(2), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(stalled(), path=KLINES, symbol="C01USDT")
            got = Got()
            listings = market.listings(quote=None, tickers=False)
            with pytest.raises(KeyboardInterrupt):
                market.fetch(listings, Window(timeframe="1h", now_ms=NOW, bars=10), self.interrupted_after(1, got))
        assert got.order == ["C00USDT"]

    def test_another_thread_can_end_a_fetch_and_whatever_comes_after_it(self) -> None:
        got, ended = Got(), threading.Event()
        with BinanceServer(coins(2), now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(stalled(), path=KLINES, symbol="C01USDT")
            listings = market.listings(quote=None, tickers=False)

            def fetch() -> None:
                with pytest.raises(KeyboardInterrupt):
                    market.fetch(listings, Window(timeframe="1h", now_ms=NOW, bars=10), deliver)
                with pytest.raises(KeyboardInterrupt):
                    market.now_ms()
                ended.set()

            def deliver(raw: RawCandles | Skipped) -> None:
                got(raw)
                interrupter.start()

            interrupter = threading.Thread(target=market.interrupt)
            fetcher = threading.Thread(target=fetch)
            fetcher.start()
            fetcher.join()
            interrupter.join()
        assert ended.is_set()
        assert got.order == ["C00USDT"]

    def test_what_deliver_raises_reaches_the_caller(self) -> None:
        def deliver(raw: RawCandles | Skipped) -> None:
            raise LookupError(raw.symbol)

        with BinanceServer(coins(20), now_ms=NOW) as server, market_of(server) as (market, _):
            listings = market.listings(quote=None, tickers=False)
            with pytest.raises(LookupError):
                market.fetch(listings, Window(timeframe="1h", now_ms=NOW, bars=10), deliver)

    def test_closing_twice_or_unused_is_harmless(self) -> None:
        market = ExchangeMarket("binance", "swap", {})
        market.close()
        market.close()


class InterruptingProgress(Silent):
    """Ctrl-C at the nth step."""

    def __init__(self, at: int) -> None:
        self.at = at

    def advance(self) -> None:
        super().advance()
        if self.done == self.at:
            signal.raise_signal(signal.SIGINT)


class TestLoad:
    def test_a_panel_comes_out_whole(self) -> None:
        symbols = [
            *coins(12),
            Symbol("YOUNG", bars=fixed(hourly(30))),
            Symbol("DEAD", bars=fixed(hourly(300, last_open_ms=FORMING // HOUR_MS * HOUR_MS - 5 * HOUR_MS))),
        ]
        with BinanceServer(symbols, now_ms=FORMING) as server, market_of(server) as (market, _):
            server.plan(refused(400, -1121, "Invalid symbol."), path=KLINES, symbol="C03USDT")
            progress = Silent()
            listings = market.listings(quote="USDT", tickers=False)
            loaded = load(market, listings, *request(warmup_bars=100), progress)
        panel = Panel.of(loaded.candles)
        assert (progress.total, progress.done, progress.ended) == (14, 14, True)
        assert {each.symbol: each.reason for each in loaded.skipped} == {
            "C03/USDT:USDT": SkipReason.FETCH_FAILED,
            "YOUNG/USDT:USDT": SkipReason.TOO_FEW_BARS,
            "DEAD/USDT:USDT": SkipReason.STALE,
        }
        assert [len(each) for each in loaded.candles] == [1500] * 11
        assert panel is not None
        assert loaded.newest_open_ms == FORMING // HOUR_MS * HOUR_MS - HOUR_MS

    def test_the_same_market_gives_the_same_candles_twice(self) -> None:
        def values() -> Sequence[bytes]:
            with BinanceServer(coins(9), now_ms=FORMING) as server, market_of(server) as (market, _):
                loaded = load(market, market.listings(quote="USDT", tickers=False), *request(), Silent())
            return [each.symbol.encode() + each.timestamp.tobytes() + each.values.tobytes() for each in loaded.candles]

        assert values() == values()


def recorded(name: str) -> bytes:
    body = (RECORDED / name).read_bytes()
    return gzip.decompress(body) if name.endswith(".gz") else body


@needs_recorded
class TestRecorded:
    """Bodies that the real exchange sent."""

    @pytest.mark.parametrize("name", ["usdm_exchangeInfo_2026-03-31.json.gz", "usdm_exchangeInfo_2021-07-22.json"])
    def test_usdm_listings_are_the_trading_perpetuals(self, name: str) -> None:
        body = recorded(name)
        expected = {
            each["symbol"]
            for each in json.loads(body)["symbols"]
            if each["status"] == "TRADING"
            and each["quoteAsset"] == "USDT"
            and each["contractType"].endswith("PERPETUAL")
        }
        with BinanceServer([], now_ms=NOW) as server, market_of(server) as (market, _):
            server.plan(Fault(body=body), path=EXCHANGE_INFO)
            listings = market.listings(quote="USDT", tickers=False)
        assert {each.native for each in listings} == expected
        assert all(each.symbol.endswith("/USDT:USDT") for each in listings)

    def test_spot_listings_and_day_figures(self) -> None:
        lines = json.loads(recorded("spot_ticker24hr_top100_2026-03-10.json"))
        by_id = {each["symbol"]: each for each in lines}
        with BinanceServer([], now_ms=NOW) as server, market_of(server, "spot") as (market, _):
            server.plan(Fault(body=recorded("spot_exchangeInfo_2021-10-11.json.gz")), path=EXCHANGE_INFO)
            server.plan(Fault(body=json.dumps(lines)), path=TICKERS)
            listings = market.listings(quote="USDT", tickers=True)
        both = [each for each in listings if each.native in by_id]
        assert len(both) > 20
        for each in both:
            assert each.quote_volume == float(by_id[each.native]["quoteVolume"])
            assert each.change_24h_frac == float(by_id[each.native]["priceChangePercent"]) / 100

    def test_recorded_candles_arrive_as_they_are(self) -> None:
        rows = json.loads(recorded("klines_raw/BTCUSDT-1h.json.gz"))
        table = np.array([[float(value) for value in row[:6]] for row in rows])
        now_ms = int(table[-1, 0]) + 10 * MINUTE_MS
        with (
            BinanceServer([Symbol("BTC", bars=fixed(table))], now_ms=now_ms) as server,
            market_of(server, "spot") as (market, _),
        ):
            by_time = {row[0]: row for row in rows}
            server.plan(edited(lambda page: [by_time[row[0]] for row in page]), path=KLINES)
            raw = fetch_all(market).candles["BTCUSDT"]
        assert_same(raw, table[-len(raw.timestamp) :])
        assert len(raw.timestamp) == 1501
