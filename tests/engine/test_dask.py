"""A cluster gives the bits of one machine, whatever happens to its workers."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import distributed
import numpy as np
import pytest

from atc_cli.domain.catalog import Dialect, Source, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.dask.backend import DaskBackend
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.dask.work import Part, versions
from atc_cli.engine.lost import LostSeriesError
from atc_cli.engine.rust import RustBackend
from atc_cli.errors import ExitCode, UnavailableError
from tests.conftest import ROOT, Atc
from tests.helpers.backends import assert_same_bits, tick_walk
from tests.helpers.clusters import Started, cluster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dask")]

SERIES = [tick_walk(60 + 13 * (seed % 7), seed, decimals=seed % 4) for seed in range(23)]
PANEL = Panel.of(SERIES)


@pytest.fixture(scope="module")
def started() -> Iterator[Started]:
    with cluster(2) as running:
        yield running


@pytest.fixture(scope="module")
def opened(started: Started) -> Iterator[Cluster]:
    with closing(Cluster(started.address)) as found:
        yield found


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several parts of a few series."""
    for name, bars in (("LEAST", 300), ("LEAST_WINDOW", 2000)):
        monkeypatch.setattr(f"atc_cli.engine.dask.backend._{name}_BARS", bars)


@pytest.mark.parametrize(
    "params",
    [Params(), Params(dialect=Dialect.TRADINGVIEW), Params(source=Source.HL2)],
    ids=("lts", "tradingview", "hl2"),
)
@pytest.mark.parametrize("want", Want)
@pytest.mark.usefixtures("small_parts")
def test_ragged_series_have_the_same_bits(opened: Cluster, params: Params, want: Want) -> None:
    assert_same_bits(RustBackend().compute(PANEL, params, want), DaskBackend(opened).compute(PANEL, params, want))


@pytest.mark.parametrize("want", [Want.LAST, Want.AVERAGE, Want.LAYERS])
@pytest.mark.usefixtures("small_parts")
def test_windows_of_any_series_end_and_length_have_the_same_bits(opened: Cluster, want: Want) -> None:
    rng = np.random.default_rng(3)
    series = rng.integers(0, len(SERIES), 200)
    ends = np.array([rng.integers(0, len(SERIES[each])) for each in series])
    asked = (PANEL, Params(), series, ends, rng.integers(1, 150, 200))
    right = RustBackend().compute_windows(*asked, want=want)
    assert_same_bits(right, DaskBackend(opened).compute_windows(*asked, want=want))


def test_one_long_series_travels_without_a_warning(opened: Cluster) -> None:
    long, params = Panel.of([tick_walk(350_000, 1)]), Params(source=Source.OHLC4)
    asked = (long, params, Want.LAST)
    assert_same_bits(RustBackend().compute(*asked), DaskBackend(opened).compute(*asked))


def test_nothing_is_computed_without_a_cluster() -> None:
    nowhere, none = DaskBackend(Cluster("tcp://127.0.0.1:1")), np.empty(0, np.int64)
    assert nowhere.compute(Panel.of([]), Params(), Want.LAST).average.shape == (0,)
    assert nowhere.compute_windows(PANEL, Params(), none, none, none).average.shape == (0,)


@pytest.mark.parametrize("command", ["scan", "backtest", "hits", "explain SIM001"])
def test_a_command_on_a_named_scheduler_says_what_it_says_without(atc: Atc, started: Started, command: str) -> None:
    demo = (*command.split(), "--exchange", "demo", "--bars", "120", "--timeframe", "4h", "--output", "json")
    few = () if "explain" in command else ("--allow", "SIM00[1-9]")
    there = json.loads(atc(*demo, *few, "--scheduler", started.address).out)
    here = json.loads(atc(*demo, *few, "--backend", "rust").out)
    assert (there["backend"]["name"], here["backend"]["name"]) == ("dask", "rust")
    differ = {key for key in here if there[key] != here[key]}
    assert differ <= {"generated_at", "backend", "timings_ms"}


def test_processes_of_this_machine_need_no_scheduler(atc_process: Atc) -> None:
    demo = ("scan", "--exchange", "demo", "--demo-symbols", "9", "--bars", "120", "--output", "json")
    done = atc_process(*demo, "--backend", "dask", "-v")
    here = json.loads(atc_process(*demo, "--backend", "rust").out)
    assert json.loads(done.out)["rows"] == here["rows"]
    assert "dask dashboard: http://127.0.0.1:" in done.err
    assert "distributed" not in done.err


class CtrlC:
    """Progress at whose second step a person loses patience."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def begin(self, what: str, total: int) -> None:
        self.said += [what, total]

    def advance(self) -> None:
        self.said.append("+")
        if self.said.count("+") == 2:
            signal.raise_signal(signal.SIGINT)

    def end(self) -> None:
        self.said.append("end")


@pytest.mark.usefixtures("small_parts")
def test_ctrl_c_keeps_what_came_and_the_cluster_goes_on(started: Started) -> None:
    progress, right = CtrlC(), RustBackend().compute(PANEL, Params(), Want.LAST)
    with closing(Cluster(started.address, steps=progress)) as opened:
        backend = DaskBackend(opened)
        with pytest.raises(LostSeriesError) as found:
            backend.compute(PANEL, Params(), Want.LAST)
        assert (found.value.interrupted, found.value.code) == (True, ExitCode.INTERRUPTED)
        came = [row for row in range(len(SERIES)) if row not in found.value.lost]
        assert 0 < len(came) < len(SERIES)
        for row in came:
            only = slice(row, row + 1)
            assert_same_bits(right.rows(only), found.value.values.rows(only))
        what, total, *steps = progress.said
        assert (what, total > 3, steps) == ("groups of series", True, ["+", "+", "end"])
        assert_same_bits(right, backend.compute(PANEL, Params(), Want.LAST))


@pytest.mark.usefixtures("small_parts")
def test_a_group_that_fails_twice_loses_its_series_and_no_others(
    opened: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound, spoilt = Part.of, SERIES[4].close.tobytes()

    def part_of(panel: Panel, *asked: object, far: bool) -> Part:
        made, spoil = sound(panel, *asked, far=far), spoilt in [each.close.tobytes() for each in panel.series]
        return replace(made, prices=None) if spoil else made

    monkeypatch.setattr(Part, "of", part_of)
    right = RustBackend().compute(PANEL, Params(), Want.LAST)
    with pytest.raises(LostSeriesError, match="failed twice on workers") as found:
        DaskBackend(opened).compute(PANEL, Params(), Want.LAST)
    lost = found.value.lost
    assert 4 in lost
    assert len(lost) < len(SERIES) / 2
    assert (found.value.interrupted, found.value.code) == (False, ExitCode.UNAVAILABLE)
    for row in set(range(len(SERIES))) - lost.keys():
        only = slice(row, row + 1)
        assert_same_bits(right.rows(only), found.value.values.rows(only))


def parts_and(do: Callable[[], None], *, at: int, count: int) -> Iterator[Part]:
    """Parts of one series each; before one of them is made something is done."""
    for number in range(count):
        if number == at:
            do()
        yield Part.of(Panel.of([SERIES[number]]), Params(), Want.LAST)


def test_what_a_killed_worker_had_is_computed_elsewhere_and_a_lost_scheduler_ends_it() -> None:
    said: list[str] = []
    with cluster(2) as running, closing(Cluster(running.address, said.append)) as opened:
        assert opened.threads == 2
        stopped = running.workers[0]
        stopped.send_signal(signal.SIGSTOP)  # whatever it is given it still has when it is killed
        found = dict(opened.run(parts_and(stopped.kill, at=9, count=10)))
        right = RustBackend().compute(Panel.of(SERIES[:10]), Params(), Want.LAST)
        assert sorted(found) == list(range(10))
        for number, values in found.items():
            assert_same_bits(right.rows(slice(number, number + 1)), values)
        (words,) = said
        assert "is gone: " in words
        assert "of series computed again elsewhere" in words
        with pytest.raises(UnavailableError, match=running.address) as lost:
            list(opened.run(parts_and(running.scheduler.kill, at=3, count=10)))
        assert lost.value.code == ExitCode.UNAVAILABLE
        with pytest.raises(UnavailableError, match=running.address):
            DaskBackend(opened).compute(PANEL, Params(), Want.LAST)


def test_a_worker_with_other_code_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "atc_cli", tmp_path / "atc_cli", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "atc_cli" / "errors.py").open("a") as code:
        code.write("# another version\n")
    with cluster(1, tmp_path) as running, closing(Cluster(running.address)) as opened:
        with pytest.raises(UnavailableError, match=r"worker tcp://\S+ has atc \S+ \(code \w+\) \(here") as refused:
            _ = opened.threads
        assert "numpy" not in str(refused.value), "only what differs is named"


def test_one_that_joins_later_is_refused_too(opened: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    part = next(parts_and(lambda: None, at=0, count=1))
    monkeypatch.setattr("atc_cli.engine.dask.cluster.versions", lambda: {**versions(), "numpy": "1.0"})
    with pytest.raises(UnavailableError, match=r"has numpy \S+ \(here 1\.0\): bits depend on it"):
        list(opened.run([part]))


def test_a_scheduler_without_workers_is_refused() -> None:
    refused = pytest.raises(UnavailableError, match=r"the scheduler at tcp://\S+ has no workers")
    with cluster(0) as running, closing(Cluster(running.address)) as opened, refused:
        DaskBackend(opened).compute(PANEL, Params(), Want.LAST)


def test_a_scheduler_that_is_not_there_ends_the_scan_with_its_address(atc: Atc) -> None:
    with distributed.dask.config.set({"distributed.comm.timeouts.connect": "300ms"}):
        done = atc("scan", "--exchange", "demo", "--demo-symbols", "3", "--scheduler", "tcp://127.0.0.1:1")
    assert done.code == ExitCode.UNAVAILABLE
    assert "no scheduler answers at tcp://127.0.0.1:1" in done.err
