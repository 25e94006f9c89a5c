"""The cost model at the command line: what is chosen, what is measured, what a user can say about it."""

import json
from pathlib import Path

import pytest

from atc_cli.commands.calibrate import run as calibrate
from atc_cli.commands.coefficients import stamp_here
from atc_cli.domain.engines import Engine
from atc_cli.engine.calibration import Calibration
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.rust import processors
from atc_cli.errors import ExitCode
from atc_cli.settings.own import BenchSettings
from tests.conftest import Atc

DEMO = ("scan", "--exchange", "demo", "--demo-symbols", "12")
SMALL = ("bench", "--routes", "--symbols", "2", "--bars", "120", "--want", "last,average", "--backend", "rust")


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the coefficients of the runs are kept."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "atc" / "coefficients.json"


def other_machine(file: Path) -> Path:
    document = Calibration(SHIPPED, {"cpu": "Made up", "logical_cpus": 64}, "2026-11-22").document()
    file.write_text(json.dumps(document))
    return file


def test_routes_are_measured_and_the_chosen_one_is_compared(atc: Atc) -> None:
    done = atc(*SMALL, "--output", "json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["schema"] == "atc.routes/1"
    assert [row["workload"] for row in document["rows"]] == ["2 x 120 last", "2 x 120 average"]
    for row in document["rows"]:
        assert {row["chosen"], row["fastest"]} <= row["measured_ms"].keys() <= row["estimates_ms"].keys()
        assert row["ratio"] == pytest.approx(row["measured_ms"][row["chosen"]] / min(row["measured_ms"].values()))
        assert row["ratio"] >= 1
        assert all(row["least_ms"][way] <= row["measured_ms"][way] for way in row["measured_ms"])
    right = [row["ratio"] <= 1.2 for row in document["rows"]]
    assert document["within_20_frac"] == sum(right) / 2


def test_routes_are_a_table(atc: Atc) -> None:
    done = atc(*SMALL)
    assert done.code == 0, done.err
    assert "WORKLOAD" in done.out
    assert "within 20% of the fastest: " in done.out
    assert "coefficients as shipped" in done.out


def test_another_machine_is_shown_without_a_measurement(atc: Atc, tmp_path: Path) -> None:
    file = other_machine(tmp_path / "other.json")
    document = json.loads(atc("bench", "--routes", "--machine", str(file), "--output", "json").out)
    assert len(document["rows"]) >= 24
    assert document["machine"]["cpu"] == "Made up"
    assert (document["within_20_frac"], document["rows"][0]["fastest"]) == (None, None)
    assert any("64 threads" in row["chosen"] for row in document["rows"])
    shown = atc("bench", "--routes", "--machine", str(file), "--symbols", "5000", "--bars", "20000")
    assert "rust avx512 64 threads" in shown.out
    assert "nothing was measured" in shown.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--machine", "bench.json"), "add --routes"),
        (("--calibrate", "--routes"), "leave out --routes"),
        (("--routes", "--threads", "1", "--runs", "3"), "--routes does not go by --threads, --runs"),
        (("--calibrate", "--symbols", "9"), "it goes by --backend, --quiet"),
        (("--routes", "--machine", "not-there.json"), "--machine: cannot read 'not-there.json'"),
        (("--routes", "--machine", "/dev/null"), "--machine: '/dev/null'"),
    ],
)
def test_what_does_not_go_together_is_refused(atc: Atc, arguments: tuple[str, ...], words: str) -> None:
    done = atc("bench", *arguments)
    assert done.code == ExitCode.USAGE
    assert words in done.err


def test_a_calibration_is_kept_and_used_by_every_verb(atc: Atc, kept: Path) -> None:
    folder = {"XDG_DATA_HOME": str(kept.parent.parent)}
    assert atc("bench", "--calibrate", "--backend", "reference", "--quiet", env=folder).code == 0
    document = json.loads(kept.read_text())
    assert (document["schema"], list(document["costs"])) == ("atc.calibration/1", ["reference"])
    assert stamp_here().items() <= document["machine"].items()
    assert len(document["machine"]["code"]) == 64
    assert f"of this machine, measured at {document['measured_at']}" in atc("doctor", env=folder).out
    document["costs"]["reference"][""] |= {
        "block_ns": 0.001,
        "alone_ns": 0.001,
        "call_ms": 0,
        "series_ms": 0,
        "value_ns": 0,
    }
    kept.write_text(json.dumps(document))
    scanned = json.loads(atc(*DEMO, "--output", "json", env=folder).out)
    assert scanned["backend"]["name"] == "reference"


class StoppedError(Exception):
    """In place of Ctrl-C, which would end the tests."""


class Interrupting:
    """Progress that somebody stops."""

    def begin(self, what: str, total: int) -> None:
        raise StoppedError

    def end(self) -> None: ...


def test_a_calibration_that_is_broken_off_leaves_the_old_file(kept: Path) -> None:
    from dataclasses import replace

    from atc_cli.cli.wiring import bench_ports
    from tests.helpers.markets import NoProgress

    kept.parent.mkdir(parents=True)
    kept.write_text("old")
    ports = replace(bench_ports(NoProgress()), progress=Interrupting())
    with pytest.raises(StoppedError):
        calibrate(BenchSettings(backend=(Engine.REFERENCE,)), ports, None)
    assert [each.name for each in kept.parent.iterdir()] == [kept.name]
    assert kept.read_text() == "old"


def test_a_folder_that_cannot_be_written_is_said(atc: Atc, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = atc(
        "bench", "--calibrate", "--backend", "reference", "--quiet", env={"XDG_DATA_HOME": str(tmp_path / "file")}
    )
    assert done.code == ExitCode.UNAVAILABLE
    assert "cannot make" in done.err


def link(file: Path) -> None:
    other = file.with_name("other")
    other.write_text("{}")
    file.symlink_to(other)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: file.write_bytes(b"\x80\x04\x95cbuiltins\neval"), "is damaged and not used"),
        (other_machine, "is of another machine and not used: cpu 'Made up'"),
        (link, "cannot be read"),
        (lambda file: file.mkdir(), "cannot be read"),
    ],
    ids=["damaged", "foreign", "link", "folder"],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_a_word_and_no_error(atc: Atc, kept: Path, make, words: str) -> None:  # type: ignore[no-untyped-def]
    kept.parent.mkdir(parents=True)
    make(kept)
    folder = {"XDG_DATA_HOME": str(kept.parent.parent)}
    done = atc(*DEMO, "--output", "symbols", env=folder)
    assert done.code == 0
    assert words in done.err
    assert words.split(":", maxsplit=1)[0] in " ".join(atc("doctor", env=folder).out.split())


def test_the_decision_is_shown_with_its_numbers(atc: Atc) -> None:
    done = atc(*DEMO, "-v", "--output", "json")
    found = json.loads(done.out)["backend"]
    assert (found["name"], found["batch"]) == ("rust", None)
    cheapest = next(iter(found["estimates_ms"]))
    assert cheapest.startswith("rust ")
    assert found["estimates_ms"][cheapest] == min(found["estimates_ms"].values())
    assert f"backend rust ({found['path']}, {found['threads']} thread" in done.err
    assert "estimated: rust" in done.err
    assert "reference" in done.err


@pytest.mark.parametrize("verb", [DEMO, ("explain", "SIM001", "--exchange", "demo")])
def test_threads_are_obeyed(atc: Atc, verb: tuple[str, ...]) -> None:
    found = json.loads(atc(*verb, "--threads", "1", "--output", "json").out)["backend"]
    assert found["threads"] == 1
    assert "threads: 1 asked for" in found["reasons"]


def test_threads_are_a_setting_like_any_other(atc: Atc) -> None:
    assert json.loads(atc(*DEMO, "--output", "json", env={"ATC_THREADS": "1"}).out)["backend"]["threads"] == 1
    refused = atc(*DEMO, env={"ATC_THREADS": "0"})
    assert refused.code == ExitCode.CONFIG
    assert "ATC_THREADS" in refused.err


def test_no_threads_are_refused_with_the_range(atc: Atc) -> None:
    for verb in ("scan", "backtest"):
        done = atc(verb, "--exchange", "demo", "--threads", "0")
        assert done.code == ExitCode.USAGE
        assert "--threads: 0 is out of range, allowed: 1 to 4096" in done.err


def test_more_threads_than_processors_are_allowed_and_said(atc: Atc) -> None:
    more = processors() + 3
    done = atc(*DEMO, "--threads", str(more), "--output", "json")
    assert done.code == 0
    assert json.loads(done.out)["backend"]["threads"] == more
    assert f"--threads {more}: {processors()} can run at once here" in done.err
