"""A window of N bars has N bars if N exist: gaps, sparse symbols, passing faults, and servers without end."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.pages import AskRows, Found, Paging, Row, SeamError
from atc_cli.data.exchange.search import rows_of
from atc_cli.data.store.market import StoredMarket
from atc_cli.data.store.shelf import Store
from atc_cli.domain.panel import check
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.domain.window import Window
from tests.helpers.exchange_case import FORMING, Got, assert_same, fetch_all, hourly
from tests.helpers.places import PLACES, Place, holed
from tests.loopback.bybit import KLINE
from tests.loopback.okx import HISTORY

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

TABLE = hourly(12_000)
ROWS = tuple(Row(int(line[0]), *line[1:]) for line in TABLE.tolist())
BARS = 1500

Rows = list[Row]
Change = Callable[[Rows], Rows]


class Asked:
    """An exchange that tells `rows`; `nth` answers (the first is 1) go through `change`."""

    def __init__(self, rows: Rows, style: str, change: Change = lambda rows: rows, nth: tuple[int, ...] = ()) -> None:
        self.rows, self.style, self.change, self.nth = rows, style, change, nth
        self.requests = 0

    async def __call__(self, since_ms: int | None, limit: int) -> Rows:
        self.requests += 1
        answer = self.rows[-limit:] if since_ms is None else self.since(since_ms, limit)
        return self.change(answer) if self.requests in self.nth or not self.nth else answer

    def since(self, since_ms: int, limit: int) -> Rows:
        later = [row for row in self.rows if row.open_ms >= since_ms]
        if self.style == "a stretch of time":
            return [row for row in later if row.open_ms < since_ms + limit * HOUR_MS]
        return later[:limit]


def fill(ask: AskRows, bars: int = BARS, page_bars: int = 500, born_ms: int = 0) -> Found:
    window = Window(timeframe="1h", bars=bars, now_ms=FORMING)
    return asyncio.run(rows_of(ask, window, Paging(page_bars), born_ms))


def window_of(rows: Rows, bars: int = BARS) -> Rows:
    """The newest closed bars and the forming one."""
    closed = [row for row in rows if row.open_ms + HOUR_MS <= FORMING]
    return closed[-bars:] + [row for row in rows if row.open_ms + HOUR_MS > FORMING]


def without(first: int, stop: int) -> Rows:
    """All bars but first..stop-1 bars back from the newest."""
    return [*ROWS[:-stop], *ROWS[-first:]]


styles = pytest.mark.parametrize("style", ["a stretch of time", "the first since"])


@styles
class TestGaps:
    @pytest.mark.parametrize(("page_bars", "gap_bars"), [(1000, 1000), (200, 210), (300, 300), (300, 1200), (500, 3)])
    @pytest.mark.parametrize("newer", [1, 100, 299, 300, 777])
    def test_a_gap_of_some_pages_hides_no_older_bars(
        self, style: str, page_bars: int, gap_bars: int, newer: int
    ) -> None:
        rows = without(newer, newer + gap_bars)
        found = fill(Asked(rows, style), page_bars=page_bars)
        assert found == Found(window_of(rows))

    @pytest.mark.parametrize("newer", [100, 355])
    def test_an_answer_that_was_cut_once_makes_no_look_narrower(self, style: str, newer: int) -> None:
        rows = [row for row in without(newer, newer + 900) if row.open_ms // HOUR_MS % 29]
        cut_once = Asked(rows, style, lambda page: page[: len(page) // 2], (2,))
        assert fill(cut_once, page_bars=720) == Found(window_of(rows))

    @pytest.mark.parametrize("page_bars", [300, 1000])
    def test_two_gaps_hide_nothing_either(self, style: str, page_bars: int) -> None:
        rows = [*ROWS[:-4000], *ROWS[-2800:-1800], *ROWS[-600:]]
        assert fill(Asked(rows, style), page_bars=page_bars) == Found(window_of(rows))

    def test_a_listing_date_that_is_known_leads_over_a_wider_gap(self, style: str) -> None:
        rows = without(100, 2100)
        assert fill(Asked(rows, style), page_bars=200, born_ms=ROWS[0].open_ms) == Found(window_of(rows))

    @pytest.mark.parametrize("age", [1, 99, 500, 777, 1400])
    def test_a_young_symbol_costs_few_requests_more_than_its_bars(self, style: str, age: int) -> None:
        asked = Asked(list(ROWS[-age:]), style)
        assert fill(asked) == Found(list(ROWS[-age:]))
        assert asked.requests <= -(-age // 500) + (10 if style == "a stretch of time" else 4)

    @pytest.mark.parametrize("age", [99, 777])
    def test_a_listing_date_that_is_reached_costs_none(self, style: str, age: int) -> None:
        asked = Asked(list(ROWS[-age:]), style)
        fill(asked, born_ms=ROWS[-age].open_ms + 1)
        assert asked.requests == -(-age // 500)


@styles
class TestSparse:
    @pytest.mark.parametrize("bars", [1, 100, 902, BARS])
    @pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.95])
    def test_a_window_has_as_many_bars_as_exist(self, style: str, share: float, bars: int) -> None:
        kept = np.random.default_rng(3).random(len(ROWS)) < share
        rows = [row for row, keep in zip(ROWS, kept, strict=True) if keep]
        found = fill(Asked(rows, style), bars)
        assert found == Found(window_of(rows, bars))

    @pytest.mark.parametrize("every", [2, 10, 24])
    def test_requests_are_at_most_a_few_for_each_page_of_time(self, style: str, every: int) -> None:
        rows, bars = list(ROWS[::-every][::-1]), 400
        asked = Asked(rows, style)
        assert fill(asked, bars) == Found(window_of(rows, bars))
        assert asked.requests <= 2 * (bars * every // 500) + 8


@styles
class TestDense:
    @pytest.mark.parametrize(("bars", "requests"), [(1, 1), (498, 1), (499, 1), (500, 2), (997, 2), (BARS, 4)])
    def test_without_gaps_no_request_is_added(self, style: str, bars: int, requests: int) -> None:
        asked = Asked(list(ROWS), style)
        assert fill(asked, bars) == Found(list(ROWS[-bars - 1 :]))
        assert asked.requests == requests


@styles
class TestPassingFaults:
    @pytest.mark.parametrize("nth", [(1,), (2,), (3,), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6)])
    def test_empty_answers_lose_nothing(self, style: str, nth: tuple[int, ...]) -> None:
        assert fill(Asked(list(ROWS), style, lambda rows: [], nth)) == Found(list(ROWS[-BARS - 1 :]))

    @pytest.mark.parametrize("nth", [(1,), (2,), (3,)])
    def test_a_page_without_its_middle_third_is_made_whole(self, style: str, nth: tuple[int, ...]) -> None:
        assert fill(Asked(list(ROWS), style, holed, nth)) == Found(list(ROWS[-BARS - 1 :]))

    @pytest.mark.parametrize("nth", [(1,), (2,), (4,), (5,)])
    def test_so_is_one_of_a_sparse_symbol(self, style: str, nth: tuple[int, ...]) -> None:
        rows = list(ROWS[::-2][::-1])
        assert fill(Asked(rows, style, holed, nth)) == Found(window_of(rows))

    @pytest.mark.parametrize("nth", [(), (1,), (2,)])
    def test_a_bar_that_comes_twice_is_one_bar(self, style: str, nth: tuple[int, ...]) -> None:
        twice = Asked(list(ROWS), style, lambda rows: sorted([*rows, *rows])[: len(rows)], nth)
        assert fill(twice) == Found(list(ROWS[-BARS - 1 :]))

    @pytest.mark.parametrize("at", [0, 10, 250, -1])
    def test_a_row_with_its_time_in_other_units_loses_no_bar(self, style: str, at: int) -> None:
        def spoilt(rows: Rows) -> Rows:
            odd = rows[at]._replace(open_ms=rows[at].open_ms * 1000)
            return sorted([*(row for row in rows if row is not rows[at]), odd])

        assert fill(Asked(list(ROWS), style, spoilt, (2,))) == Found(list(ROWS[-BARS - 1 :]))


def walk() -> Rows:
    """Candles that each open where the one before closed."""
    steps = np.random.default_rng(5).normal(0, 0.004, len(ROWS))
    close = np.round(100 * np.exp(np.cumsum(steps)), 4)
    first = np.concatenate(([100.0], close[:-1]))
    table = np.column_stack((first, np.maximum(first, close), np.minimum(first, close), close)).tolist()
    return [Row(old.open_ms, *prices, old.volume) for old, prices in zip(ROWS, table, strict=True)]


WALK = walk()


def priced_otherwise(rows: Rows) -> Rows:
    """Three candles of a hundred with other prices."""
    return [
        row._replace(**{name: getattr(row, name) * 1.08 for name in ("open", "high", "low", "close")})
        if len(rows) // 2 <= i < len(rows) // 2 + 3
        else row
        for i, row in enumerate(rows)
    ]


def times_exchanged(rows: Rows) -> Rows:
    """Two candles in each other's place."""
    one, other = rows[len(rows) // 3], rows[2 * len(rows) // 3]
    times = {one.open_ms: other.open_ms, other.open_ms: one.open_ms}
    return sorted(row._replace(open_ms=times.get(row.open_ms, row.open_ms)) for row in rows)


@styles
class TestWrongRows:
    @pytest.mark.parametrize("nth", [(1,), (2,), (3,)])
    @pytest.mark.parametrize("change", [priced_otherwise, times_exchanged])
    def test_a_few_wrong_candles_that_pass_are_found_out(
        self, style: str, change: Change, nth: tuple[int, ...]
    ) -> None:
        with pytest.raises(SeamError):
            fill(Asked(WALK, style, change, nth))

    def test_a_jump_that_two_answers_tell_is_a_candle(self, style: str) -> None:
        rows = priced_otherwise(WALK[-2000:])
        asked = Asked(rows, style)
        assert fill(asked) == Found(window_of(rows))
        assert asked.requests == 5


def test_candles_that_go_on_where_the_one_before_ended_cost_nothing_more() -> None:
    asked = Asked(WALK, "the first since")
    assert fill(asked) == Found(window_of(WALK))
    assert asked.requests == 4


class TestBounds:
    @pytest.mark.parametrize(
        "change",
        [lambda rows: rows[:1], lambda rows: rows[-1:], lambda rows: rows[:1] * len(rows), lambda rows: rows[::7]],
        ids=["the first", "the last", "the first again and again", "every seventh"],
    )
    @styles
    def test_a_server_without_end_is_left_and_what_it_sent_is_not_taken_for_all(
        self, style: str, change: Change
    ) -> None:
        asked = Asked(list(ROWS), style, change)
        found = fill(asked)
        assert asked.requests <= 200
        assert found.cut is not None or len(found.rows) == BARS + 1

    def test_too_sparse_for_the_bound_gives_the_newest_and_says_so(self) -> None:
        rows = list(ROWS[::-50][::-1])
        found = fill(Asked(rows, "a stretch of time"), 200, page_bars=100)
        assert found.cut is not None
        assert found.rows == rows[-len(found.rows) :]

    def test_candles_that_are_refused_for_their_age_are_not_looked_for_and_that_is_said(self) -> None:
        rows = list(ROWS[::-2][::-1])
        asked = Asked(rows, "a stretch of time")

        async def ask(since_ms: int | None, limit: int) -> Rows:
            if since_ms is not None and since_ms < ROWS[-2500].open_ms:
                raise RequestError(Trouble.WRONG_REQUEST, "too long ago")
            return await asked(since_ms, limit)

        found = fill(ask)
        assert found.cut == "too long ago"
        assert found.rows == rows[-len(found.rows) :]
        assert len(found.rows) > 900

    def test_a_refusal_within_the_window_is_none_of_age(self) -> None:
        async def ask(since_ms: int | None, limit: int) -> Rows:
            if since_ms is not None and since_ms < ROWS[-700].open_ms:
                raise RequestError(Trouble.WRONG_REQUEST, "Invalid symbol.")
            return await Asked(list(ROWS), "the first since")(since_ms, limit)

        with pytest.raises(RequestError):
            fill(ask)


places = pytest.mark.parametrize("place", PLACES, ids=[each.exchange for each in PLACES])


@places
class TestExchanges:
    def test_wrong_candles_that_pass_are_fetched_again_and_named(self, place: Place, tmp_path: Path) -> None:
        table = np.array(WALK)[-3000:]
        expected = table[-min(BARS + 1, place.kept) :]

        def spoilt(rows: list[Any]) -> list[Any]:
            half, prices = len(rows) // 2, slice(1, 5)
            wrong = [[*row[:1], *(str(float(each) * 0.9) for each in row[prices]), *row[5:]] for row in rows]
            return [*rows[:half], *wrong[half : half + 3], *rows[half + 3 :]]

        with place.with_candles(table) as (server, market):
            stored = StoredMarket(market, Store(tmp_path, market.notes.append), limit_bytes=1e9)
            place.plan(server, place.fault(spoilt), (1,))
            got = fetch_all(stored).candles["BTCUSDT"]
            np.testing.assert_allclose(got.values.T, expected[:, 1:], atol=0.006)
            (note,) = market.notes
            assert "fetched again" in note

    @pytest.mark.parametrize("gap", [(-400, -100), (-1300, -100), (-2400, -1300), (-1000, -999)])
    def test_a_gap_hides_no_older_bars(self, place: Place, gap: tuple[int, int]) -> None:
        table = np.delete(TABLE, np.s_[slice(*gap)], axis=0)
        with place.with_candles(table) as (_, market):
            got = fetch_all(market).candles["BTCUSDT"]
            assert market.notes == []
        assert_same(got, table[-min(BARS + 1, place.kept) :])

    @pytest.mark.parametrize("every", [2, 7])
    def test_a_sparse_symbol_has_all_its_bars(self, place: Place, every: int) -> None:
        table = TABLE[::-every][::-1]
        with place.with_candles(table) as (_, market):
            got = fetch_all(market).candles["BTCUSDT"]
            assert market.notes == []
        assert_same(got, table[-min(BARS + 1, place.kept) :])

    @pytest.mark.parametrize("nth", [(1,), (2,), (1, 2), (2, 3), (3, 4)])
    @pytest.mark.parametrize("change", [lambda rows: [], holed], ids=["empty", "middle third"])
    def test_a_passing_fault_leaves_nothing_wrong_in_the_store(
        self, place: Place, change: Callable[[list[Any]], list[Any]], nth: tuple[int, ...], tmp_path: Path
    ) -> None:
        expected = TABLE[-min(BARS + 1, place.kept) :]
        with place.with_candles(TABLE) as (server, market):
            stored = StoredMarket(market, Store(tmp_path, market.notes.append), limit_bytes=1e9)
            place.plan(server, place.fault(change), nth)
            got = fetch_all(stored).candles["BTCUSDT"]
            np.testing.assert_array_equal(got.timestamp, expected[:, 0])
            np.testing.assert_array_equal(got.values.T, expected[:, 1:])
            (entry,) = Store(tmp_path, print).shelf(place.exchange, "spot", "1h").entries()
            assert entry.bars == len(expected) - 1
            assert entry.complete == (place.kept < BARS)

    def test_a_volume_that_is_not_a_number_costs_the_symbol_as_a_price_does(self, place: Place) -> None:
        volume = {"binance": 5, "bybit": 5, "okx": 5, "kraken": 6}[place.exchange]
        spoilt = place.fault(
            lambda rows: [*rows[:-3], [*rows[-3][:volume], "NaN", *rows[-3][volume + 1 :]], *rows[-2:]]
        )
        with place.with_candles(TABLE) as (server, market):
            place.plan(server, spoilt)
            skipped = check(fetch_all(market, 100).candles["BTCUSDT"])
        assert isinstance(skipped, Skipped)
        assert skipped.reason is SkipReason.NOT_A_NUMBER
        assert "volume is not a number" in skipped.detail


def test_a_window_that_was_cut_short_is_said_and_not_taken_for_complete(tmp_path: Path) -> None:
    table = hourly(40_000)[::-50][::-1]
    with PLACES[2].with_candles(table) as (server, market):
        store = Store(tmp_path, market.notes.append)
        stored = StoredMarket(market, store, limit_bytes=1e9)
        for hours, asks in ((0, True), (0, False), (25, True)):
            server.now_ms += hours * HOUR_MS
            before = server.count(HISTORY)
            got = fetch_all(stored).candles["BTCUSDT"]
            assert 0 < len(got.timestamp) < len(table)
            closed = got.timestamp[got.timestamp < FORMING - HOUR_MS]
            np.testing.assert_array_equal(closed, table[-len(closed) - 1 : -1, 0])
            assert (0 < server.count(HISTORY) - before <= 80) == asks
            assert not store.shelf("okx", "spot", "1h").entries()[0].complete
        assert [note for note in market.notes if note.startswith("BTC/USDT: okx may have more candles before 202")]


def test_a_range_that_was_cut_short_is_asked_for_again(tmp_path: Path) -> None:
    table = TABLE[-3000:]
    first_ms = int(table[0, 0])
    window = Window(timeframe="1h", now_ms=FORMING, since_ms=first_ms)
    with PLACES[1].with_candles(table) as (server, market):
        stored = StoredMarket(market, Store(tmp_path, market.notes.append), limit_bytes=1e9)
        server.plan(PLACES[1].fault(lambda rows: rows[-20:]), path=KLINE)
        listings = stored.listings(quote=None, tickers=False)
        stored.fetch(listings, window, Got())
        assert [note for note in market.notes if "may have more candles" in note]
    with PLACES[1].with_candles(table) as (server, market):
        stored = StoredMarket(market, Store(tmp_path, market.notes.append), limit_bytes=1e9)
        got = Got()
        stored.fetch(stored.listings(quote=None, tickers=False), window, got)
    np.testing.assert_array_equal(got.candles["BTCUSDT"].timestamp, table[:, 0])
