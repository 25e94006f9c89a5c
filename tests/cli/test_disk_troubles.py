"""A disk that is full or cannot be written: the result is there all the same, and what failed is named."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Atc
from tests.helpers.imported import IMPORT, coins
from tests.helpers.runs import environment_of


def on_a_full_disk(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`atc` where no file can grow; stdout is a pipe."""
    command = ["bash", "-c", 'ulimit -f 0; exec "$@"', "atc", sys.executable, "-m", "atc_cli", *arguments]
    environment = environment_of(home, {})
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=home, check=False)


@pytest.mark.parametrize("source", [("--exchange", "demo"), ("--offline", "--signals-cache", "--timeframe", "1h")])
def test_neither_a_lock_nor_remembered_rows_cost_a_result_on_a_full_disk(
    atc: Atc, tmp_path: Path, source: tuple[str, ...]
) -> None:
    coins(tmp_path / "here", 1)
    assert atc(*IMPORT).code == 0
    done = on_a_full_disk(tmp_path / "home", "scan", *source, "--all", "--lock", "--output", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rows"]


def test_doctor_fails_where_the_cache_folder_is_full_or_impossible(atc: Atc, tmp_path: Path) -> None:
    done = on_a_full_disk(tmp_path / "home", "doctor")
    assert done.returncode == 69
    (full,) = [line for line in done.stdout.splitlines() if "cache folder" in line]
    assert os.strerror(errno.EFBIG) in full
    (tmp_path / "here" / "file").write_text("")
    for place in ("file", "file/below", "/proc/nowhere"):
        done = atc("doctor", env={"ATC_CACHE_DIR": place})
        assert (done.code, "cannot be written" in done.out) == (69, True), place
    assert atc("doctor", env={"ATC_CACHE_DIR": "not/yet"}).code == 0
    assert not (tmp_path / "here" / "not").exists()


def test_an_error_of_the_disk_names_its_path(atc: Atc, tmp_path: Path) -> None:
    coins(tmp_path / "here", 1)
    assert atc(*IMPORT).code == 0
    (shelf,) = (tmp_path / "home").rglob("1h")
    in_the_way = shelf / ".damaged-00-0123456789"
    in_the_way.mkdir()
    done = atc("cache", "prune")
    assert done.code == 69
    assert str(in_the_way) in done.err
