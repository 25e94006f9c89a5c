"""The list of markets on disk: kept for a day, never believed when it is damaged."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from atc_cli.data.market import Listing
from atc_cli.domain.timeframe import DAY_MS
from tests.helpers.exchange_case import FORMING, coins, fetch_all, limited_market
from tests.loopback import EXCHANGE_INFO, BinanceServer, Symbol, refused, wandering

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons


def listed(server: BinanceServer, folder: Path, kind: str = "swap", **more: object) -> tuple[list[Listing], list[str]]:
    with limited_market(server, kind, folder=folder, **more) as (market, _):
        return market.listings(quote=None, tickers=False), market.notes


@pytest.mark.parametrize("kind", ["spot", "swap"])
def test_a_second_run_of_the_day_asks_for_candles_only_and_gets_the_same(tmp_path: Path, kind: str) -> None:
    with BinanceServer(coins(3), now_ms=FORMING) as server:
        with limited_market(server, kind, folder=tmp_path) as (market, _):
            first, fresh = market.listings(quote="USDT", tickers=False), fetch_all(market, 600)
        server.advance(DAY_MS - 1000)
        with limited_market(server, kind, folder=tmp_path) as (market, _):
            assert market.listings(quote="USDT", tickers=False) == first
            server.now_ms = FORMING
            kept = fetch_all(market, 600)
        assert server.count(EXCHANGE_INFO) == 1
        assert market.notes == []
    for name, raw in fresh.candles.items():
        assert kept.candles[name].values.tobytes() == raw.values.tobytes()


def test_after_a_day_the_list_is_fetched_again(tmp_path: Path) -> None:
    with BinanceServer(coins(1), now_ms=FORMING) as server:
        listed(server, tmp_path)
        server.advance(DAY_MS)
        listed(server, tmp_path)
        assert server.count(EXCHANGE_INFO) == 2
        server.advance(-2 * DAY_MS)  # a clock that was set back
        listed(server, tmp_path)
        assert server.count(EXCHANGE_INFO) == 3


def test_it_is_fetched_again_when_that_is_asked_for(tmp_path: Path) -> None:
    with BinanceServer(coins(1), now_ms=FORMING) as server:
        listed(server, tmp_path)
        listed(server, tmp_path, refresh=True)
        assert server.count(EXCHANGE_INFO) == 2


def test_a_forgotten_list_is_fetched_once_and_a_new_one_not_again(tmp_path: Path) -> None:
    with BinanceServer(coins(1), now_ms=FORMING) as server:
        listed(server, tmp_path)
        server.symbols["NEWUSDT"] = Symbol("NEW", bars=wandering(9))
        with limited_market(server, folder=tmp_path) as (market, _):
            assert not market.refresh(), "nothing was read yet"
            assert len(market.listings(quote=None, tickers=False)) == 1
            assert market.refresh()
            assert [each.native for each in market.listings(quote=None, tickers=False)] == ["C00USDT", "NEWUSDT"]
            assert not market.refresh(), "it is new"
        assert server.count(EXCHANGE_INFO) == 2
        assert len(listed(server, tmp_path)[0]) == 2, "the new list is kept"


def test_markets_of_other_kinds_and_options_have_lists_of_their_own(tmp_path: Path) -> None:
    with BinanceServer(coins(1), now_ms=FORMING) as server, BinanceServer(coins(2), now_ms=FORMING) as other:
        assert len(listed(server, tmp_path)[0]) == 1
        assert len(listed(server, tmp_path, "spot")[0]) == 1
        assert len(listed(other, tmp_path)[0]) == 2
    assert len(list((tmp_path / "markets").iterdir())) == 3


def _flip(content: bytes) -> bytes:
    return content[: len(content) // 2] + bytes([content[len(content) // 2] ^ 1]) + content[len(content) // 2 + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "a bit flipped": _flip,
    "cut short": lambda content: content[:-40],
    "empty": lambda content: b"",
    "another schema": lambda content: content.replace(b"atc.markets/1", b"atc.markets/9"),
    "no header": lambda content: content.partition(b"\n")[2],
    "another file": lambda content: b"\x80\x04\x95" + bytes(100),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_set_aside_named_and_fetched_again(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    with BinanceServer(coins(2), now_ms=FORMING) as server:
        first, _ = listed(server, tmp_path)
        (file,) = (tmp_path / "markets").iterdir()
        broken = damage(file.read_bytes())
        file.write_bytes(broken)
        again, (note,) = listed(server, tmp_path)
        assert (again, server.count(EXCHANGE_INFO)) == (first, 2)
        aside = file.with_suffix(".damaged")
        assert str(aside) in note
        assert aside.read_bytes() == broken
        assert listed(server, tmp_path) == (first, [])


def test_a_folder_that_cannot_be_written_costs_a_word_and_nothing_else(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with BinanceServer(coins(2), now_ms=FORMING) as server:
        listings, (note,) = listed(server, blocked)
    assert len(listings) == 2
    assert "the list of markets is not kept" in note


def test_a_list_that_did_not_come_is_not_kept(tmp_path: Path) -> None:
    with BinanceServer(coins(1), now_ms=FORMING) as server:
        with limited_market(server, folder=tmp_path) as (market, _):
            server.plan(refused(400), path=EXCHANGE_INFO, nth=(1,))
            with pytest.raises(Exception, match="rejected"):
                market.listings(quote=None, tickers=False)
        assert not (tmp_path / "markets").exists()


def test_nothing_of_a_key_is_written(tmp_path: Path) -> None:
    from contextlib import closing

    from atc_cli.data.exchange.market import ExchangeMarket

    with BinanceServer(coins(1), now_ms=FORMING) as server:
        for key in ({}, {"apiKey": "THEKEY", "secret": "THESECRET"}):
            with closing(ExchangeMarket("binance", "spot", server.options() | key, folder=tmp_path)) as market:
                market.listings(quote=None, tickers=False)
        assert server.count(EXCHANGE_INFO) == 1, "credentials change no list of markets"
    (file,) = (tmp_path / "markets").iterdir()
    assert "THE" not in file.read_text()
    assert json.loads(file.read_text().splitlines()[1])["fetched_ms"] > 0


@pytest.mark.parametrize("what", ["fifo", "link", "folder"])
def test_what_is_no_file_in_place_of_the_list_is_named_and_neither_opened_nor_followed(
    tmp_path: Path, what: str
) -> None:
    with BinanceServer(coins(2), now_ms=FORMING) as server:
        first, _ = listed(server, tmp_path)
        (file,) = (tmp_path / "markets").iterdir()
        whole = file.read_bytes()
        target = file.replace(tmp_path / "target")
        {"fifo": os.mkfifo, "link": lambda path: path.symlink_to(target), "folder": Path.mkdir}[what](file)
        again, notes = listed(server, tmp_path)
        assert again == first
        assert str(file) in notes[0]
        assert target.read_bytes() == whole
        assert server.count(EXCHANGE_INFO) == 2
        if what != "folder":
            assert listed(server, tmp_path) == (first, [])
            assert server.count(EXCHANGE_INFO) == 2
