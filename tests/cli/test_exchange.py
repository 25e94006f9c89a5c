"""`atc scan` through ccxt against a Binance on this machine: what a person with a network sees."""

import json
import re
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import time_ns

import numpy as np
import pytest

from atc_cli.data.store.shelf import group_of
from atc_cli.domain.panel import RawCandles, check
from atc_cli.domain.params import Params
from tests.conftest import STAMP, Atc, Run
from tests.helpers.backends import compute
from tests.helpers.loopback_case import BARS, HOUR_MS, NOW_MS, config, symbol
from tests.helpers.runs import alike, started
from tests.loopback import BinanceServer, edited, rate_limited, refused, stalled


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    coins = [symbol(number) for number in range(6)] + [symbol(6, bars=20)]
    with BinanceServer(coins, now_ms=NOW_MS) as running:
        yield running


def scan(atc: Atc, server: BinanceServer, folder: Path, *flags: str, market: str = "swap") -> Run:
    return atc("scan", "--config", str(config(server, folder, market)), *flags)


@pytest.mark.parametrize("market", ["swap", "spot"])
def test_rows_are_what_the_reference_computes_on_the_bars_that_the_exchange_holds(
    atc: Atc, server: BinanceServer, tmp_path: Path, market: str
) -> None:
    done = scan(atc, server, tmp_path, "--all", "--output", "json", market=market)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert (document["exchange"], document["market"], document["simulated"]) == ("binance", market, False)
    assert len(document["rows"]) == 6
    for row in document["rows"]:
        expected = compute("reference", [closed_bars(server, row["symbol"])], Params())
        assert row["signal"] == expected.average[0, -1]
        assert list(row["weights"].values()) == expected.weights[0, :, -1].tolist()
        assert row["bars"] == BARS
    assert [(skip["symbol"], skip["reason"]) for skip in document["skipped"]] == [
        ("COIN006/USDT:USDT" if market == "swap" else "COIN006/USDT", "too_few_bars")
    ]


def closed_bars(server: BinanceServer, unified: str):
    """The window straight from the server's books, without ccxt."""
    coin = server.symbols[unified.split(":", maxsplit=1)[0].replace("/", "")]
    last = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS
    table = np.asarray(coin.bars("1h", last - (BARS - 1) * HOUR_MS, last, NOW_MS))
    return check(
        RawCandles(exchange="binance", symbol=unified, timeframe="1h", timestamp=table[:, 0], values=table[:, 1:6])
    )


def test_the_servers_clock_decides_which_bar_is_closed(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    open_hour = np.datetime64(NOW_MS // HOUR_MS * HOUR_MS, "ms").astype("datetime64[s]")
    document = json.loads(scan(atc, server, tmp_path, "--output", "json").out)
    assert document["bar_time"] == f"{open_hour - np.timedelta64(1, 'h')}+00:00"
    forming = json.loads(scan(atc, server, tmp_path, "--output", "json", "--include-open", "--all").out)
    assert all(row["forming"] and row["bar_time"] == f"{open_hour}+00:00" for row in forming["rows"])
    assert forming["params_hash"] != document["params_hash"]


def test_symbols_are_found_by_the_names_that_people_use(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    names = ["COIN001USDT", "coin002/usdt", "BINANCE:COIN003USDT.P", "COIN004"]
    done = scan(atc, server, tmp_path, *names, "--all", "--output", "symbols")
    assert sorted(done.out.split()) == [f"COIN00{n}/USDT:USDT" for n in (1, 2, 3, 4)]
    wrong = scan(atc, server, tmp_path, "COIN01USDT")
    assert wrong.code == 2
    assert "did you mean 'COIN001/USDT:USDT'" in wrong.err


def test_min_volume_asks_for_tickers_once_and_fetches_only_what_passes(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    done = scan(atc, server, tmp_path, "--min-volume", "1e30", "--output", "json")
    assert done.code == 0
    assert json.loads(done.out)["hidden"] == {"--min-volume": 7}
    assert server.count("ticker/24hr") == 1
    assert server.count("klines") == 0
    kept = json.loads(scan(atc, server, tmp_path, "--min-volume", "1", "--all", "--output", "json").out)
    assert len(kept["rows"]) == 6
    assert all(row["quote_volume"] > 1 for row in kept["rows"])


def test_one_symbol_that_fails_is_named_and_the_scan_is_partial(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    server.plan(refused(400, -1121, "Invalid symbol."), path="klines", symbol="COIN002USDT")
    done = scan(atc, server, tmp_path, "--all", "--output", "json")
    assert done.code == 3
    document = json.loads(done.out)
    assert len(document["rows"]) == 5
    (fault,) = [skip for skip in document["skipped"] if skip["reason"] == "fetch_failed"]
    assert fault["symbol"] == "COIN002/USDT:USDT"
    assert "COIN002/USDT:USDT" in done.err


def test_a_symbol_that_stopped_long_before_the_window_is_stale_by_so_many_bars(atc: Atc, tmp_path: Path) -> None:
    alive = symbol(1)

    def until_long_ago(timeframe: str, first_ms: int, last_ms: int, now_ms: int) -> np.ndarray:
        return alive.bars(timeframe, first_ms, min(last_ms, NOW_MS // HOUR_MS * HOUR_MS - 2001 * HOUR_MS), now_ms)

    halted = replace(alive, base="HALTED", bars=until_long_ago)
    with BinanceServer([symbol(0), halted], now_ms=NOW_MS) as server:
        stale = json.loads(scan(atc, server, tmp_path, "--all", "--output", "json").out)
        kept = json.loads(scan(atc, server, tmp_path, "--all", "--max-lag", "2000", "--output", "json").out)
    (skip,) = stale["skipped"]
    assert (skip["symbol"], skip["reason"]) == ("HALTED/USDT:USDT", "stale")
    assert "2000 bars behind" in skip["detail"]
    assert {row["symbol"]: row["bars"] for row in kept["rows"]}["HALTED/USDT:USDT"] == BARS


def test_with_one_exchange_dead_the_rows_of_the_other_are_printed(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    file = config(server, tmp_path)
    dead = "\n".join(
        f'{key} = "http://127.0.0.1:1"' for key in ("fapiPublic", "fapiPublicV2", "fapiPublicV3", "public")
    )
    file.write_text(file.read_text() + f"[ccxt.binanceusdm]\n[ccxt.binanceusdm.urls.api]\n{dead}\n")
    done = atc("scan", "--config", str(file), "--exchange", "binance,binanceusdm", "--all", "--output", "json")
    assert done.code == 3, done.err
    document = json.loads(done.out)
    assert len(document["rows"]) == 6
    assert {row["exchange"] for row in document["rows"]} == {"binance"}
    assert [skip["exchange"] for skip in document["skipped"] if skip["reason"] == "fetch_failed"] == ["binanceusdm"]


def test_several_exchanges_are_scanned_at_once_and_rows_carry_theirs(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    file = config(server, tmp_path, exchanges=("binance", "binanceusdm"))
    # neither is answered before the other has asked: one after the other would never end
    met = threading.Barrier(2)

    def together(body: object) -> object:
        met.wait()
        return body

    server.plan(edited(together), path="klines", symbol="COIN000USDT")
    command = ("--exchange", "binance,binanceusdm", "--bars", "60", "--all", "--output", "json")
    done = atc("scan", "--config", str(file), *command)
    assert done.code == 0, done.err
    rows = json.loads(done.out)["rows"]
    by_exchange = {
        name: {row["symbol"]: row["signal"] for row in rows if row["exchange"] == name}
        for name in ("binance", "binanceusdm")
    }
    assert len(rows) == 12
    assert by_exchange["binance"] == by_exchange["binanceusdm"]


def test_the_list_of_symbols_is_kept_between_runs_and_fetched_for_a_name_that_it_lacks(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    few = ("--bars", "60", "--all", "--output", "symbols")
    assert scan(atc, server, tmp_path, "COIN000", *few).code == 0
    assert scan(atc, server, tmp_path, "COIN001", *few).code == 0
    assert server.count("exchangeInfo") == 1
    server.symbols["RENAMEDUSDT"] = replace(server.symbols.pop("COIN002USDT"), base="RENAMED")
    assert scan(atc, server, tmp_path, "RENAMEDUSDT", *few).out == "RENAMED/USDT:USDT\n"
    assert server.count("exchangeInfo") == 2
    gone = scan(atc, server, tmp_path, "COIN002USDT", *few)
    assert (gone.code, gone.out) == (2, "")
    assert "unknown symbol 'COIN002USDT'" in gone.err
    assert server.count("exchangeInfo") == 3
    assert scan(atc, server, tmp_path, "COIN000", *few, "--refresh-markets").code == 0
    assert server.count("exchangeInfo") == 4


def test_a_second_run_asks_for_nothing_until_a_bar_has_closed_and_then_once_a_symbol(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    document = ("--all", "--output", "json")
    cold = json.loads(scan(atc, server, tmp_path, *document).out)
    asked = server.count("klines")
    warm = json.loads(scan(atc, server, tmp_path, *document).out)
    assert server.count("klines") == asked
    assert warm["rows"] == cold["rows"]
    server.now_ms = NOW_MS + HOUR_MS
    later = json.loads(scan(atc, server, tmp_path, *document).out)
    assert server.count("klines") == asked + len(server.symbols)
    fresh = json.loads(scan(atc, server, tmp_path, *document, "--cache-dir", str(tmp_path / "empty")).out)
    assert alike(later["rows"]) == alike(fresh["rows"])
    offline = json.loads(scan(atc, server, tmp_path, *document, "--offline").out)
    assert offline["rows"] == later["rows"]
    assert offline["data_age_ms"] > 0
    assert atc("cache", "verify").code == 0


def test_a_symbol_that_is_delisted_between_two_runs_is_named_and_the_scan_is_partial(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    first = json.loads(scan(atc, server, tmp_path, "--bars", "60", "--all", "--output", "json").out)
    del server.symbols["COIN003USDT"]
    server.now_ms = NOW_MS + HOUR_MS
    done = scan(atc, server, tmp_path, "--bars", "60", "--all", "--output", "json")
    assert done.code == 3
    second = json.loads(done.out)
    (lost,) = [skip for skip in second["skipped"] if skip["reason"] != "too_few_bars"]
    assert (lost["symbol"], lost["reason"]) == ("COIN003/USDT:USDT", "fetch_failed")
    names = [{row["symbol"] for row in each["rows"]} for each in (first, second)]
    assert names[0] - names[1] == {"COIN003/USDT:USDT"}
    assert server.count("exchangeInfo") == 1
    assert scan(atc, server, tmp_path, "--bars", "60").code == 0, "a list that was wrong once is kept no longer"
    assert server.count("exchangeInfo") == 2


def test_what_a_default_filter_leaves_out_is_said(atc: Atc, tmp_path: Path) -> None:
    symbols = [symbol(0), replace(symbol(1), base="FDUSD"), replace(symbol(2), base="COIN000UP")]
    with BinanceServer(symbols, now_ms=NOW_MS) as server:
        done = scan(atc, server, tmp_path, "--all", "--bars", "60", "--output", "json", market="spot")
        assert server.count("klines") == 1
        kept = scan(
            atc, server, tmp_path, "--all", "--bars", "60", "--output", "symbols", "--stable", "--leveraged",
            market="spot",
        )  # fmt: skip
    assert json.loads(done.out)["hidden"] == {"stablecoins": 1, "leveraged tokens": 1}
    assert "1 stablecoins" in done.err
    assert "1 leveraged tokens" in done.err
    assert len(kept.out.split()) == 3


def test_a_young_symbol_is_left_out_before_it_is_fetched(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    server.symbols["COIN005USDT"] = replace(server.symbols["COIN005USDT"], born_ms=time_ns() // 1_000_000)
    done = scan(atc, server, tmp_path, "--all", "--bars", "60", "--min-age", "2", "--output", "json")
    assert json.loads(done.out)["hidden"] == {"--min-age": 1}
    assert server.count("klines", "COIN005USDT") == 0


def test_a_proxy_of_the_settings_carries_every_request_and_no_key_is_said(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    """The loopback server is the proxy: the host that the settings name exists nowhere."""
    file = config(server, tmp_path, base="http://exchange.invalid")
    secrets = f'apiKey = "K-E-Y"\nsecret = "S-E-C"\nhttpProxy = "{server.base_url}"\n'
    file.write_text(file.read_text().replace("[ccxt.binance]\n", f"[ccxt.binance]\n{secrets}"))
    server.plan(refused(500), path="klines", symbol="COIN001USDT")
    done = atc("scan", "--config", str(file), "--bars", "60", "--all", "--output", "json", "--verbose")
    assert done.code == 3, done.err
    assert len(json.loads(done.out)["rows"]) == 5
    assert not [secret for secret in ("K-E-Y", "S-E-C") if secret in done.out + done.err]


def test_pages_that_contradict_each_other_are_said(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    def other_close(rows: list[list[object]]) -> list[list[object]]:
        return [*rows[:-1], [*rows[-1][:4], "1.23", *rows[-1][5:]]]

    server.plan(edited(other_close), path="klines", symbol="COIN001USDT", nth=(2,))
    done = scan(atc, server, tmp_path, "COIN001", "--output", "json", "--all")
    assert done.code == 0
    assert "COIN001/USDT:USDT: binance sent two pages that disagree" in json.loads(done.out)["warnings"][0]
    assert "two pages that disagree" in done.err


REFUSALS = [
    (refused(451), 69, "451"),
    (refused(403), 69, "403"),
    (rate_limited(418, 600), 75, "418"),
    (refused(503, 1, "System is under maintenance."), 69, "binance is closed for maintenance"),
]


@pytest.mark.parametrize(("fault", "code", "part"), REFUSALS, ids=["451", "403", "418", "maintenance"])
def test_an_exchange_that_refuses_ends_the_scan_with_a_sentence(
    atc: Atc, server: BinanceServer, tmp_path: Path, fault, code: int, part: str
) -> None:
    server.plan(fault, path="exchangeInfo")
    done = scan(atc, server, tmp_path)
    assert done.code == code, done.err
    assert part in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_an_exchange_that_is_not_there_is_unavailable(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    file = config(server, tmp_path, base="http://127.0.0.1:1")
    done = atc("scan", "--config", str(file))
    assert done.code == 69, done.err
    assert "binance" in done.err
    assert "Traceback" not in done.err


def test_explain_uses_the_same_candles(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    row = json.loads(scan(atc, server, tmp_path, "COIN001", "--all", "--output", "json").out)["rows"][0]
    done = atc("explain", "COIN001", "--config", str(config(server, tmp_path)), "--output", "json")
    assert json.loads(done.out)["row"]["signal"] == row["signal"]


@pytest.mark.parametrize("exchanges", [("binance",), ("binance", "binanceusdm")], ids=["one", "two at once"])
def test_ctrl_c_prints_what_arrived_and_ends_with_130(tmp_path: Path, exchanges: Sequence[str]) -> None:
    last_asked = threading.Barrier(len(exchanges) + 1)

    def note(body: object) -> object:
        last_asked.wait()
        return body

    with BinanceServer([symbol(number) for number in range(30)], now_ms=NOW_MS) as server:
        server.plan(stalled(), path="klines", symbol="COIN005USDT")
        # Eight symbols of each are under way at once: when the last one is asked for, most have arrived.
        last = sorted((coin for coin in server.symbols if coin != "COIN005USDT"), key=group_of)[-1]
        server.plan(edited(note), path="klines", symbol=last, nth=tuple(range(1, len(exchanges) + 1)))
        file = str(config(server, tmp_path, exchanges=exchanges))
        command = ["scan", "--config", file, "--exchange", ",".join(exchanges), "--all", "--output", "json"]
        running = started(tmp_path, *command)
        last_asked.wait()
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
    assert running.returncode == 130, err
    document = json.loads(out)
    assert document["interrupted"] is True
    reasons = {(skip["exchange"], skip["symbol"]): skip["reason"] for skip in document["skipped"]}
    assert all(reasons[each, "COIN005/USDT:USDT"] == "interrupted" for each in exchanges)
    assert set(reasons.values()) == {"interrupted"}
    assert len(document["rows"]) >= 20 * len(exchanges)
    assert len(document["rows"]) + len(document["skipped"]) == 30 * len(exchanges)
    assert "interrupted" in err


@pytest.mark.parametrize(
    "command", [["scan"], ["warm-cache", "--timeframe", "1h"], ["explain", "COIN001"]], ids=lambda each: each[0]
)
def test_a_log_says_when_a_long_wait_begins(server: BinanceServer, tmp_path: Path, command: list[str]) -> None:
    file = config(server, tmp_path)
    file.write_text(file.read_text().replace("enableRateLimit = false\n", ""))
    server.plan(rate_limited(429, 42), path="klines")
    running = started(tmp_path, *command, "--config", str(file))
    assert running.stderr is not None
    first = running.stderr.readline()
    running.send_signal(signal.SIGINT)
    _, rest = running.communicate()
    assert re.fullmatch(STAMP + "binance: waiting 42 s for the rate limit\n", first), first + rest
    assert "waiting" not in rest
    assert running.returncode == 130
