"""py-spy that is not there, or may not look: the reason and what to do about it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from atc_cli.errors import ExitCode, UnavailableError
from atc_cli.profiling import pyspy

DENIED = "Permission Denied: Try running again with elevated permissions by going 'sudo env \"PATH=$PATH\" !!'\n"
NOT_PERMITTED = "Error: Failed to suspend process\n\nCaused by:\n    Operation not permitted (os error 1)\n"
NO_PYTHON = "Error: Failed to find python version from target process\n\nStack backtrace:\n   0: anyhow\n"


def test_what_is_missing_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError) as raised:
        pyspy.program()
    assert raised.value.code is ExitCode.UNAVAILABLE
    assert raised.value.hint == f"{python} -m pip install py-spy"


@pytest.mark.parametrize("said", [DENIED, NOT_PERMITTED])
def test_what_is_forbidden_says_how_it_is_allowed(said: str) -> None:
    error = pyspy.refusal(said)
    assert "may not look" in str(error)
    assert error.hint


def test_another_failure_is_told_in_one_line_of_its_own_words() -> None:
    error = pyspy.refusal(NO_PYTHON)
    assert "Failed to find python version" in str(error)
    assert "may not" not in str(error)
    assert "backtrace" not in str(error).casefold()
    assert "no sample" in str(pyspy.refusal(""))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody who may not")
def test_a_process_of_somebody_else_is_refused_in_these_words(tmp_path: Path) -> None:
    """The words of py-spy itself, as a user who may not look at this process."""
    visible = tmp_path / "py-spy"
    visible.write_bytes(Path(pyspy.program()).read_bytes())
    visible.chmod(0o755)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    command = [str(visible), "record", "--pid", str(os.getpid()), "--duration", "1", "--format", "raw"]
    command += ["--output", os.devnull]
    nobody = {"user": 65534, "group": 65534, "extra_groups": []}
    done = subprocess.run(command, capture_output=True, text=True, check=False, **nobody)
    assert done.returncode
    assert "may not look" in str(pyspy.refusal(done.stderr))
