"""One run at a time of the same command: for cron jobs that can overlap."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO, Any

from atc_cli.errors import BusyError, UnavailableError
from atc_cli.folders import cache_folder
from atc_cli.options import given_value, plain
from atc_cli.resolve import Resolved
from atc_cli.run_options import LOCK_FILE
from atc_cli.settings import FIELDS


@contextmanager
def alone(
    command: str, resolved: Resolved, arguments: Sequence[str] | None, given: Mapping[str, Any]
) -> Iterator[None]:
    """Hold the lock that `given` asks for with lock or lock_file, if any, without waiting for it.

    Raises BusyError where another process holds it and UnavailableError where its file cannot be written.
    """
    own = None if given["lock_file"] is None else given_value(LOCK_FILE, given["lock_file"])
    if own is None and not given["lock"]:
        yield
        return
    with held(own or _usual(command, resolved, arguments or ()), command):
        yield


def _usual(command: str, resolved: Resolved, arguments: Sequence[str]) -> Path:
    """The lock of a command with just these settings and arguments."""
    settings = resolved.settings
    identity = [plain(getattr(settings, name)) for name in FIELDS.values()]
    document = json.dumps([identity, plain(settings.ccxt), list(arguments)], sort_keys=True, default=str)
    digest = hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()[:16]
    return cache_folder(settings.cache_dir) / "locks" / f"{command}-{digest}.lock"


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
