"""`python -m tests.measure.backtest`: a whole backtest beside the kernel's own time for the same windows.

Of seeded walks on a price grid, or of `--data DIR --timeframe TF`: the stages of the command from its signals to the
end of the report without imports, the same with another rule, whose signals are kept, and `compute_windows` alone. Each
in a process of its own, the median of several, with its peak of memory.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from atc_cli import stages
from atc_cli.domain.panel import COLUMNS, Panel
from atc_cli.domain.timeframe import HOUR_MS
from tests.helpers.candle_files import BEGIN_MS, walk

_SIZES = ("1x20000", "200x8760")
_REPORTED = ("signals", "align", "account", "metrics", "checks", "render")
_OTHER_RULE = ("--exit", "flip,stop-atr:3")


def main() -> None:
    """Print a line for each size."""
    given = _parser().parse_args()
    if given.command:
        sys.stdout.write(json.dumps(_inside(given.command)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in ["recorded"] if given.data else given.sizes:
            data = given.data or _walks(folder / size, size, given.bars)
            sys.stdout.write(f"{size}, {given.anchor}: {_line(data, given, folder)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.measure.backtest", description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of candles in place of walks")
    parser.add_argument("--timeframe", default="1h")
    parser.add_argument("--bars", type=int, default=1500)
    parser.add_argument("--anchor", default="rolling")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", nargs="+", default=_SIZES, metavar="SYMBOLSxBARS")
    parser.add_argument("--command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _walks(folder: Path, size: str, window_bars: int) -> Path:
    """So many values of so many symbols: the first window ends at the first of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    symbols, bars = map(int, size.split("x"))
    folder.mkdir()
    for number in range(symbols):
        values = walk(number, bars + window_bars - 1)
        columns = {name: values[:, place] for place, name in enumerate(COLUMNS)}
        stamps = BEGIN_MS + HOUR_MS * np.arange(len(values))
        pq.write_table(pa.table({"timestamp": stamps, **columns}), folder / f"S{number:03d}-1h.parquet")
    return folder


def _line(data: Path, given: argparse.Namespace, folder: Path) -> str:
    runs = []
    for number in range(given.runs):
        where = ["--data", str(data), "--timeframe", given.timeframe, "--bars", str(given.bars)]
        if given.anchor == "rolling" and not given.data:
            first_ms = BEGIN_MS + (given.bars - 1) * HOUR_MS
            where += ["--start", datetime.fromtimestamp(first_ms / 1000, UTC).isoformat()]
        command = ["backtest", *where, "--anchor", given.anchor, "--out", str(folder / "report.txt")]
        command += ["--cache-dir", str(folder / f"cache-{data.name}-{number}")]
        kernel = ["kernel", str(data), given.timeframe, str(given.bars), given.anchor]
        runs.append([_child(command), _child([*command, *_OTHER_RULE]), _child(kernel)])
    first, other, kernel = (
        {key: statistics.median(run[i][key] for run in runs) for key in runs[0][i]} for i in range(3)
    )
    return (
        f"signals to report {first['report_s']:.3f} s, kernel alone {kernel['report_s']:.3f} s: "
        f"{first['report_s'] / kernel['report_s']:.3f} x; whole process {first['process_s']:.2f} s, "
        f"peak {first['peak_mb']:.0f} MB; another rule {other['process_s']:.2f} s: "
        f"{other['process_s'] / first['process_s']:.1%}, peak {other['peak_mb']:.0f} MB"
    )


def _child(command: list[str]) -> dict[str, float]:
    began_s = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "tests.measure.backtest", "--command", *command], capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    return {**json.loads(done.stdout), "process_s": perf_counter() - began_s}


def _inside(command: list[str]) -> dict[str, float]:
    report_s = _kernel_s(*command[1:]) if command[0] == "kernel" else _backtest_s(command)
    return {"report_s": report_s, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _backtest_s(command: list[str]) -> float:
    import atc_cli.reporting.backtest_table  # noqa: F401 - what it imports is start-up
    from atc_cli.cli.app import run

    sys.argv = ["atc", *command, "--quiet"]
    code = run()
    if code:
        raise SystemExit(code)
    told = [each for each in stages.so_far()[1] if each.path[0] in _REPORTED and len(each.path) == 1]
    return sum(each.total_ns for each in told) / 1e9


def _kernel_s(data: str, timeframe: str, bars: str, anchor: str) -> float:
    """The same windows in calls of the size that a backtest uses."""
    from atc_cli.domain.catalog import Want
    from atc_cli.domain.params import Params
    from atc_cli.engine.rust import RustBackend

    panel, backend, window = _panel(Path(data), timeframe), RustBackend(), int(bars)
    lengths = np.diff(panel.offsets)
    if anchor == "origin":
        began_s = perf_counter()
        backend.compute(panel, Params(), Want.AVERAGE)
        return perf_counter() - began_s
    series = np.repeat(np.arange(len(panel)), lengths - window + 1)
    ends = np.concatenate([np.arange(window - 1, length) for length in lengths])
    panel.column(3)
    took_s, at_once = 0.0, backend.windows_at_once(window)
    for first in range(0, len(series), at_once):
        some = slice(first, first + at_once)
        began_s = perf_counter()
        backend.compute_windows(panel, Params(), series[some], ends[some], window)
        took_s += perf_counter() - began_s
    return took_s


def _panel(data: Path, timeframe: str) -> Panel:
    from atc_cli.data.files.folder import FolderMarket
    from atc_cli.domain.panel import check
    from atc_cli.domain.window import Window

    market = FolderMarket(data, timeframe)
    found: list[Any] = []
    market.fetch(
        market.listings(quote=None, tickers=False), Window(timeframe=timeframe, now_ms=0, bars=1), found.append
    )
    return Panel.of([check(each) for each in found])  # type: ignore[misc]


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    main()
