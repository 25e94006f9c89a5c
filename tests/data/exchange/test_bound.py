"""Answers are read as far as what was asked for can go: a page of candles, a list of symbols."""

import gzip
import tracemalloc
from collections.abc import Callable

import pytest

from atc_cli.errors import UnavailableError
from tests.helpers.exchange_case import FORMING, coins, fetch_all, market_of
from tests.loopback import (
    EXCHANGE_INFO,
    KLINES,
    TICKERS,
    TIME,
    BinanceServer,
    BybitServer,
    Fault,
    KrakenServer,
    LoopbackServer,
    edited,
)
from tests.loopback.bybit import KLINE
from tests.loopback.kraken import OHLC

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

MB = 10**6
PAGES = [
    ("binance", "swap", BinanceServer, KLINES),
    ("bybit", "swap", BybitServer, KLINE),
    ("kraken", "spot", KrakenServer, OHLC),
]


def long_answer(size_mb: int) -> Fault:
    return Fault(body=b"[" + b"1," * (size_mb * MB // 2) + b"1]")


def packed(size_mb: int) -> Fault:
    return Fault(headers={"Content-Encoding": "gzip"}, body=gzip.compress(bytes(size_mb * MB)))


@pytest.mark.parametrize("answer", [long_answer, packed], ids=["long", "packed"])
@pytest.mark.parametrize("case", PAGES, ids=[each[0] for each in PAGES])
def test_a_page_beyond_its_limit_costs_its_symbol_little_memory_and_names_the_limit(
    case: tuple[str, str, type[LoopbackServer], str], answer: Callable[[int], Fault]
) -> None:
    exchange, kind, server_of, name = case
    with server_of(coins(2), now_ms=FORMING) as server, market_of(server, kind, exchange) as (market, _):
        server.plan(answer(200), path=name, symbol="C01USDT")
        fetch_all(market, 60)
        tracemalloc.start()
        got = fetch_all(market, 60)
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert list(got.candles) == ["C00USDT"]
    assert "more than 5 MB, the limit of an answer to a request for a page of" in got.skipped["C01USDT"].detail
    assert peak_bytes < 40 * MB


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        (EXCHANGE_INFO, "60 MB, the limit of an answer to a request for a list of symbols"),
        (TICKERS, "60 MB"),
        (TIME, "1 MB, the limit of an answer to a request for the time of day"),
    ],
)
def test_lists_and_the_time_have_limits_of_their_own(name: str, limit: str) -> None:
    with BinanceServer(coins(1), now_ms=FORMING) as server, market_of(server) as (market, _):
        server.plan(packed(61), path=name)
        with pytest.raises(UnavailableError, match=f"binance sent more than {limit}"):
            market.now_ms() if name == TIME else market.listings(quote=None, tickers=True)
        assert server.count(name) == 3, "it may pass"


def test_a_long_page_and_a_long_list_within_their_limits_are_read() -> None:
    def spaced(document: object) -> object:
        return (
            [document[0], [*document[1][:11], "0" * 4 * MB], *document[2:]] if isinstance(document, list) else document
        )

    with BinanceServer(coins(1), now_ms=FORMING) as server, market_of(server) as (market, _):
        server.plan(edited(spaced), path=KLINES)
        server.plan(edited(lambda document: {**document, "more": "0" * 20 * MB}), path=EXCHANGE_INFO)
        assert len(fetch_all(market, 1500).candles) == 1
        assert market.notes == []


def test_a_connection_that_was_left_is_no_harm_to_the_next_request() -> None:
    with BinanceServer(coins(8), now_ms=FORMING) as server, market_of(server) as (market, _):
        server.plan(long_answer(30), path=KLINES, nth=(1, 4, 6))
        assert len(fetch_all(market, 60).candles) == 8
