"""Hit rates as a person meets them: of files, of a scan's own candles, of what scans printed."""

import csv
import json
import math
import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from atc_cli.disk.folders import LOG
from tests.conftest import ROOT, Atc, Run
from tests.helpers.imported import SYMBOLS, at_bar
from tests.helpers.runs import environment_of

WINDOW = ("--data", "data", "--timeframe", "1h", "--bars", "160")
FEE, SLIP = 0.001, 0.0002  # assumed for files


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    (folder / "data").mkdir(parents=True)
    at_bar(folder, 60)
    return folder


def opens(here: Path) -> dict[str, dict[int, float]]:
    """By symbol and the time at which the bar opens."""
    rows = {file.name.partition("-")[0]: csv.DictReader(file.read_text().splitlines()) for file in candles(here)}
    return {symbol: {int(row["timestamp"]): float(row["open"]) for row in read} for symbol, read in rows.items()}


def candles(here: Path) -> list[Path]:
    return sorted((here / "data").iterdir())


def document(run: Run) -> dict:
    assert run.code in (0, 3), run.err
    return json.loads(run.out)


def net(side: int, entry: float, leave: float) -> float:
    """Of the value of the first fill, each fill worse by slippage and charged."""
    first, last = entry * (1 + side * SLIP), leave * (1 - side * SLIP)
    return (side * (last - first) - FEE * (first + last)) / first


def assert_told(told: dict, expected: dict[str, list[float]]) -> None:
    for side, nets in expected.items():
        assert told["sides"][side]["n"] == len(nets)
        assert told["sides"][side]["mean_bps"] == pytest.approx(1e4 * sum(nets) / len(nets))
        assert told["sides"][side]["paid_frac"] == pytest.approx(sum(each > 0 for each in nets) / len(nets))


def flips_of_every_bar(atc: Atc, here: Path, after: int, needed: int) -> dict[str, list[float]]:
    """From every bar that `explain` writes, by hand."""
    expected: dict[str, list[float]] = {"long": [], "short": []}
    for symbol, by_time in opens(here).items():
        series = document(atc("explain", symbol, *WINDOW, "--series", "--output", "json"))["columns"]
        times, signals = series["timestamp"], series["Average_Signal"]
        sides = [None if x is None else 1 if x > 0.1 else -1 if x < -0.1 else 0 for x in signals]
        prices = [by_time[time] for time in times]
        for bar in range(needed - 1, len(times) - after - 1):
            if sides[bar] and sides[bar - 1] is not None and sides[bar] != sides[bar - 1]:
                name = "long" if sides[bar] > 0 else "short"
                expected[name].append(net(sides[bar], prices[bar + 1], prices[bar + 1 + after]))
    return expected


def test_every_flip_of_the_window_is_counted_and_paid_for(atc: Atc, here: Path) -> None:
    result = document(atc("hits", *WINDOW, "--after", "3,5", "--output", "json"))
    assert result["schema"] == "atc.hits/1"
    assert [each["after_bars"] for each in result["horizons"]] == [3, 5]
    for told in result["horizons"]:
        assert_told(told, flips_of_every_bar(atc, here, told["after_bars"], needed=39))
    assert any("fee 10 bps" in each and "assumed" in each for each in result["costs"])


def test_a_scan_says_the_same_of_its_own_candles_and_nothing_without_the_flag(atc: Atc, here: Path) -> None:
    plain, asked = (document(atc("scan", *WINDOW, "--output", "json", *flag)) for flag in ((), ("--hits",)))
    assert plain["hits"] is None
    alone = document(atc("hits", *WINDOW, "--output", "json"))
    assert asked["hits"] == {key: alone[key] for key in asked["hits"]}
    assert asked["rows"] == plain["rows"]
    table = atc("scan", *WINDOW, "--hits").out
    assert table.count("flips of these candles after 20 bars, net of costs") == 1
    assert "flips of these" not in atc("scan", *WINDOW).out


def log_of(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".local" / "share" / "atc" / LOG


def test_what_was_printed_is_judged_by_the_candles_that_followed(atc: Atc, here: Path, tmp_path: Path) -> None:
    printed = []
    for later in range(0, 40, 4):
        at_bar(here, later)
        for _ in range(2):  # before a new bar closed
            run = atc("scan", *WINDOW, "--output", "json", "--log", "--top", "2")
        printed += document(run)["rows"]
    assert len(log_of(tmp_path).read_text().splitlines()) == 10
    at_bar(here, 44)
    after = 12
    told = document(atc("hits", *WINDOW, "--log", "--after", str(after), "--output", "json"))["horizons"][0]
    by_symbol = {symbol: (sorted(prices), prices) for symbol, prices in opens(here).items()}
    expected: dict[str, list[float]] = {"long": [], "short": []}
    waiting = 0
    for row in printed:
        times, prices = by_symbol[row["symbol"]]
        entry = next(place for place, time in enumerate(times) if time >= millis(row["bar_close_time"]))
        if entry + after < len(times):
            side = 1 if row["side"] == "LONG" else -1
            found = net(side, prices[times[entry]], prices[times[entry + after]])
            expected[row["side"].lower()].append(found)
        else:
            waiting += 1
    assert waiting == told["open"] > 0
    assert_told(told, expected)


def millis(written: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(written).timestamp() * 1000)


def in_a_terminal(home: Path, *arguments: str) -> str:
    """What a terminal of 100 columns gets."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "atc_cli", *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment_of(home, {})) as running:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the other end is closed
            while more := os.read(ours, 1 << 16):
                shown += more
    os.close(ours)
    assert running.returncode == 0
    return re.sub(r"\x1b\[[\d;]*m", "", shown.decode())


def test_in_a_terminal_the_rows_that_it_shows_are_kept(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    shown = in_a_terminal(tmp_path / "home", "scan", "--exchange", "demo", "--log", "--columns", "rank,symbol")
    kept = [row for line in log_of(tmp_path).read_text().splitlines() for row in json.loads(line)["rows"]]
    seen = re.findall(r"(\d+)  (SIM\d+/USDT:USDT)", shown)
    assert sorted((str(rank), symbol) for symbol, _, _, rank, _ in kept) == sorted(seen)
    assert Counter(side for _, side, *_ in kept) == {"LONG": 10, "SHORT": 10}


LOADED = """
import sys
sys.argv = ["atc", *sys.argv[1:]]
from atc_cli.__main__ import main
try:
    main()
finally:
    print([name for name in sys.modules if name in ("atc_cli.backtest", "pandas")], file=sys.stderr)
"""


def test_a_scan_without_the_flags_loads_nothing_of_them(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LOADED, "scan", "--exchange", "demo", "--quiet"]
    environment = environment_of(tmp_path, {"PYTHONPATH": str(ROOT)})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_only_what_scans_with_these_settings_printed_is_judged(atc: Atc, here: Path) -> None:
    nothing = atc("hits", *WINDOW, "--log")
    assert (nothing.code, nothing.out) == (4, "")
    assert "nothing is logged of a scan with these settings" in nothing.err
    assert "atc scan --log" in nothing.err
    at_bar(here, 0)
    assert atc("scan", *WINDOW, "--log").code == 0
    at_bar(here, 60)
    assert atc("hits", *WINDOW, "--log").code == 0
    other = atc("hits", *WINDOW, "--log", "--bars", "150")
    assert (other.code, "files files 1h (1 result" in other.err) == (4, True)


def test_a_symbol_that_is_gone_is_said_and_a_damaged_line_too(atc: Atc, here: Path, tmp_path: Path) -> None:
    at_bar(here, 0)
    rows = document(atc("scan", *WINDOW, "--log", "--output", "json"))["rows"]
    at_bar(here, 60)
    (here / "data" / f"{rows[0]['symbol']}-1h.csv").unlink()
    with log_of(tmp_path).open("a") as file:
        file.write('{"schema":"atc.lo')
    run = atc("hits", *WINDOW, "--log", "--output", "json")
    assert "1 damaged line of" in run.err
    assert "1 printed row of 1 symbol is not judged" in run.err
    sides = document(run)["horizons"][0]["sides"]
    assert sides["both"]["n"] == len(rows) - 1


def test_a_log_that_cannot_be_written_costs_no_result_and_is_said(atc: Atc, here: Path, tmp_path: Path) -> None:
    log_of(tmp_path).mkdir(parents=True)
    plain = document(atc("scan", *WINDOW, "--output", "json"))
    for quiet in ((), ("--quiet",)):
        run = atc("scan", *WINDOW, "--output", "json", "--log", *quiet)
        assert run.code == 69
        assert json.loads(run.out)["rows"] == plain["rows"]
        assert f"not logged: cannot write '{log_of(tmp_path)}'" in run.err
        assert "lost" not in run.err


def test_the_cache_commands_leave_the_log_alone(atc: Atc, here: Path, tmp_path: Path) -> None:
    atc("scan", *WINDOW, "--log")
    before = log_of(tmp_path).read_bytes()
    assert atc("cache", "prune", "--older-than", "0", "--signals").code == 0
    assert log_of(tmp_path).read_bytes() == before != b""


REFUSED = [
    (("scan", "--exchange", "demo", "--hits", "--prefilter", "5"), "--hits is of all symbols"),
    (("scan", "--exchange", "demo", "--log", "--include-open"), "the signal of a forming bar can still change"),
    (("hits", "--exchange", "demo", "--start", "2025-01-31"), "--start is of --replay"),
    (("hits", "--exchange", "demo", "--log", "--replay"), "two answers to one question"),
    (("hits", "--exchange", "demo", "--after", "0"), "--after: 0 is out of range, allowed: 1 to 10000"),
    (("hits", "--exchange", "demo", "--fee-bps", "-1"), "--fee-bps"),
    (("hits", "--exchange", "demo", "--start", "yesterday", "--replay"), "'yesterday' is no time"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_what_contradicts_itself_is_refused(atc: Atc, words: tuple[str, ...], said: str) -> None:
    run = atc(*words)
    assert (run.code, run.out, said in run.err) == (2, "", True), run.err


def test_a_market_without_a_flip_says_so_and_few_flips_too(atc: Atc, here: Path) -> None:
    few = atc("hits", *WINDOW, "--bars", "60")
    assert (few.code, "fewer than 30 say nothing" in few.err) == (0, True)
    level = "timestamp,open,high,low,close,volume\n" + "".join(
        f"{1_600_000_000 // 3600 * 3600 + i * 3600},5,5,5,5,1\n" for i in range(200)
    )
    for file in candles(here):
        file.write_text(level)
    none = atc("hits", *WINDOW)
    assert (none.code, "no flip among these candles" in none.out) == (0, True)
    both = document(atc("hits", *WINDOW, "--output", "json"))["horizons"][0]["sides"]["both"]
    assert (both["n"], both["mean_bps"], both["mean_bps_95"]) == (0, None, None)


def test_a_symbol_that_stopped_counts_until_it_did_and_one_that_jumps_can_be_left_out(atc: Atc, here: Path) -> None:
    file = here / "data" / "COIN0USDT-1h.csv"
    lines = file.read_text().splitlines(keepends=True)
    whole = document(atc("hits", *WINDOW, "--output", "json"))
    file.write_text("".join(lines[:220]))
    assert document(atc("scan", *WINDOW, "--output", "json"))["skipped"][0]["reason"] == "stale"
    stopped = document(atc("hits", *WINDOW, "--output", "json"))
    assert (stopped["symbols"], stopped["skipped"]) == (whole["symbols"], [])
    head, *bars = [line.split(",") for line in lines]
    bars[150:] = [
        [time, *(f"{float(price) * 50!r}" for price in prices), volume] for time, *prices, volume in bars[150:]
    ]
    file.write_text("".join(",".join(row) for row in (head, *bars)))
    said = atc("hits", *WINDOW, "--output", "json")
    assert "COIN0USDT: the close goes to x" in said.err
    left = document(atc("hits", *WINDOW, "--skip-jumps", "--output", "json"))
    assert [(each["symbol"], each["reason"]) for each in left["skipped"]] == [("COIN0USDT", "jump")]
    assert left["symbols"] == SYMBOLS - 1
    assert not math.isclose(
        left["horizons"][0]["sides"]["both"]["mean_bps"], document(said)["horizons"][0]["sides"]["both"]["mean_bps"]
    )
