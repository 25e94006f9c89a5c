"""How long `atc` takes to start: each help beside `import typer`, in turns. Run by `make startup`."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 10


def main() -> None:
    """Print one line per command: the median, and how many times the bare import it is, turn by turn."""
    program = str(Path(sys.executable).with_name("atc"))
    helps = {
        f"atc {' '.join(arguments)}": [program, *arguments]
        for arguments in (["--help"], ["scan", "--help"], ["explain", "--help"], ["--version"])
    }
    commands = {"import typer": [sys.executable, "-c", "import typer"], **helps}
    turns = [{name: _run_ms(command) for name, command in commands.items()} for _ in range(RUNS + 1)][1:]
    for name in commands:
        took_ms = statistics.median(turn[name] for turn in turns)
        ratio = statistics.median(turn[name] / turn["import typer"] for turn in turns)
        sys.stdout.write(f"{name:20} median {took_ms:5.0f} ms of {RUNS}, {ratio:.2f} x import typer\n")


def _run_ms(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
