"""What the paths of the backends cost here: small workloads, measured in turns, the least time of each."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from atc_cli.bench.fit import Timed, base_of, fitted
from atc_cli.bench.task import Task
from atc_cli.data.market import Progress
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Backend, Form, Offer
from atc_cli.engine.coefficients import SHIPPED, ByPath
from atc_cli.engine.cost import estimate_ms

ROUNDS, MOST_S = 25, 40.0
TASKS = (
    *(Task(1, bars) for bars in (200, 1500, 8000)),
    *(Task(series, 1500) for series in (2, 3, 5)),
    *(Task(8, bars) for bars in (200, 1500, 8000)),
    *(Task(series, 300) for series in (16, 64, 200)),
    *(Task(series, 1500) for series in (16, 48, 99)),
    Task(16, 1500, Want.AVERAGE),
    Task(16, 1500, Want.LAYERS),
    Task(16, 1500, Want.ALL),
    Task(8, 1500, dialect=Dialect.TRADINGVIEW),
    Task(1, 1500, dialect=Dialect.TRADINGVIEW),
)
_CALL_MS_MAX = 40.0
_COMPILED = {Engine.NUMBA, Engine.CUDA}


@dataclass(frozen=True, slots=True)
class _Probe:
    """A way of a backend and a task; what computes it when called."""

    offer: Offer
    path: str
    threads: int
    task: Task

    @property
    def backend(self) -> Backend:
        if self.path or self.offer.threads is not None:
            return self.offer.backend.in_form(Form(self.path, self.threads))
        return self.offer.backend


def calibrated(
    offers: Sequence[Offer], progress: Progress, *, rounds: int = ROUNDS, tasks: Sequence[Task] = TASKS
) -> tuple[dict[Engine, ByPath], dict[str, float]]:
    """Coefficients of every path, and by name how far their estimates are from what was measured, in the median.

    Whatever else runs makes a call longer and never shorter, so that the least of many is the time of the call.
    """
    probes = [each for offer in offers for each in _probes(offer, tasks)]
    progress.begin("calibration", rounds)
    try:
        times = _timed(probes, rounds, progress)
    finally:
        progress.end()
    measured = [
        Timed(Engine(probe.offer.name), probe.path, probe.threads, probe.task.workload(), ms)
        for probe, ms in zip(probes, times, strict=True)
    ]
    costs = fitted(measured)
    for offer in offers:
        if next(iter(SHIPPED[Engine(offer.name)].values())).start_ms:
            start_ms = _start_ms(offer.name)
            costs[Engine(offer.name)] = {
                path: replace(each, start_ms=start_ms) for path, each in costs[Engine(offer.name)].items()
            }
    return costs, _errors(measured, costs)


def _probes(offer: Offer, tasks: Sequence[Task]) -> Iterator[_Probe]:
    """What is worth its time: an engine that is slow, or compiles for a dialect, is asked for less."""
    known = SHIPPED[Engine(offer.name)]
    for path in offer.paths:
        for threads in sorted({1, offer.threads or 1}):
            for task in tasks:
                fits = estimate_ms(base_of(known, path), task.workload()) < _CALL_MS_MAX
                if fits and (offer.name not in _COMPILED or task.dialect is Dialect.LTS):
                    yield _Probe(offer, path, threads, task)


def _timed(probes: Sequence[_Probe], rounds: int, progress: Progress) -> list[float]:
    """The least ms of each; every round takes all in turn, so that what disturbs meets all alike.

    The first round warms up; no further one begins after `MOST_S`.
    """
    calls = {each.task: each.task.call(each.task.candles()) for each in probes}
    backends = [each.backend for each in probes]
    best_ms, began_s = [float("inf")] * len(probes), perf_counter()
    for warm in range(rounds + 1):
        for number, (probe, backend) in enumerate(zip(probes, backends, strict=True)):
            began = perf_counter()
            calls[probe.task](backend)
            if warm:
                best_ms[number] = min(best_ms[number], (perf_counter() - began) * 1000)
        if warm:
            progress.advance()
        if warm and perf_counter() - began_s > MOST_S:
            break
    return best_ms


def _errors(measured: Sequence[Timed], costs: Mapping[Engine, ByPath]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for each in measured:
        estimated = estimate_ms(costs[each.engine][each.path], each.workload, each.threads)
        found.setdefault(f"{each.engine} {each.path}".rstrip(), []).append(abs(estimated / each.ms - 1))
    return {name: sorted(errors)[len(errors) // 2] for name, errors in found.items()}


def _start_ms(name: str) -> float:
    """What the first call of a process takes more than its second, what it compiled being kept."""
    command = [sys.executable, "-m", __name__, name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - fixed words
    first_ms, second_ms = json.loads(done.stdout)
    return max(float(first_ms) - float(second_ms), 0.0)


def main() -> None:
    """The child: the name of a backend, to stdout what two calls of it took."""
    from atc_cli.domain.panel import Panel
    from atc_cli.engine.offers import offers

    (offer,) = (each for each in offers() if each.name == sys.argv[1] and isinstance(each, Offer))
    candles, took_ms = Task(1, 200).candles(), []
    for _ in range(2):
        began = perf_counter()
        offer.backend.compute(Panel.of(candles), Params(), Want.LAST)
        took_ms.append((perf_counter() - began) * 1000)
    sys.stdout.write(json.dumps(took_ms))


if __name__ == "__main__":
    main()
