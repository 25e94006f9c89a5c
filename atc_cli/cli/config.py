"""`atc config`: what is set, from where, and whether a file is right."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from atc_cli.cli.shared import cache_in_force
from atc_cli.cli.terminal import write
from atc_cli.disk.folders import user_folder
from atc_cli.errors import ExitCode, UsageError, unknown_name
from atc_cli.settings.layers import Resolved
from atc_cli.settings.option import Section
from atc_cli.settings.own import General
from atc_cli.settings.sections import Output

if TYPE_CHECKING:
    from atc_cli.commands import config


def show(resolved: Resolved[Section], _: General) -> ExitCode:
    """Every key, its value and its origin: of `atc config show`, and of any command with --show-settings."""
    from atc_cli.reporting.settings import settings_json, settings_table

    rows, settings = resolved.shown(), resolved.settings
    as_json = isinstance(settings, Output) and settings.output == "json"
    # An `out` of a settings file is for signals; settings must not overwrite them.
    out = settings.out if isinstance(settings, Output) and resolved.typed("out") else None
    write(settings_json(rows) if as_json else settings_table(rows), out)
    return ExitCode.OK


def validate(file: Path | None) -> ExitCode:
    """`atc config validate`: ConfigError where a file is wrong."""
    from atc_cli.commands import config

    found = [place for place in _places() if place.what.endswith("file")]
    files = [file] if file else [each.path for each in found if each.exists or len(found) == 1]
    for each in files:
        write(f"{each}: valid, {config.validate(each)} settings\n", None)
    if not files:
        write("no settings file is in force\n", None)
    return ExitCode.OK


def path() -> ExitCode:
    """`atc config path`."""
    lines = (f"{place.what:13} {place.path}{'' if place.exists else '  (absent)'}\n" for place in _places())
    write("".join(lines), None)
    return ExitCode.OK


def presets(name: str | None) -> ExitCode:
    """`atc config presets [NAME]`."""
    from atc_cli.commands import config

    texts = config.presets()
    if name is not None and name not in texts:
        raise UsageError(*unknown_name("preset", name, texts))
    chosen = [name] if name else list(texts)
    write("\n".join(f"# --- {each} ---\n{texts[each]}" for each in chosen), None)
    return ExitCode.OK


def _places() -> "list[config.Place]":
    from atc_cli.commands import config

    return config.places(os.environ, user_folder(), cache_in_force(), Path())
