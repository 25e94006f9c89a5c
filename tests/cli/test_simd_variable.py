"""ATC_SIMD and a missing extension: another backend never takes over without a word."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Atc
from tests.helpers.imported import write
from tests.helpers.runs import environment_of

WITHOUT_EXTENSION = """
import sys
sys.modules["atc_cli._kernels"] = None
from atc_cli.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "command",
    [("scan", "--exchange", "demo"), ("explain", "SIM001", "--exchange", "demo"), ("bench",), ("doctor",)],
    ids=" ".join,
)
def test_a_path_that_does_not_exist_is_refused_with_the_nearest(atc: Atc, command: tuple[str, ...]) -> None:
    done = atc(*command, env={"ATC_SIMD": "avx215"})
    assert done.code == (69 if command == ("doctor",) else 78)
    said = done.out + done.err
    assert "ATC_SIMD" in said
    assert "'avx215'" in said
    if command != ("doctor",):
        assert "did you mean 'avx2'?" in said


def test_paths_that_exist_are_taken(atc: Atc) -> None:
    for path in ("", "auto", "scalar", "portable"):
        assert atc("scan", "--exchange", "demo", "--top", "1", env={"ATC_SIMD": path}).code == 0


def test_where_rust_cannot_run_a_scan_says_why(tmp_path: Path) -> None:
    write(tmp_path / "COIN-1h.csv", 1, bars=20)  # too few to be computed: numba would compile for long
    command = [sys.executable, "-c", WITHOUT_EXTENSION, "scan", "--data", str(tmp_path), "--timeframe", "1h"]
    environment = environment_of(tmp_path, {})
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 4, done.stderr
    assert "backend rust cannot run: the extension is not built" in done.stderr
