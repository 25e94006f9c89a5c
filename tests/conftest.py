"""What tests share: where things are, and how a command is run as a person would run it."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.runs import Run, Way, environment_of, in_a_process, in_this_process

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


# A busy machine is no fault: how long an example takes decides nothing.
settings.register_profile("atc", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("atc")


def pytest_configure() -> None:
    """What numba compiles is kept between runs, and not among the user's files."""
    folder = ROOT / ".pytest_cache" / "xdg"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Slow tests come last. Those of numba share a core, so that each function is compiled once.

    Those of the CUDA sources on this processor take part where they are asked for: `make cuda`.
    """
    if "cuda" not in config.getoption("markexpr"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("cuda")])
        items[:] = [item for item in items if not item.get_closest_marker("cuda")]
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
    for item in items:
        if "numba" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("numba"))


needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="recorded market data is not part of the project")


Atc = Callable[..., Run]


STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 "


def unstamped(words: str) -> str:
    """What was said, without the time that each line off a terminal begins with."""
    return re.sub(f"^{STAMP}", "", words, flags=re.MULTILINE)


@pytest.fixture
def atc(tmp_path: Path) -> Atc:
    """Run `atc` in this process as in one of its own: in an empty folder, with an empty home and no colours."""
    return _runner(tmp_path, in_this_process)


@pytest.fixture
def atc_process(tmp_path: Path) -> Atc:
    """The same in a process of its own, for what begins or ends with one: start-up, encodings, compiled code."""
    return _runner(tmp_path, in_a_process)


def _runner(tmp_path: Path, way: Way) -> Atc:
    home = tmp_path / "home"
    folder = tmp_path / "here"
    home.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)

    def run(*arguments: str, stdin: str = "", env: dict[str, str] | None = None, cwd: Path | None = None) -> Run:
        return way(arguments, stdin.encode(), environment_of(home, env or {}), cwd or folder)

    return run
