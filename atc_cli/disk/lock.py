"""One writer at a time per folder, also between processes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

from atc_cli.errors import BusyError, UnavailableError


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


@contextmanager
def held(file: Path, command: str) -> Iterator[None]:
    """Hold the lock on `file`; the system lets go of it when the process dies, however it dies.

    The file stays: were it removed, two processes could each hold a lock of that name.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = file.open("a+")
    except OSError as error:
        raise UnavailableError(f"cannot lock {str(file)!r}: {error.strerror}") from None
    with lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise _busy(file, command, _signed(lock)) from None
        _sign(lock)
        yield


def _busy(file: Path, command: str, by: str) -> BusyError:
    process = f" (process {by})" if by.isdecimal() else ""
    return BusyError(f"atc {command} is at work elsewhere{process}", f"it holds the lock {str(file)!r}: try later")


def _signed(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.readline(20).strip()


def _sign(lock: IO[str]) -> None:
    """Say whose lock it is; a full disk must not cost the lock."""
    with suppress(OSError):
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
