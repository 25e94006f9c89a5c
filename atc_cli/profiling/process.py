"""The profiled command as a process: started, waited for, and what it wrote of itself read."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from atc_cli.errors import UnavailableError
from atc_cli.profiling.plan import VARIABLE, Plan

_PATIENCE_S = 5
_TERMINAL_S = 1
_SIGNALLED = 128  # as shells add it to the number of a signal


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a profiled process went: from start to end (ns), its exit code, what it wrote, whether Ctrl-C came."""

    spawned_ns: int
    wall_ns: int
    code: int
    document: dict[str, Any]
    interrupted: bool


def atc_command(arguments: Sequence[str]) -> list[str]:
    """What starts this atc again."""
    return [sys.executable, "-m", "atc_cli", *arguments]


def recorded(plan: Plan, arguments: Sequence[str], *, shown: bool, stdin: bytes | None) -> Recorded:
    """Run `atc ARGUMENTS` once; its output is ours where it is `shown`, else dropped. `stdin` None: ours if shown.

    Raises UnavailableError where it could not write down what it recorded.
    """
    environment = plan.environment()
    spawned_ns = json.loads(environment[VARIABLE])[2]
    output = None if shown else subprocess.DEVNULL
    given = subprocess.PIPE if stdin is not None else None if shown else subprocess.DEVNULL
    child = subprocess.Popen(  # noqa: S603 - ourselves
        atc_command(arguments), stdin=given, stdout=output, stderr=output, env=environment
    )
    interrupted = waited(child, stdin)
    wall_ns = perf_counter_ns() - spawned_ns
    try:
        document = json.loads(Path(plan.file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        if interrupted:
            raise KeyboardInterrupt from None
        raise UnavailableError(
            f"the profiled command ended with code {child.returncode} and recorded nothing"
        ) from None
    code = child.returncode if child.returncode >= 0 else _SIGNALLED - child.returncode
    return Recorded(spawned_ns, wall_ns, code, document, interrupted)


def waited(child: "subprocess.Popen[bytes]", stdin: bytes | None = None) -> bool:
    """Wait for a process; whether Ctrl-C came, which ends it too."""
    try:
        if stdin is not None and child.stdin is not None:
            with suppress(BrokenPipeError), child.stdin:
                child.stdin.write(stdin)
        child.wait()
    except KeyboardInterrupt:
        _end(child)
        return True
    except BaseException:
        child.kill()
        child.wait()
        raise
    return False


def _end(child: "subprocess.Popen[bytes]") -> None:
    """A terminal sends Ctrl-C to both; a process that did not hear of it is told, and at last killed."""
    for patience_s, end in ((_TERMINAL_S, partial(child.send_signal, signal.SIGINT)), (_PATIENCE_S, child.kill)):
        with suppress(subprocess.TimeoutExpired):
            child.wait(patience_s)
            return
        end()
    child.wait()
