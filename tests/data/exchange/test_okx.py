"""Candles of an OKX: newest first, between two times that are not inside, 300 a page, from two places by their age."""

import numpy as np
import pytest

from tests.helpers.exchange_case import FORMING, assert_same, fetch_all, hourly, market_of
from tests.loopback import OkxServer, Symbol, fixed, refused
from tests.loopback.okx import CANDLES, HISTORY

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons


@pytest.mark.parametrize("bars", [1, 298, 299, 300, 301, 597, 599, 600, 1500])
@pytest.mark.parametrize("kind", ["swap", "spot"])
def test_a_window_has_every_bar_once_wherever_its_pages_end_and_volume_in_coins(kind: str, bars: int) -> None:
    table = hourly(2000)
    with (
        OkxServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, kind, "okx") as (market, _),
    ):
        got = fetch_all(market, bars)
    assert_same(got.candles["BTCUSDT"], table[-bars - 1 :])


def test_recent_and_old_candles_come_from_their_own_places_without_a_hole_between() -> None:
    """ccxt chooses the place by the age of what it asks for."""
    table = hourly(2500)
    with (
        OkxServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, exchange="okx") as (market, _),
    ):
        got = fetch_all(market, 2000)
        assert server.count(CANDLES) > 0
        assert server.count(HISTORY) > 0
    assert_same(got.candles["BTCUSDT"], table[-2001:])


@pytest.mark.parametrize("hole", [(-400, -200), (-302, -300), (-301, -300), (-100, -99)])
def test_a_gap_at_a_seam_or_inside_a_page_loses_no_bar_beside_it(hole: tuple[int, int]) -> None:
    table = np.delete(hourly(2000), np.s_[slice(*hole)], axis=0)
    with (
        OkxServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, exchange="okx") as (market, _),
    ):
        got = fetch_all(market, 900)
    assert_same(got.candles["BTCUSDT"], table[-901:])


@pytest.mark.parametrize("bars", [30, 299, 300, 301])
def test_a_symbol_that_was_listed_inside_the_window_has_all_its_bars(bars: int) -> None:
    table = hourly(bars)
    young = Symbol("NEW", born_ms=int(table[0, 0]), bars=fixed(table))
    with OkxServer([young], now_ms=FORMING) as server, market_of(server, exchange="okx") as (market, _):
        assert_same(fetch_all(market, 900).candles["NEWUSDT"], table)


@pytest.mark.parametrize("width", [299, 301, 400, 700])
def test_a_gap_wider_than_a_page_is_crossed_where_the_exchange_says_that_the_listing_is_older(width: int) -> None:
    whole = hourly(2500)
    table = np.delete(whole, np.s_[-500 - width : -500], axis=0)
    old = Symbol("BTC", born_ms=int(whole[0, 0]), bars=fixed(table))
    with OkxServer([old], now_ms=FORMING) as server, market_of(server, exchange="okx") as (market, _):
        assert_same(fetch_all(market, 900).candles["BTCUSDT"], table[-901:])


def test_its_429_is_a_rate_limit_that_is_waited_for() -> None:
    table = hourly(200)
    with (
        OkxServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, exchange="okx") as (market, waits),
    ):
        server.plan(refused(429, 50011, "Too Many Requests"), path=CANDLES, nth=(1,))
        assert_same(fetch_all(market, 100).candles["BTCUSDT"], table[-101:])
    assert len(waits.seconds) == 1
