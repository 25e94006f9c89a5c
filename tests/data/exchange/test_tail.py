"""The tail of a history: what is missing since a time, for the least weight; and pages that contradict each other."""

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from atc_cli.data.exchange.market import ExchangeMarket
from atc_cli.data.exchange.pages import Paging, Row
from atc_cli.data.exchange.search import rows_of
from atc_cli.data.exchange.tariff import tariff_of
from atc_cli.data.market import From, Listing
from atc_cli.domain.panel import Candles, check
from atc_cli.domain.results.scan import SkipReason
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.domain.window import Window
from tests.helpers.exchange_case import FORMING, NOW, Got, assert_same, coins, fetch_all, hourly, market_of
from tests.loopback import KLINES, BinanceServer, Fault, Symbol, edited, fixed, refused

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

OPEN_MS = FORMING // HOUR_MS * HOUR_MS


def fetch_since(market: ExchangeMarket, since_ms: int, now_ms: int = FORMING) -> Got:
    got = Got()
    wants = [From(each, since_ms) for each in market.listings(quote="USDT", tickers=False)]
    market.fetch_from(wants, Window(timeframe="1h", now_ms=now_ms, since_ms=0), got)
    assert sorted(got.order) == sorted(each.listing.native for each in wants), "each listing exactly once"
    return got


class TestRange:
    @pytest.mark.parametrize(
        ("first", "stop"), [(-2000, -1500), (-1000, -999), (-700, None), (-10, -9), (-5000, -4000)]
    )
    def test_a_range_in_time_is_what_the_server_has_of_it(self, first: int, stop: int | None) -> None:
        table = hourly(3000)
        until_ms = None if stop is None else OPEN_MS + stop * HOUR_MS
        window = Window(timeframe="1h", now_ms=FORMING, since_ms=OPEN_MS + first * HOUR_MS, until_ms=until_ms)
        got = Got()
        with (
            BinanceServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            market.fetch(market.listings(quote="USDT", tickers=False), window, got)
        opens = table[:, 0]
        wanted = (opens >= window.since_ms) & (opens < (until_ms or FORMING))
        assert_same(got.candles["BTCUSDT"], table[wanted])


class TestTail:
    @pytest.mark.parametrize(
        ("kind", "bars", "requests", "weight"),
        [
            ("swap", 1, 1, 1), ("swap", 2, 1, 1), ("swap", 99, 1, 1), ("swap", 100, 1, 2), ("swap", 499, 1, 2),
            ("swap", 500, 2, 3), ("swap", 998, 2, 4), ("swap", 1501, 4, 7),
            ("spot", 1, 1, 2), ("spot", 1000, 1, 2), ("spot", 1501, 2, 4),
        ],
    )  # fmt: skip
    def test_one_request_of_the_smallest_weight_that_holds_it(
        self, kind: str, bars: int, requests: int, weight: int
    ) -> None:
        table = hourly(3000)
        with BinanceServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server:
            with market_of(server, kind) as (market, _):
                got = fetch_since(market, OPEN_MS - (bars - 1) * HOUR_MS)
            asked = [each for each in server.answered if each.name == KLINES]
        assert_same(got.candles["BTCUSDT"], table[-bars:])
        assert (len(asked), sum(each.weight for each in asked)) == (requests, weight)

    @pytest.mark.parametrize(("after_ms", "bars"), [(0, 5), (1, 4), (HOUR_MS - 1, 4)])
    def test_bars_that_open_before_the_time_are_not_in_it(self, after_ms: int, bars: int) -> None:
        table = hourly(50)
        with (
            BinanceServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            got = fetch_since(market, OPEN_MS - 4 * HOUR_MS + after_ms)
        assert_same(got.candles["BTCUSDT"], table[-bars:])

    def test_a_time_to_come_needs_no_request(self) -> None:
        with BinanceServer(coins(2), now_ms=FORMING) as server, market_of(server) as (market, _):
            got = fetch_since(market, OPEN_MS + HOUR_MS)
            assert server.count(KLINES) == 0
        assert [len(each.timestamp) for each in got.candles.values()] == [0, 0]

    def test_every_symbol_has_a_time_of_its_own(self) -> None:
        table = hourly(300)
        symbols = [Symbol("OLD", bars=fixed(table)), Symbol("NEW", bars=fixed(table))]
        with BinanceServer(symbols, now_ms=FORMING) as server, market_of(server) as (market, _):
            new, old = market.listings(quote=None, tickers=False)
            got = Got()
            market.fetch_from(
                [From(old, int(table[0, 0])), From(new, OPEN_MS)],
                Window(timeframe="1h", now_ms=FORMING, since_ms=0),
                got,
            )
        assert_same(got.candles["OLDUSDT"], table)
        assert_same(got.candles["NEWUSDT"], table[-1:])

    @pytest.mark.parametrize("hole", [(100, 700), (600, 1200), (100, 1499)])
    @pytest.mark.parametrize("kind", ["swap", "spot"])
    def test_a_hole_longer_than_a_page_hides_nothing_before_it(self, kind: str, hole: tuple[int, int]) -> None:
        table = np.delete(hourly(1500), np.s_[slice(*hole)], axis=0)
        with (
            BinanceServer([Symbol("GAP", bars=fixed(table))], now_ms=FORMING) as server,
            market_of(server, kind) as (market, _),
        ):
            got = fetch_since(market, OPEN_MS - 1499 * HOUR_MS)
        assert_same(got.candles["GAPUSDT"], table)

    def test_a_known_listing_date_ends_the_search(self) -> None:
        table = hourly(30)
        symbol = Symbol("NEW", born_ms=int(table[0, 0]) + 1, bars=fixed(table))
        with BinanceServer([symbol], now_ms=FORMING) as server, market_of(server) as (market, _):
            got = fetch_since(market, OPEN_MS - 5000 * HOUR_MS)
            assert server.count(KLINES) == 1
        assert_same(got.candles["NEWUSDT"], table)

    def test_a_symbol_without_a_new_candle_is_delivered_empty(self) -> None:
        halted = Symbol("OFF", bars=fixed(hourly(50, last_open_ms=OPEN_MS - 10 * HOUR_MS)))
        with BinanceServer([halted], now_ms=FORMING) as server, market_of(server) as (market, _):
            got = fetch_since(market, OPEN_MS - 3 * HOUR_MS)
        assert len(got.candles["OFFUSDT"].timestamp) == 0

    def test_a_symbol_that_fails_is_skipped_by_name_and_the_others_come(self) -> None:
        with BinanceServer(coins(3), now_ms=FORMING) as server, market_of(server) as (market, _):
            server.plan(refused(400, -1121, "Invalid symbol."), path=KLINES, symbol="C01USDT")
            got = fetch_since(market, OPEN_MS - 3 * HOUR_MS)
        assert sorted(got.candles) == ["C00USDT", "C02USDT"]
        assert got.skipped["C01USDT"].reason is SkipReason.FETCH_FAILED


class TestPaging:
    """Weights against all ways to cut the bars into pages, counted out."""

    @staticmethod
    def cheapest(bars: int, weight: Callable[[int], int], sizes: Sequence[int]) -> list[int]:
        best = [0]
        for left in range(1, bars + 1):
            best.append(min(weight(size) + best[max(left - size, 0)] for size in sizes))
        return best

    @pytest.mark.parametrize(("kind", "most"), [("swap", 1500), ("spot", 1000)])
    def test_no_number_of_bars_weighs_more_than_a_tenth_above_the_cheapest_pages(self, kind: str, most: int) -> None:
        tariff = tariff_of("binance", kind)
        assert tariff is not None
        opens = range(OPEN_MS - 3099 * HOUR_MS, OPEN_MS + 1, HOUR_MS)
        rows = [Row(open_ms, 1.0, 1.0, 1.0, 1.0, 1.0) for open_ms in opens]
        asked: list[int] = []

        async def ask(since_ms: int | None, limit: int) -> list[Row]:
            asked.append(tariff.page_weight(limit))
            first = max(0, ((since_ms or 0) - opens[0]) // HOUR_MS)
            return rows[first : first + limit]

        best = self.cheapest(3000, tariff.page_weight, sorted({1, 99, 499, 1000, most}))
        edges = {times * size + extra for size in (99, 499, 1000) for times in range(1, 31) for extra in range(-2, 4)}
        for bars in sorted(edge for edge in edges if edge <= 3000):
            asked.clear()
            window = Window(
                timeframe="1h",
                now_ms=FORMING,
                since_ms=OPEN_MS - (bars - 1) * HOUR_MS,
            )
            paging = Paging(tariff.page_bars, tariff.page_weight)
            assert len(asyncio.run(rows_of(ask, window, paging, 0)).rows) == bars
            assert sum(asked) <= 1.1 * best[bars], bars

    def test_the_default_window_has_its_seams_checked(self) -> None:
        tariff = tariff_of("binance", "swap")
        assert tariff is not None
        assert Paging(tariff.page_bars, tariff.page_weight).seams_are_free(1501)


def rewritten(open_ms: int, close: str) -> Fault:
    """The candle of that time with another close."""
    return edited(lambda rows: [[*row[:4], close, *row[5:]] if row[0] == open_ms else row for row in rows])


class TestSeams:
    TABLE = hourly(3000)
    SEAM_MS = int(TABLE[-499, 0])  # the oldest candle of the newest page

    def fetch(self, fault: Fault, nth: tuple[int, ...] | None) -> tuple[Got, list[str], int]:
        with (
            BinanceServer([Symbol("BTC", bars=fixed(self.TABLE)), *coins(1)], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            server.plan(fault, path=KLINES, symbol="BTCUSDT", nth=nth)
            got = fetch_all(market)
            return got, market.notes, server.count(KLINES, "BTCUSDT")

    def test_a_seam_that_agrees_is_one_candle(self) -> None:
        got, notes, requests = self.fetch(edited(lambda rows: [*rows, rows[-1]]), None)
        checked = check(got.candles["BTCUSDT"])
        assert isinstance(checked, Candles)
        np.testing.assert_array_equal(checked.timestamp, self.TABLE[-1501:, 0])
        assert (notes, requests) == ([], 4)

    def test_a_seam_that_disagrees_once_has_everything_fetched_again_and_is_said(self) -> None:
        got, (note,), requests = self.fetch(rewritten(self.SEAM_MS, "77.77"), (2,))
        assert_same(got.candles["BTCUSDT"], self.TABLE[-1501:])
        assert requests == 2 + 4
        assert note.startswith("BTC/USDT:USDT: binance sent two pages that disagree about the candle of 2025-")

    def test_a_seam_that_keeps_disagreeing_costs_the_symbol_alone(self) -> None:
        calls = iter(range(100))

        def alternating(rows: list[list[object]]) -> list[list[object]]:
            close = f"{next(calls)}.00"
            return [[*row[:4], close, *row[5:]] if row[0] == self.SEAM_MS else row for row in rows]

        got, notes, _ = self.fetch(edited(alternating), None)
        assert "two pages that disagree" in got.skipped["BTCUSDT"].detail
        assert list(got.candles) == ["C00USDT"]
        assert len(notes) == 1

    def test_a_forming_candle_that_moves_between_pages_is_no_disagreement(self) -> None:
        """Only the forming bar came with the newest page: the next page sees it later."""
        table = np.delete(self.TABLE, np.s_[2300:2999], axis=0)
        with (
            BinanceServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
            market_of(server) as (market, _),
        ):
            server.plan(rewritten(OPEN_MS, "88.88"), path=KLINES, nth=(2, 3, 4))
            fetch_all(market)
            assert market.notes == []


def test_the_now_of_a_fetch_is_the_callers() -> None:
    """Two kinds of fetch agree on what is there at one time."""
    with BinanceServer(coins(1), now_ms=NOW) as server, market_of(server) as (market, _):
        listings: list[Listing] = market.listings(quote=None, tickers=False)
        newest = Got()
        market.fetch(listings, Window(timeframe="1h", now_ms=NOW - 5 * HOUR_MS, bars=10), newest)
        first_ms = int(newest.candles["C00USDT"].timestamp[0])
        tail = fetch_since(market, first_ms, NOW - 5 * HOUR_MS)
    np.testing.assert_array_equal(tail.candles["C00USDT"].values, newest.candles["C00USDT"].values)
    np.testing.assert_array_equal(tail.candles["C00USDT"].timestamp, newest.candles["C00USDT"].timestamp)
