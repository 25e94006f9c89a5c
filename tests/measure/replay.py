"""How long a replay takes beside the kernel's own time for the same windows, and reading it from the cache.

    python -m tests.measure.replay [--symbols 200 --bars 8760] [--threads 2] [--anchor rolling] [--runs 3]

Ratios in one run, medians; the first line is the batch kernel beside windows of many series.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np

from atc_cli.backtest.replay import replay
from atc_cli.bench.data import walks
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.replayed import Replayed, spans_of
from atc_cli.engine.rust import RustBackend
from atc_cli.signals.windows import Windows

WINDOW_BARS = 1500


def seconds(call: Callable[[], object], clock: Callable[[], float] = perf_counter) -> float:
    """One run."""
    began = clock()
    call()
    return clock() - began


def windows_of_many(threads: int, runs: int) -> None:
    """Bars a second of 4096 windows of 16 series in one call, and of a batch of 1024 series of that length."""
    params, backend = Params(), RustBackend(threads=threads)
    batch, panel = walks(1024, WINDOW_BARS), walks(16, WINDOW_BARS + 255)
    series, ends = np.repeat(np.arange(16), 256), np.tile(WINDOW_BARS - 1 + np.arange(256), 16)
    whole, cut = [], []
    for _ in range(runs):
        whole.append(seconds(lambda: backend.compute(batch, params, Want.LAST)) / len(batch))
        cut.append(seconds(lambda: backend.compute_windows(panel, params, series, ends, WINDOW_BARS)) / len(ends))
    rate = [1 / (statistics.median(each) / WINDOW_BARS) / 1e6 for each in (whole, cut)]
    sys.stdout.write(
        f"{threads} threads: batch {rate[0]:.1f} M bars/s, windows {rate[1]:.1f} M bars/s, {rate[1] / rate[0]:.3f}\n"
    )


def kernel_alone(panel: Panel, params: Params, backend: RustBackend, *, first: int) -> Callable[[], object]:
    """The same windows in calls of the same size."""
    counts = [max(len(each) - first, 0) for each in panel.series]
    series = np.repeat(np.arange(len(panel)), counts)
    ends = np.concatenate([np.arange(first, first + count) for count in counts])
    step = backend.windows_at_once(WINDOW_BARS)

    def call() -> None:
        for at in range(0, len(ends), step):
            some = slice(at, at + step)
            backend.compute_windows(panel, params, series[some], ends[some], WINDOW_BARS)

    return call


def remembered(panel: Panel, params: Params, asked: Mapping[str, int]) -> None:
    """Write a value for every bar of every series, and read them back through a replay that computes nothing."""
    made_of = {"bars": WINDOW_BARS}
    spans = [spans_of(each, Anchor(), **asked) for each in panel.series]
    with TemporaryDirectory() as folder:
        cache = Windows(Path(folder), params, made_of, limit_bytes=1e10, say=sys.stderr.write)

        def write() -> None:
            for candles, of_each in zip(panel.series, spans, strict=True):
                cache.keep(candles, of_each, Replayed(candles.close, of_each))

        def read() -> None:
            list(replay(panel.series, RustBackend(), params, Anchor(), **asked, memory=cache))

        written_s = seconds(write)
        for name, clock in (("wall", perf_counter), ("processor", process_time)):
            read_s = statistics.median(seconds(read, clock) for _ in range(5))
            sys.stdout.write(f"remembered, {name}: written {written_s:.3f} s wall, read {read_s * 1000:.0f} ms\n")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbols", type=int, default=1)
    parser.add_argument("--bars", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--anchor", default="rolling")
    given = parser.parse_args()
    for threads in (1, given.threads):
        windows_of_many(threads, given.runs)
    params, backend = Params(), RustBackend(threads=given.threads)
    panel = walks(given.symbols, given.bars)
    first = WINDOW_BARS - 1
    asked = {
        "bars": WINDOW_BARS,
        "first_ms": int(panel.series[0].timestamp[first]),
        "least_bars": params.warmup_bars,
    }
    remembered(panel, params, asked)
    anchor = Anchor.parse(given.anchor)
    alone = kernel_alone(panel, params, backend, first=first)
    for name, clock in (("wall", perf_counter), ("processor", process_time)):
        pairs = [
            (
                seconds(alone, clock),
                seconds(lambda: list(replay(panel.series, backend, params, anchor, **asked)), clock),
            )
            for _ in range(given.runs)
        ]
        ratio = statistics.median(whole / kernel for kernel, whole in pairs)
        kernel_s, replay_s = (min(each) for each in zip(*pairs, strict=True))
        sys.stdout.write(f"{name}: kernel {kernel_s:.3f} s, replay {anchor} {replay_s:.3f} s, ratio {ratio:.3f}\n")


if __name__ == "__main__":
    main()
