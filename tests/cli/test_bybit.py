"""`atc scan --exchange bybit` against a Bybit on this machine."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atc_cli.domain.panel import RawCandles, check
from atc_cli.domain.params import Params
from tests.conftest import Atc, Run
from tests.helpers.backends import compute
from tests.helpers.loopback_case import HOUR_MS, NOW_MS, config, symbol
from tests.helpers.runs import alike
from tests.loopback import BinanceServer, BybitServer, Fault, Symbol, Table, refused
from tests.loopback.bybit import INSTRUMENTS, KLINE, ret_code
from tests.loopback.symbols import newest

BARS = 2500  # three pages
YOUNG_BARS = 300


def gapped(number: int, first: int, stop: int) -> Symbol:
    """Without the bars first..stop-1, counted back from the newest closed one."""
    whole = symbol(number)
    last_ms = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS

    def source(timeframe: str, first_ms: int, last: int, now_ms: int) -> Table:
        bars = whole.bars(timeframe, first_ms, last, now_ms)
        back = (last_ms - bars[:, 0]) // HOUR_MS
        return bars[(back < first) | (back >= stop)]

    return replace(whole, bars=source)


@pytest.fixture
def server() -> Iterator[BybitServer]:
    coins = [symbol(0), symbol(1), symbol(2, bars=YOUNG_BARS), gapped(3, 900, 1100), gapped(4, 998, 1000)]
    with BybitServer(coins, now_ms=NOW_MS) as running:
        yield running


def scan(atc: Atc, server: BybitServer, folder: Path, *flags: str, market: str = "swap", bars: int = BARS) -> Run:
    file = str(config(server, folder, market, exchanges=("bybit",)))
    return atc("scan", "--config", file, "--exchange", "bybit", "--bars", str(bars), *flags)


def document(atc: Atc, server: BybitServer, folder: Path, *flags: str, market: str = "swap", bars: int = BARS) -> dict:
    done = scan(atc, server, folder, "--all", "--output", "json", *flags, market=market, bars=bars)
    assert done.code == 0, done.err
    return json.loads(done.out)


def held(server: BybitServer, unified: str, bars: int) -> Table:
    """The newest closed bars straight from the server's books, without ccxt."""
    coin = server.symbols[unified.split(":", maxsplit=1)[0].replace("/", "")]
    return newest(coin, "1h", bars, NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS, NOW_MS)


@pytest.mark.parametrize("market", ["swap", "spot"])
def test_rows_are_what_the_reference_computes_on_the_bars_that_bybit_holds(
    atc: Atc, server: BybitServer, tmp_path: Path, market: str
) -> None:
    rows = document(atc, server, tmp_path, market=market)["rows"]
    assert len(rows) == len(server.symbols)
    for row in rows:
        table = np.asarray(held(server, row["symbol"], BARS))
        raw = RawCandles(
            exchange="bybit", symbol=row["symbol"], timeframe="1h", timestamp=table[:, 0], values=table[:, 1:].round(2)
        )
        expected = compute("reference", [check(raw)], Params())
        assert row["signal"] == expected.average[0, -1]
        assert list(row["weights"].values()) == expected.weights[0, :, -1].tolist()
        assert row["bars"] == len(table) == (YOUNG_BARS if "COIN002" in row["symbol"] else BARS)


@pytest.mark.parametrize("market", ["swap", "spot"])
def test_a_second_run_asks_for_nothing_until_a_bar_has_closed_and_then_once_a_symbol(
    atc: Atc, server: BybitServer, tmp_path: Path, market: str
) -> None:
    cold = document(atc, server, tmp_path, market=market)
    asked = server.count(KLINE)
    warm = document(atc, server, tmp_path, market=market)
    assert server.count(KLINE) == asked
    assert warm["rows"] == cold["rows"]
    server.now_ms = NOW_MS + HOUR_MS
    document(atc, server, tmp_path, market=market)
    assert server.count(KLINE) - asked <= 2 * len(server.symbols)  # two have gaps, one began: that is asked about again
    asked = server.count(KLINE)
    server.now_ms += HOUR_MS
    later = document(atc, server, tmp_path, market=market)
    assert server.count(KLINE) == asked + len(server.symbols)
    assert server.count(INSTRUMENTS) == (2 if market == "swap" else 1), "pre-launch contracts are a list of their own"
    fresh = document(atc, server, tmp_path, "--cache-dir", str(tmp_path / "empty"), market=market)
    lacking = {row["symbol"] for row in fresh["rows"] if row["unsure"]}
    assert lacking == {
        row["symbol"] for row in fresh["rows"] if row["gap_bars"] or (row["bars"] < BARS and market == "spot")
    }
    assert alike(later["rows"]) == alike([{**row, "unsure": False} for row in fresh["rows"]])
    assert not [each for each in server.answered if not each.kind]


def test_rows_of_two_exchanges_that_page_differently_are_those_of_each_alone(
    atc: Atc, server: BybitServer, tmp_path: Path
) -> None:
    theirs = [symbol(0), symbol(7)]
    with BinanceServer(theirs, now_ms=NOW_MS) as binance:
        file = config(server, tmp_path, exchanges=("bybit",))
        ours = file.read_text()
        sections = config(binance, tmp_path).read_text()
        file.write_text(ours + sections[sections.index("[ccxt.binance]") :])
        command = ("--config", str(file), "--bars", "1200", "--all", "--output", "json")
        both = atc("scan", "--exchange", "binance,bybit", *command)
        alone = [
            atc("scan", "--exchange", each, *command, "--cache-dir", str(tmp_path / each))
            for each in ("binance", "bybit")
        ]
    assert both.code == 0, both.err
    signals = [
        {(row["exchange"], row["symbol"]): (row["signal"], row["bars"]) for row in json.loads(done.out)["rows"]}
        for done in (both, *alone)
    ]
    assert signals[0] == signals[1] | signals[2]
    assert len(signals[0]) == len(theirs) + len(server.symbols)
    assert signals[0]["binance", "COIN000/USDT:USDT"] == signals[0]["bybit", "COIN000/USDT:USDT"]


def test_symbols_are_found_by_bybits_own_names(atc: Atc, server: BybitServer, tmp_path: Path) -> None:
    server.symbols["COIN009USDC"] = replace(symbol(9), quote="USDC")
    done = scan(atc, server, tmp_path, "COIN009PERP", "--quote", "USDC", "--all", "--output", "symbols", bars=60)
    assert done.out == "COIN009/USDC:USDC\n", done.err
    assert server.count(KLINE) == server.count(KLINE, "COIN009PERP") == 1


def test_one_symbol_that_bybit_rejects_is_named_asked_once_and_the_scan_is_partial(
    atc: Atc, server: BybitServer, tmp_path: Path
) -> None:
    server.plan(ret_code(10001, "params error: symbol invalid"), path=KLINE, symbol="COIN001USDT")
    done = scan(atc, server, tmp_path, "--all", "--output", "json", bars=60)
    assert done.code == 3
    (skip,) = json.loads(done.out)["skipped"]
    assert (skip["symbol"], skip["reason"]) == ("COIN001/USDT:USDT", "fetch_failed")
    assert "symbol invalid" in skip["detail"]
    assert server.count(KLINE, "COIN001USDT") == 1


REFUSALS = [
    (Fault(status=403, body="<html>configured to block access from your country</html>"), 69, "refuses this location"),
    (ret_code(10001, "params error"), 69, "rejected the request: params error"),
    (refused(451), 69, "451"),
]


@pytest.mark.parametrize(("fault", "code", "part"), REFUSALS, ids=["403", "10001", "451"])
def test_a_bybit_that_refuses_ends_the_scan_with_a_sentence_after_one_request(
    atc: Atc, server: BybitServer, tmp_path: Path, fault: Fault, code: int, part: str
) -> None:
    server.plan(fault, path=INSTRUMENTS)
    done = scan(atc, server, tmp_path, market="spot")
    assert (done.code, done.out) == (code, ""), done.err
    assert part in done.err
    assert "Traceback" not in done.err
    assert server.count(INSTRUMENTS) == 1
