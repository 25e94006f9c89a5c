"""`atc warm-cache` and --lock as a cron job runs them, against a Binance on this machine."""

import fcntl
import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Atc, Run, unstamped
from tests.helpers.loopback_case import HOUR_MS, NOW_MS, config, symbol
from tests.helpers.runs import started
from tests.loopback import BinanceServer, edited, rate_limited, refused

QUARTER_MS = HOUR_MS // 4


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    with BinanceServer([*(symbol(number) for number in range(6)), symbol(6, bars=20)], now_ms=NOW_MS) as running:
        yield running


def warm(atc: Atc, server: BinanceServer, folder: Path, *flags: str) -> Run:
    return atc("warm-cache", "--config", str(config(server, folder)), "--no-compile", *flags)


def report(atc: Atc, server: BinanceServer, folder: Path, *flags: str) -> dict[str, dict]:
    done = warm(atc, server, folder, "--output", "json", *flags)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["schema"] == "atc.warm-cache/1"
    return {each["timeframe"]: each for each in document["timeframes"]}


def test_a_second_run_asks_for_no_candles_and_scans_of_every_timeframe_are_warm(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    cold = report(atc, server, tmp_path, "--timeframe", "15m,1h,4h")
    assert list(cold) == ["15m", "1h", "4h"]
    for each in cold.values():
        assert (each["symbols"], each["hits_before"], each["hit_rate_after"]) == (7, 0, 1.0)
    assert sum(each["requests"] for each in cold.values()) == len(server.answered)
    assert sum(each["weight"] for each in cold.values()) == 0  # the settings turn the account of the rate limit off
    assert cold["1h"]["bars_fetched"] == 6 * 701 + 21  # each with its forming bar
    asked = server.count("klines")
    warm_again = report(atc, server, tmp_path, "--timeframe", "15m,1h,4h")
    for each in warm_again.values():
        assert (each["hit_rate_before"], each["hit_rate_after"], each["bars_fetched"]) == (1.0, 1.0, 0)
    for timeframe in ("15m", "1h", "4h"):
        scan = atc("scan", "--config", str(config(server, tmp_path)), "--timeframe", timeframe, "--output", "json")
        assert scan.code == 0, scan.err
    assert server.count("klines") == asked


def test_after_a_bar_has_closed_only_that_timeframe_is_asked_for_once_a_symbol(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    report(atc, server, tmp_path, "--timeframe", "15m,1h")
    asked = server.count("klines")
    server.now_ms = NOW_MS + QUARTER_MS
    after = report(atc, server, tmp_path, "--timeframe", "15m,1h")
    assert server.count("klines") == asked + 7
    assert (after["15m"]["hits_before"], after["15m"]["hits_after"]) == (0, 7)
    assert (after["1h"]["hits_before"], after["1h"]["hits_after"]) == (7, 7)


def test_the_weight_in_the_report_is_what_the_exchange_counts(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    file = config(server, tmp_path)
    file.write_text(file.read_text().replace("enableRateLimit = false\n", ""))
    done = atc("warm-cache", "--config", str(file), "--no-compile", "--jobs", "2", "--output", "json")
    assert done.code == 0, done.err
    (only,) = json.loads(done.out)["timeframes"]
    assert (only["weight"], only["requests"]) == (server.weight, len(server.answered))


def test_as_many_requests_are_under_way_at_once_as_jobs_says(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    # no request is answered before three are there: with fewer at once the run would never end
    met, under_way, most = threading.Barrier(3), threading.Semaphore(3), []

    def together(body: object) -> object:
        most.append(under_way.acquire(blocking=False))
        met.wait()
        under_way.release()
        return body

    server.plan(edited(together), path="klines")
    names = [f"COIN00{number}USDT" for number in range(6)]
    done = warm(atc, server, tmp_path, *names, "--bars", "60", "--jobs", "3")
    assert done.code == 0, done.err
    assert most == [True] * 6


def test_the_universe_is_that_of_a_scan(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("COIN003USDT\nCOIN004USDT\nGONEUSDT\n")
    done = warm(
        atc, server, tmp_path, "--watchlist", str(tmp_path / "list.txt"), "--deny", "COIN004", "--output", "json"
    )
    assert done.code == 3, done.err
    document = json.loads(done.out)
    assert [(each["timeframe"], each["symbols"]) for each in document["timeframes"]] == [("1h", 1)]
    assert [(each["timeframe"], each["symbol"]) for each in document["skipped"]] == [("1h", "GONEUSDT")]
    assert "GONEUSDT" in done.err
    assert {each.query["symbol"] for each in server.answered if each.name == "klines"} == {"COIN003USDT"}


def test_a_symbol_that_fails_is_named_and_the_next_run_fetches_only_that(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    server.plan(refused(400, -1121, "Invalid symbol."), path="klines", symbol="COIN002USDT", nth=(1,))
    done = warm(atc, server, tmp_path, "--quiet", "--output", "json")
    assert done.code == 3, done.err
    assert unstamped(done.err) == "atc: 1 of 7 series lost: 1 fetch failed\n"
    (only,) = json.loads(done.out)["timeframes"]
    assert (only["hits_before"], only["hits_after"]) == (0, 6)
    asked = len(server.answered)
    assert report(atc, server, tmp_path)["1h"]["hits_before"] == 6
    assert {each.query["symbol"] for each in server.answered[asked:] if each.name == "klines"} == {"COIN002USDT"}


def test_a_ban_in_the_second_timeframe_reports_the_first_and_ends_with_75(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    def of_one_hour(rows: object) -> object:
        server.plan(rate_limited(418, 600), path="klines")
        return rows

    server.plan(edited(of_one_hour), path="time", nth=(2,))
    done = warm(atc, server, tmp_path, "--timeframe", "1h,4h", "--output", "json")
    assert done.code == 75, done.err
    assert "418" in done.err
    (only,) = json.loads(done.out)["timeframes"]
    assert (only["timeframe"], only["hits_after"]) == ("1h", 7)


def test_candles_that_cannot_be_stored_end_the_run_with_69(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "candles").write_text("a file where a folder should be")
    done = warm(atc, server, tmp_path, "--timeframe", "1h,4h", "--cache-dir", str(folder))
    assert done.code == 69, done.err
    assert "candles" in done.err
    assert {each.query["interval"] for each in server.answered if each.name == "klines"} == {"1h"}


def test_a_market_that_is_not_stored_is_refused(atc: Atc, tmp_path: Path) -> None:
    done = atc("warm-cache", "--exchange", "demo")
    assert (done.code, done.out) == (2, "")
    assert "--exchange binance" in done.err
    assert atc("warm-cache", "--timeframe", "1h,7m").code == 2
    assert atc("warm-cache", "--jobs", "0").code == 2


def test_ctrl_c_keeps_what_arrived_and_ends_with_130(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    asked = threading.Barrier(2)

    def note(body: object) -> object:
        asked.wait()
        return body

    server.plan(edited(note), path="klines", symbol="COIN002USDT", nth=(3,))
    command = ["--config", str(config(server, tmp_path)), "--timeframe", "1h,4h", "--no-compile", "--output", "json"]
    running = started(tmp_path, "warm-cache", *command)
    asked.wait()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert running.returncode == 130, err
    document = json.loads(out)
    assert document["interrupted"] is True
    assert document["timeframes"][0]["hits_after"] == 7
    assert all(each["reason"] == "interrupted" for each in document["skipped"])


def test_the_table_says_what_json_says(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    lines = warm(atc, server, tmp_path, "--timeframe", "1h,4h").out.splitlines()
    (hour,) = [line.split() for line in lines if line.startswith("1h")]
    assert hour[:3] == ["1h", "7", "4,227"]
    assert hour[5:7] == ["0.0%", "100.0%"]
    assert lines[0] == "binance swap · 700 bars"


@pytest.mark.slow
def test_what_is_compiled_is_kept_so_that_a_scan_compiles_nothing(
    atc_process: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    pytest.importorskip("numba")
    kept = tmp_path / "kept"
    flags = ("--config", str(config(server, tmp_path)), "--cache-dir", str(tmp_path / "cache"))
    done = atc_process("warm-cache", *flags, "--output", "json", env={"XDG_CACHE_HOME": str(kept)})
    assert done.code == 0, done.err
    compiled = [(each["backend"], each["dialect"]) for each in json.loads(done.out)["compiled"]]
    assert compiled == [("numba", "lts"), ("numba", "tradingview")]
    before = {path: path.stat().st_mtime_ns for path in kept.rglob("*.nb?")}
    assert before
    for dialect in ("lts", "tradingview"):
        scan = atc_process(
            "scan", *flags, "--backend", "numba", "--dialect", dialect, env={"XDG_CACHE_HOME": str(kept)}
        )
        assert scan.code == 0, scan.err
    assert {path: path.stat().st_mtime_ns for path in kept.rglob("*.nb?")} == before


SCAN = ("scan", "--exchange", "demo", "--lock", "--quiet")


@pytest.mark.slow
def test_a_second_run_of_the_same_command_ends_with_75_while_the_first_is_at_work(
    atc_process: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    asked, release = threading.Barrier(2), threading.Event()

    def wait(body: object) -> object:
        asked.wait()
        release.wait()
        return body

    server.plan(edited(wait), path="exchangeInfo", nth=(1,))
    flags = ("--config", str(config(server, tmp_path)), "--no-compile", "--lock")
    running = started(tmp_path, "warm-cache", *flags)
    asked.wait()
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    try:
        second = atc_process("warm-cache", *flags, env=environment)
        assert (second.code, second.out) == (75, "")
        assert f"process {running.pid}" in second.err
        other = atc_process("warm-cache", *flags, "--bars", "60", env=environment)
        assert other.code == 0, other.err
        running.kill()
        running.communicate()
    finally:
        release.set()
    assert atc_process("warm-cache", *flags, env=environment).code == 0


@pytest.mark.slow
def test_a_scan_holds_the_lock_that_it_is_given(atc_process: Atc, tmp_path: Path) -> None:
    file = tmp_path / "mine.lock"
    flags = ("scan", "--exchange", "demo", "--quiet", "--lock-file", str(file))
    assert atc_process(*flags).code == 0
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = atc_process(*flags)
        assert (done.code, done.out) == (75, "")
        assert str(file) in done.err
        assert atc_process(*SCAN).code == 0
    assert atc_process(*flags).code == 0
    wrong = atc_process("scan", "--exchange", "demo", "--lock-file", str(tmp_path))
    assert wrong.code == 69, wrong.err


def test_signals_of_presets_are_found_by_the_scans_of_these_presets(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    file = config(server, tmp_path)
    file.write_text(file.read_text().replace('timeframe = "1h"\nbars = 700\n', ""))  # the presets say both
    flags = ("--config", str(file), "--output", "json")
    done = atc("warm-cache", *flags, "--no-compile", "--signals", "intraday,swing")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert [each["timeframe"] for each in report["timeframes"]] == ["15m", "4h"]
    kinds = [(each["preset"], each["timeframe"], each["bars"], each["hits_before"]) for each in report["signals"]]
    assert kinds == [("intraday", "15m", 1500, 0), ("swing", "4h", 2000, 0)]
    asked = server.count("klines")
    for preset in ("intraday", "swing"):
        remembered = json.loads(atc("scan", *flags, "--preset", preset, "--signals-cache").out)
        computed = json.loads(atc("scan", *flags, "--preset", preset).out)
        assert remembered["signals_cache"]["hits"] == len(computed["rows"]) + sum(computed["hidden"].values())
        assert remembered["signals_cache"]["misses"] == 0
        assert (remembered["rows"], remembered["skipped"]) == (computed["rows"], computed["skipped"])
    assert server.count("klines") == asked
    again = json.loads(atc("warm-cache", *flags, "--no-compile", "--signals", "swing", "--timeframe", "4h").out)
    ((computed_again, known),) = [(each["computed"], each["hits_before"]) for each in again["signals"]]
    assert (computed_again, known) == (0, report["signals"][1]["computed"])


def test_signals_are_remembered_whatever_settings_say_of_the_rows_to_show(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    file = config(server, tmp_path)
    shown = 'max_data_age = "1h"\nwith = ["4h"]\nagree = 1\nprefilter = 1\nskip_jumps = true\n'
    file.write_text(file.read_text().replace('timeframe = "1h"\nbars = 700\n', shown))
    done = atc("warm-cache", "--config", str(file), "--output", "json", "--no-compile", "--signals", "intraday")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    ((computed, timeframe),) = [(each["computed"], each["timeframe"]) for each in report["signals"]]
    assert (computed, timeframe) == (len(server.symbols), "15m")
    assert not any("--with" in each for each in report["warnings"])


def test_signals_that_cannot_be_kept_are_said(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    blocked = tmp_path / "cache" / "signals"
    blocked.parent.mkdir()
    blocked.write_text("not a folder")
    flags = ("--timeframe", "1h", "--signals", "intraday", "--cache-dir", str(blocked.parent), "--output", "json")
    done = warm(atc, server, tmp_path, *flags)
    assert done.code == 0, done.err
    (said,) = json.loads(done.out)["warnings"]
    assert str(blocked) in said
    assert str(blocked) in done.err
