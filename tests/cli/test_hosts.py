"""Two hosts of one exchange, as its testnet is, tell different candles of the same names: neither answers for the
other."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Atc
from tests.helpers.imported import IMPORT, cache, write
from tests.helpers.loopback_case import NOW_MS, config, symbol
from tests.loopback import BinanceServer, BybitServer, KrakenServer, LoopbackServer, OkxServer, Symbol

SERVERS = {"binance": BinanceServer, "bybit": BybitServer, "okx": OkxServer, "kraken": KrakenServer}
NAMES = range(3)


def renamed(number: int, seed: int) -> Symbol:
    """The name of one symbol with the candles of another."""
    other = symbol(seed)
    return Symbol(symbol(number).base, tick=other.tick, born_ms=other.born_ms, bars=other.bars)


@pytest.fixture(params=SERVERS)
def hosts(request: pytest.FixtureRequest) -> Iterator[tuple[str, LoopbackServer, LoopbackServer]]:
    """An exchange and two hosts of it."""
    kind = SERVERS[request.param]
    with ExitStack() as stack:
        first = stack.enter_context(kind([symbol(i) for i in NAMES], now_ms=NOW_MS))
        second = stack.enter_context(kind([renamed(i, 50 + i) for i in NAMES], now_ms=NOW_MS))
        yield request.param, first, second


def rows(atc: Atc, exchange: str, server: LoopbackServer, folder: Path, *flags: str) -> list[dict]:
    folder.mkdir(exist_ok=True)
    file = config(server, folder, "spot", exchanges=(exchange,))
    done = atc("scan", "--config", str(file), "--exchange", exchange, "--all", "--output", "json", *flags)
    assert done.code == 0, done.err
    return json.loads(done.out)["rows"]


def test_each_host_has_its_own_candles_online_offline_and_remembered(
    atc: Atc, hosts: tuple[str, LoopbackServer, LoopbackServer], tmp_path: Path
) -> None:
    exchange, *servers = hosts
    apart = [
        rows(atc, exchange, server, tmp_path, "--cache-dir", str(tmp_path / f"cache{i}"))
        for i, server in enumerate(servers)
    ]
    assert [each["price"] for each in apart[0]] != [each["price"] for each in apart[1]]
    assert [len(each) for each in apart] == [3, 3]
    for flags in ((), (), ("--offline",), ("--signals-cache",), ("--signals-cache",)):
        for server, right in zip(servers, apart, strict=True):
            assert rows(atc, exchange, server, tmp_path, *flags) == right


def test_ls_names_the_host_and_the_exchange_alone_has_nothing_stored(
    atc: Atc, hosts: tuple[str, LoopbackServer, LoopbackServer], tmp_path: Path
) -> None:
    exchange, *servers = hosts
    for server in servers:
        rows(atc, exchange, server, tmp_path)
    ports = [server.base_url.rpartition(":")[2] for server in servers]
    listed = json.loads(atc("cache", "ls", "--output", "json").out)["shelves"]
    assert [each["exchange"] for each in listed] == [exchange] * 2
    assert sorted(each["host"].split("-")[0] for each in listed) == sorted(f"127.0.0.1_{port}" for port in ports)
    table = atc("cache", "ls").out
    assert all(f"{exchange}@127.0.0.1_{port}-" in table for port in ports)
    assert atc("cache", "verify").code == 0
    alone = ("--exchange", exchange, "--market", "spot", "--timeframe", "1h")
    assert atc("scan", "--offline", *alone).code == 4
    assert atc("cache", "export", "out", *alone).code == 4
    file = config(servers[1], tmp_path, "spot", exchanges=(exchange,))
    file.replace(tmp_path / "here" / "atc.toml")
    assert atc("cache", "export", "out", *alone).code == 0


def test_what_was_stored_without_a_host_is_the_usual_hosts(atc: Atc, tmp_path: Path) -> None:
    (tmp_path / "here" / "data").mkdir()
    write(tmp_path / "here" / "data" / "COIN0USDT-1h.csv", 1)
    assert atc(*IMPORT).code == 0
    assert [each.name for each in cache(tmp_path).iterdir()] == ["binance"]
    (shelf,) = json.loads(atc("cache", "ls", "--output", "json").out)["shelves"]
    assert shelf["host"] is None
    mine = tmp_path / "mine.toml"
    mine.write_text('[ccxt.binance]\napiKey = "K"\ntimeout = 9000\n')
    window = ("--timeframe", "1h", "--bars", "200", "--config", str(mine))
    assert atc("scan", "--offline", *window).code == 0
    mine.write_text("[ccxt.binance]\nsandbox = true\n")
    assert atc("scan", "--offline", *window).code == 4
