"""What a profiled process is told, in one variable of its environment."""

import json
import os
from enum import StrEnum
from time import perf_counter_ns
from typing import NamedTuple

VARIABLE = "ATC_PROFILE"


class Record(StrEnum):
    """What one process records of itself; what distorts each other is recorded in processes of their own."""

    STAGES = "stages"
    PEAKS = "peaks"
    LINES = "lines"
    CALLS = "calls"
    REPEAT = "repeat"


class Plan(NamedTuple):
    """What to record, the file for it, when the process was started (perf_counter_ns), how long to repeat (s)."""

    record: Record
    file: str
    spawned_ns: int = 0
    seconds: int = 0

    def environment(self) -> dict[str, str]:
        """The variables of a process that is started now."""
        told = self._replace(spawned_ns=perf_counter_ns())
        return {**os.environ, VARIABLE: json.dumps(told)}


def taken() -> Plan | None:
    """What this process was told, once: what it starts itself is not profiled.

    None where it was told nothing that we say; the variable is then left, and refused like any that is unknown.
    """
    try:
        record, *rest = json.loads(os.environ[VARIABLE])
        plan = Plan(Record(record), *rest)
    except (KeyError, TypeError, ValueError):
        return None
    del os.environ[VARIABLE]
    return plan
