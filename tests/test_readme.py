"""README tells the truth: its commands run or at least parse, its tables are those of the code."""

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from atc_cli.errors import ExitCode
from atc_cli.settings.layers import preset_text
from atc_cli.settings.verbs import VERBS
from tests.conftest import ROOT, Atc
from tests.helpers.rooms import ROOMS
from tests.helpers.runs import environment_of

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
LINES = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
ATC = [line for line in LINES if line.startswith("atc ")]
FLAGS = {verb.name: " ".join(each.declared.replace("/", " ") for each in verb.options) + " " for verb in VERBS}


def runs_here(line: str) -> bool:
    """Whether a command needs neither a network nor somebody's files."""
    stored = tuple(f"atc cache {name}" for name in ("ls", "verify", "prune", "path"))
    return "--exchange demo" in line or line.startswith(("atc config", "atc doctor", "atc --version", *stored))


def test_there_are_commands_of_every_kind() -> None:
    assert len([line for line in ATC if runs_here(line)]) >= 10
    assert len([line for line in ATC if not runs_here(line)]) >= 5
    assert all(line.startswith(("atc ", "make ")) for line in LINES)


@pytest.mark.parametrize("line", [line for line in ATC if runs_here(line)])
def test_a_command_that_needs_no_network_runs(atc: Atc, line: str) -> None:
    out = ""
    for part in line.split("|"):
        done = atc(*shlex.split(part)[1:], stdin=out, cwd=ROOT)
        assert done.code == 0, done.err
        out = done.out
    assert out


@pytest.mark.parametrize("line", [line for line in ATC if not runs_here(line)])
def test_every_flag_of_the_other_commands_is_in_their_help(atc: Atc, line: str) -> None:
    words = shlex.split(line.split(" -- ", maxsplit=1)[0])[1:]
    known = "".join(FLAGS.get(" ".join(words[:count]), "") for count in (1, 2)) or atc("--help").out
    flags = [word for word in words if word.startswith("--")]
    assert all(f"{flag} " in known for flag in flags), flags


def test_the_example_of_a_notebook_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    environment = environment_of(tmp_path, {"PYTHONPATH": str(ROOT)})
    command = [sys.executable, "-W", "error", "-c", example]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 5


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`make (\w+)`", README)) | {
        line.split()[1] for line in LINES if line.startswith("make")
    }:
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_flags_named_in_the_text_exist(atc: Atc) -> None:
    known = atc("--help").out + atc("scan", "--help").out + "".join(FLAGS.values())
    for flag in set(re.findall(r"`?(--[a-z][a-z-]+)", README)):
        assert re.search(rf"{flag}(?![a-z-])", known), flag


def test_exit_codes_are_those_of_the_code() -> None:
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", README, flags=re.MULTILINE)}
    assert listed == {int(code) for code in ExitCode}


@pytest.mark.parametrize("name", ["scalping", "intraday", "swing", "tradingview"])
def test_the_table_of_presets_is_that_of_the_files(name: str) -> None:
    preset = tomllib.loads(preset_text(name))
    (line,) = re.findall(rf"^\| {name}(?: \(default\))? \|(.*)\|$", README, flags=re.MULTILINE)
    cells = [cell.strip() for cell in line.split("|")]
    keys = ("timeframe", "bars", "ema_len", "robustness", "lambda", "decay", "cutout", "dialect")
    assert cells == [str(preset[key]) for key in keys]


ARCHITECTURE = README[README.index("## Architecture") : README.index("### Add a moving average")]
TOUR = [
    (path, what, {room.strip() for room in rooms.split(",") if room.strip()})
    for path, what, rooms in re.findall(r"^\| `([\w./]+)` \| (.*) \| (.*)\|$", ARCHITECTURE, flags=re.MULTILINE)
]


def named(text: str) -> list[str]:
    """Files and folders that a text names."""
    return [each for each in re.findall(r"`([^`\s]+)`", text) if re.search(r"/$|\.(py|rs)$", each)]


def found(name: str, *below: Path) -> bool:
    """Whether a file or folder of that name, folders before it included, is in one of these trees."""
    return any(list(root.glob(f"**/{name.rstrip('/')}")) for root in below)


@pytest.mark.parametrize(("path", "what", "rooms"), TOUR, ids=[path for path, _, _ in TOUR])
def test_what_the_tour_names_in_a_room_is_there(path: str, what: str, rooms: set[str]) -> None:
    assert (ROOT / path).is_dir()
    assert [name for name in named(what) if not found(name, ROOT / path) and not (ROOT / name).exists()] == []
    if path.startswith("atc_cli/"):
        assert rooms == ROOMS[path.split("/")[1]]


def test_the_tour_names_every_room_and_every_package_of_it() -> None:
    packages = {file.parent.relative_to(ROOT) for file in (ROOT / "atc_cli").rglob("__init__.py")} - {Path("atc_cli")}
    assert len(packages) > len(ROOMS)
    assert [package for package in packages if f"{package.name}/`" not in ARCHITECTURE] == []
    assert {path for path, _, _ in TOUR} >= {f"atc_cli/{room}/" for room in ROOMS}


def test_every_path_of_the_tour_exists() -> None:
    places = (ROOT, ROOT / "atc_cli", ROOT / "kernels_rs")
    names = named(ARCHITECTURE)
    assert len(names) > 60
    assert [name for name in names if not found(name, *places[1:]) and not (ROOT / name).exists()] == []
