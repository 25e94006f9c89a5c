"""Where profiles go, and what they are called."""

import re
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import atc_cli
from atc_cli import __version__
from atc_cli.disk.folders import data_folder
from atc_cli.errors import UnavailableError

_ROOT = Path(atc_cli.__file__).resolve().parent.parent
_FOLDER = "profiles"
_ODD = re.compile(r"[^A-Za-z0-9]+")


def checkout() -> Path | None:
    """The git checkout that this atc runs from, None where it is installed."""
    return _ROOT if (_ROOT / ".git").exists() else None


def revision() -> str:
    """Of the checkout, `-dirty` where it differs from what was committed; else the version."""
    root = checkout()
    if root is None:
        return __version__
    try:
        head = _git(root, "rev-parse", "--short", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return __version__
    return f"{head}-dirty" if changed else head


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - fixed words


def base_of(out: Path | None, arguments: Sequence[str], now: datetime, revision: str) -> Path:
    """What every file of a profile begins with: date, command and revision; raises where the folder cannot be made."""
    root = checkout()
    folder = out or (root / _FOLDER if root is not None else data_folder() / _FOLDER)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"cannot make {str(folder)!r}: {error.strerror}", "choose another --out DIR") from None
    words = [_ODD.sub("-", each).strip("-") for each in arguments if not each.startswith("-")]
    command = "-".join(filter(None, words[:2]))[:40] or "atc"
    name = f"{now:%Y-%m-%dT%H-%M-%S}-{command}-{revision}"
    taken = (folder / f"{name}{'' if number < 2 else f'-{number}'}" for number in range(1, 1000))
    return next(base for base in taken if not base.with_name(f"{base.name}.json").exists())
