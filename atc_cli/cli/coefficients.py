"""The file that holds what this machine's backends cost."""

import json
from collections.abc import Mapping
from pathlib import Path

from atc_cli.commands.coefficients import Coefficients, in_use
from atc_cli.disk.atomic import replace_atomically
from atc_cli.disk.folders import COEFFICIENTS, data_folder
from atc_cli.disk.regular import content_of
from atc_cli.errors import UnavailableError


def file() -> Path:
    """In the user's data folder."""
    return data_folder() / COEFFICIENTS


def in_force() -> Coefficients:
    """Those of the file; as shipped where there is none, or it cannot be used."""
    path = file()
    try:
        content = content_of(path)
    except FileNotFoundError:
        return in_use(None, str(path))
    except OSError as error:
        return Coefficients(None, "as shipped", f"coefficients: {str(path)!r} cannot be read: {error.strerror}")
    return in_use(content, str(path))


def place() -> Path:
    """The file, in a folder that is there; UnavailableError where it cannot be made."""
    path = file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"cannot make {str(path.parent)!r}: {error.strerror}") from None
    return path


def keep(document: Mapping[str, object]) -> None:
    """Replace the file at once; UnavailableError where that cannot be."""
    replace_atomically(place(), json.dumps(document, indent=1).encode() + b"\n")
