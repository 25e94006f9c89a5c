"""What `atc profile` found: plain lines, and JSON."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from atc_cli.domain.results.profile import (
    PROFILE_SCHEMA,
    Call,
    Change,
    Comparison,
    MemoryUse,
    ProfileResult,
    Sampled,
    StageRuns,
)
from atc_cli.reporting.documents import Document, dumps
from atc_cli.reporting.stages import INDENT, aligned
from atc_cli.reporting.text import printable

_MB = 1e6
_LEAST_CHANGE_MS = 0.05


def profile_lines(result: ProfileResult) -> list[str]:
    """Everything that was found, a part under the other."""
    head = f"atc {' '.join(map(printable, result.arguments))} · {result.revision} · {result.machine.get('cpu')}"
    parts = [
        [head, *(["interrupted: this is what was done"] if result.interrupted else [])],
        _stage_lines(result) if result.wall_ms else [],
        [] if result.memory is None else memory_lines(result.memory),
        _call_lines(result.calls),
        [] if result.sampled is None else _sampled_lines(result.sampled),
    ]
    return [line for part in parts if part for line in (*part, "")][:-1]


def _stage_lines(result: ProfileResult) -> list[str]:
    wall_ms = median(result.wall_ms)
    several = len(result.wall_ms) > 1
    heads = ("STAGE", "MS", "OWN", "SHARE", "TIMES", *(["OWN MIN..MAX"] if several else []))
    rows = [_stage_cells(each, wall_ms, several=several) for each in result.stages]
    whole = ("in all", f"{wall_ms:.1f}", "", "", "", *([_spread(result.wall_ms)] if several else []))
    runs = f"median of {len(result.wall_ms)} runs" if several else "one run"
    code = f"; exit code {result.code}" if result.code else ""
    said = f"{runs}; counting the stages took {result.measuring_frac:.2%} of it{code}"
    return [*aligned([heads, *rows, whole]), said]


def _stage_cells(each: StageRuns, wall_ms: float, *, several: bool) -> tuple[str, ...]:
    name = INDENT * (len(each.path) - 1) + each.path[-1]
    cells = (name, f"{each.median_ms:.1f}", f"{each.median_own_ms:.1f}", f"{each.median_ms / wall_ms:.1%}")
    return (*cells, f"{each.calls}", *([_spread(each.own_ms)] if several else []))


def _spread(times_ms: Sequence[float]) -> str:
    return f"{min(times_ms):.1f}..{max(times_ms):.1f}"


def memory_lines(memory: MemoryUse) -> list[str]:
    """The peak of each stage, the largest arrays, the lines that held most."""
    peaks = [(INDENT * (len(path) - 1) + path[-1], _mb(size)) for path, size in memory.peaks.items() if path]
    lines = aligned([("PEAK OF", "MB"), *peaks, ("in all", _mb(memory.whole_bytes))])
    lines += [memory.unknown] if memory.unknown else []
    arrays = sorted(memory.arrays.items(), key=lambda each: -each[1])
    lines += ["", *aligned([("ARRAYS", "MB"), *((name, _mb(size)) for name, size in arrays)])] if arrays else []
    if memory.lines:
        rows = [(printable(where), _mb(size), f"{blocks}") for where, size, blocks in memory.lines]
        lines += ["", *aligned([("PYTHON LINE", "MB", "BLOCKS"), *rows])]
        lines.append(f"of {_mb(memory.traced_bytes)} MB that Python knew of when that was most")
    return lines


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / _MB:.1f}"


def _call_lines(calls: Sequence[Call]) -> list[str]:
    if not calls:
        return []
    rows = [
        (printable(each.function), f"{each.calls}", f"{each.own_ms:.1f}", f"{each.cumulative_ms:.1f}") for each in calls
    ]
    return [*aligned([("FUNCTION", "CALLS", "OWN MS", "WITH CALLED"), *rows]), "cProfile slows small functions most"]


def _sampled_lines(sampled: Sampled) -> list[str]:
    rows = [(printable(each.name), f"{each.own_frac:.1%}", f"{each.within_frac:.1%}") for each in sampled.widest]
    lines = aligned([("WIDEST FRAMES", "OWN", "WITH CALLED"), *rows])
    unnamed = f"; {sampled.unnamed_frac:.1%} in frames without a name" if sampled.unnamed_frac else ""
    return [*lines, f"{sampled.samples.total} samples, {sampled.conditions}{unnamed}"]


def opening_line(result: ProfileResult, files: Mapping[str, Path]) -> str:
    """How to open what was written, the JSON last, which can be compared where it holds stages."""
    ways = {
        "svg": "{} in a browser",
        "speedscope": "{} at https://www.speedscope.app",
        "pstats": "snakeviz {} (pip install snakeviz)",
        "json": "atc profile --compare OLD {}" if result.wall_ms else "{}",
    }
    return "open: " + " · ".join(way.format(files[kind]) for kind, way in ways.items() if kind in files)


def profile_json(result: ProfileResult) -> str:
    """One document, schema atc.profile/1; times of stages by run."""
    document = {
        "schema": PROFILE_SCHEMA,
        "arguments": result.arguments,
        "revision": result.revision,
        "machine": result.machine,
        "exit_code": result.code,
        "interrupted": result.interrupted,
        "wall_ms": result.wall_ms,
        "measuring_frac": result.measuring_frac,
        "stages": [
            {"path": each.path, "calls": each.calls, "ms": each.ms, "own_ms": each.own_ms} for each in result.stages
        ],
        "memory": None if result.memory is None else _memory_document(result.memory),
        "calls": [
            {"function": each.function, "calls": each.calls, "own_ms": each.own_ms, "cumulative_ms": each.cumulative_ms}
            for each in result.calls
        ],
        "sampled": None if result.sampled is None else _sampled_document(result.sampled),
        "failures": result.failures,
    }
    return dumps(document, indent=2) + "\n"


def _memory_document(memory: MemoryUse) -> Document:
    return {
        "peak_bytes": memory.whole_bytes,
        "stages": [{"path": path, "peak_bytes": size} for path, size in memory.peaks.items() if path],
        "arrays_bytes": memory.arrays,
        "lines": [{"where": where, "bytes": size, "blocks": blocks} for where, size, blocks in memory.lines],
        "unknown": memory.unknown,
    }


def _sampled_document(sampled: Sampled) -> Document:
    return {
        "samples": sampled.samples.total,
        "conditions": sampled.conditions,
        "unnamed_frac": sampled.unnamed_frac,
        "widest": [
            {"name": each.name, "own_frac": each.own_frac, "within_frac": each.within_frac} for each in sampled.widest
        ],
    }


def comparison_lines(comparison: Comparison) -> list[str]:
    """What became slower, the most first; what lies within the spread of the runs; the whole."""
    moved = [each for each in comparison.stages if abs(each.slower_ms) >= _LEAST_CHANGE_MS]
    slower = [each for each in moved if each.beyond_spread and each.slower_ms > 0]
    faster = [each for each in moved if each.beyond_spread and each.slower_ms < 0]
    unclear = [each for each in moved if not each.beyond_spread]
    return [
        *(f"warning: {each}" for each in comparison.warnings),
        *_part("slower:", slower, "nothing became slower beyond the spread of the runs"),
        *_part("faster:", faster[::-1], None),
        *_part("within the spread of the runs, or of one run only:", unclear, None),
        _change_line(comparison.whole, "in all") + ("" if comparison.whole.beyond_spread else ", within the spread"),
    ]


def _part(title: str, changes: Iterable[Change], nothing: str | None) -> list[str]:
    lines = [f"{INDENT}{_change_line(each, ' / '.join(each.path))}" for each in changes]
    if lines:
        return [title, *lines]
    return [] if nothing is None else [nothing]


def _change_line(change: Change, name: str) -> str:
    old_ms = median(change.old_ms)
    share = f" ({change.slower_ms / old_ms:+.0%})" if old_ms >= _LEAST_CHANGE_MS else ""
    before, after = _figures(change.old_ms), _figures(change.new_ms)
    return f"{printable(name)} {change.slower_ms:+.1f} ms{share}: {before} before, {after} now"


def _figures(times_ms: Sequence[float]) -> str:
    middle = f"{median(times_ms):.1f}"
    return f"{middle} ({_spread(times_ms)})" if len(times_ms) > 1 else middle
