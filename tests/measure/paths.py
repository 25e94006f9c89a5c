"""How long each path of the kernel takes beside scalar: whole batches, and streams that go on by a bar.

    python -m tests.measure.paths [--series 99,1000] [--bars 1500] [--streams 1,8,1000] [--runs 15]

One thread, processor time; the paths take turns in one process, medians of each and of the ratios within a turn.
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from statistics import median
from time import process_time

import numpy as np

from atc_cli.bench.data import walks
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.rust import RustBackend, simd_paths

STREAMED_BARS = 1500
STARTED_BARS = 300


def turns(calls: Mapping[str, Callable[[], object]], runs: int) -> Mapping[str, list[float]]:
    """Seconds of every run of each, the first left out."""
    taken: dict[str, list[float]] = {path: [] for path in calls}
    for _ in range(runs + 1):
        for path, call in calls.items():
            began = process_time()
            call()
            taken[path].append(process_time() - began)
    return {path: seconds[1:] for path, seconds in taken.items()}


def told(what: str, bars: int, taken: Mapping[str, list[float]]) -> None:
    """A line: nanoseconds a bar and how many times as fast as the first path."""
    first = next(iter(taken.values()))
    parts = []
    for path, seconds in taken.items():
        ratio = median(one / other for one, other in zip(first, seconds, strict=True))
        parts.append(f"{path} {median(seconds) / bars * 1e9:.1f} ns a bar, {ratio:.2f} x")
    sys.stdout.write(f"{what}: {'; '.join(parts)}\n")


def batch(count: int, bars: int, params: Params, runs: int) -> None:
    """Whole histories, Average_Signal at every bar."""
    panel = walks(count, bars)
    backends = {path: RustBackend(path, threads=1) for path in simd_paths()}
    calls = {path: lambda each=each: each.compute(panel, params, Want.AVERAGE) for path, each in backends.items()}
    told(f"{count} x {bars}, {params.dialect}", count * bars, turns(calls, runs))


def stream(count: int, params: Params, runs: int) -> None:
    """One bar of each series at a time, the last value wanted."""
    panel = walks(count, STARTED_BARS + runs + 1)
    started = Panel.of([each.between(0, STARTED_BARS) for each in panel.series])
    states = {path: RustBackend(path, threads=1).stream(started, params) for path in simd_paths()}
    prices = np.stack([each.values[:4, STARTED_BARS:] for each in panel.series], axis=1)
    bars = {path: iter(np.moveaxis(prices, 2, 0)[..., None].copy()) for path in states}
    calls = {path: lambda path=path: states[path].advance(next(bars[path])) for path in states}
    told(f"{count} x 1 bar, {params.dialect}", count, turns(calls, runs))


def counts(text: str) -> list[int]:
    """Numbers with commas between them; none of an empty text."""
    return [int(each) for each in text.split(",") if each]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=counts, default="99,1000")
    parser.add_argument("--bars", type=int, default=1500, help="of a batch's series")
    parser.add_argument("--streams", type=counts, default="1,8,1000")
    parser.add_argument("--runs", type=int, default=15)
    arguments = parser.parse_args()
    for dialect in Dialect:
        for count in arguments.series:
            batch(count, arguments.bars, Params(dialect=dialect), arguments.runs)
        for count in arguments.streams:
            stream(count, Params(dialect=dialect), arguments.runs * max(1, STREAMED_BARS // max(count, 8)))


if __name__ == "__main__":
    main()
