"""What processes wrote of themselves, as results."""

from collections.abc import Mapping, Sequence
from typing import Any

from atc_cli.domain.results.profile import REST, MemoryUse, StageRuns
from atc_cli.profiling.process import Recorded
from atc_cli.stages import EXIT

_Path = tuple[str, ...]


def stage_runs(runs: Sequence[Recorded]) -> tuple[StageRuns, ...]:
    """Every stage of all runs, in the order of the first that has it: what lies in no stage, and the exit, too."""
    by_run = [_times(run) for run in runs]
    paths = dict.fromkeys(path for times in by_run for path in times)
    ordered = sorted(paths, key=lambda path: path[0] in (REST, EXIT))
    return tuple(
        StageRuns(
            path=path,
            calls=max(times[path][0] for times in by_run if path in times),
            ms=tuple(times.get(path, (0, 0, 0))[1] / 1e6 for times in by_run),
            own_ms=tuple(times.get(path, (0, 0, 0))[2] / 1e6 for times in by_run),
        )
        for path in ordered
    )


def _times(run: Recorded) -> dict[_Path, tuple[int, int, int]]:
    """Calls, time and own time (ns) by path; together the first of each path take as long as the process."""
    times = {tuple(path): (calls, total, own) for path, calls, total, own in run.document["stages"]}
    named_ns = sum(total for path, (_, total, _) in times.items() if len(path) == 1)
    alive_ns = int(run.document["ended_ns"]) - run.spawned_ns
    rest_ns, exit_ns = alive_ns - named_ns, run.wall_ns - alive_ns
    return {**times, (REST,): (1, rest_ns, rest_ns), (EXIT,): (1, exit_ns, exit_ns)}


def memory_of(peaks: Mapping[str, Any], lines: Mapping[str, Any]) -> MemoryUse:
    """Of what a process that watched its peaks and one that watched its lines wrote."""
    return MemoryUse(
        whole_bytes=peaks["whole"],
        peaks={tuple(path): size for path, size in peaks["peaks"]},
        arrays=peaks["arrays"],
        lines=tuple((where, size, blocks) for where, size, blocks in lines.get("lines", ())),
        traced_bytes=lines.get("traced", 0),
        unknown=peaks["unknown"],
    )
