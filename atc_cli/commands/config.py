"""`atc config`: what is set, from where, and whether a file is right."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from atc_cli.resolve import PROJECT_FILE, preset_text, read_toml, resolve
from atc_cli.settings import PRESETS


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder that atc looks at."""

    what: str
    path: Path
    exists: bool


def places(user_folder: Path, cache_folder: Path, folder: Path) -> list[Place]:
    """Where settings are looked for, in the order in which they are applied, and the cache folder."""
    named = [
        ("user file", user_folder / "config.toml"),
        ("project file", folder / PROJECT_FILE),
        ("cache folder", cache_folder),
    ]
    return [Place(what, path, path.exists()) for what, path in named]


def validate(file: Path) -> int:
    """Check one file as a scan would read it and return how many settings it makes; raises ConfigError."""
    nowhere = file.parent / "nowhere"
    resolve({}, {}, config=file, user_folder=nowhere, folder=nowhere)
    return len(read_toml(file))


def presets() -> Mapping[str, str]:
    """The TOML of every preset, by name."""
    return {name: preset_text(name) for name in PRESETS}
