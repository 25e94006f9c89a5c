"""Coefficients that were measured on a machine, as a document that is believed only where all of it is sound."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from atc_cli.domain.engines import Engine
from atc_cli.engine.coefficients import ByPath
from atc_cli.engine.cost import Costs

SCHEMA = "atc.calibration/1"
BYTES_MAX = 1_000_000
_COEFFICIENT_MAX, _LANES_MAX, _PATHS_MAX, _TEXT_MAX, _THREADS_MAX = 1e9, 10**7, 64, 300, 100_000
_NAMES = [each.name for each in fields(Costs) if each.name != "lanes"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What each path of some backends costs on a machine, which that is (texts and numbers by name), and when."""

    costs: Mapping[Engine, ByPath]
    machine: Mapping[str, str | int]
    measured_at: str

    def document(self) -> dict[str, object]:
        """As JSON can hold it."""
        costs = {
            engine.value: {
                path: {each.name: getattr(one, each.name) for each in fields(one)} for path, one in by.items()
            }
            for engine, by in self.costs.items()
        }
        return {"schema": SCHEMA, "measured_at": self.measured_at, "machine": dict(self.machine), "costs": costs}

    @property
    def threads(self) -> int:
        """Processors of the machine."""
        found = self.machine.get("logical_cpus", 1)
        return found if isinstance(found, int) else 1


def loads(content: bytes) -> Any:
    """Strict JSON of a reasonable size; ValueError for anything else."""
    if len(content) > BYTES_MAX:
        raise ValueError(f"has {len(content)} bytes, allowed: {BYTES_MAX}")
    try:
        return json.loads(content, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("is nested too deep") from None


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def calibration_of(document: Any) -> Calibration:
    """What a document says; ValueError names the first thing that is not as it should be."""
    found = _table("the document", document)
    if found.get("schema") != SCHEMA:
        raise ValueError(f"schema is {_shown(found.get('schema'))}, expected {SCHEMA!r}")
    costs = {}
    for name, by_path in _table("costs", found.get("costs")).items():
        if name not in set(Engine):
            raise ValueError(f"costs are of {_shown(name)}, which is no backend")
        costs[Engine(name)] = _paths(name, by_path)
    return Calibration(costs, machine_of(found.get("machine")), _text("measured_at", found.get("measured_at")))


def machine_of(document: Any) -> dict[str, str | int]:
    """The texts and whole numbers that name a machine; ValueError for others."""
    machine = {key: value for key, value in _table("machine", document).items() if not isinstance(value, list)}
    if len(machine) > _PATHS_MAX:
        raise ValueError(f"machine has {len(machine)} entries, allowed: {_PATHS_MAX}")
    for key, value in machine.items():
        if not isinstance(value, int) or isinstance(value, bool):
            _text(f"machine: {_shown(key)}", value)
    threads = machine.get("logical_cpus", 1)
    if not isinstance(threads, int) or not 1 <= threads <= _THREADS_MAX:
        raise ValueError(f"machine: logical_cpus is {_shown(threads)}, allowed: 1 to {_THREADS_MAX}")
    return machine


def _paths(name: str, document: Any) -> ByPath:
    by_path = _table(f"costs of {name}", document)
    if not 1 <= len(by_path) <= _PATHS_MAX:
        raise ValueError(f"costs of {name} has {len(by_path)} paths, allowed: 1 to {_PATHS_MAX}")
    for path in by_path:
        if not (path.isascii() and (path.isalnum() or not path) and len(path) <= _TEXT_MAX):
            raise ValueError(f"costs of {name} are of {_shown(path)}, which is no path")
    return {path: _costs(f"{name} {path}".rstrip(), each) for path, each in by_path.items()}


def _costs(what: str, document: Any) -> Costs:
    given = _table(what, document)
    if unlike := sorted(given.keys() ^ {"lanes", *_NAMES}):
        raise ValueError(f"{what}: coefficients are missing or unknown: {_shown(unlike)}")
    lanes = given["lanes"]
    if not isinstance(lanes, int) or isinstance(lanes, bool) or not 1 <= lanes <= _LANES_MAX:
        raise ValueError(f"{what}: lanes is {_shown(lanes)}, allowed: 1 to {_LANES_MAX}")
    return Costs(lanes=lanes, **{name: _number(f"{what}: {name}", given[name]) for name in _NAMES})


def _number(what: str, value: Any) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not 0 <= value <= _COEFFICIENT_MAX:  # NaN is neither
        raise ValueError(f"{what} is {_shown(value)}, allowed: 0 to {_COEFFICIENT_MAX:g}")
    return float(value)


def _table(what: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is {_shown(value)}, expected a table")
    return value


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > _TEXT_MAX:
        raise ValueError(f"{what} is {_shown(value)}, expected a short text")
    return value


def _shown(value: object) -> str:
    return repr(value)[:60]
