"""`atc profile --compare`: two profiles side by side."""

import json
from pathlib import Path
from typing import Any

from atc_cli.domain.results.profile import PROFILE_SCHEMA, Change, Comparison
from atc_cli.errors import UsageError

_NEEDED = {"arguments", "machine", "stages", "wall_ms"}
_OF_THE_MACHINE = ("cpu", "logical_cpus", "system", "python")


def compared(old: Path, new: Path) -> Comparison:
    """Own times of every stage in both, what became slower by most first. Raises UsageError for other files."""
    before, after = _read(old), _read(new)
    of_old, of_new = _own_times(before), _own_times(after)
    none_before, none_after = [0.0] * len(before["wall_ms"]), [0.0] * len(after["wall_ms"])
    changes = [
        Change(path=path, old_ms=of_old.get(path, none_before), new_ms=of_new.get(path, none_after))
        for path in dict.fromkeys((*of_old, *of_new))
    ]
    return Comparison(
        whole=Change(path=(), old_ms=before["wall_ms"], new_ms=after["wall_ms"]),
        stages=tuple(sorted(changes, key=lambda each: -each.slower_ms)),
        warnings=tuple(_warnings(before, after)),
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--compare: cannot read {str(file)!r}: {error.strerror}") from None
    except ValueError:
        document = None
    found: dict[str, Any] = document if isinstance(document, dict) else {}
    if found.get("schema") != PROFILE_SCHEMA or not found.keys() >= _NEEDED:
        raise UsageError(f"--compare: {str(file)!r} is no profile", f"a JSON file of `atc profile`, {PROFILE_SCHEMA}")
    if not found["wall_ms"]:
        raise UsageError(f"--compare: {str(file)!r} holds no stages", "profile a command, not --pid")
    return found


def _own_times(document: dict[str, Any]) -> dict[tuple[str, ...], list[float]]:
    return {tuple(each["path"]): each["own_ms"] for each in document["stages"]}


def _warnings(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    machines = [[each["machine"].get(key) for key in _OF_THE_MACHINE] for each in (before, after)]
    warnings = []
    if before["arguments"] != after["arguments"]:
        warnings.append(
            "these are two commands: " + " · ".join(" ".join(each["arguments"]) for each in (before, after))
        )
    if machines[0] != machines[1]:
        warnings.append("these are two machines: " + " · ".join(", ".join(map(str, each)) for each in machines))
    return warnings
