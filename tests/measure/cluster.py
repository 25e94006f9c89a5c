"""What a cluster of this machine's processes costs beside threads of one: `python -m tests.measure.cluster`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from statistics import median
from time import perf_counter

import numpy as np

from atc_cli.bench.data import walks
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Backend
from atc_cli.engine.dask.backend import DaskBackend
from atc_cli.engine.dask.cluster import Cluster
from atc_cli.engine.rust import RustBackend
from atc_cli.engine.windows import windows_of


def main() -> None:
    """Print start-up, and compute times of a batch and of every window of some of its series, medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=10_000)
    parser.add_argument("--bars", type=int, default=1500)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    panel, long = walks(asked.symbols, asked.bars), walks(8, 8 * asked.bars)
    with closing(Cluster()) as cluster:
        began_s = perf_counter()
        processes = cluster.threads
        sys.stdout.write(f"start-up of {processes} processes: {perf_counter() - began_s:.1f} s\n")
        both = (RustBackend(), DaskBackend(cluster))
        _compare(f"{asked.symbols} x {asked.bars}", both, partial(_batch, panel), asked.runs)
        name = f"every window of {asked.bars} bars of {len(long)} x {long.width}"
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
