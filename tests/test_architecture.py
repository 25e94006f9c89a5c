"""Who may import whom (DESIGN): read from the sources, so that a breach is named with its line."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.helpers.rooms import LEAVES, ROOMS

PACKAGE = ROOT / "atc_cli"
FILES = sorted(PACKAGE.rglob("*.py"))

# Where everything is put together.
WIRING = "cli/wiring.py"
DOMAIN_LIBRARIES = {"numpy"}
SOLE_IMPORTERS = {
    "typer": "cli/",
    "ccxt": "data/exchange/",
    "_kernels": "engine/rust",
    "numba": "engine/numba/",
    "talib": "bench/talib.py",
    "cupy": "engine/cuda/",
    "dask": "engine/dask/",
    "distributed": "engine/dask/",
    "blosc2": "data/store/",
    "diskcache": "signals/",
    "xlsxwriter": "reporting/scan_xlsx.py",
    "pandas": "api/",
    "matplotlib": "reporting/backtest_plot.py",
    "filelock": "disk/",
    "cProfile": "profiling/",
    "tracemalloc": "profiling/",
}


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """(module, line) of every import, wherever it stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def rooms_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "atc_cli" and len(parts) > 1 else None


def test_every_folder_is_a_room() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == ROOMS.keys()


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    files = [file for file in sorted((PACKAGE / room).rglob("*.py")) if str(file.relative_to(PACKAGE)) != WIRING]
    allowed = ROOMS[room] | LEAVES | {room}
    found = [(file, line, module) for file in files for module, line in imports(file) if rooms_of(module) in TOP]
    assert found, f"nothing to check in {room}"
    breaches = [
        f"{file.relative_to(ROOT)}:{line} imports {module}; allowed: {sorted(allowed)}"
        for file, line, module in found
        if rooms_of(module) not in allowed and line not in _type_checking_lines(file)
    ]
    assert not breaches, "\n".join(breaches)


TOP = ROOMS.keys() | {path.stem for path in PACKAGE.glob("*.py")}


@cache
def _type_checking_lines(file: Path) -> set[int]:
    """Lines of imports that exist for types only."""
    blocks = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    return {line for block in blocks for line in range(block.lineno, block.end_lineno + 1)}


def test_domain_imports_numpy_and_the_standard_library_only() -> None:
    import sys

    allowed = DOMAIN_LIBRARIES | set(sys.stdlib_module_names) | {"atc_cli"}
    breaches = [
        f"{file.name}:{line} imports {module}"
        for file in sorted((PACKAGE / "domain").rglob("*.py"))
        for module, line in imports(file)
        if module.split(".")[0] not in allowed
    ]
    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize(("library", "importer"), SOLE_IMPORTERS.items())
def test_a_heavy_library_has_one_importer(library: str, importer: str) -> None:
    found = {
        str(file.relative_to(PACKAGE))
        for file in FILES
        for module, _ in imports(file)
        if module.split(".")[0] == library or module == f"atc_cli.{library}"
    }
    assert all(each.startswith(importer) for each in found), f"{library}: {found}, allowed: {importer}"
    assert bool(found) == any(str(file.relative_to(PACKAGE)).startswith(importer) for file in FILES), importer


def test_nothing_imports_from_a_module_of_tests() -> None:
    """In the text, so that the programs which tests hand to other processes are read too."""
    imported = re.compile(r"\b(?:from|import) (tests\.[\w.]+)")
    found = [
        (file, module)
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for module in imported.findall(file.read_text())
    ]
    assert len(found) > 50
    breaches = [f"{file.relative_to(ROOT)} imports {module}" for file, module in found if ".test_" in module]
    assert not breaches, "\n".join([*breaches, "what tests share belongs into tests/helpers"])


# Of the standard library, but not on every system.
POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}


def _imported_at_the_top(file: Path) -> Iterator[tuple[str, int]]:
    """(module, line) of every import that happens as the file itself is imported."""
    tree = ast.parse(file.read_text())
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if id(node) not in inside:
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module, node.lineno


def test_every_file_can_be_imported_on_windows() -> None:
    tops = [(file, line, module) for file in FILES for module, line in _imported_at_the_top(file)]
    assert len(tops) > len(FILES)
    breaches = [
        f"{file.relative_to(ROOT)}:{line} imports {module}" for file, line, module in tops if module in POSIX_ONLY
    ]
    assert not breaches, "\n".join(breaches)


def test_backends_do_not_import_the_route() -> None:
    backends = [file for file in (PACKAGE / "engine").rglob("*.py") if file.stem not in ("route", "__init__")]
    assert backends
    assert not [file for file in backends for module, _ in imports(file) if module.startswith("atc_cli.engine.route")]


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_a_leaf_imports_nothing_of_ours(leaf: str) -> None:
    assert not [module for module, _ in imports(PACKAGE / f"{leaf}.py") if module.startswith("atc_cli")]


def test_commands_and_domain_never_print() -> None:
    for room in ROOMS.keys() - {"cli", "reporting", "bench"}:
        for file in (PACKAGE / room).rglob("*.py"):
            assert not re.search(r"\bprint\(|sys\.(stdout|stderr)", file.read_text()), file


def test_functions_and_files_stay_small() -> None:
    lengths = []
    for file in FILES:
        text = file.read_text()
        assert text.count("\n") <= 300, f"{file.relative_to(ROOT)} has {text.count(chr(10))} lines, allowed: 300"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1
                assert length <= 60, (
                    f"{file.relative_to(ROOT)}:{node.lineno} {node.name} has {length} lines, allowed: 60"
                )
                lengths.append(length)
    lengths.sort()
    assert len(lengths) > 100
    assert lengths[len(lengths) // 2] <= 10
    assert lengths[len(lengths) * 9 // 10] <= 30


def _named(requirements: list[str], extras: dict[str, list[str]]) -> set[str]:
    """The packages that are asked for, those of our own extras in place of their names."""
    names = set()
    for each in requirements:
        extra = re.fullmatch(r"atc-cli\[([a-z]+)\]", each)
        names |= _named(extras[extra[1]], extras) if extra else {re.split(r"[<>=\[]", each)[0]}
    return names


def test_the_lock_files_pin_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "requirements.lock": project["dependencies"] + extras["build"] + extras["all"],
        "requirements-dev.lock": extras["dev"],
    }
    for lock, requirements in wanted.items():
        pinned = set(re.findall(r"^([a-z0-9\-]+)==", (ROOT / lock).read_text(), flags=re.MULTILINE))
        names = _named(requirements, extras)
        assert {"numba", "dask"} <= names
        assert names <= pinned, f"{lock} lacks {sorted(names - pinned)}: run `make lock`"


def test_all_is_every_extra_but_the_gpus_and_the_tools() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(extras["all"]) == {f"atc-cli[{name}]" for name in extras.keys() - {"all", "build", "cuda", "dev"}}


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    listed = re.findall(r'^    "([a-z0-9\-]+)(?:\[[a-z]+\])?[<>=][^"]*",(.*)$', text, flags=re.MULTILINE)
    assert len(listed) > 8
    assert not [name for name, reason in listed if "#" not in reason]
