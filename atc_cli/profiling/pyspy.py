"""py-spy, a sampler that looks from outside: started, and what it says where it may not."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from atc_cli.errors import UnavailableError
from atc_cli.profiling.process import waited

RATE_HZ = 100
_PASSED_ON = ("native", "idle", "subprocesses")
_DENIED = ("permission denied", "not permitted", "operation not permitted", "eperm", "ptrace")


def program() -> str:
    """Where py-spy is: beside Python or on the path. Raises UnavailableError with the way to install it."""
    name = "py-spy.exe" if sys.platform == "win32" else "py-spy"
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("py-spy")
    if found is None:
        raise UnavailableError("--pyspy: py-spy is not installed", f"{sys.executable} -m pip install py-spy")
    return found


def recorded(
    target: Sequence[str], raw: Path, flags: Sequence[str], environment: Mapping[str, str] | None = None
) -> tuple[str, bool]:
    """The raw samples of `target`: `--pid N`, or `--` and a command; and whether Ctrl-C ended it.

    `flags` are py-spy's own. Raises UnavailableError where py-spy is missing, may not look, or failed, saying why.
    """
    command = [program(), "record", "--format", "raw", "--output", str(raw), "--rate", str(RATE_HZ), "--function"]
    with raw.with_suffix(".err").open("wb+") as words:
        child = subprocess.Popen(  # noqa: S603 - the program is found above, no shell reads the rest
            [*command, *flags, *target],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=words,
            env=environment,
        )
        interrupted = waited(child)
        words.seek(0)
        said = words.read().decode(errors="replace")
    samples = raw.read_text(encoding="utf-8", errors="replace") if raw.exists() else ""
    if not samples.strip():
        if interrupted:
            raise KeyboardInterrupt
        raise refusal(said)
    return samples, interrupted


def refusal(said: str) -> UnavailableError:
    """What py-spy's last words mean, and what can be done about it."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "permission"))] or lines
    reason = errors[-1] if errors else "it recorded no sample"
    if any(word in said.casefold() for word in _DENIED):
        return UnavailableError(f"--pyspy: py-spy may not look into a process here: {reason}", _remedy())
    return UnavailableError(f"--pyspy: py-spy failed: {reason}", "is it a running Python, and did it run for a moment?")


def _remedy() -> str:
    if sys.platform == "darwin":
        return "macOS lets only root look: sudo atc profile --pyspy .."
    if sys.platform == "win32":
        return "run it as administrator"
    return (
        "run it as root or as the same user with ptrace allowed: a container needs --cap-add SYS_PTRACE, "
        "a system with Yama `sysctl kernel.yama.ptrace_scope=0`"
    )


def passed_on(wanted: Mapping[str, bool]) -> list[str]:
    """Those of our flags that py-spy has too."""
    return [f"--{name}" for name in _PASSED_ON if wanted[name]]
