"""`python -m tests.measure.offline`: a warm scan without a network beside the bare import of what it stands on."""

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from atc_cli.data.store.shelf import Shelf, Store
from tests.measure.candles import parser, updates

_AT_ONCE = 250
_YARDSTICK = "import numpy, typer, rich, blosc2"


def main() -> None:
    """Fill a store, run both in turns, print one line a figure."""
    given = parser(__doc__, "tests.measure.offline").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shelf = Store(Path(folder) / "candles", print).shelf("binance", "swap", "1h")
        # In a process of its own: Linux hands a parent's peak memory down to the scan.
        filling = multiprocessing.get_context("spawn").Process(target=_fill, args=(shelf, given))
        filling.start()
        filling.join()
        held_bytes = 40 * sum(each.bars for each in shelf.entries())
        atc = str(Path(sys.executable).with_name("atc"))
        where = ["--exchange", "binance", "--offline", "--cache-dir", folder]
        scan = [atc, "scan", *where, "--timeframe", "1h", "--bars", str(given.bars), "--max-lag", "9999"]
        yardstick = [sys.executable, "-c", _YARDSTICK]
        runs = [_turn(scan, yardstick, Path(folder) / "signals") for _ in range(given.runs + 1)][1:]
        size_bytes = shelf.size_bytes()
        read_ms = statistics.median(_read_ms(shelf, given.bars) for _ in range(given.runs))
    scan_s, yard_s, miss_s, hit_s = (statistics.median(run[0] for run in each) for each in zip(*runs, strict=True))
    peak_mb = max(scanned[1] for scanned, *_ in runs)
    sys.stdout.write(
        f"{given.symbols} symbols x {given.bars} bars: {size_bytes / 1e6:.1f} MB stored, "
        f"{held_bytes / size_bytes:.1f} x smaller than float64, read in {read_ms:.0f} ms\n"
        f"atc scan --offline  median {scan_s * 1000:4.0f} ms of {given.runs}, peak {peak_mb:.0f} MB\n"
        f"{_YARDSTICK!r}  median {yard_s * 1000:4.0f} ms: {scan_s / yard_s:.2f} x\n"
        f"with --signals-cache  {miss_s * 1000:.0f} ms the first time, {hit_s * 1000:.0f} ms again\n"
    )


def _fill(shelf: Shelf, given: argparse.Namespace) -> None:
    candles = list(updates(given))
    for i in range(0, len(candles), _AT_ONCE):
        shelf.write(candles[i : i + _AT_ONCE])


def _read_ms(shelf: Shelf, bars: int) -> float:
    natives = [each.native for each in shelf.entries()]
    began = perf_counter()
    groups = list(shelf.read(natives, replace(shelf.everything, bars=bars)))
    took_ms = (perf_counter() - began) * 1000
    assert sum(map(len, groups)) == len(natives)
    return took_ms


def _turn(scan: list[str], yardstick: list[str], signals: Path) -> tuple[tuple[float, float], ...]:
    """The scan, the yardstick, the scan that remembers its rows, the scan that finds them."""
    measured = _run(scan), _run(yardstick)
    shutil.rmtree(signals, ignore_errors=True)
    remembering = [*scan, "--signals-cache"]
    return *measured, _run(remembering), _run(remembering)


def _run(command: list[str]) -> tuple[float, float]:
    """Wall time in s and peak resident memory in 10^6 bytes."""
    began = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took_s = perf_counter() - began
    if process.returncode:
        sys.exit(f"{' '.join(command)} exited with {process.returncode}")
    return took_s, usage.ru_maxrss * 1024 / 1e6


if __name__ == "__main__":
    main()
