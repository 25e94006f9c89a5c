"""The house rules of the kernels: small functions and files, a thin binding, modules without circles."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

CORE = ROOT / "kernels_rs" / "core" / "src"
BINDING = ROOT / "kernels_rs" / "py" / "src"
SOURCES = sorted(file for folder in (CORE, BINDING) for file in folder.rglob("*.rs") if file.stem != "tests")
_NOT_CODE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])\'', flags=re.DOTALL)
_FUNCTION = re.compile(r"\bfn\s+(\w+)")


@cache
def code_of(file: Path) -> str:
    """The text without comments, texts and characters, and without the tests at its end."""
    text = file.read_text().partition("#[cfg(test)]\nmod tests {")[0]
    return _NOT_CODE.sub(lambda found: "\n" * found.group().count("\n"), text)


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """(name, lines) of every function that has a body."""
    code = code_of(file)
    for found in _FUNCTION.finditer(code):
        opened = min((at for each in "{;" if (at := code.find(each, found.end())) >= 0), default=-1)
        if opened < 0 or code[opened] == ";":
            continue
        depth, end = 0, opened
        for end in range(opened, len(code)):
            depth += (code[end] == "{") - (code[end] == "}")
            if depth == 0:
                break
        yield found.group(1), code.count("\n", found.start(), end) + 1


def test_functions_are_found_with_their_lengths(tmp_path: Path) -> None:
    file = tmp_path / "a.rs"
    file.write_text(
        'trait A { fn bare(&self); }\nfn one() { "}" ; }\n\nfn three(\n    a: u8, // {\n) -> u8 { a }\n'
        "#[cfg(test)]\nmod tests {\n    fn not() {}\n}\n"
    )
    assert list(functions(file)) == [("one", 1), ("three", 3)]


def test_functions_and_files_of_the_kernels_stay_small() -> None:
    lengths = []
    for file in SOURCES:
        assert file.read_text().count("\n") <= 300, file
        for name, lines in functions(file):
            assert lines <= 60, f"{file.relative_to(ROOT)}: {name} has {lines} lines, allowed: 60"
            lengths.append(lines)
    lengths.sort()
    assert len(lengths) > 300
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[len(lengths) * 9 // 10] <= 30


def test_the_binding_is_thin() -> None:
    files = list(BINDING.rglob("*.rs"))
    assert sum(file.read_text().count("\n") for file in files) <= 200
    loops = re.compile(r"\bfor\b[^;{]*\bin\b|\bwhile\b|\bloop\b")
    assert not [file for file in files if loops.search(code_of(file))]


def modules() -> dict[str, set[str]]:
    """Top-level modules of the core, and those that each of them uses."""
    uses: dict[str, set[str]] = {}
    for file in SOURCES:
        if file.is_relative_to(CORE) and file.stem != "lib":
            name = file.relative_to(CORE).parts[0].removesuffix(".rs")
            found = set(re.findall(r"\bcrate::(\w+)", code_of(file)))
            uses.setdefault(name, set()).update(found - {name})
    return uses


def test_modules_of_the_core_use_each_other_without_a_circle() -> None:
    left = modules()
    assert len(left) > 15
    assert set().union(*left.values()) <= left.keys()
    while free := [name for name, used in left.items() if not used & left.keys()]:
        for name in free:
            del left[name]
    assert not left, f"in circles: {left}"


@pytest.mark.parametrize("name", ["pyo3", "numpy"])
def test_the_core_knows_no_python(name: str) -> None:
    assert not [file for file in CORE.rglob("*.rs") if re.search(rf"\b{name}::", code_of(file))]
    assert f"{name}" not in (ROOT / "kernels_rs" / "core" / "Cargo.toml").read_text()
