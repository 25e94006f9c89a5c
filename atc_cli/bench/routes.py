"""Whether the chosen way is the fastest one: a grid of workloads, each measured on every way that could be."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from atc_cli.bench.task import Task
from atc_cli.domain.catalog import Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.results.routes import RouteRow
from atc_cli.engine.backend import Backend, Offer
from atc_cli.engine.route import Way, chosen_of, ways_of

_LAST, _AVERAGE = Want.LAST, Want.AVERAGE
GRID = (
    *(Task(1, bars, _LAST) for bars in (200, 1500, 20_000, 100_000)),
    *(Task(1, bars, _AVERAGE) for bars in (1500, 100_000)),
    *(Task(series, 1500, _LAST) for series in (2, 3, 5, 7, 8, 9, 12, 16, 25)),
    *(Task(series, 200, _LAST) for series in (8, 20, 100, 1000, 20_000)),
    *(Task(series, 1500, _LAST) for series in (50, 99, 250, 1000, 5000, 20_000)),
    *(Task(series, 1500, _AVERAGE) for series in (4, 30, 99, 1000, 5000)),
    *(Task(series, 20_000, _AVERAGE) for series in (2, 6, 40)),
    *(Task(series, 100_000, _LAST) for series in (3, 10, 40)),
    *(Task(series, 1500, _LAST, ragged=True) for series in (30, 600)),
    Task(1, 1501, windows=True),
    Task(1, 3000, windows=True),
    Task(10, 1700, windows=True),
    Task(40, 1600, windows=True),
)
# a way that was estimated to take so many times as long as the best is not measured
_SKIPPED_TIMES = 20.0
# one that took so many times as long as the fastest in its best of so many rounds is not measured again
_LOST = {1: 4.0, 3: 1.6}
_REFERENCE_MS_MAX = 100.0
_ROUNDS_LEAST, _ROUNDS_MOST, _TASK_S = 5, 41, 4.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """A way of computing, and what computes in it."""

    way: Way
    backend: Backend


def chosen_row(task: Task, offers: Sequence[Offer]) -> RouteRow:
    """What is chosen, without a measurement; starts are counted."""
    ways = ways_of(task.workload(), offers)
    return RouteRow(
        workload=task.words,
        chosen=chosen_of(ways).label,
        estimates_ms={way.label: way.ms for way in ways},
        measured_ms={},
        least_ms={},
    )


def measured_row(task: Task, offers: Sequence[Offer], clock: Callable[[], float] = perf_counter) -> RouteRow:
    """What is chosen of warm backends, and medians of what they take, in turns."""
    ways = ways_of(task.workload(), offers)
    chosen = chosen_of(ways)
    able = [chosen, *(way for way in ways if way is not chosen and _worth_it(way, chosen))]
    call = task.call(task.candles())
    times = _measured([_Turn(way, way.backend) for way in able], call, clock)
    return RouteRow(
        workload=task.words,
        chosen=chosen.label,
        estimates_ms={way.label: way.ms for way in ways},
        measured_ms={label: median(each) for label, each in times.items()},
        least_ms={label: min(each) for label, each in times.items()},
        skipped=tuple(way.label for way in ways if way not in able),
    )


def _worth_it(way: Way, best: Way) -> bool:
    slow = way.offer.name == Engine.REFERENCE and way.ms > _REFERENCE_MS_MAX
    return not (slow or way.ms > _SKIPPED_TIMES * best.ms)


def _measured(
    turns: Sequence[_Turn], call: Callable[[Backend], object], clock: Callable[[], float]
) -> Mapping[str, list[float]]:
    """ms of every run, by label; the chosen way comes first, and is never left out."""
    times: dict[str, list[float]] = {each.way.label: [] for each in turns}
    began_s, rounds, left = clock(), 0, list(turns)
    for each in turns:
        if each.way.ms < _REFERENCE_MS_MAX:
            call(each.backend)
    while rounds < _ROUNDS_LEAST or (rounds < _ROUNDS_MOST and clock() - began_s < _TASK_S):
        for each in left:
            at_s = clock()
            call(each.backend)
            times[each.way.label].append((clock() - at_s) * 1000)
        rounds += 1
        enough = _LOST.get(rounds, math.inf) * min(map(min, times.values()))
        left = [each for each in left if each is turns[0] or min(times[each.way.label]) <= enough]
    return times
