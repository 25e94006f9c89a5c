"""The command in this process, as most tests run it, and in one of its own, as people do: no difference to be seen."""

import gc
import os
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import Atc, Run, unstamped

COMMANDS = [
    (),
    ("--version",),
    ("scan", "--help"),
    ("scan", "--exchange", "demo", "--output", "csv", "--all"),
    ("scan", "--exchange", "demo", "--quiet"),
    ("scan", "--exchange", "demo", "--watchlist", "-", "--output", "symbols"),
    ("scan", "--exchange", "demo", "--output", "markdown"),
    ("scan", "--exchange", "demo", "--out", "absent/file.json"),
    ("scan", "--offline"),
    ("scan", "--unknown-flag"),
    ("explain", "SIM001", "--exchange", "demo", "--series"),
    ("explain", "SIM023", "--exchange", "demo", "--timeframe", "4h"),
    ("config", "show"),
    ("config", "path"),
    ("config", "validate"),
    ("cache", "ls"),
]


def steady(run: Run) -> tuple[int, str, str]:
    """A run without times."""
    times = re.compile(r"\d+(\.\d+)? m?s\b")
    return run.code, times.sub("N ms", run.out), times.sub("N ms", unstamped(run.err))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_here_what_it_says_in_a_process(
    atc: Atc, atc_process: Atc, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "here" / "atc.toml").write_text("top = 3\n")
    with_all = {"stdin": "SIM001\nSIM002\nNOSUCH\n", "env": {"ATC_SIDE": "long"}}
    assert steady(atc(*command, **with_all)) == steady(atc_process(*command, **with_all))


def test_a_run_leaves_nothing_behind(atc: Atc) -> None:
    def world() -> tuple[object, ...]:
        streams = sys.stdin, sys.stdout, sys.stderr, sys.argv, sys.excepthook
        return *streams, gc.isenabled(), Path.cwd(), dict(os.environ), [os.fstat(number).st_ino for number in range(3)]

    before = world()
    assert atc("scan", "--exchange", "demo", env={"ATC_TOP": "1"}).code == 0
    assert atc("scan", "--exchange", "demo", "--top", "0").code == 2
    assert world() == before


def test_what_python_reads_at_its_start_is_refused_where_no_python_starts(atc: Atc) -> None:
    with pytest.raises(AssertionError, match="needs a process of its own"):
        atc("--version", env={"PYTHONPROFILEIMPORTTIME": "1"})
