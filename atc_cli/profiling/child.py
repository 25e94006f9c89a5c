"""In the profiled process: run the command as ever, and write down what was recorded, however it ends."""

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import perf_counter, perf_counter_ns
from typing import Any, NoReturn

from atc_cli import stages
from atc_cli.profiling.plan import Plan, Record, taken
from atc_cli.stages import stage

_USES = 1000

Main = Callable[[], NoReturn]


def recorded(main: Main) -> NoReturn:
    """Run `main` as the plan in the environment says; it leaves as it would without one."""
    plan = taken()
    if plan is None:
        stages.begin()
        main()
    stages.begin(plan.spawned_ns)
    if plan.record is Record.REPEAT:
        _repeat(main, plan.seconds)
    finish = _BEGIN[plan.record](plan)
    try:
        main()
    finally:
        ended_ns = perf_counter_ns()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        times = stages.so_far()[1]
        document = {"ended_ns": ended_ns, "stages": times, **finish(), "use_ns": _use_ns()}
        Path(plan.file).write_text(json.dumps(document), encoding="utf-8")


def _use_ns() -> float:
    """What one stage costs here."""
    began_ns = perf_counter_ns()
    for _ in range(_USES):
        with stage("measuring"):
            pass
    return (perf_counter_ns() - began_ns) / _USES


def _nothing(_: Plan) -> Callable[[], dict[str, Any]]:
    return dict


def _peaks(_: Plan) -> Callable[[], dict[str, Any]]:
    from atc_cli.profiling.memory import Peaks

    peaks = Peaks()
    stages.watch(peaks.border)
    return peaks.document


def _lines(_: Plan) -> Callable[[], dict[str, Any]]:
    from atc_cli.profiling.memory import Lines

    lines = Lines()
    stages.watch(lines.border)
    return lines.document


def _calls(plan: Plan) -> Callable[[], dict[str, Any]]:
    import cProfile

    profile = cProfile.Profile()
    profile.enable()

    def finish() -> dict[str, Any]:
        profile.disable()
        profile.dump_stats(f"{plan.file}.pstats")
        return {}

    return finish


_BEGIN: dict[Record, Callable[[Plan], Callable[[], dict[str, Any]]]] = {
    Record.STAGES: _nothing,
    Record.PEAKS: _peaks,
    Record.LINES: _lines,
    Record.CALLS: _calls,
}


def _repeat(main: Main, seconds: int) -> NoReturn:
    """Run the command again and again on one processor: a sampler sees no thread that Python does not know.

    Start-up and imports are in the first run, which is none of those that count.
    """
    if hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ["NUMBA_NUM_THREADS"] = "1"
    _once(main)
    repeated(main, seconds)
    raise SystemExit(0)


def repeated(main: Main, seconds: int) -> None:
    """Samples are cut at this function, and those that are not below it are left out."""
    until = perf_counter() + seconds
    while perf_counter() < until:
        _once(main)


def _once(main: Main) -> None:
    with suppress(SystemExit):
        main()
