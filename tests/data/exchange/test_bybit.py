"""Candles of a Bybit: newest first, numbers as text, a thousand a page, errors with status 200."""

from collections.abc import Callable

import numpy as np
import pytest

from atc_cli.data.exchange.retry import WAITS_MAX_S
from atc_cli.data.market import From
from atc_cli.domain.timeframe import HOUR_MS, TIMEFRAMES_MS, newest_closed_open_ms
from atc_cli.domain.window import Window
from atc_cli.errors import AtcError, BusyError, UnavailableError
from tests.helpers.exchange_case import FORMING, Got, assert_same, fetch_all, hourly, market_of
from tests.loopback import BybitServer, Fault, Symbol, fixed, refused, wandering
from tests.loopback.bybit import INSTRUMENTS, KLINE, native, ret_code
from tests.loopback.symbols import between

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons


@pytest.mark.parametrize("bars", [1, 998, 999, 1000, 1001, 1997, 1999, 2000, 2500])
@pytest.mark.parametrize("kind", ["swap", "spot"])
def test_a_window_has_every_bar_once_wherever_its_pages_end(kind: str, bars: int) -> None:
    table = hourly(3000)
    with (
        BybitServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, kind, "bybit") as (market, _),
    ):
        got = fetch_all(market, bars)
        assert max(int(each.query["limit"]) for each in server.answered if each.name == KLINE) <= 1000
    assert_same(got.candles["BTCUSDT"], table[-bars - 1 :])


@pytest.mark.parametrize("hole", [(-1100, -900), (-1002, -1000), (-1001, -1000), (-500, -499)])
def test_a_gap_at_a_seam_or_inside_a_page_loses_no_bar_beside_it(hole: tuple[int, int]) -> None:
    table = np.delete(hourly(4000), np.s_[slice(*hole)], axis=0)
    with (
        BybitServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, exchange="bybit") as (market, _),
    ):
        got = fetch_all(market, 2500)
    assert_same(got.candles["BTCUSDT"], table[-2501:])


@pytest.mark.parametrize(("timeframe", "bars"), [("1w", 150), ("1d", 1100), ("12h", 1100), ("4h", 1100), ("1m", 1100)])
def test_bars_of_every_length_open_where_bybits_do(timeframe: str, bars: int) -> None:
    """ccxt asks from a multiple of the length since 1970 on, which for weeks is no Monday."""
    symbol = Symbol("BTC", bars=wandering(1))
    with BybitServer([symbol], now_ms=FORMING) as server, market_of(server, exchange="bybit") as (market, _):
        got = fetch_all(market, bars, timeframe)
    last_ms = newest_closed_open_ms(FORMING, timeframe)
    expected = between(symbol, timeframe, last_ms - (bars - 1) * TIMEFRAMES_MS[timeframe], FORMING, FORMING)
    assert len(expected) == bars + 1
    raw = got.candles["BTCUSDT"]
    np.testing.assert_array_equal(raw.timestamp, expected[:, 0])
    np.testing.assert_allclose(raw.values, expected[:, 1:], rtol=0, atol=0.005)


@pytest.mark.parametrize("kind", ["swap", "spot"])
def test_a_symbol_that_was_listed_inside_the_window_has_all_its_bars(kind: str) -> None:
    table = hourly(300)
    young = Symbol("NEW", born_ms=int(table[0, 0]), bars=fixed(table))
    with BybitServer([young], now_ms=FORMING) as server, market_of(server, kind, "bybit") as (market, _):
        assert_same(fetch_all(market, 2500).candles["NEWUSDT"], table)


def test_a_list_of_several_pages_is_whole_and_holds_open_perpetuals_only() -> None:
    coins = [Symbol(f"C{number}") for number in range(5)]
    others = [Symbol("C5", status="BREAK"), Symbol("C6", contract="CURRENT_QUARTER"), Symbol("C7", quote="USDC")]
    with BybitServer([*coins, *others], now_ms=FORMING) as server, market_of(server, exchange="bybit") as (market, _):
        server.instruments_cap = 3
        listings = market.listings(quote=None, tickers=True)
        assert {each.kind for each in server.answered if each.name == INSTRUMENTS} == {"swap"}
    assert {each.symbol: each.native for each in listings} == {
        **{f"{each.base}/USDT:USDT": native("swap", each) for each in coins},
        "C7/USDC:USDC": "C7PERP",
    }


@pytest.mark.parametrize("kind", ["swap", "spot"])
def test_day_figures_are_bybits(kind: str) -> None:
    table = hourly(48)
    with (
        BybitServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, kind, "bybit") as (market, _),
    ):
        (listing,) = market.listings(quote="usdt", tickers=True)
    day = table[-25:]
    assert listing.quote_volume == pytest.approx((day[:, 5] * day[:, 4]).sum())
    assert listing.change_24h_frac == pytest.approx(day[-1, 4] / day[0, 1] - 1, abs=1e-5)


RATE = "Too many visits. Exceeded the API Rate Limit."
DENIED = Fault(status=403, body="<html><body>The distribution is configured to block access</body></html>")
WHOLE: list[tuple[Fault, type[AtcError], str, Callable[[int], bool]]] = [
    (ret_code(10006, RATE), BusyError, "limits the rate of requests", lambda asked: asked <= 1 + WAITS_MAX_S),
    (ret_code(10018, RATE), BusyError, "limits the rate of requests", lambda asked: asked <= 1 + WAITS_MAX_S),
    (ret_code(10006, RATE, 403), BusyError, "limits the rate of requests", lambda asked: asked <= 1 + WAITS_MAX_S),
    (
        ret_code(10024, "Compliance rules triggered"),
        UnavailableError,
        "refuses this location",
        lambda asked: asked == 1,
    ),
    (DENIED, UnavailableError, "refuses this location", lambda asked: asked == 1),
    (refused(502), UnavailableError, "is failing: HTTP 502", lambda asked: asked == 3),
]


@pytest.mark.parametrize(
    ("fault", "error", "words", "few"), WHOLE, ids=["10006", "10018", "10006 in a 403", "10024", "403", "502"]
)
def test_an_error_that_no_symbol_escapes_ends_the_fetch_after_few_requests(
    fault: Fault, error: type[AtcError], words: str, few: Callable[[int], bool]
) -> None:
    with (
        BybitServer([Symbol("BTC", bars=wandering(1))], now_ms=FORMING) as server,
        market_of(server, exchange="bybit") as (market, waits),
    ):
        server.plan(fault, path=KLINE)
        with pytest.raises(error, match=words):
            fetch_all(market, 100)
        assert few(server.count(KLINE))
    assert sum(waits.seconds) <= WAITS_MAX_S


def test_a_rate_limit_that_passes_costs_a_wait_and_no_candle() -> None:
    table = hourly(200)
    with (
        BybitServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, exchange="bybit") as (market, waits),
    ):
        server.plan(ret_code(10006, RATE), path=KLINE, nth=(1,))
        got = fetch_all(market, 100)
        assert server.count(KLINE) == 2
    assert_same(got.candles["BTCUSDT"], table[-101:])
    assert len(waits.seconds) == 1


def test_a_request_that_is_wrong_is_not_repeated_and_costs_the_symbol_alone() -> None:
    coins = [Symbol("BTC", bars=wandering(1)), Symbol("OLD", bars=wandering(2))]
    with BybitServer(coins, now_ms=FORMING) as server, market_of(server, exchange="bybit") as (market, waits):
        server.plan(ret_code(10001, "params error: symbol invalid"), path=KLINE, symbol="OLDUSDT")
        got = fetch_all(market, 100)
        assert server.count(KLINE, "OLDUSDT") == 1
    assert list(got.candles) == ["BTCUSDT"]
    assert got.skipped["OLDUSDT"].detail == "the exchange rejected the request: params error: symbol invalid"
    assert waits.seconds == []


def test_a_tail_is_one_request_from_the_last_bar_on() -> None:
    table, got = hourly(50), Got()
    with (
        BybitServer([Symbol("BTC", bars=fixed(table))], now_ms=FORMING) as server,
        market_of(server, exchange="bybit") as (market, _),
    ):
        (listing,) = market.listings(quote=None, tickers=False)
        market.fetch_from(
            [From(listing, FORMING // HOUR_MS * HOUR_MS - 2 * HOUR_MS)],
            Window(timeframe="1h", now_ms=FORMING, since_ms=0),
            got,
        )
        assert server.count(KLINE) == 1
    assert_same(got.candles["BTCUSDT"], table[-3:])
