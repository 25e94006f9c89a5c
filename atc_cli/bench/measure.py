"""One measurement: a job of plain values in, times and the peak of memory out."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Protocol

import numpy as np

from atc_cli.bench.data import panel_of
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.bench import ADVANCE, REANCHORED, WINDOW_BARS
from atc_cli.engine.backend import Streams, Windows

_STARTED_BARS = 300

Call = Callable[[], object]


class MeasureError(Exception):
    """A measurement ended without a result; the message says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one process measures; plain values, so that it can be told in JSON. `data` None: random walks."""

    backend: str
    simd: str
    threads: int
    mode: str
    dialect: str
    want: str
    symbols: int
    bars: int
    runs: int
    data: str | None
    timeframe: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Times of the runs after the warm-up, and the panel's true size; the peak is that of the whole process."""

    times_ms: tuple[float, ...]
    symbols: int
    bars: int
    bars_total: int
    peak_rss_mb: float


class Computes(Protocol):
    """What is measured: a backend, or another library's averages."""

    def compute(self, panel: Panel, params: Params, want: Want) -> object:
        """The whole panel."""


def measure(job: Job, computer: Computes) -> Measured:
    """Load the panel, call once unmeasured (compilation, page faults), then `runs` times."""
    call, symbols, bars, bars_total = _prepared(job, computer)
    call()
    times_ms = []
    for _ in range(job.runs):
        began = perf_counter()
        call()
        times_ms.append((perf_counter() - began) * 1000)
    return Measured(
        times_ms=tuple(times_ms), symbols=symbols, bars=bars, bars_total=bars_total, peak_rss_mb=_peak_rss_mb()
    )


def _prepared(job: Job, computer: Computes) -> tuple[Call, int, int, int]:
    """What to call, and its size: series, bars of the longest, bars in all."""
    params = Params(dialect=Dialect(job.dialect))
    if job.mode == ADVANCE and isinstance(computer, Streams):
        return _steps(job, computer, params), job.symbols, 1, job.symbols
    panel = panel_of(job.data, job.timeframe, job.symbols, job.bars)
    if job.mode == REANCHORED and isinstance(computer, Windows):
        ends = np.concatenate([np.arange(WINDOW_BARS - 1, len(each)) for each in panel.series])
        series = np.repeat(np.arange(len(panel)), [max(len(each) - WINDOW_BARS + 1, 0) for each in panel.series])
        windows = partial(computer.compute_windows, panel, params, series, ends, WINDOW_BARS)
        return windows, len(panel), panel.width, len(ends) * WINDOW_BARS
    whole = partial(computer.compute, panel, params, Want(job.want))
    return whole, len(panel), panel.width, int(panel.offsets[-1])


def _steps(job: Job, computer: Streams, params: Params) -> Call:
    """Each call goes on by the next bar."""
    panel = panel_of(None, job.timeframe, job.symbols, _STARTED_BARS + job.runs + 1)
    started = [each.between(0, _STARTED_BARS) for each in panel.series]
    stream = computer.stream(Panel.of(started), params)
    prices = np.stack([each.values[:4, _STARTED_BARS:] for each in panel.series], axis=1)
    bars = iter([np.ascontiguousarray(prices[:, :, i : i + 1]) for i in range(job.runs + 1)])
    return lambda: stream.advance(next(bars), Want(job.want))


def _peak_rss_mb() -> float:
    """Peak resident memory of this process in 10^6 bytes.

    Linux hands the parent's peak down in ru_maxrss, so there the process's own high-water mark is read.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
