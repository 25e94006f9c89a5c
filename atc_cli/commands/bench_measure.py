"""One measurement: a job of plain values in, times and the peak of memory out."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from atc_cli.commands.bench_data import panel_of
from atc_cli.domain.catalog import Dialect
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Want

Compute = Callable[[Panel, Params, Want], object]


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


def measure(job: Job, compute: Compute) -> Measured:
    """Load the panel, run once unmeasured (compilation, page faults), then `runs` times."""
    panel = panel_of(job.data, job.timeframe, job.symbols, job.bars)
    params, want = Params(dialect=Dialect(job.dialect)), Want(job.want)
    compute(panel, params, want)
    times_ms = []
    for _ in range(job.runs):
        began = perf_counter()
        compute(panel, params, want)
        times_ms.append((perf_counter() - began) * 1000)
    return Measured(
        times_ms=tuple(times_ms),
        symbols=len(panel),
        bars=panel.width,
        bars_total=int(panel.offsets[-1]),
        peak_rss_mb=_peak_rss_mb(),
    )


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
