"""Coefficients from times: what made the times is found again, and what was not measured stays as it was."""

from dataclasses import replace

import pytest

from atc_cli.bench.calibrate import TASKS, calibrated
from atc_cli.bench.fit import Timed, fitted
from atc_cli.bench.task import Task
from atc_cli.domain.catalog import Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.results.bench import WINDOW_BARS
from atc_cli.engine import reference, rust
from atc_cli.engine.backend import Offer, Values, Windows
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.cost import Costs, estimate_ms
from tests.helpers.markets import NoProgress

TRUE = Costs(
    lanes=8, block_ns=150.0, alone_ns=60.0, tradingview_ratio=3.5, call_ms=0.08, series_ms=0.001, thread_ms=0.06,
    thread_loss_frac=0.12, value_ns=1.1,
)  # fmt: skip


def times(
    costs: Costs, tasks: list[Task], *threads: int, engine: Engine = Engine.RUST, path: str = "avx2"
) -> list[Timed]:
    return [
        Timed(engine, path, count, task.workload(), estimate_ms(costs, task.workload(), count))
        for task in tasks
        for count in threads
    ]


def test_the_coefficients_behind_the_times_are_found() -> None:
    found = fitted(times(TRUE, list(TASKS), 1, 4))[Engine.RUST]["avx2"]
    assert found.lanes == 8
    for name in ("block_ns", "alone_ns", "tradingview_ratio"):
        assert getattr(found, name) == pytest.approx(getattr(TRUE, name), rel=0.1), name
    for task in [*TASKS, Task(37, 900), Task(4000, 1500, Want.AVERAGE), Task(3, 3000, windows=True)]:
        for count in (1, 4):
            work = task.workload()
            assert estimate_ms(found, work, count) == pytest.approx(estimate_ms(TRUE, work, count), rel=0.15)


def test_few_rows_move_only_what_they_speak_of() -> None:
    shipped = SHIPPED[Engine.RUST]["avx2"]
    faster = replace(shipped, block_ns=shipped.block_ns / 3, alone_ns=shipped.alone_ns / 3)
    found = fitted(times(faster, [Task(1, 1500), Task(99, 1500), Task(1000, 1500)], 1))[Engine.RUST]["avx2"]
    assert found.block_ns == pytest.approx(faster.block_ns, rel=0.1)
    assert found.alone_ns == pytest.approx(faster.alone_ns, rel=0.1)
    assert (found.thread_ms, found.thread_loss_frac, found.start_ms) == (
        shipped.thread_ms, shipped.thread_loss_frac, shipped.start_ms,
    )  # fmt: skip


def test_how_many_series_a_gpu_takes_at_once_is_found() -> None:
    gpu = replace(SHIPPED[Engine.CUDA][""], lanes=16_384, block_ns=3000.0, alone_ns=3000.0)
    tasks = [Task(count, 1500) for count in (1, 99, 1000, 10_000)] + [Task(500, 2500, windows=True)]
    found = fitted(times(gpu, tasks, 1, engine=Engine.CUDA, path=""))[Engine.CUDA][""]
    assert found.lanes == 16_384
    for task in tasks:
        work = task.workload()
        assert estimate_ms(found, work) == pytest.approx(estimate_ms(gpu, work), rel=0.1)


def test_a_path_that_is_new_begins_with_the_likest() -> None:
    found = fitted(times(TRUE, list(TASKS), 1, path="avx10"))[Engine.RUST]
    assert list(found) == ["avx10"]
    assert found["avx10"].lanes == 8


def test_every_path_is_measured_here() -> None:
    (whole,) = (rust.offer(),)
    assert isinstance(whole, Offer)
    offers = [replace(whole, threads=2), reference.offer()]
    costs, off = calibrated(offers, NoProgress(), rounds=1, tasks=[Task(1, 100), Task(8, 100), Task(16, 100)])
    assert set(costs) == {Engine.RUST, Engine.REFERENCE}
    assert list(costs[Engine.RUST]) == list(whole.paths)
    assert set(off) == {*(f"rust {path}" for path in whole.paths), "reference"}
    assert all(each.block_ns > 0 for each in costs[Engine.RUST].values())


@pytest.mark.parametrize(
    "task", [Task(3, 90), Task(5, 90, Want.AVERAGE, ragged=True), Task(2, WINDOW_BARS + 2, windows=True)]
)
def test_a_task_is_as_large_as_it_says(task: Task) -> None:
    class Seen(rust.RustBackend):
        def compute(self, panel, params, want):  # type: ignore[no-untyped-def]
            self.seen = (sorted(map(len, panel.series), reverse=True), len(panel), want)
            return super().compute(panel, params, want)

        def compute_windows(self, panel, params, series, ends, bars, *, want=Want.LAST):  # type: ignore[no-untyped-def]
            self.seen = ([bars] * len(ends), len(ends), want)
            return super().compute_windows(panel, params, series, ends, bars, want=want)

    backend, work = Seen("scalar", 1), task.workload()
    assert isinstance(backend, Windows)
    values = task.call(task.candles())(backend)
    assert isinstance(values, Values)
    lengths, count, want = backend.seen
    assert [bars for bars, many in work.lengths for _ in range(many)] == lengths
    assert (work.series, work.want) == (count, want)
