"""Another machine from what it printed: hand-made figures, for none of these machines is here."""

import json
from typing import Any

import pytest

from atc_cli.bench.elsewhere import read
from atc_cli.commands import routes
from atc_cli.domain.engines import Engine
from atc_cli.engine.calibration import Calibration
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.cost import Costs, estimate_ms
from atc_cli.errors import UsageError
from atc_cli.settings.own import BenchSettings

MACHINE = {"cpu": "Made up", "logical_cpus": 64, "simd": ["avx512"], "system": "Linux x86_64", "python": "3.12.1"}


def row(backend: str, symbols: int, ms: object, **changes: object) -> dict[str, object]:
    usual = {"simd": "avx512" if backend == "rust" else "", "threads": 1, "dialect": "lts", "mode": "batch",
             "want": "last", "bars": 1500, "parity": "equal"}  # fmt: skip
    return {"backend": backend, "symbols": symbols, "ms_median": ms, **usual, **changes}


CPU = [row("rust", 1, 0.4), row("rust", 99, 5.2), row("rust", 1000, 50.0), row("rust", 1000, 1.3, threads=64)]
GPU = [row("cuda", 1, 30.0), row("cuda", 99, 30.0), row("cuda", 1000, 31.0), row("cuda", 10_000, 40.0),
       row("cuda", 500, 30_000.0, bars=20_000, mode="reanchored")]  # fmt: skip


def bench(*rows: dict[str, object], **machine: object) -> bytes:
    return json.dumps({"schema": "atc.bench/1", "machine": {**MACHINE, **machine}, "rows": rows}).encode()


def test_a_bench_becomes_coefficients() -> None:
    found = read(bench(*CPU, row("talib", 99, 25.0, mode="averages"), row("rust", 9, None, parity="differs")))
    assert (list(found.costs), found.threads) == ([Engine.RUST], 64)
    costs = found.costs[Engine.RUST]["avx512"]
    assert costs.lanes == 8
    assert costs.block_ns == pytest.approx(265, rel=0.1)
    assert costs.thread_loss_frac < 1


def chosen(content: bytes, symbols: int, bars: int = 1500) -> str:
    settings = BenchSettings(symbols=symbols, bars=bars, want=("last",))
    (only,) = routes.run_elsewhere(settings, content, file="made-up.json").rows
    assert (only.fastest, only.ratio, only.measured_ms) == (None, None, {})
    return only.chosen


def test_many_cores_are_used_where_there_is_work_for_them() -> None:
    assert chosen(bench(*CPU), 1) == "rust avx512"
    assert chosen(bench(*CPU), 5000).startswith("rust avx512 64 threads")


def test_a_gpu_is_chosen_for_what_is_large_and_not_for_a_scan() -> None:
    found = routes.run_elsewhere(BenchSettings(), bench(*CPU[:3], *GPU, logical_cpus=2), file="made-up.json")
    by_workload = {each.workload: each.chosen for each in found.rows}
    assert by_workload["99 x 1500 last"].startswith("rust")
    assert by_workload["1000 x 1500 last"].startswith("rust")
    assert chosen(bench(*CPU[:3], *GPU, logical_cpus=2), 100_000, 10_000) == "cuda"
    assert found.within_20_frac is None


def test_a_report_of_a_gpu_is_read_and_rust_is_as_shipped() -> None:
    timings = [
        {"dialect": "lts", "series": each["symbols"], "bars": 1500, "want": "last", "wrong": [],
         "warm_ms": each["ms_median"]}
        for each in GPU[:4]
    ]  # fmt: skip
    report = {"schema": "atc.gpu-check/1", "date": "2026-11-22T05:00:00+00:00", "device": {"name": "Made up"},
              "timings": timings, "opened_s": 2.5}  # fmt: skip
    found = read(json.dumps(report).encode())
    assert found.machine == {"gpu": "Made up"}
    assert found.costs[Engine.CUDA][""].start_ms == 2500
    assert chosen(json.dumps(report).encode(), 10).startswith("rust")


def test_a_calibration_of_a_cluster_is_weighed() -> None:
    workers = Costs(lanes=512, block_ns=400, alone_ns=400, start_ms=2000, call_ms=20)
    costs = {Engine.RUST: SHIPPED[Engine.RUST], Engine.DASK: {"": workers}}
    content = json.dumps(Calibration(costs, {"cpu": "Made up", "logical_cpus": 2}, "").document()).encode()
    assert chosen(content, 100).startswith("rust")
    assert chosen(content, 100_000, 20_000) == "dask"


def test_windows_are_told_from_series() -> None:
    costs = read(bench(*GPU)).costs[Engine.CUDA][""]
    measured = routes.Task(500, 20_000, windows=True).workload()
    assert estimate_ms(costs, measured) == pytest.approx(30_000, rel=0.3)


WRONG: list[Any] = [
    b"", b"[]", b"{}", b'{"schema": 7}', b"\x80\x04", b"[" * 9999, bench(), bench(row("talib", 9, 1.0)),
    b'{"schema": "atc.bench/1", "rows": {}}', b'{"schema": "atc.bench/1", "machine": {}, "rows": [1]}',
    b'{"schema": "atc.gpu-check/1", "timings": []}', bench(*CPU, logical_cpus=0), bench(*CPU, cpu={}),
    *(bench(row("rust", 9, bad)) for bad in (0, -1, "1", None, True, 10**400, 1e300)),
    *(bench(row("rust", bad, 1.0)) for bad in (0, 1.5, "9", 10**12)),
    bench(row("rust", 9, 1.0, want="most")), bench(row("rust", 9, 1.0, dialect="x")),
    bench(row("rust", 9, 1.0, threads=0)), bench(row("rust", 9, 1.0, simd="\x1b")),
]  # fmt: skip


@pytest.mark.parametrize("content", WRONG, ids=range(len(WRONG)))
def test_any_other_file_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"--machine: 'made-up.json'"):
        routes.run_elsewhere(BenchSettings(), content, file="made-up.json")


def test_a_backend_that_the_machine_lacks_is_refused() -> None:
    with pytest.raises(UsageError, match="knows no backend cuda"):
        routes.run_elsewhere(BenchSettings(backend=("cuda",)), bench(*CPU), file="made-up.json")
