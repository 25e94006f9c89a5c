"""Measurements in a process of their own, so that no peak of memory hides in another's. Run as a module: the child."""

import dataclasses
import json
import os
import subprocess
import sys

from atc_cli.bench import talib
from atc_cli.bench.measure import Computes, Job, Measured, MeasureError, measure
from atc_cli.domain.engines import TALIB
from atc_cli.engine.backend import Form, Unavailable
from atc_cli.engine.offers import offers
from atc_cli.errors import UnavailableError

# glibc hands large blocks back to the system at once; kept, they are touched before the clock starts.
_KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "-1"}


def measure_apart(job: Job) -> Measured:
    """Carry a job out in a fresh process; MeasureError says how one ended that did not answer.

    The child has a session of its own: Ctrl-C reaches this process only, which ends the child.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "atc_cli.bench.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **_KEEP_MEMORY},
        text=True,
        start_new_session=True,
    )
    try:
        answer, complaint = child.communicate(json.dumps(dataclasses.asdict(job)))
    finally:
        child.kill()
        child.wait()
    if child.returncode:
        words = complaint.strip().splitlines() or ["no word"]
        raise MeasureError(f"the measuring process ended with code {child.returncode}: {words[-1]}")
    document = json.loads(answer)
    return Measured(**{**document, "times_ms": tuple(document["times_ms"])})


def main() -> None:
    """The child: a job on stdin, what was measured on stdout, both JSON."""
    job = Job(**json.load(sys.stdin))
    json.dump(dataclasses.asdict(measure(job, _computer(job))), sys.stdout)


def _computer(job: Job) -> Computes:
    """What computes a job: the backend it names, in the form it names."""
    if job.backend == TALIB:
        return talib.TalibAverages()
    offer = next(each for each in offers() if each.name == job.backend)
    if isinstance(offer, Unavailable):
        raise UnavailableError(f"backend {offer.name} cannot run: {offer.why}", offer.remedy)
    return offer.backend.in_form(Form(job.simd, job.threads))


if __name__ == "__main__":
    main()
