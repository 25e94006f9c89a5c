"""What tests share: where things are, and how a command is run as a person would run it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def pytest_configure() -> None:
    """What numba compiles is kept between runs, and not among the user's files."""
    folder = ROOT / ".pytest_cache" / "xdg"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(folder)


needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="recorded market data is not part of the project")


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str


Atc = Callable[..., Run]


STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 "


def unstamped(words: str) -> str:
    """What was said, without the time that each line off a terminal begins with."""
    return re.sub(f"^{STAMP}", "", words, flags=re.MULTILINE)


@pytest.fixture
def atc(tmp_path: Path) -> Atc:
    """Run `atc` in a process of its own, in an empty folder, with an empty home and no colours."""
    home = tmp_path / "home"
    folder = tmp_path / "here"
    home.mkdir()
    folder.mkdir()

    def run(*arguments: str, stdin: str = "", env: dict[str, str] | None = None, cwd: Path | None = None) -> Run:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("ATC_", "XDG_"))}
        clean.pop("FORCE_COLOR", None)
        clean |= {"HOME": str(home), "NO_COLOR": "1", "COLUMNS": "100", "LC_ALL": "C.UTF-8", **(env or {})}
        done = subprocess.run(
            [sys.executable, "-m", "atc_cli", *arguments],
            input=stdin.encode(),
            capture_output=True,
            cwd=cwd or folder,
            env=clean,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run
