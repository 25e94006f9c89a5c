"""A scheduler and its workers on this machine, each a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

_SCHEDULER = """
import asyncio, sys
from distributed import Scheduler

async def main():
    async with Scheduler(host="127.0.0.1", port=0, protocol=sys.argv[1], dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()

asyncio.run(main())
"""
_WORKER = """
import asyncio, sys

def hide(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and sys.argv[2] in str(arguments[0]):
        raise FileNotFoundError(2, "not on this machine", arguments[0])

sys.addaudithook(hide)
from distributed import Worker

async def main():
    protocol = sys.argv[1].partition(":")[0]
    async with Worker(sys.argv[1], nthreads=1, host="127.0.0.1", protocol=protocol, dashboard=False) as worker:
        print(worker.address, flush=True)
        await worker.finished()

asyncio.run(main())
"""

Process = subprocess.Popen[str]


@dataclass
class Started:
    """A scheduler, its address, its workers."""

    address: str
    scheduler: Process
    workers: list[Process]


ELSEWHERE = "out-of-sight"
"""No worker finds files whose path has this in it."""


@contextmanager
def cluster(workers: int, code: Path = ROOT, tls: Mapping[str, str] | None = None) -> Iterator[Started]:
    """One whose workers import atc_cli from a folder; every process is gone at the end.

    `tls` are the settings of dask, as it reads them from the environment, with which they talk encrypted.
    """
    environment, protocol = tls or {}, "tls" if tls else "tcp"
    with ExitStack() as stack:
        scheduler = stack.enter_context(_running(_SCHEDULER, ROOT, protocol, environment=environment))
        address = _said(scheduler)
        joined = [
            stack.enter_context(_running(_WORKER, code, address, ELSEWHERE, environment=environment))
            for _ in range(workers)
        ]
        for each in joined:
            _said(each)
        yield Started(address, scheduler, joined)


@contextmanager
def blind_worker(address: str, hidden: str) -> Iterator[str]:
    """The address of one more worker of a cluster, which does not find files whose path has `hidden` in it."""
    with _running(_WORKER, ROOT, address, hidden) as worker:
        yield _said(worker)


@contextmanager
def _running(
    program: str, code: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    command = [sys.executable, "-c", program, *arguments]
    inherited = {**os.environ, "PYTHONPATH": str(code), **(environment or {})}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=inherited, cwd=code
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _said(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
