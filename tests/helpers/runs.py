"""A command run as a person would run it: in this process, in one of its own, or in one to interrupt."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from atc_cli.__main__ import main

# What Python and its libraries read once, when they start: a run inside this process would not hear of it.
_AT_START = ("PYTHON", "LC_", "LANG", "TZ", "NUMBA_")


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str


Way = Callable[[Sequence[str], bytes, Mapping[str, str], Path], Run]


def environment_of(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The variables of a run: nothing of the caller's settings and colours, an empty home, and `more`."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("ATC_", "XDG_"))}
    clean.pop("FORCE_COLOR", None)
    return clean | {"HOME": str(home), "NO_COLOR": "1", "COLUMNS": "100", "LC_ALL": "C.UTF-8", **more}


def in_a_process(arguments: Sequence[str], stdin: bytes, environment: Mapping[str, str], folder: Path) -> Run:
    """Run `python -m atc_cli`."""
    command = [sys.executable, "-m", "atc_cli", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=folder, env=environment, check=False)
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def in_this_process(arguments: Sequence[str], stdin: bytes, environment: Mapping[str, str], folder: Path) -> Run:
    """Run `main`, with files as descriptors 0, 1 and 2, the variables and the folder of the run; all come back."""
    with ExitStack() as stack:
        given, out, err = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        given.write(stdin)
        given.seek(0)
        with _streams(given, out, err), _world(environment, folder), _typed(arguments):
            code = _code_of_main()
        return Run(code, _content(out), _content(err))


def started(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    """`python -m atc_cli` that goes on by itself, with its cache below `home`."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ATC_")}
    return subprocess.Popen(
        [sys.executable, "-m", "atc_cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "XDG_CACHE_HOME": str(home)},
    )


def _code_of_main() -> int:
    try:
        main()
    except SystemExit as stop:
        assert isinstance(stop.code, int), stop.code
        return stop.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _content(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@contextmanager
def _streams(given: IO[bytes], out: IO[bytes], err: IO[bytes]) -> Iterator[None]:
    ours = sys.stdin, sys.stdout, sys.stderr
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    kept = [os.dup(number) for number in range(3)]
    for number, file in enumerate((given, out, err)):
        file.flush()
        os.dup2(file.fileno(), number)
    modes = (("r", "surrogateescape"), ("w", "surrogateescape"), ("w", "backslashreplace"))
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
        for number, (mode, errors) in enumerate(modes)
    )
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = ours
        for number, copy in enumerate(kept):
            os.dup2(copy, number)
            os.close(copy)


@contextmanager
def _world(environment: Mapping[str, str], folder: Path) -> Iterator[None]:
    changed = {key for key in {*environment, *os.environ} if environment.get(key) != os.environ.get(key)}
    early = [key for key in changed - {"LC_ALL"} if key.startswith(_AT_START)]
    assert not early, f"{early} are read when Python starts: this command needs a process of its own"
    ours, here, hook = dict(os.environ), Path.cwd(), sys.excepthook
    compiled = "numba" in sys.modules
    os.chdir(folder)
    _set(environment)
    try:
        yield
        at_home = environment.get("XDG_CACHE_HOME") == ours.get("XDG_CACHE_HOME")
        assert compiled or at_home or "numba" not in sys.modules, "numba would keep its code in the folder of this run"
    finally:
        _set(ours)
        os.chdir(here)
        sys.excepthook = hook


def _set(environment: Mapping[str, str]) -> None:
    for key in os.environ.keys() - environment.keys():
        del os.environ[key]
    os.environ.update(environment)


@contextmanager
def _typed(arguments: Sequence[str]) -> Iterator[None]:
    ours, sys.argv = sys.argv, ["atc", *arguments]
    try:
        yield
    finally:
        sys.argv = ours


def alike(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without what depends on the scans before."""
    return [{name: value for name, value in row.items() if name not in ("rank_before", "new")} for row in rows]
