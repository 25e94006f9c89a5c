"""Small things that a person or a script stumbles over: each said or done as one would expect."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, STAMP, Atc, unstamped
from tests.helpers.imported import IMPORT, coins
from tests.helpers.runs import environment_of

SCAN = ("scan", "--data", "data", "--timeframe", "1h", "--all")


@pytest.fixture
def here(tmp_path: Path, atc: Atc) -> Path:
    return coins(tmp_path / "here", 3)


def test_a_time_before_1970_is_called_so(atc: Atc, here: Path) -> None:
    (here / "data" / "OLD-1h.csv").write_text("timestamp,open,high,low,close\n-630979200000,1,1,1,1\n")
    done = atc(*SCAN, "--output", "json")
    (skip,) = json.loads(done.out)["skipped"]
    assert "-630979200000 of row 1 is before 1970" in skip["detail"]


@pytest.mark.parametrize("flags", [("--long-threshold", "5"), ("--long-threshold", "1"), ("--short-threshold", "-1")])
def test_a_threshold_that_no_signal_can_pass_is_refused(atc: Atc, flags: tuple[str, ...]) -> None:
    done = atc("scan", "--exchange", "demo", *flags)
    assert (done.code, flags[0] in done.err, "-1 to 1" in done.err) == (2, True, True), done.err
    assert atc("scan", "--exchange", "demo", "--long-threshold", "0.99", "--short-threshold", "-0.99").code == 0


def test_out_dash_is_stdout_whatever_a_file_says(atc: Atc, here: Path) -> None:
    (here / "atc.toml").write_text('out = "signals.csv"\n')
    plain = atc(*SCAN, "--output", "csv", "--out", "-")
    assert plain.code == 0
    assert plain.out.startswith("rank,")
    assert not (here / "-").exists()
    assert not (here / "signals.csv").exists()
    assert atc("explain", "COIN1USDT", "--data", "data", "--timeframe", "1h", "--out", "-").out


def test_a_lock_file_and_out_agree_on_missing_folders(atc: Atc, here: Path) -> None:
    for flag in ("--out", "--lock-file"):
        done = atc(*SCAN, flag, "absent/file.json")
        assert (done.code, "no folder 'absent'" in done.err, flag in done.err) == (69, True, True), done.err
    assert not (here / "absent").exists()
    assert atc(*SCAN, "--lock-file", "here.lock").code == 0


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_out_keeps_the_mode_of_the_file_that_it_replaces(atc: Atc, here: Path, mode: int) -> None:
    out = here / "signals.json"
    out.write_text("old")
    out.chmod(mode)
    assert atc(*SCAN, "--out", "signals.json").code == 0
    assert json.loads(out.read_text())["rows"]
    assert stat.S_IMODE(out.stat().st_mode) == mode


def test_doctor_takes_output_as_every_report_does(atc: Atc) -> None:
    by_output, by_switch = atc("doctor", "--output", "json"), atc("doctor", "--json")
    assert json.loads(by_output.out)["schema"] == json.loads(by_switch.out)["schema"] == "atc.doctor/1"
    assert atc("doctor", "--output", "table").out.startswith(atc("doctor").out[:20])
    assert atc("doctor", "--output", "xml").code == 2


@pytest.mark.parametrize("arguments", [("scan", "--nope"), ("nosuch",), ("scan", "--top"), ("cache", "export")])
def test_every_line_of_a_usage_error_says_when(atc: Atc, arguments: tuple[str, ...]) -> None:
    done = atc(*arguments)
    assert (done.code, done.out) == (2, "")
    for line in done.err.splitlines():
        assert re.match(STAMP + r"\S", line), line
    assert "Error: " in unstamped(done.err)


FILTERS = [("--deny", "."), ("--allow", "zzz"), ("--min-age", "100000000"), ("--min-volume", "1e30"),
           ("--allow", "SIM001", "--side", "THE OTHER"),
           ("--allow", "zzz", "--deny", ".")]  # fmt: skip


@pytest.mark.parametrize("flags", FILTERS, ids=" ".join)
def test_nothing_left_after_a_filter_ends_alike_whatever_the_filter(atc: Atc, flags: tuple[str, ...]) -> None:
    if "THE OTHER" in flags:
        (row,) = json.loads(atc("scan", "SIM001", "--exchange", "demo", "--all", "--output", "json").out)["rows"]
        flags = (*flags[:-1], "short" if row["side"] == "LONG" else "long")
    done = atc("scan", "--exchange", "demo", *flags, "--output", "json")
    document = json.loads(done.out)
    assert (done.code, document["rows"]) == (0, []), done.err
    assert sum(document["hidden"].values()) == document["scanned"] == 120
    assert document["hidden"].keys() & {"--side", *flags}
    assert "no symbol passes the filters" in atc("scan", "--exchange", "demo", *flags).out


def test_a_symbol_that_a_filter_of_a_file_takes_out_is_not_explained(atc: Atc, here: Path) -> None:
    (here / "atc.toml").write_text('deny = "COIN1"\n')
    done = atc("explain", "COIN1USDT", "--data", "data", "--timeframe", "1h")
    assert (done.code, "--deny" in done.err) == (4, True), done.err


def test_a_typed_name_that_does_not_exist_is_a_skip_among_others_and_alone_an_error(atc: Atc, here: Path) -> None:
    done = atc(*SCAN, "COIN1USDT", "NOSUCHUSDT", "--output", "json")
    document = json.loads(done.out)
    assert (done.code, len(document["rows"])) == (3, 1)
    assert [(each["symbol"], each["reason"]) for each in document["skipped"]] == [("NOSUCHUSDT", "unknown_symbol")]
    for names in (["NOSUCHUSDT"], ["NOSUCHUSDT", "NORTHIS"]):
        done = atc(*SCAN, *names)
        assert (done.code, done.out) == (2, "")
        for name in names:
            assert repr(name) in done.err


def test_offline_says_that_a_symbol_is_not_stored(atc: Atc, here: Path) -> None:
    assert atc(*IMPORT).code == 0
    for command in (("scan", "NOSUCHUSDT"), ("explain", "NOSUCHUSDT")):
        done = atc(*command, "--offline", "--timeframe", "1h")
        assert (done.code, done.out) == (4, "")
        assert "no candles of 'NOSUCHUSDT' are stored" in done.err
    done = atc("scan", "COIN1USDT", "NOSUCHUSDT", "--offline", "--timeframe", "1h", "--output", "json")
    assert (done.code, "stored on disk" in json.loads(done.out)["skipped"][0]["detail"]) == (3, True)


def test_a_symbol_in_two_files_costs_itself_alone(atc: Atc, here: Path) -> None:
    (here / "data" / "COIN1USDT-1h.parquet").write_bytes(b"")
    done = atc(*SCAN, "--output", "json")
    document = json.loads(done.out)
    assert (done.code, len(document["rows"])) == (3, 2)
    (skip,) = document["skipped"]
    assert skip["symbol"] == "COIN1USDT"
    assert "'COIN1USDT-1h.csv' and 'COIN1USDT-1h.parquet'" in skip["detail"]


IN_THE_REFERENCE = """
import signal, sys

def interrupt(frame, event, argument):
    if frame.f_code.co_name == "crossing_signals":
        sys.setprofile(None)
        signal.raise_signal(signal.SIGINT)

sys.setprofile(interrupt)
from atc_cli.__main__ import main
main()
"""


def test_ctrl_c_ends_the_slow_reference(tmp_path: Path) -> None:
    """Uninterrupted it would compute for a minute."""
    scan = ("scan", "--exchange", "demo", "--backend", "reference", "--bars", "5000")
    command = [sys.executable, "-c", IN_THE_REFERENCE, *scan]
    environment = environment_of(tmp_path, {})
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout, unstamped(done.stderr)) == (130, "", "atc: interrupted\n")


INTERRUPTED = """
import signal, sys
from importlib.abc import MetaPathFinder

module = sys.argv.pop(1)

class CtrlC(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == module:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, CtrlC())
from atc_cli.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["atc_cli.errors", "atc_cli.cli.app", "typer", "atc_cli.settings.layers", "numpy"])
def test_ctrl_c_while_modules_are_imported_is_no_traceback(tmp_path: Path, module: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, module, "scan", "--exchange", "demo"]
    environment = environment_of(tmp_path, {})
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr
