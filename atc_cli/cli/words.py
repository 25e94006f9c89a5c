"""Words to stderr: plain on a terminal, with the time before each line where a log takes them."""

import sys
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime


def say(lines: Iterable[str]) -> None:
    """Lines, wrapped at blanks on a terminal; off one each begins with the time. A full disk cannot stop them."""
    with suppress(OSError):
        if not sys.stderr.isatty():
            sys.stderr.writelines(f"{stamp()}{line}\n" for line in lines)
            return
        from rich.console import Console

        console = Console(stderr=True, highlight=False)
        for line in lines:
            console.print(line, markup=False)


def stamp() -> str:
    """What a line off a terminal begins with: the time in UTC as ISO 8601 and a blank; nothing on a terminal."""
    if sys.stderr.isatty():
        return ""
    return f"{datetime.now(UTC).isoformat(timespec='seconds')} "
