"""One writer at a time per folder, also between processes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from atc_cli.errors import UnavailableError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, waiting for it; the system lets go of it when the process dies, however it dies.

    What a killed writer left half done is removed. Raises UnavailableError where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("ab")
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(".*.candles.*"):
            left.unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(f"cannot write in {str(folder)!r}: {error.strerror}") from None
    with lock:
        yield
