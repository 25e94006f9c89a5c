"""The table of mutants has not rotted: each is one change of a line that is there, and its test is there too."""

import pytest

from tests.conftest import ROOT
from tests.mutants.table import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=[each.name for each in MUTANTS])
def test_a_mutant_changes_one_place_and_names_tests_that_exist(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.new != mutant.old
    if mutant.cargo:
        kind, *names = mutant.test.split()
        sources = "\n".join(file.read_text() for file in (ROOT / "kernels_rs" / "core").rglob("*.rs"))
        assert all(name in sources for name in (names[1:] if kind == "--test" else names))
        assert kind == "--lib" or (ROOT / "kernels_rs" / "core" / "tests" / f"{names[0]}.rs").is_file()
    else:
        assert (ROOT / mutant.test.split()[0]).is_file()


def test_there_are_mutants_of_rust_numba_and_the_reference() -> None:
    files = [mutant.file for mutant in MUTANTS]
    assert len(files) >= 15
    for part in ("kernels_rs/", "engine/numba/", "domain/reference"):
        assert sum(part in file for file in files) >= 3
