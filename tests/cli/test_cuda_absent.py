"""CUDA that cannot run: a word where somebody installed CuPy, none where nobody did, never another backend instead."""

from pathlib import Path

import pytest

from tests.conftest import Atc

SCAN = ("scan", "--exchange", "demo", "--top", "1")


@pytest.fixture
def unusable_cupy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name which no distribution of CuPy for CUDA has brought."""
    folder = tmp_path / "library" / "cupy"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise AssertionError('a scan on another backend imports it')\n")
    monkeypatch.syspath_prepend(str(folder.parent))


def test_without_cupy_a_scan_says_nothing_of_it(atc: Atc) -> None:
    assert "cuda" not in atc(*SCAN).err


def test_with_a_cupy_that_cannot_be_used_auto_says_why_it_was_passed_over(atc: Atc, unusable_cupy: None) -> None:
    done = atc(*SCAN)
    assert done.code == 0
    assert "backend cuda cannot run: the cupy that is installed is not of cupy-cuda12x, cupy-cuda13x" in done.err


def test_who_names_another_backend_is_told_nothing(atc: Atc, unusable_cupy: None) -> None:
    assert "cuda" not in atc(*SCAN, "--backend", "rust").err


def test_who_names_cuda_gets_the_reason_the_remedy_and_no_other_backend(atc: Atc, unusable_cupy: None) -> None:
    done = atc(*SCAN, "--backend", "cuda")
    assert (done.code, done.out) == (69, "")
    assert "pip uninstall it, then pip install 'atc-cli[cuda]'" in done.err
    assert "can run: rust" in done.err


def test_doctor_lists_it(atc: Atc, unusable_cupy: None) -> None:
    done = atc("doctor")
    assert done.code == 0
    assert "backend cuda" in done.out
    assert "pip uninstall" in done.out
