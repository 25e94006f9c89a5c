"""A scheduler and its workers on this machine, each a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

_SCHEDULER = """
import asyncio
from distributed import Scheduler

async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()

asyncio.run(main())
"""
_WORKER = """
import asyncio, sys
from distributed import Worker

async def main():
    async with Worker(sys.argv[1], nthreads=1, host="127.0.0.1", dashboard=False) as worker:
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


@contextmanager
def cluster(workers: int, code: Path = ROOT) -> Iterator[Started]:
    """One whose workers import atc_cli from a folder; every process is gone at the end."""
    with ExitStack() as stack:
        scheduler = stack.enter_context(_running(_SCHEDULER, ROOT))
        address = _said(scheduler)
        joined = [stack.enter_context(_running(_WORKER, code, address)) for _ in range(workers)]
        for each in joined:
            _said(each)
        yield Started(address, scheduler, joined)


@contextmanager
def _running(program: str, code: Path, *arguments: str) -> Iterator[Process]:
    command = [sys.executable, "-c", program, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(code)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment, cwd=code
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _said(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
