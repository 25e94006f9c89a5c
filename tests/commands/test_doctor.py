"""Doctor's verdict on backends: what computes, and what is kept."""

import re
import tomllib
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from atc_cli.commands import doctor
from atc_cli.commands.coefficients import AGAIN, AS_SHIPPED, Coefficients
from atc_cli.engine import reference
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.coefficients import SHIPPED, SHIPPED_AT
from atc_cli.engine.numba import backend as numba
from atc_cli.identity import code_checksum
from tests.conftest import ROOT
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


def test_coefficients_in_use_are_named_with_their_date_and_code() -> None:
    def said(known: Coefficients) -> doctor.Check:
        given = {"cache_folder": Path("nowhere"), "now_ms": LATER_MS, "settings_fault": None}
        found = doctor.run([reference.offer()], **given, coefficients=known)
        return next(check for check in found if check.name == "coefficients")

    assert said(AS_SHIPPED).detail == f"as shipped, of {SHIPPED_AT}; `{AGAIN}` measures here"
    measured = "of this machine, measured at 2026-11-22T05:00:00+00:00"
    assert said(Coefficients(SHIPPED, measured, code=code_checksum())) == doctor.Check("coefficients", "ok", measured)
    other = said(Coefficients(SHIPPED, measured, code="0" * 64))
    assert (other.status, other.detail, other.remedy) == ("warn", f"{measured}, by other code than this", AGAIN)
    assert said(Coefficients(None, "as shipped", "coefficients: 'f' is damaged")).detail == "'f' is damaged"


def test_settings_that_stop_every_scan_are_a_failure() -> None:
    found = doctor.run([reference.offer()], cache_folder=Path("nowhere"), now_ms=LATER_MS, settings_fault="bars: 'x'")
    assert [(check.name, check.detail) for check in found if check.status == "fail"] == [("settings", "bars: 'x'")]


def test_every_dependency_is_looked_for_and_no_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = checks(reference.offer())["packages"]
    assert found.status == "ok"
    named = [each.rpartition(" ")[0] for each in found.detail.split(", ")]
    assert named == [re.split(r"[<>=]", each)[0] for each in project["dependencies"]]


def installed(folder: Path, *requirements: str) -> None:
    """Metadata of this package as an installer leaves it."""
    (folder / "atc_cli-0.1.0.dist-info").mkdir()
    lines = ["Metadata-Version: 2.4", "Name: atc-cli", "Version: 0.1.0", *(f"Requires-Dist: {e}" for e in requirements)]
    (folder / "atc_cli-0.1.0.dist-info" / "METADATA").write_text("\n".join(lines) + "\n")


def test_packages_that_are_missing_are_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(
        tmp_path, "not-there>=2,<3", "numpy>=2", "nor.this_one[fast]>=1", "of-an-extra; extra == 'gpu'",
        "of-two; python_version >= '3' and extra == 'gpu'", "gone ; python_version >= '3.0'",
    )  # fmt: skip
    monkeypatch.syspath_prepend(tmp_path)
    found = checks(reference.offer())["packages"]
    assert (found.status, found.remedy) == ("fail", "reinstall atc-cli")
    assert found.detail == "missing: not-there, nor.this_one, gone"


def test_sources_that_were_never_installed_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [str(ROOT)])
    found = checks(reference.offer())["packages"]
    assert (found.status, found.remedy) == ("warn", "reinstall atc-cli")
