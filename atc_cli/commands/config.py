"""`atc config`: what is set, from where, and whether a file is right."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from atc_cli.errors import ConfigError, unknown_name
from atc_cli.settings.layers import named_file, preset_text, read_toml, resolve, usual_files
from atc_cli.settings.names import DEMO, PRESETS
from atc_cli.settings.sections import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder that atc looks at."""

    what: str
    path: Path
    exists: bool


def places(environment: Mapping[str, str], user_folder: Path, cache_folder: Path, folder: Path) -> list[Place]:
    """Where settings are looked for, in the order in which they are applied, and the cache folder."""
    named = named_file(environment)
    files = usual_files(user_folder, folder) if named is None else {"named file": named}
    return [Place(what, path, path.exists()) for what, path in {**files, "cache folder": cache_folder}.items()]


def validate(file: Path) -> int:
    """Check one file as a scan would read it and return how many settings it makes; raises ConfigError."""
    nowhere = file.parent / "nowhere"
    settings = resolve(Settings, {}, {}, config=file, user_folder=nowhere, folder=nowhere).settings
    from atc_cli.data.exchange.connect import check_table

    for exchange in (*settings.exchange, *settings.ccxt):
        check_exchange(exchange, file.name)
    for exchange, options in settings.ccxt.items():
        check_table(exchange, options)
    return len(read_toml(file))


def check_exchange(exchange: str, where: str) -> None:
    """Raise ConfigError, with the nearest name, for an exchange that does not exist."""
    from atc_cli.data.exchange.connect import exchange_ids

    valid = [DEMO, *exchange_ids()]
    if exchange not in valid:
        message, hint = unknown_name("exchange", exchange, valid)
        raise ConfigError(f"{where}: {message}", hint)


def presets() -> Mapping[str, str]:
    """The TOML of every preset, by name."""
    return {name: preset_text(name) for name in PRESETS}
