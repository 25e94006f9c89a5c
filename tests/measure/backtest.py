"""`python -m tests.measure.backtest`: a whole backtest beside the kernel's own time for the same windows.

Of seeded walks on a price grid, or of `--data DIR --timeframe TF`: the command from its first stage to the end of the
report, twice (the second with another rule and no signal to compute), and `compute_windows` alone. Each in a process
of its own, the median of several, with its peak of memory.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from atc_cli.domain.panel import COLUMNS, Candles, Panel
from atc_cli.domain.timeframe import HOUR_MS, TIMEFRAMES_MS
from tests.helpers.candle_files import BEGIN_MS, walk

_SIZES = ((1, 20_000), (200, 8_760))


def main() -> None:
    """Print a line for each size."""
    given = _parser().parse_args()
    if given.alone:
        return _alone(Path(given.alone), given)
    with tempfile.TemporaryDirectory() as folder:
        for symbols, bars in [(0, 0)] if given.data else given.sizes or _SIZES:
            data = Path(given.data) if given.data else Path(folder) / f"{symbols}x{bars}"
            if not given.data:
                _write(data, symbols, bars + given.bars - 1)
            for line in _lines(data, given, symbols, bars, Path(folder)):
                sys.stdout.write(line + "\n")
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.measure.backtest", description=__doc__)
    parser.add_argument("--data", help="a folder of candles in place of walks")
    parser.add_argument("--timeframe", default="1h")
    parser.add_argument("--bars", type=int, default=1500)
    parser.add_argument("--anchor", default="rolling")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", type=lambda text: [tuple(map(int, text.split("x")))], help="SYMBOLSxBARS")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    return parser


def _write(folder: Path, symbols: int, bars: int) -> None:
    folder.mkdir()
    for number in range(symbols):
        values = walk(number, bars)
        columns = {name: values[:, place] for place, name in enumerate(COLUMNS)}
        stamps = BEGIN_MS + HOUR_MS * np.arange(bars)
        pq.write_table(pa.table({"timestamp": stamps, **columns}), folder / f"S{number:03d}-1h.parquet")


def _lines(data: Path, given: argparse.Namespace, symbols: int, bars: int, folder: Path) -> list[str]:
    start = [] if given.anchor == "origin" else ["--start", str(_start(given))]
    first, again, kernel = [], [], []
    for run in range(given.runs):
        cache = folder / f"{data.name}-{run}"
        command = ["backtest", "--data", str(data), "--timeframe", given.timeframe, "--bars", str(given.bars)]
        command += ["--anchor", given.anchor, "--cache-dir", str(cache), *start]
        first.append(_run([sys.executable, "-m", "atc_cli", *command, "--out", str(folder / "report.txt")]))
        other = ("--exit", "flip,stop-atr:3", "--out", str(folder / "report.txt"))
        again.append(_run([sys.executable, "-m", "atc_cli", *command, *other]))
        alone = ["--alone", str(data), "--timeframe", given.timeframe, "--bars", str(given.bars)]
        kernel.append(_run([sys.executable, "-m", "tests.measure.backtest", *alone, "--anchor", given.anchor]))
    middle = {name: [statistics.median(each) for each in zip(*runs, strict=True)] for name, runs in
              (("first", first), ("again", again), ("kernel", kernel))}
    name = f"{symbols} x {bars}" if symbols else data.name
    whole_s, second_s, kernel_s = (middle[each][0] for each in ("first", "again", "kernel"))
    return [
        f"{name}, {given.anchor}: backtest {whole_s:.3f} s, peak {middle['first'][1]:.0f} MB; kernel alone {kernel_s:.3f} s: "
        f"{whole_s / kernel_s:.3f} x; another rule {second_s:.3f} s: {second_s / whole_s:.1%}, "
        f"peak {middle['again'][1]:.0f} MB",
    ]


def _start(given: argparse.Namespace) -> str:
    from datetime import UTC, datetime

    first_ms = BEGIN_MS + (given.bars - 1) * TIMEFRAMES_MS[given.timeframe]
    return datetime.fromtimestamp(first_ms / 1000, UTC).isoformat()


def _run(command: list[str]) -> tuple[float, float]:
    """Seconds without start-up, and peak memory in MB."""
    process = subprocess.Popen([*command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=None)
    began = perf_counter()
    out, err = process.communicate()
    took_s = perf_counter() - began
    if process.returncode:
        raise SystemExit(err.decode())
    told = json.loads(out) if out.startswith(b"{") else {}
    return told.get("s", took_s), told.get("mb", 0.0)


if __name__ == "__main__":
    main()
