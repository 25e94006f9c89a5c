"""What is numba's own: its absence, and where its machine code is kept."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from atc_cli.commands.ports import Ports
from atc_cli.domain.catalog import Dialect
from atc_cli.engine import rust
from atc_cli.engine.backend import Offer, Unavailable
from atc_cli.engine.numba import backend as numba
from atc_cli.engine.reference import ReferenceBackend
from atc_cli.reporting.progress import LoggedWaits


def test_without_numba_the_offer_says_how_to_get_it() -> None:
    offer = numba.offer(None)
    assert isinstance(offer, Unavailable)
    assert offer.why == "numba is not installed"
    assert offer.remedy == "pip install 'atc-cli[numba]'"


def test_with_numba_there_is_an_offer() -> None:
    offer = numba.offer(ModuleSpec("numba", None))
    assert isinstance(offer, Offer)
    assert offer.name == "numba"


def test_the_cache_is_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "atc" / "numba" / "sources"
    assert numba.cache_fault(folder) is None
    assert not folder.parent.exists()
    assert numba.cache_fault(folder, make=True) is None
    assert [each.stat().st_mode & 0o777 for each in (folder, folder.parent)] == [0o700, 0o700]


@pytest.mark.parametrize("which", ["folder", "parent"])
def test_a_folder_that_others_can_reach_is_not_used(tmp_path: Path, which: str) -> None:
    folder = tmp_path / "atc" / "numba" / "sources"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o755 if which == "parent" else 0o700)
    folder.chmod(0o755 if which == "folder" else 0o700)
    assert "is not private" in str(numba.cache_fault(folder, make=True))


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "numba").mkdir(mode=0o700)
    (tmp_path / "numba" / "sources").symlink_to(tmp_path / "elsewhere")
    assert "is no folder" in str(numba.cache_fault(tmp_path / "numba" / "sources", make=True))


def test_a_file_in_the_way_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "atc").write_text("")
    assert "cannot be made" in str(numba.cache_fault(tmp_path / "atc" / "numba" / "sources", make=True))


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def doubled(number: float) -> float:
    return number * 2


def test_a_full_disk_costs_the_machine_code_and_not_the_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with full_disk():
        assert numba.entry(doubled)(21.0) == 42.0
    assert not list(numba.cache_folder().rglob("*.nbi"))
    assert numba.entry(doubled)(21.0) == 42.0
    assert list(numba.cache_folder().rglob("*.nbi"))


def test_machine_code_that_cannot_be_read_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert numba.entry(doubled)(21.0) == 42.0
    for file in list(numba.cache_folder().rglob("*.nbc")):
        file.unlink()
        file.mkdir()
    assert numba.entry(doubled)(21.0) == 42.0


def test_it_knows_whether_it_has_to_compile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "atc_cli.engine.numba.lts", raising=False)
    backend = numba.NumbaBackend()
    assert backend.compiling(Dialect.LTS)
    assert numba.cache_fault(numba.cache_folder(), make=True) is None
    kept = numba.cache_folder() / "numba_0" / "lts.compute-158.py311.nbi"
    kept.parent.mkdir()
    kept.write_bytes(b"")
    assert not backend.compiling(Dialect.LTS)
    assert numba.cache_folder().joinpath("numba_0").is_dir()
    assert not rust.RustBackend().compiling(Dialect.LTS)


def test_a_scan_says_that_a_backend_compiles_first() -> None:
    said: list[str] = []
    ports = Ports(markets=(), offers=(), clock_ms=lambda: 0, progress=LoggedWaits(said.extend))

    class Compiling(ReferenceBackend):
        def compiling(self, dialect: Dialect) -> bool:
            return dialect is Dialect.LTS

    for dialect in Dialect:
        ports.announce(Compiling(), dialect)
    assert said == ["backend reference compiles for dialect lts, which may take half a minute"]


def test_the_folder_follows_the_sources() -> None:
    assert numba.cache_folder() == numba.cache_folder()
    assert numba.cache_folder().parent.name == "numba"
