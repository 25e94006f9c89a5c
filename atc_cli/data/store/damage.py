"""Files that are not what was written: thrown away, and the symbols that were lost with them."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from atc_cli.data.store.file import DamagedError
from atc_cli.data.store.shelf import Shelf, group_of
from atc_cli.disk.lock import locked
from atc_cli.disk.regular import content_of

_TEXT = rb'"(?:[^"\\]|\\.)*"'
_NAMES = re.compile(rb'"native":(' + _TEXT + rb'),"symbol":(' + _TEXT + rb'),"quote":(' + _TEXT + rb"|null)")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Lost:
    """A symbol whose stored candles are damaged; `native` is empty where not even the name is left."""

    native: str
    symbol: str
    quote: str | None
    path: Path


def throw_away(shelf: Shelf) -> tuple[list[Path], list[str]]:
    """Remove every file of the shelf that is not what was written; which, and why others that cannot be read stay.

    Raises UnavailableError where the folder cannot be locked, OSError where a file cannot be removed.
    """
    with locked(shelf.folder):
        faults = shelf.damage()
        damaged = [path for path, fault in faults.items() if isinstance(fault, DamagedError)]
        gone = [*shelf.set_aside(), *damaged]
        for path in gone:
            path.unlink(missing_ok=True)
    return gone, [f"{path}: {fault}" for path, fault in faults.items() if path not in damaged]


def lost(shelf: Shelf, silent: Sequence[Path], held: Collection[str]) -> list[Lost]:
    """The symbols of files that tell nothing any more and of those set aside, without those that are `held` again."""
    found = {each.native or each.symbol: each for path in (*shelf.set_aside(), *silent) for each in _named(path)}
    return [each for native, each in found.items() if native not in held]


def _named(path: Path) -> Iterator[Lost]:
    """By what is left of the file: a name that would not be in it is not its name."""
    content, whole = b"", True
    with suppress(OSError):
        content = content_of(path)
    names = [tuple(map(_text, match.groups())) for match in _NAMES.finditer(content)]
    for native, symbol, quote in names:
        if native and symbol and f"{group_of(native):02}" == _number(path):
            yield Lost(native, symbol, quote, path)
        else:
            whole = False
    if not (names and whole):
        yield Lost("", f"symbols of {_number(path)}.candles", None, path)


def _text(raw: bytes) -> str | None:
    with suppress(ValueError):
        text: str | None = json.loads(raw)
        return text
    return None


def _number(path: Path) -> str:
    """Which of the files it is, or was."""
    found = _NUMBER.search(path.name)
    return found[0] if found else path.name
