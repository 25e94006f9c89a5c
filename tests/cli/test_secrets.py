"""No value of [ccxt.ID] that is not known to be harmless is ever printed, not even where an exchange repeats it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Atc
from tests.helpers.loopback_case import NOW_MS, config, symbol
from tests.loopback import BinanceServer, BybitServer, Fault, KrakenServer, LoopbackServer, edited, refused
from tests.loopback.bybit import INSTRUMENTS, KLINE, ret_code
from tests.loopback.kraken import OHLC

SECRETS = {"apiKey": "AKEY-1f9c27", "secret": "SECRET/9b+e11=", "password": "pass phrase nineteen"}
TOKEN = "TOKENd41d8cd98f00b204e9800998ecf8427eTOKENd41d8cd98f00b204e9800998ecf8427e"
HEADERS = f'[ccxt.{{}}.headers]\nX-Broker = "Bearer {TOKEN}"\n'
SAID = f"no such key {SECRETS['apiKey']}, {SECRETS['secret']} or {SECRETS['password']} of {TOKEN}"

Echo = Callable[[str], Fault]
EXCHANGES: list[tuple[str, type[LoopbackServer], str, str, str, Echo]] = [
    ("binance", BinanceServer, "swap", "exchangeInfo", "klines", lambda said: refused(400, -1, said)),
    ("bybit", BybitServer, "swap", INSTRUMENTS, KLINE, lambda said: ret_code(10001, said)),
    ("kraken", KrakenServer, "spot", "AssetPairs", OHLC, lambda said: Fault(body=json.dumps({"error": [said]}))),
]


def settings(server: LoopbackServer, folder: Path, exchange: str, market: str) -> Path:
    file = config(server, folder, market, exchanges=(exchange,))
    keys = "".join(f'{name} = "{value}"\n' for name, value in SECRETS.items())
    text = file.read_text().replace(f"[ccxt.{exchange}]\n", f"[ccxt.{exchange}]\n{keys}")
    file.write_text(text + HEADERS.format(exchange))
    return file


def assert_unsaid(words: str) -> None:
    pieces = [*SECRETS.values(), TOKEN, TOKEN[:37], TOKEN[:20]]
    assert not [each for each in pieces if each in words], words


@pytest.mark.parametrize("keys", [(), ("--use-keys",)], ids=["unused", "used"])
@pytest.mark.parametrize("case", EXCHANGES, ids=[each[0] for each in EXCHANGES])
def test_an_exchange_that_repeats_them_has_none_printed(atc: Atc, tmp_path: Path, case, keys: tuple[str, ...]) -> None:
    exchange, server_of, market, listing, candles, echo = case
    with server_of([symbol(0), symbol(1)], now_ms=NOW_MS) as server:
        file = str(settings(server, tmp_path, exchange, market))
        command = ("scan", "--config", file, "--exchange", exchange, "--bars", "60", "--all", "--verbose", *keys)
        server.plan(echo(SAID), path=candles, symbol=symbol(1).id)
        for output in ("json", "table", "markdown"):
            done = atc(*command, "--output", output)
            assert done.code == 3, done.err
            assert_unsaid(done.out + done.err)
            assert "***" in done.out + done.err
        server.plan(echo(SAID), path=listing)
        dead = atc(*command, "--refresh-markets")
        assert dead.code != 0
        assert "no such key ***" in dead.err
        assert_unsaid(dead.out + dead.err)


def test_a_secret_that_is_cut_short_with_its_sentence_is_hidden_before(atc: Atc, tmp_path: Path) -> None:
    with BinanceServer([symbol(0)], now_ms=NOW_MS) as server:
        file = str(settings(server, tmp_path, "binance", "swap"))
        for blanks in range(90, 160, 7):
            server.plan(refused(400, -1, f"{'x' * blanks} {TOKEN}"), path="klines", nth=(1,))
            done = atc("scan", "--config", file, "--bars", "60", "--output", "json")
            assert "TOKEN" not in done.out + done.err
            server._plans.clear()


def test_a_candle_that_holds_one_is_told_without_it(atc: Atc, tmp_path: Path) -> None:
    def with_key(rows: list[list[object]]) -> list[list[object]]:
        return [[rows[0][0], TOKEN, *rows[0][2:]], *rows[1:]]

    with BinanceServer([symbol(0), symbol(1)], now_ms=NOW_MS) as server:
        file = str(settings(server, tmp_path, "binance", "swap"))
        server.plan(edited(with_key), path="klines", symbol=symbol(1).id)
        done = atc("scan", "--config", file, "--bars", "60", "--all", "--output", "json")
    assert done.code == 3, done.err
    assert_unsaid(done.out + done.err)


def test_ccxts_own_log_says_none(atc: Atc, tmp_path: Path) -> None:
    with BinanceServer([symbol(0)], now_ms=NOW_MS) as server:
        file = settings(server, tmp_path, "binance", "spot")
        file.write_text(file.read_text().replace("[ccxt.binance]\n", "[ccxt.binance]\nverbose = true\n"))
        done = atc("scan", "--config", str(file), "--bars", "60", "--use-keys")
    assert "fetch Request" in done.out
    assert_unsaid(done.out + done.err)


@pytest.mark.parametrize(
    "command", [("config", "show"), ("scan", "--show-settings"), ("explain", "X", "--show-settings")]
)
@pytest.mark.parametrize("output", ["table", "json"])
def test_settings_are_shown_without_them(atc: Atc, tmp_path: Path, command: tuple[str, ...], output: str) -> None:
    with BinanceServer([symbol(0)], now_ms=NOW_MS) as server:
        file = str(settings(server, tmp_path, "binance", "swap"))
        done = atc(*command, "--config", file, "--output", output)
    assert done.code == 0, done.err
    assert "***" in done.out
    assert_unsaid("".join(done.out.split()))
    assert_unsaid(done.out)
