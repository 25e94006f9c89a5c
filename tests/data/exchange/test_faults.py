"""Whatever goes wrong with one symbol: the load ends, right candles stay right, and the symbol is named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from atc_cli.data.load import Loaded, Needs, load
from atc_cli.domain.results.scan import SkipReason
from atc_cli.domain.timeframe import HOUR_MS, MINUTE_MS
from atc_cli.domain.window import Window
from tests.helpers.exchange_case import FORMING, coins, hourly, limited_market, market_of
from tests.helpers.markets import NoProgress
from tests.loopback import (
    KLINES,
    BinanceServer,
    Fault,
    Symbol,
    cut_off,
    edited,
    fixed,
    malformed,
    rate_limited,
    refused,
    reset,
    stalled,
)

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

Rows = list[list[Any]]
WANTED = (
    Window(timeframe="1h", now_ms=0, bars=1500),
    Needs(warmup_bars=30, min_bars=0, cutout_bars=0, max_lag_bars=0),
)


def each_row(change: Callable[[list[Any]], list[Any]]) -> Fault:
    return edited(lambda rows: [change(row) for row in rows])


def one_row(change: Callable[[list[Any]], list[Any]]) -> Fault:
    return edited(lambda rows: [*rows[:3], change(rows[3]), *rows[4:]] if len(rows) > 3 else rows)


def twice(rows: Rows) -> Rows:
    return [*rows, rows[-1]]


def twice_with_another_close(rows: Rows) -> Rows:
    return [*rows, [*rows[-1][:4], "77.77", *rows[-1][5:]]]


# what goes wrong with one symbol, at which of its requests (all if none), and why it has no row (None: it has)
FAULTS: dict[str, tuple[Fault, tuple[int, ...] | None, SkipReason | None]] = {
    "no answer in time, once": (stalled(), (2,), None),
    "connection reset": (reset(), (1,), None),
    "connection reset mid-body": (cut_off(), (2,), None),
    "connection always reset mid-body": (cut_off(), None, SkipReason.FETCH_FAILED),
    "429 with Retry-After": (rate_limited(429, retry_after_s=11), (2,), None),
    "418 for a short time": (rate_limited(418, retry_after_s=30), (2,), None),
    "500 then 200": (refused(500), (1, 3), None),
    "500 for ever": (refused(500), None, SkipReason.FETCH_FAILED),
    "malformed JSON, once": (malformed(), (2,), None),
    "malformed JSON": (malformed(), None, SkipReason.FETCH_FAILED),
    "wrong request": (refused(400, -1121, "Invalid symbol."), None, SkipReason.FETCH_FAILED),
    "truncated page": (edited(lambda rows: rows[:100]), (2,), None),
    "page truncated at its beginning": (edited(lambda rows: rows[100:]), (4,), None),
    "empty page in the middle": (edited(lambda rows: []), (2,), None),
    "page out of order": (edited(lambda rows: rows[::-1]), (2,), None),
    "every page out of order": (edited(lambda rows: rows[::-1]), None, None),
    "duplicate seam": (edited(twice), None, None),
    "duplicate seam that disagrees, once": (edited(twice_with_another_close), (2,), None),
    "duplicate seam that disagrees": (edited(twice_with_another_close), (2, 4, 6), SkipReason.FETCH_FAILED),
    "not a number": (one_row(lambda row: [*row[:4], "NaN", *row[5:]]), None, SkipReason.NOT_A_NUMBER),
    "price of zero": (one_row(lambda row: [row[0], "0", "0", "0", "0", *row[5:]]), None, SkipReason.BAD_PRICE),
    "no price": (one_row(lambda row: [*row[:4], None, *row[5:]]), None, SkipReason.FETCH_FAILED),
    "negative volume": (one_row(lambda row: [*row[:5], "-1", *row[6:]]), None, SkipReason.BAD_VOLUME),
    "wrong grid": (each_row(lambda row: [row[0] - 7 * MINUTE_MS, *row[1:]]), None, SkipReason.OFF_TIMEFRAME),
    "half of the rows off the grid": (
        edited(lambda rows: [[row[0] + MINUTE_MS * (i % 2), *row[1:]] for i, row in enumerate(rows)]),
        None,
        SkipReason.OFF_TIMEFRAME,
    ),
}


def loaded(fault: Fault | None, nth: tuple[int, ...] | None) -> Loaded:
    with (
        BinanceServer(coins(3), now_ms=FORMING) as server,
        market_of(server, timeout=300 if fault == stalled() else 10_000) as (market, _),
    ):
        if fault is not None:
            server.plan(fault, path=KLINES, symbol="C01USDT", nth=nth)
        listings = market.listings(quote="USDT", tickers=False)
        return load(market, listings, *WANTED, NoProgress())


@pytest.fixture(scope="module")
def right() -> dict[str, bytes]:
    """The values of each symbol where nothing goes wrong."""
    undisturbed = loaded(None, None)
    return {each.symbol: each.values.tobytes() for each in undisturbed.candles}


@pytest.mark.parametrize("name", FAULTS)
def test_right_candles_stay_right_and_the_lost_symbol_is_named_with_its_reason(
    name: str, right: dict[str, bytes]
) -> None:
    fault, nth, reason = FAULTS[name]
    outcome = loaded(fault, nth)
    assert {(skip.symbol, skip.reason) for skip in outcome.skipped} == (
        {("C01/USDT:USDT", reason)} if reason else set()
    )
    assert all(skip.detail for skip in outcome.skipped)
    survivors = right if reason is None else {name: values for name, values in right.items() if "C01" not in name}
    assert {each.symbol: each.values.tobytes() for each in outcome.candles} == survivors


@pytest.mark.parametrize("status", [451, 403])
def test_a_location_that_is_refused_in_the_middle_leaves_what_had_come(status: int, right: dict[str, bytes]) -> None:
    with BinanceServer(coins(3), now_ms=FORMING) as server, market_of(server) as (market, _):
        server.plan(refused(status), path=KLINES, symbol="C01USDT", nth=(4,))
        outcome = load(market, market.listings(quote="USDT", tickers=False), *WANTED, NoProgress())
    assert outcome.candles
    assert all(right[each.symbol] == each.values.tobytes() for each in outcome.candles)
    assert "C01/USDT:USDT" in {skip.symbol for skip in outcome.skipped}
    assert all(f"refuses this location or address: HTTP {status}" in skip.detail for skip in outcome.skipped)


@pytest.mark.parametrize("bars", [1, 2])
def test_a_listing_of_one_bar_is_too_young_and_no_fault(bars: int) -> None:
    symbols = [*coins(1), Symbol("NEW", bars=fixed(hourly(bars)))]
    with BinanceServer(symbols, now_ms=FORMING) as server, market_of(server) as (market, _):
        outcome = load(market, market.listings(quote="USDT", tickers=False), *WANTED, NoProgress())
    (skip,) = outcome.skipped
    assert (skip.symbol, skip.reason) == ("NEW/USDT:USDT", SkipReason.TOO_FEW_BARS)
    assert skip.detail == f"needs 30 bars, has {bars - 1}"
    assert len(outcome.candles) == 1


def test_a_symbol_that_is_delisted_after_its_list_was_kept_is_named_and_the_others_come(tmp_path: Path) -> None:
    with BinanceServer(coins(3), now_ms=FORMING) as server:
        with limited_market(server, folder=tmp_path) as (market, _):
            listings = market.listings(quote="USDT", tickers=False)
            assert len(load(market, listings, *WANTED, NoProgress()).candles) == 3
        del server.symbols["C01USDT"]
        with limited_market(server, folder=tmp_path) as (market, _):
            outcome = load(market, market.listings(quote="USDT", tickers=False), *WANTED, NoProgress())
    assert [each.symbol for each in outcome.candles] == ["C00/USDT:USDT", "C02/USDT:USDT"]
    (skip,) = outcome.skipped
    assert (skip.symbol, skip.reason) == ("C01/USDT:USDT", SkipReason.FETCH_FAILED)
    assert "Invalid symbol" in skip.detail


def test_a_candle_that_changed_after_it_closed_comes_as_the_exchange_has_it_now() -> None:
    """Whoever holds the former value can tell by the overlap."""
    before, after = hourly(200), hourly(200)
    after[-20, 4] = (after[-20, 2] + after[-20, 3]) / 2
    server = BinanceServer([Symbol("BTC", bars=fixed(before))], now_ms=FORMING)
    with server, market_of(server) as (market, _):
        first = load(market, market.listings(quote="USDT", tickers=False), *WANTED, NoProgress()).candles[0]
        server.symbols["BTCUSDT"] = Symbol("BTC", bars=fixed(after))
        second = load(market, market.listings(quote="USDT", tickers=False), *WANTED, NoProgress()).candles[0]
    changed = (first.values != second.values).any(axis=0)
    assert first.timestamp[changed].tolist() == [FORMING // HOUR_MS * HOUR_MS - 19 * HOUR_MS]


@pytest.mark.parametrize("skew_ms", [-90_000, 90_000])
@pytest.mark.parametrize("since_close_ms", [-30_000, 30_000])
def test_a_clock_of_ours_that_is_wrong_closes_no_candle_and_opens_none(skew_ms: int, since_close_ms: int) -> None:
    """Half a minute before and after a close, when our clock already is, or is still, on the other side."""
    close_ms = FORMING // HOUR_MS * HOUR_MS
    with (
        BinanceServer(coins(1), now_ms=close_ms + since_close_ms) as server,
        limited_market(server, ahead_ms=skew_ms) as (market, _),
    ):
        outcome = load(market, market.listings(quote="USDT", tickers=False), *WANTED, NoProgress())
    closed = close_ms - HOUR_MS if since_close_ms > 0 else close_ms - 2 * HOUR_MS
    assert int(outcome.candles[0].timestamp[-1]) == closed
    assert outcome.newest_open_ms == closed
