"""What a cluster of this machine's processes costs beside threads of one: `python -m tests.measure.cluster`.

Scans of a folder of Parquet files, each a process of its own; the memory that client and workers hold together, read
50 times a second; a batch and windows of candles that the client has.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import numpy as np

from atc_cli.bench.data import walks
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.engine.backend import Backend
from atc_cli.engine.dask.backend import DaskBackend
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.rust import RustBackend
from atc_cli.engine.windows import windows_of

_AT_ONCE = 500
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Print what each scan took, its memory, and compute times; medians."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.cluster", description=__doc__)
    parser.add_argument("--symbols", type=int, default=10_000)
    parser.add_argument("--bars", type=int, default=1500)
    parser.add_argument("--memory", default="2000,5000,20000", help="symbols of scans whose memory is read")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = _filled(Path(folder) / "all", asked.symbols, asked.bars)
        _scans(files, asked)
        for symbols in map(int, filter(None, asked.memory.split(","))):
            _memory(_linked(Path(folder) / f"of-{symbols}", files, symbols), symbols, asked.bars)
    _in_memory(asked)


def _filled(folder: Path, symbols: int, bars: int) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    folder.mkdir()
    times = 1_700_000_000_000 // HOUR_MS * HOUR_MS + np.arange(bars, dtype=np.int64) * HOUR_MS
    for first in range(0, symbols, _AT_ONCE):
        for number, candles in enumerate(walks(min(_AT_ONCE, symbols - first), bars).series, first):
            columns = dict(zip(("open", "high", "low", "close", "volume"), candles.values, strict=True))
            parquet.write_table(pa.table({"timestamp": times, **columns}), folder / f"S{number:06}-1h.parquet")
    return folder


def _linked(folder: Path, files: Path, symbols: int) -> Path:
    """So many names of the files there are."""
    folder.mkdir()
    there = sorted(files.iterdir())
    for number in range(symbols):
        (folder / f"S{number:06}-1h.parquet").hardlink_to(there[number % len(there)])
    return folder


def _command(folder: Path, bars: int, backend: str) -> list[str]:
    scan = ["scan", "--data", str(folder), "--timeframe", "1h", "--bars", str(bars), "--top", "20"]
    return [sys.executable, "-m", "atc_cli", *scan, "--backend", backend, "--quiet", "--output", "json"]


def _scans(folder: Path, asked: argparse.Namespace) -> None:
    took: dict[str, list[tuple[float, float, float]]] = {"rust": [], "dask": []}
    for _ in range(asked.runs):
        for backend, runs in took.items():
            runs.append(_scanned(_command(folder, asked.bars, backend)))
    for backend, runs in took.items():
        whole_s, start_s, work_s = (median(each) for each in zip(*runs, strict=True))
        ratio = median(there[2] / here[2] for here, there in zip(took["rust"], runs, strict=True))
        sys.stdout.write(
            f"scan of {asked.symbols} x {asked.bars} from files, {backend}: {whole_s:.1f} s; workers started in "
            f"{start_s:.1f} s; loaded and computed in {work_s:.1f} s, {ratio:.2f} x\n"
        )


def _scanned(command: Sequence[str]) -> tuple[float, float, float]:
    """Seconds of the whole process, until workers are there, and to load and compute."""
    began_s = perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    whole_s = perf_counter() - began_s
    timings = json.loads(done.stdout)["timings_ms"]
    start_ms = timings["stages"].get("fetch/workers", 0)
    return whole_s, start_ms / 1000, (timings["fetch"] + timings["compute"] - start_ms) / 1000


def _memory(folder: Path, symbols: int, bars: int) -> None:
    peak_bytes, processes = 0, 0
    command = _command(folder, bars, "dask")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            sizes = list(map(_resident_bytes, _tree(process.pid)))
            peak_bytes, processes = max(peak_bytes, sum(sizes)), max(processes, len(sizes))
            sleep(0.02)
    sys.stdout.write(f"{symbols} x {bars} from files, dask: {peak_bytes / 1e6:.0f} MB in {processes} processes\n")


def _tree(process: int) -> Iterator[int]:
    yield process
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except OSError:
        return
    for each in children:
        yield from _tree(each)


def _resident_bytes(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def _in_memory(asked: argparse.Namespace) -> None:
    panel, long = walks(asked.symbols, asked.bars), walks(8, 8 * asked.bars)
    with closing(Cluster()) as cluster:
        began_s = perf_counter()
        processes = cluster.threads
        sys.stdout.write(f"start-up of {processes} processes: {perf_counter() - began_s:.1f} s\n")
        both = (RustBackend(), DaskBackend(cluster))
        _compare(f"{asked.symbols} x {asked.bars} shipped", both, partial(_batch, panel), asked.runs)
        name = f"every window of {asked.bars} bars of {len(long)} x {long.width} shipped"
        _compare(name, both, partial(_windows, long, asked.bars), asked.runs)


def _compare(name: str, both: Sequence[Backend], run: Callable[[Backend], None], runs: int) -> None:
    times = {each.name: [_seconds(each, run) for _ in range(runs)] for each in both}
    for backend, seconds in times.items():
        sys.stdout.write(f"{name}, {backend}: {median(seconds) * 1000:.0f} ms\n")


def _seconds(backend: Backend, run: Callable[[Backend], None]) -> float:
    began_s = perf_counter()
    run(backend)
    return perf_counter() - began_s


def _batch(panel: Panel, backend: Backend) -> None:
    backend.compute(Panel.of(panel.series), Params(), Want.LAST)


def _windows(panel: Panel, bars: int, backend: Backend) -> None:
    ends = np.arange(bars - 1, panel.width)
    series, windows = np.repeat(np.arange(len(panel)), len(ends)), windows_of(backend)
    ends, at_once = np.tile(ends, len(panel)), windows.windows_at_once(bars)
    for first in range(0, len(ends), at_once):
        some = slice(first, first + at_once)
        windows.compute_windows(panel, Params(), series[some], ends[some], bars)


if __name__ == "__main__":
    main()
