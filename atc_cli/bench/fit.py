"""Measured times to coefficients: the shipped ones, moved as far as the measurements say."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from atc_cli.domain.engines import Engine
from atc_cli.engine.coefficients import SHIPPED, ByPath
from atc_cli.engine.cost import Costs, Workload, estimate_ms

# What is known without a measurement counts as much as one that is wrong by so many times itself.
_DOUBT = 5.0
_ROUNDS = 40
# how many series a GPU may take at once
_LANES = tuple(1 << power for power in range(3, 21))
# fitted one beside the other: of each the time is a multiple
_LINEAR = ("block_ns", "alone_ns", "call_ms", "series_ms", "value_ns", "sent_ns")


@dataclass(frozen=True, slots=True)
class Timed:
    """What one way of a backend took for a workload, once it had been started."""

    engine: Engine
    path: str
    threads: int
    workload: Workload
    ms: float


def fitted(measured: Sequence[Timed], known: Mapping[Engine, ByPath] = SHIPPED) -> dict[Engine, ByPath]:
    """Coefficients of every path that was measured; `known` are those to begin with."""
    found: dict[Engine, dict[str, Costs]] = {}
    for engine, path in dict.fromkeys((each.engine, each.path) for each in measured):
        own = [each for each in measured if (each.engine, each.path) == (engine, path)]
        found.setdefault(engine, {})[path] = _fitted(own, base_of(known[engine], path), engine)
    return dict(found)


def base_of(known: ByPath, path: str) -> Costs:
    """What is known of a path, else of the last one that is: the likest to a new one."""
    return known.get(path) or list(known.values())[-1]


def _fitted(measured: Sequence[Timed], base: Costs, engine: Engine) -> Costs:
    """The best of several beginnings: where a few series get cheaper together, descending ends in the next hollow."""
    if engine is Engine.CUDA:
        begun = [replace(base, lanes=lanes) for lanes in _LANES]
    else:
        begun = [replace(base, alone_ns=base.block_ns / share) for share in sorted({1, 3, base.lanes})]
    return min((_descended(measured, each) for each in begun), key=lambda costs: _error(measured, costs))


def _descended(measured: Sequence[Timed], base: Costs) -> Costs:
    """First one thread, then what further ones cost."""
    alone = [each for each in measured if each.threads == 1 and each.workload.dialect == "lts"]
    scale = float(np.median([each.ms / estimate_ms(base, each.workload, each.threads) for each in measured]))
    costs = replace(base, block_ns=base.block_ns * scale, alone_ns=base.alone_ns * scale)
    costs = _least(alone, costs, _LINEAR)
    costs = replace(costs, alone_ns=min(costs.alone_ns, costs.block_ns))
    costs = _least([each for each in measured if each.threads > 1], costs, ("thread_ms", "thread_loss_frac"))
    return _least([each for each in measured if each.workload.dialect != "lts"], costs, ("tradingview_ratio",))


def _least(measured: Sequence[Timed], costs: Costs, names: Sequence[str]) -> Costs:
    """The named coefficients, none below 0, by least squares of relative errors; those at 0 stay where they are.

    One after the other, each the best while the others stay: the estimate is linear in every one of them but for
    where a few series become cheaper together than one by one.
    """
    moving = [name for name in names if getattr(costs, name) > 0]
    known = {name: getattr(costs, name) for name in moving}
    for _ in range(_ROUNDS if measured else 0):
        for name in moving:
            costs = _with(costs, name, _best(measured, costs, name, known[name]))
    return costs


def _with(costs: Costs, name: str, value: float) -> Costs:
    changed: dict[str, Any] = {name: value}
    return replace(costs, **changed)


def _best(measured: Sequence[Timed], costs: Costs, name: str, known: float) -> float:
    """The value of one coefficient: a line through two of its values says what each measurement wants of it."""
    value = getattr(costs, name)
    here = _estimated(measured, costs)
    slope = (_estimated(measured, _with(costs, name, value + known * 1e-3)) - here) / (known * 1e-3)
    took_ms = np.array([each.ms for each in measured])
    pull, wish = slope / took_ms, (took_ms - here + slope * value) / took_ms
    doubt = 1 / (_DOUBT * known)
    return max(float((pull @ wish + doubt * doubt * known) / (pull @ pull + doubt * doubt)), 0.0)


def _estimated(measured: Iterable[Timed], costs: Costs) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([estimate_ms(costs, each.workload, each.threads) for each in measured])


def _error(measured: Sequence[Timed], costs: Costs) -> float:
    took_ms = np.array([each.ms for each in measured])
    return float(np.square(_estimated(measured, costs) / took_ms - 1).sum())
