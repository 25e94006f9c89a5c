"""`python -m tests.measure.warm`: the same scan of a loopback exchange before and after `atc warm-cache`."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

from tests.helpers.loopback_case import NOW_MS, config, symbol
from tests.loopback import BinanceServer


def main() -> None:
    """Print a line for each run: wall time, load and compute as the scan says, and the requests that the server saw."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.warm", description=__doc__)
    parser.add_argument("--symbols", type=int, default=60, metavar="N")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="the median of so many counts")
    given = parser.parse_args()
    before, warming, after, remembered = [], [], [], []
    coins = [symbol(number) for number in range(given.symbols)]
    with tempfile.TemporaryDirectory() as name, BinanceServer(coins, now_ms=NOW_MS) as server:
        folder = Path(name)
        flags = ["--config", str(config(server, folder)), "--output", "json"]
        for run in range(given.runs):
            empty, warmed = str(folder / f"empty{run}"), str(folder / f"warm{run}")
            before.append(_run(server, "scan", *flags, "--cache-dir", empty))
            warm = ["--timeframe", "1h", "--signals", "intraday", "--no-compile"]
            warming.append(_run(server, "warm-cache", *flags, *warm, "--cache-dir", warmed))
            after.append(_run(server, "scan", *flags, "--cache-dir", warmed))
            remembered.append(_run(server, "scan", *flags, "--cache-dir", warmed, "--signals-cache"))
    sys.stdout.write(f"{given.symbols} symbols x 700 bars, median of {given.runs}\n")
    _say("scan before", before)
    _say("warm-cache --signals", warming)
    _say("scan after", after)
    _say("scan after, --signals-cache", remembered)


def _run(server: BinanceServer, command: str, *flags: str) -> dict[str, Any]:
    answered = len(server.answered)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ATC_")}
    began = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "atc_cli", command, *flags, "--quiet"], check=True, capture_output=True, env=environment
    )
    took_ms = (perf_counter() - began) * 1000
    timings = json.loads(done.stdout).get("timings_ms", {})
    timings.pop("stages", None)
    return {"wall": took_ms, **timings, "requests": Counter(each.name for each in server.answered[answered:])}


def _say(what: str, runs: list[dict[str, Any]]) -> None:
    requests = ", ".join(f"{count} {path}" for path, count in sorted(runs[-1].pop("requests").items())) or "none"
    times = {key: statistics.median(run[key] for run in runs) for key in runs[-1]}
    sys.stdout.write(
        f"{what:28} {', '.join(f'{key} {spent:.0f} ms' for key, spent in times.items())}; requests: {requests}\n"
    )


if __name__ == "__main__":
    main()
