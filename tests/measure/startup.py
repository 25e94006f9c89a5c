"""How long `atc` takes to start: the median of ten runs of each help. Run by `make startup`."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 10


def main() -> None:
    """Print one line per command."""
    program = str(Path(sys.executable).with_name("atc"))
    for arguments in (["--help"], ["scan", "--help"], ["explain", "--help"], ["--version"]):
        times_ms = [_run_ms([program, *arguments]) for _ in range(RUNS + 1)][1:]
        sys.stdout.write(f"atc {' '.join(arguments):15} median {statistics.median(times_ms):5.0f} ms of {RUNS}\n")


def _run_ms(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
