"""`atc profile`: the command is left as it was, and what is told of it adds up."""

import json
import pstats
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Atc, unstamped
from tests.helpers.runs import Run, started

SMALL = ("--symbols", "5", "--bars", "100")
PRESET = ("config", "presets", "swing")
DENIED = "Permission Denied: Try running again with elevated permissions by going 'sudo env \"PATH=$PATH\" !!'"
REMEDY = "sudo" if sys.platform == "darwin" else "ptrace"


def written(folder: Path) -> dict[str, Any]:
    (file,) = (each for each in folder.glob("*.json") if "speedscope" not in each.name)
    return json.loads(file.read_text())


def stages_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"/".join(each["path"]): each for each in document["stages"]}


def test_the_stages_of_a_simulated_scan_add_up_to_the_time_of_the_process(atc: Atc, tmp_path: Path) -> None:
    done = atc("profile", *SMALL, "--runs", "2", "--out", str(tmp_path / "p"))
    assert (done.code, done.err) == (0, "")
    document = written(tmp_path / "p")
    assert document["schema"] == "atc.profile/1"
    assert document["arguments"][:3] == ["scan", "--exchange", "demo"]
    stages = stages_of(document)
    assert stages.keys() >= {
        *("start-up and imports", "start-up and imports/Python itself", "settings", "listings", "route", "fetch"),
        *("fetch/check", "panel", "compute", "rank", "render", "in no stage", "exit"),
    }
    for run, wall_ms in enumerate(document["wall_ms"]):
        assert sum(each["own_ms"][run] for each in stages.values()) == pytest.approx(wall_ms, rel=1e-6)
    assert min(stages["in no stage"]["ms"]) <= 0.03 * max(document["wall_ms"])
    assert stages["fetch/check"]["calls"] == 5
    assert 0 < document["measuring_frac"] < 0.02
    lines = done.out.splitlines()
    assert "STAGE" in lines[2]
    assert any(line.startswith("  check") for line in lines)
    assert lines[-1].startswith("open: ")
    assert "SIM001" not in done.out


def test_what_the_command_prints_and_returns_stays_as_it_was(atc: Atc, tmp_path: Path) -> None:
    plain = atc(*PRESET)
    done = atc("profile", "--runs", "2", "--out", str(tmp_path / "p"), "--", *PRESET)
    assert (done.code, done.out) == (0, plain.out)
    assert "STAGE" in done.err
    assert written(tmp_path / "p")["exit_code"] == 0
    assert atc("profile", "--out", str(tmp_path / "p"), "--", "atc", *PRESET).out == plain.out


def test_its_exit_code_is_ours_where_that_is_asked_for(atc: Atc, tmp_path: Path) -> None:
    to = ("--out", str(tmp_path / "p"))
    plain = atc("scan", "--offline")
    done = atc("profile", "--exit-code", *to, "--", "scan", "--offline")
    assert done.code == plain.code == 4
    assert unstamped(plain.err).splitlines()[0] in unstamped(done.err)
    assert atc("profile", *to, "--", "scan", "--offline").code == 0


def test_every_run_is_given_the_same_on_stdin(atc: Atc, tmp_path: Path) -> None:
    scan = ("scan", "--exchange", "demo", "--bars", "100", "--all", "--watchlist", "-", "--output", "symbols")
    done = atc("profile", "--runs", "2", "--out", str(tmp_path / "p"), "--", *scan, stdin="SIM001\nSIM002\n")
    assert sorted(done.out.split()) == ["SIM001/USDT:USDT", "SIM002/USDT:USDT"]
    assert stages_of(written(tmp_path / "p"))["fetch/check"]["calls"] == 2


def sampled_or_refused(done: Run, folder: Path) -> bool:
    """Whether py-spy may look here; where it may not that is said, and the rest is done."""
    assert "Traceback" not in done.err
    if done.code == 69:
        assert "--pyspy: py-spy" in done.err
        assert written(folder)["failures"]
        return False
    assert done.code == 0, done.err
    return True


def test_all_of_it_on_a_simulated_scan(atc: Atc, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    done = atc("profile", *SMALL, "--all", "--runs", "1", "--seconds", "1", "--out", str(folder))
    may = sampled_or_refused(done, folder)
    document = written(folder)
    memory = document["memory"]
    assert memory["arrays_bytes"]["candles"] == 5 * 100 * 5 * 8
    assert memory["arrays_bytes"].keys() == {"candles", "joined columns", "kernel outputs"}
    assert memory["peak_bytes"] > 10e6
    assert memory["lines"]
    (counted,) = folder.glob("*.pstats")
    assert any(name == "run" for _, _, name in pstats.Stats(str(counted)).stats)
    assert len(document["calls"]) == 20
    parts = {line.split()[0] for line in done.out.splitlines() if line}
    assert {"STAGE", "PEAK", "ARRAYS", "PYTHON", "FUNCTION"} <= parts
    assert "snakeviz" in done.out.splitlines()[-1]
    if may:
        sampled_well(document["sampled"], folder)


def sampled_well(sampled: dict[str, Any], folder: Path) -> None:
    assert "one thread" in sampled["conditions"]
    assert 1 <= len(sampled["widest"]) <= 3
    (svg,) = folder.glob("*.svg")
    titles = [title.text for title in ET.parse(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == f"all: {sampled['samples']} samples, 100.0%"
    assert any("atc_cli/" in title for title in titles)
    assert len(list(folder.glob("*.speedscope.json"))) == 1


def script(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="a script of the shell stands for Python")
@pytest.mark.parametrize(
    ("sampler", "reason", "remedy"),
    [
        (f"echo {shlex.quote(DENIED)} >&2; exit 1", "may not look", REMEDY),
        (None, "is not installed", "pip install py-spy"),
    ],
    ids=["forbidden", "missing"],
)
def test_where_py_spy_cannot_look_all_else_is_done(
    atc: Atc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sampler: str | None, reason: str, remedy: str
) -> None:
    script(tmp_path / "python", f'exec {shlex.quote(sys.executable)} "$@"')
    if sampler is not None:
        script(tmp_path / "py-spy", sampler)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    folder = tmp_path / "p"
    flags = ("--pyspy", "--cprofile", "--exit-code", "--out", str(folder))
    done = atc("profile", *flags, *SMALL, "--runs", "1", env={"PATH": "/usr/bin:/bin"})
    assert done.code == 69
    assert reason in done.err
    assert remedy in done.err
    assert "Traceback" not in done.err
    assert "FUNCTION" in done.out
    assert len(list(folder.glob("*.pstats"))) == 1
    assert reason in written(folder)["failures"][0]


BUSY = "import sys\ndef turning():\n    while True:\n        pass\nprint('here', flush=True)\nturning()"


def test_a_process_that_runs_is_looked_at(atc: Atc, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "here\n"
        done = atc("profile", "--pyspy", "--pid", str(running.pid), "--seconds", "1", "--out", str(folder))
        assert running.poll() is None
        running.kill()
    if sampled_or_refused(done, folder):
        assert written(folder)["sampled"]["widest"][0]["name"].startswith("turning")


def test_a_process_that_is_not_there_is_said(atc: Atc, tmp_path: Path) -> None:
    done = atc("profile", "--pid", "4194303", "--seconds", "1", "--out", str(tmp_path / "p"))
    assert done.code == 69
    assert "py-spy" in done.err
    assert "Traceback" not in done.err
    assert not list((tmp_path / "p").glob("*")), "nothing was found, so nothing is to be opened"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--", "profile"), "of itself"),
        (("--", "atc"), "of nothing"),
        (("--symbols", "5", "--", "doctor"), "behind --"),
        (("--pid", "1", "--", "doctor"), "--pid"),
        (("--compare", "one.json"), "two files, not 1"),
        (("--compare", "absent.json", "absent.json"), "absent.json"),
        (("--runs", "0"), "--runs"),
    ],
)
def test_what_cannot_be_meant_is_refused(atc: Atc, flags: tuple[str, ...], words: str) -> None:
    done = atc("profile", *flags)
    assert done.code == 2
    assert words in done.err


def test_a_variable_that_no_profile_set_is_refused_as_any_other(atc: Atc) -> None:
    done = atc("scan", "--exchange", "demo", env={"ATC_PROFILE": "yes"})
    assert done.code == 78
    assert "unknown environment variable ATC_PROFILE" in done.err


def test_ctrl_c_keeps_what_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    running = started(tmp_path, "profile", "--runs", "500", "--out", str(folder), "--", *PRESET)
    assert running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "STAGE" in said
    document = written(folder)
    assert document["interrupted"]
    assert 1 <= len(document["wall_ms"]) < 500


def profile(**own_ms: list[float]) -> dict[str, Any]:
    runs = zip(*own_ms.values(), strict=True)
    return {
        "schema": "atc.profile/1",
        "arguments": ["scan"],
        "machine": {"cpu": "one"},
        "wall_ms": [sum(run) for run in runs],
        "stages": [{"path": [name], "calls": 1, "ms": ms, "own_ms": ms} for name, ms in own_ms.items()],
    }


@pytest.fixture
def compare(atc: Atc, tmp_path: Path) -> Callable[[dict[str, Any], dict[str, Any]], list[str]]:
    def run(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        files = [tmp_path / "old.json", tmp_path / "new.json"]
        for file, document in zip(files, (old, new), strict=True):
            file.write_text(json.dumps(document))
        done = atc("profile", "--compare", *map(str, files))
        assert (done.code, done.err) == (0, "")
        return done.out.splitlines()

    return run


Compare = Callable[[dict[str, Any], dict[str, Any]], list[str]]


def test_what_became_slower_is_named_and_what_lies_within_the_spread_is_not(compare: Compare) -> None:
    old = profile(fetch=[100.0, 101.0, 104.0], compute=[10.0, 10.5, 11.0], render=[30.0, 31.0, 32.0])
    new = profile(fetch=[99.0, 103.0, 102.0], compute=[20.0, 21.0, 25.0], render=[20.0, 21.0, 22.0])
    assert compare(old, new) == [
        "slower:",
        "  compute +10.5 ms (+100%): 10.5 (10.0..11.0) before, 21.0 (20.0..25.0) now",
        "faster:",
        "  render -10.0 ms (-32%): 31.0 (30.0..32.0) before, 21.0 (20.0..22.0) now",
        "within the spread of the runs, or of one run only:",
        "  fetch +1.0 ms (+1%): 101.0 (100.0..104.0) before, 102.0 (99.0..103.0) now",
        "in all +2.5 ms (+2%): 142.5 (140.0..147.0) before, 145.0 (139.0..149.0) now, within the spread",
    ]


def test_one_run_of_each_has_no_spread_and_nothing_is_claimed(compare: Compare) -> None:
    lines = compare(profile(compute=[10.0]), profile(compute=[20.0]))
    assert lines[0] == "nothing became slower beyond the spread of the runs"
    assert "of one run only" in lines[1]


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "atc.scan/1"}', '{"schema": "atc.profile/1"}'])
def test_what_is_no_profile_is_not_compared(atc: Atc, tmp_path: Path, text: str) -> None:
    file = tmp_path / "odd.json"
    file.write_text(text)
    done = atc("profile", "--compare", str(file), str(file))
    assert done.code == 2
    assert "odd.json' is no profile" in done.err


def test_a_profile_of_a_running_process_has_no_stages_to_compare(atc: Atc, tmp_path: Path) -> None:
    file = tmp_path / "pid.json"
    file.write_text(json.dumps({**profile(compute=[1.0]), "wall_ms": []}))
    done = atc("profile", "--compare", str(file), str(file))
    assert done.code == 2
    assert "holds no stages" in done.err


def test_other_commands_and_machines_are_said(compare: Compare) -> None:
    other = {**profile(compute=[10.0, 11.0]), "arguments": ["doctor"], "machine": {"cpu": "two"}}
    lines = compare(profile(compute=[10.0, 11.0]), other)
    assert lines[0] == "warning: these are two commands: scan · doctor"
    assert lines[1].startswith("warning: these are two machines: one, ")


def test_a_stage_that_really_became_slower_is_named(atc: Atc, tmp_path: Path) -> None:
    files = []
    for symbols in ("2", "120"):
        folder = tmp_path / symbols
        env = {"ATC_DEMO_SYMBOLS": symbols}
        assert atc("profile", "--bars", "500", "--runs", "2", "--out", str(folder), env=env).code == 0
        files += map(str, folder.glob("*.json"))
    lines = atc("profile", "--compare", *files).out.splitlines()
    assert lines[0] == "slower:"
    assert any(line.startswith("  fetch +") for line in lines)


def test_a_scan_reports_its_memory(atc: Atc) -> None:
    scan = ("scan", "--exchange", "demo", "--demo-symbols", "5", "--bars", "100", "--output", "symbols")
    done = atc(*scan, "--memory-report")
    assert done.code == 0
    said = unstamped(done.err)
    assert "ARRAYS" in said
    assert "kernel outputs" in said
    assert ("fetch" in said) == (sys.platform == "linux")
    assert "ARRAYS" not in atc(*scan).err
