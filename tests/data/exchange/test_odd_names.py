"""Names that are not text: half a surrogate pair, which JSON can spell and nobody can write."""

from pathlib import Path

import pytest

from tests.helpers.exchange_case import FORMING, coins, fetch_all, limited_market, market_of
from tests.loopback import (
    EXCHANGE_INFO,
    BinanceServer,
    BybitServer,
    Fault,
    KrakenServer,
    LoopbackServer,
    OkxServer,
    Symbol,
    wandering,
)

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

ODD = Symbol("BAD\ud83d", bars=wandering(7))
EXCHANGES = [
    ("binance", "swap", BinanceServer),
    ("binance", "spot", BinanceServer),
    ("bybit", "swap", BybitServer),
    ("okx", "swap", OkxServer),
    ("kraken", "spot", KrakenServer),
]


@pytest.mark.parametrize(
    ("exchange", "kind", "server_of"), EXCHANGES, ids=[f"{each[0]} {each[1]}" for each in EXCHANGES]
)
def test_one_odd_name_is_left_out_alone_and_named_once(
    exchange: str, kind: str, server_of: type[LoopbackServer]
) -> None:
    with server_of([*coins(3), ODD], now_ms=FORMING) as server, market_of(server, kind, exchange) as (market, _):
        got = fetch_all(market, 60)
        market.listings(quote=None, tickers=False)
    assert sorted(got.candles) == ["C00USDT", "C01USDT", "C02USDT"]
    (note,) = market.notes
    assert r"BAD\ud83d/USDT" in note
    assert "is left out" in note
    assert note.isascii()


def test_day_figures_of_the_others_are_read_too() -> None:
    with BinanceServer([*coins(2), ODD], now_ms=FORMING) as server, market_of(server) as (market, _):
        days = market.listings(quote=None, tickers=True)
    assert [each.native for each in days] == ["C00USDT", "C01USDT"]
    assert all(each.quote_volume for each in days)


def test_a_kept_list_leaves_it_out_as_well(tmp_path: Path) -> None:
    with BinanceServer([*coins(2), ODD], now_ms=FORMING) as server:
        for _ in range(2):
            with limited_market(server, folder=tmp_path) as (market, _):
                assert len(market.listings(quote=None, tickers=False)) == 2
            assert len(market.notes) == 1
        assert server.count(EXCHANGE_INFO) == 1


@pytest.mark.parametrize("body", ['{"symbols": [NaN, "\\ud83d"]}', '{"symbols": ["\\ud83d"'])
def test_what_is_no_json_is_none_with_such_a_name_in_it_too(body: str) -> None:
    with BinanceServer(coins(1), now_ms=FORMING) as server, market_of(server) as (market, _):
        server.plan(Fault(body=body), path=EXCHANGE_INFO)
        with pytest.raises(Exception, match="an answer that is not JSON"):
            market.listings(quote=None, tickers=False)
