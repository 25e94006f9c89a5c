"""Peaks belong to the stage in which they were reached."""

import subprocess
import sys

import pytest

PEAKS = """
import json
from atc_cli import stages
from atc_cli.profiling.memory import Peaks
from atc_cli.stages import stage
stages.begin()
peaks = Peaks()
stages.watch(peaks.border)
with stage("small"):
    bytes(1000)
with stage("fetch"):
    with stage("check"):
        held = bytearray(60 * 10**6)
        held[::4096] = bytes(len(held[::4096]))
        del held
    with stage("after"):
        pass
with stage("rank"):
    pass
print(json.dumps(peaks.document()))
"""

LINES = """
import json
from atc_cli import stages
from atc_cli.profiling.memory import Lines
from atc_cli.stages import stage
stages.begin()
lines = Lines()
stages.watch(lines.border)
with stage("fetch"):
    held = [bytes(10**6) for _ in range(20)]
del held
with stage("rank"):
    pass
print(json.dumps(lines.document()))
"""


def told(program: str) -> dict[str, object]:
    import json

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell the peak since a moment")
def test_a_peak_is_that_of_its_stage_and_of_those_around_it() -> None:
    document = told(PEAKS)
    peaks = {"/".join(path): size / 1e6 for path, size in document["peaks"]}
    assert document["whole"] == max(size for _, size in document["peaks"])
    assert peaks["fetch/check"] == peaks["fetch"] == peaks[""] > 60
    if document["unknown"] is None:
        assert max(peaks["small"], peaks["fetch/after"], peaks["rank"]) < peaks["fetch/check"] - 50
    else:
        assert "fetch/after" not in peaks
        assert "rank" not in peaks


def test_lines_are_those_of_the_moment_at_which_most_was_held() -> None:
    document = told(LINES)
    where, size, blocks = document["lines"][0]
    assert where == "<string>:10"
    assert size > 20e6
    assert 20 <= blocks < 30
    assert document["traced"] >= size
