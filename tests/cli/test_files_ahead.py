"""Files whose bars go on past the wall clock: they never are the clock of the others."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from atc_cli.domain.timeframe import iso
from tests.conftest import Atc, Run
from tests.helpers.backends import HOUR_MS, tick_walk

CLOSED = -1
SCAN = ("scan", "--data", "data", "--timeframe", "1h", "--all", "--output", "json")


def write(folder: Path, symbol: str, last_bar: int, *, seed: int = 1, bars: int = 120) -> int:
    """A file whose last bar opens so many hours after the forming one; when that is."""
    forming_ms = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS
    stamps = forming_ms + HOUR_MS * (last_bar + np.arange(1 - bars, 1))
    lines = ["timestamp,open,high,low,close,volume"]
    for stamp, row in zip(stamps.tolist(), tick_walk(bars, seed).values.T.tolist(), strict=True):
        lines.append(f"{stamp},{','.join(map(repr, row))}")
    (folder / f"{symbol}-1h.csv").write_text("\n".join(lines) + "\n")
    return int(stamps[-1])


@pytest.fixture
def folder(tmp_path: Path, atc: Atc) -> Path:
    folder = tmp_path / "here" / "data"
    folder.mkdir()
    return folder


def symbols(done: Run) -> list[str]:
    return sorted(row["symbol"] for row in json.loads(done.out)["rows"])


def skips(done: Run) -> dict[str, str]:
    return {each["symbol"]: each["reason"] for each in json.loads(done.out)["skipped"]}


@pytest.mark.parametrize("ahead", [3, 24, 25, 24 * 400])
def test_one_file_ahead_of_the_clock_costs_itself_alone(atc: Atc, folder: Path, ahead: int) -> None:
    last_ms = write(folder, "GOODA", CLOSED - 2)
    write(folder, "GOODB", CLOSED - 2, seed=2)
    write(folder, "AHEAD", ahead, seed=3)
    done = atc(*SCAN)
    assert done.code == 3
    assert symbols(done) == ["GOODA", "GOODB"]
    assert skips(done) == {"AHEAD": "in_the_future"}
    assert json.loads(done.out)["bar_time"] == iso(last_ms)


def test_quiet_says_that_a_file_is_ahead_of_the_clock(atc: Atc, folder: Path) -> None:
    write(folder, "GOOD", CLOSED)
    write(folder, "AHEAD", 48, seed=3)
    done = atc(*SCAN, "--quiet")
    assert (done.code, "1 in the future" in done.err) == (3, True), done.err


def test_a_folder_labelled_in_another_zone_is_read_and_said(atc: Atc, folder: Path) -> None:
    for seed, symbol in enumerate(("A", "B", "C")):
        write(folder, symbol, 8, seed=seed)
    write(folder, "LATE", 2, seed=9)
    done = atc(*SCAN)
    assert symbols(done) == ["A", "B", "C"]
    assert skips(done) == {"LATE": "stale"}
    assert any("in the future" in each for each in json.loads(done.out)["warnings"])


def test_one_symbol_alone_is_explained_whenever_it_is_and_that_is_said(atc: Atc, folder: Path) -> None:
    last_ms = write(folder, "AHEAD", 24 * 400)
    done = atc("explain", "AHEAD", *SCAN[1:5], "--output", "json")
    assert (done.code, "in the future" in done.err) == (0, True), done.err
    assert json.loads(done.out)["row"]["bar_time"] == iso(last_ms)


def test_more_than_a_day_ahead_is_no_time_zone_whatever_the_others_are(atc: Atc, folder: Path) -> None:
    for seed, symbol in enumerate(("A", "B", "C")):
        write(folder, symbol, 30, seed=seed)
    done = atc(*SCAN)
    assert (done.code, symbols(done)) == (4, [])
    assert set(skips(done).values()) == {"in_the_future"}
