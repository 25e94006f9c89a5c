"""Small things that a person or a script stumbles over: each said or done as one would expect."""

import json
import stat
from pathlib import Path

import pytest

from tests.conftest import Atc
from tests.helpers.imported import write

SCAN = ("scan", "--data", "data", "--timeframe", "1h", "--all")


@pytest.fixture
def here(tmp_path: Path, atc: Atc) -> Path:
    folder = tmp_path / "here"
    (folder / "data").mkdir()
    for seed in range(3):
        write(folder / "data" / f"COIN{seed}USDT-1h.csv", seed)
    return folder


def test_a_time_before_1970_is_called_so(atc: Atc, here: Path) -> None:
    (here / "data" / "OLD-1h.csv").write_text("timestamp,open,high,low,close\n-630979200000,1,1,1,1\n")
    done = atc(*SCAN, "--output", "json")
    (skip,) = json.loads(done.out)["skipped"]
    assert "-630979200000 of row 1 is before 1970" in skip["detail"]


@pytest.mark.parametrize(
    ("flags", "named"),
    [(("--long-threshold", "5"), "--long-threshold"), (("--long-threshold", "1"), "--long-threshold"),
     (("--short-threshold", "-1"), "--short-threshold")],
    ids=" ".join,
)  # fmt: skip
def test_a_threshold_that_no_signal_can_pass_is_refused(atc: Atc, flags: tuple[str, ...], named: str) -> None:
    done = atc("scan", "--exchange", "demo", *flags)
    assert (done.code, named in done.err, "-1 to 1" in done.err) == (2, True, True), done.err
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
