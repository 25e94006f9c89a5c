"""What cProfile counted."""

import pstats
from pathlib import Path

from atc_cli.domain.results.profile import Call
from atc_cli.profiling.memory import shortened

MOST = 20


def top(file: Path) -> tuple[Call, ...]:
    """The functions that took most time themselves."""
    counted = pstats.Stats(str(file)).stats  # type: ignore[attr-defined]
    calls = [
        Call(_named(*function), count, own_s * 1000, cumulative_s * 1000)
        for function, (_, count, own_s, cumulative_s, _) in counted.items()
    ]
    return tuple(sorted(calls, key=lambda each: -each.own_ms)[:MOST])


def _named(file: str, line: int, name: str) -> str:
    return name if file == "~" else f"{name} ({shortened(file)}:{line})"
