"""Doctor's verdict on backends: what computes, and what is kept."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from atc_cli.commands import doctor
from atc_cli.engine import reference
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.numba import backend as numba
from tests.helpers.markets import NOW_MS

NO_RUST = Unavailable("rust", "the extension is not built", "run `make build`")
NUMBA = numba.offer(ModuleSpec("numba", None))
LATER_MS = NOW_MS + 4 * 365 * 86_400_000


def checks(*offers: Offer | Unavailable) -> dict[str, doctor.Check]:
    found = doctor.run([*offers, reference.offer()], cache_folder=Path("nowhere"), now_ms=LATER_MS, settings_fault=None)
    return {check.name: check for check in found}


def test_without_the_extension_numba_steps_in_and_that_is_a_warning() -> None:
    found = checks(NO_RUST, NUMBA)
    assert found["backend rust"].status == "warn"
    assert found["scan takes"].detail.startswith("numba computes 500 symbols x 1500 bars")
    assert doctor.healthy(found.values())


def test_without_either_it_is_a_failure() -> None:
    found = checks(NO_RUST, numba.offer(None))
    assert found["backend rust"].status == "fail"
    assert found["backend numba"].status == "absent"
    assert "numba cache" not in found
    assert not doctor.healthy(found.values())


def test_a_cache_that_others_can_reach_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert checks(NUMBA)["numba cache"].detail.endswith("empty")
    (tmp_path / "atc" / "numba").mkdir(parents=True)
    (tmp_path / "atc" / "numba").chmod(0o755)
    found = checks(NUMBA)["numba cache"]
    assert found.status == "warn"
    assert "compiles anew in every run" in found.detail
    assert "chmod 700" in found.remedy


def test_settings_that_stop_every_scan_are_a_failure() -> None:
    found = doctor.run([reference.offer()], cache_folder=Path("nowhere"), now_ms=LATER_MS, settings_fault="bars: 'x'")
    assert [(check.name, check.detail) for check in found if check.status == "fail"] == [("settings", "bars: 'x'")]
