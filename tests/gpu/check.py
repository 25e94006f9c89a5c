"""The kernels on a real GPU: parity first, then times; JSON to stdout. `make gpu-check`, or

    python -m tests.gpu.check > report.json

Needs numpy, cupy and an installed wheel. Exit code 1 where a bit differs, 69 where no GPU can be used.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

import numpy as np

import atc_cli
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.cuda import backend as cuda
from atc_cli.engine.cuda.backend import CudaBackend
from atc_cli.engine.cuda.device import Device
from atc_cli.engine.cuda.gpu import Gpu
from atc_cli.engine.rust import RustBackend
from atc_cli.errors import AtcError
from tests.gpu.cases import cases, differences, walk
from tests.gpu.parity import parity

BARS = 1500
SIZES = (1, 99, 1000, 10_000)
HISTORY = (500, 20_000)
REPEATS = 5


class Timed:
    """A module whose launches are timed on the device, kernel by kernel."""

    def __init__(self, cp: Any, module: Any) -> None:
        self._cp, self._module = cp, module
        self.events: list[tuple[Any, Any]] = []

    def get_function(self, name: str) -> Callable[..., None]:
        """The kernel between two events of the current stream."""
        kernel = self._module.get_function(name)

        def launch(*arguments: Any) -> None:
            begun, ended = self._cp.cuda.Event(), self._cp.cuda.Event()
            begun.record()
            kernel(*arguments)
            ended.record()
            self.events.append((begun, ended))

        return launch

    def take_ms(self) -> float:
        """What all of them took, one by one, since this was asked last."""
        for _, ended in self.events:
            ended.synchronize()
        total = sum(self._cp.cuda.get_elapsed_time(*each) for each in self.events)
        self.events.clear()
        return float(total)


def timed(device: Any, run: Callable[[], Any], bars: int, repeats: int) -> dict[str, object]:
    """One cold run and the median of some warm ones; the kernels' part apart."""
    device.module.take_ms()
    took_ms = []
    kernel_ms = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        run()
        took_ms.append((time.perf_counter() - began) * 1000)
        kernel_ms.append(device.module.take_ms())
    warm_ms = float(np.median(took_ms[1:]))
    return {
        "cold_ms": took_ms[0],
        "warm_ms": warm_ms,
        "kernel_ms": float(np.median(kernel_ms[1:])),
        "bars_per_s": bars / warm_ms * 1000,
    }


def transfer(device: Device, panel: Panel) -> dict[str, float]:
    """The closes to the device and back, without any kernel of ours."""
    queue, closes = device.queue(), [each.close for each in panel.series]
    back = np.empty(sum(map(len, closes)))
    took = []
    for _ in range(REPEATS):
        with queue:
            began = time.perf_counter()
            sent = queue.send(closes)
            queue.wait()
            between = time.perf_counter()
            queue.fetch(sent, back)
            queue.wait()
            took.append(((between - began) * 1000, (time.perf_counter() - between) * 1000))
    there, home = np.median(took, axis=0)
    return {"to_device_ms": float(there), "from_device_ms": float(home), "bytes": float(back.nbytes)}


def timings(device: Device) -> list[dict[str, object]]:
    """Sizes of `atc bench`, then windows of many series; each compared with rust before it is timed."""
    some = CudaBackend(lambda: device)
    rows: list[dict[str, object]] = []
    distinct = [walk(BARS, seed) for seed in range(100)]
    for dialect in Dialect:
        params = Params(dialect=dialect)
        for count in SIZES:
            panel = Panel.of([distinct[i % len(distinct)] for i in range(count)])
            for want in (Want.LAST, Want.AVERAGE):
                wrong = differences(RustBackend().compute(panel, params, want), some.compute(panel, params, want))
                row: dict[str, object] = {
                    "dialect": dialect,
                    "series": count,
                    "bars": BARS,
                    "want": want,
                    "wrong": wrong,
                }
                run = lambda panel=panel, params=params, want=want: some.compute(panel, params, want)  # noqa: E731
                rows.append({**row, **timed(device, run, count * BARS, REPEATS), **transfer(device, panel)})
    rows.append(windows(device, some))
    return rows


def windows(device: Device, some: CudaBackend) -> dict[str, object]:
    """Every window of 500 series of 20,000 bars; a thousand of them, from everywhere, beside rust."""
    count, length = HISTORY
    panel = Panel.of([walk(length, seed) for seed in range(count)])
    ends = np.arange(BARS - 1, length)
    pairs = np.repeat(np.arange(count), len(ends)), np.tile(ends, count)
    some_of = tuple(each[:: max(1, len(each) // 1000)] for each in pairs)
    right = RustBackend().compute_windows(panel, Params(), *some_of, BARS)
    wrong = differences(right, some.compute_windows(panel, Params(), *some_of, BARS))
    run = lambda: some.compute_windows(panel, Params(), *pairs, BARS)  # noqa: E731
    row = {"dialect": "lts", "windows": len(pairs[0]), "series": count, "bars": BARS, "want": "last", "wrong": wrong}
    return {**row, **timed(device, run, len(pairs[0]) * BARS, 2)}


def report(device: Any) -> dict[str, object]:
    """Everything about one device."""
    cp = device.cp
    device.module = Timed(cp, device.module)
    number = cp.cuda.runtime.getDevice()
    properties = cp.cuda.runtime.getDeviceProperties(number)
    found = parity(CudaBackend(lambda: device), cases())
    return {
        "schema": "atc.gpu-check/1",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "atc": atc_cli.__version__,
        "device": {
            "name": properties["name"].decode(),
            "capability": f"{properties['major']}.{properties['minor']}",
            "memory_bytes": int(properties["totalGlobalMem"]),
            "multiprocessors": int(properties["multiProcessorCount"]),
        },
        "driver": int(cp.cuda.runtime.driverGetVersion()),
        "cupy": cp.__version__,
        "parity": {"cases": found.cases, "values": found.values, "differing": list(found.differing)},
        "timings": [] if found.differing else timings(device),
    }


def main() -> int:
    """Print the report; the exit code says whether every bit is right."""
    offer = cuda.offer(find_spec("cupy"))
    if not isinstance(offer, cuda.Offer):
        sys.stderr.write(f"gpu-check: no GPU can be used: {offer.why}; {offer.remedy}\n")
        return 69
    began = time.perf_counter()
    try:
        device = Gpu()
    except AtcError as error:
        sys.stderr.write(f"gpu-check: {error}; {error.hint}\n")
        return int(error.code)
    opened_s = time.perf_counter() - began
    document = {**report(device), "opened_s": opened_s}
    json.dump(document, sys.stdout, indent=1, default=str)
    sys.stdout.write("\n")
    wrong = document["parity"]["differing"] or [row for row in document["timings"] if row["wrong"]]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
