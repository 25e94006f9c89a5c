"""One holder at a time of a file, among threads and processes. The only importer of filelock.

The lock is the system's, on a file that is open: it ends with the process, however it dies. The file stays: were it
removed, two processes could each hold a lock of that name. filelock's FileLock would, where a file system knows no
locks, take the existence of the file for one, which a killed process leaves behind.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from atc_cli.disk.regular import to_change
from atc_cli.errors import BusyError, UnavailableError

_LOOK_AGAIN_S = 0.005  # for others that write a file of the store or note a request


@contextmanager
def locked_file(path: Path) -> Iterator[IO[bytes]]:
    """The file, made with its folder if need be, once nobody else holds it; OSError where that cannot be."""
    with _opened(path) as file:
        _lock(file, wait=True)
        yield file


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, waiting for it; what a killed writer left half done is removed.

    Raises UnavailableError where the folder cannot be written.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(locked_file(folder / ".lock"))
            for left in folder.glob(".*.candles.*"):
                left.unlink(missing_ok=True)
        except OSError as error:
            raise UnavailableError(f"cannot write in {str(folder)!r}: {error.strerror}") from None
        yield


@contextmanager
def held(file: Path, command: str) -> Iterator[None]:
    """Hold the lock on `file` for a command, without waiting for it.

    Raises BusyError where another process holds it and UnavailableError where it cannot be locked.
    """
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(_opened(file))
            ours = _lock(lock, wait=False)
        except OSError as error:
            raise UnavailableError(f"cannot lock {str(file)!r}: {error.strerror}") from None
        if not ours:
            raise _busy(file, command, _signed(lock))
        _sign(lock)
        yield


def _opened(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return to_change(path)


def _lock(file: IO[bytes], *, wait: bool) -> bool:
    from filelock import lock_descriptor

    return lock_descriptor(file.fileno(), blocking=wait, poll_interval=_LOOK_AGAIN_S)


def _busy(file: Path, command: str, by: bytes) -> BusyError:
    process = f" (process {by.decode()})" if by.isdigit() else ""
    return BusyError(f"atc {command} is at work elsewhere{process}", f"it holds the lock {str(file)!r}: try later")


def _signed(lock: IO[bytes]) -> bytes:
    """What the holder wrote; nothing where the system keeps others from reading it (Windows)."""
    with suppress(OSError):
        lock.seek(0)
        return lock.read(20).partition(b"\n")[0].strip()
    return b""


def _sign(lock: IO[bytes]) -> None:
    """Say whose lock it is; a full disk must not cost the lock."""
    with suppress(OSError):
        lock.truncate(0)
        lock.write(b"%d\n" % os.getpid())
