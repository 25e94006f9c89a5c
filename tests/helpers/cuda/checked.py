"""The cases on the sources as compiled for this processor: `python -m tests.helpers.cuda.checked [asan|tsan]`.

With a sanitizer it starts itself again under it. Exit code 1 where a case differs, the sanitizer's where it reports.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from atc_cli.domain.catalog import Dialect, Source, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.cuda.backend import CudaBackend
from tests.conftest import ROOT
from tests.gpu.cases import Case, cases, walk
from tests.gpu.parity import Parity, parity
from tests.helpers.cuda.build import compiler
from tests.helpers.cuda.device import HostDevice
from tests.helpers.cuda.module import HostModule, LaunchError

# Threads from first to last, from last to first, in any order; blocks on two threads.
SCHEDULES: tuple[dict[str, object], ...] = (
    {},
    {"order": "desc"},
    {"order": "random", "seed": 1},
    {"order": "random", "seed": 2, "threads": 2},
)
_LIBRARIES = {"asan": "libasan.so", "tsan": "libtsan.so"}
_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0,detect_stack_use_after_return=0",
    "TSAN_OPTIONS": "exitcode=66,halt_on_error=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def faults(some: Iterable[Case], text: str | None = None, sanitizer: str = "") -> Iterator[str]:
    """What is wrong with a source (the kernels'), schedule by schedule."""
    some = list(some)
    # A race is one in every schedule.
    for schedule in SCHEDULES[-1:] if sanitizer == "tsan" else SCHEDULES:
        module = HostModule.of(text, sanitizer, **schedule)
        try:
            found = parity(CudaBackend(lambda module=module: HostDevice(module)), some)
        except LaunchError as error:
            yield str(error)
            continue
        yield from found.differing


def few() -> list[Case]:
    """What a sanitizer sees in seconds: every kernel, kind and branch in both dialects, two blocks, several tiles.

    Off the grid renewals come at bar 256 only, so that one lane is that long.
    """
    long, short = walk(262, 4, decimals=None), [walk(30 + seed, seed, decimals=seed % 4) for seed in range(9)]
    found = []
    for dialect in Dialect:
        params = Params(dialect=dialect, lengths=(8, 11, 8, 8, 9, 9), cutout=5)
        found.append(Case(f"{dialect} lanes", Panel.of(short), params, Want.ALL))
        found.append(Case(f"{dialect} renewal", Panel.of([long]), params, Want.LAST))
        ends = np.arange(20, 30)
        windows = (np.arange(len(ends)) % 9, ends, 22)
        found.append(
            Case(f"{dialect} windows", Panel.of(short), replace(params, source=Source.HL2), Want.LAYERS, windows)
        )
    return found


def under(sanitizer: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """This module once more in a process with the sanitizer loaded."""
    found = [
        subprocess.run(
            [compiler(), f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in (_LIBRARIES[sanitizer], "libstdc++.so.6")
    ]
    environment = {**os.environ, **_OPTIONS, "LD_PRELOAD": " ".join(found), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__, sanitizer, "loaded", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def main(sanitizer: str = "", loaded: str = "", file: str = "") -> int:
    """Check the kernels as they are, or as a file has them."""
    began = time.perf_counter()
    if sanitizer and not loaded:
        done = under(sanitizer)
        sys.stdout.write(f"{done.stdout}{done.stderr[-6000:]}")
        return done.returncode
    some = few() if sanitizer else list(cases())
    wrong = list(faults(some, Path(file).read_text() if file else None, sanitizer))
    total = Parity(len(some) * len(SCHEDULES), 0, tuple(wrong))
    sys.stdout.write(
        f"{sanitizer or 'plain'}: {total.cases} cases, {len(wrong)} wrong, {time.perf_counter() - began:.1f} s\n"
    )
    sys.stdout.write("".join(f"{each}\n" for each in wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
