"""Bytes by key, on disk, shared by processes. The only importer of diskcache.

diskcache would unpickle whatever it finds marked as pickled; here texts are keys, bytes are values, and all else is
refused. Each value is sealed. A cache may forget anything: what goes wrong is said, once, and costs a miss.
"""

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from diskcache import Cache, Disk, Timeout
from diskcache.core import DBNAME, MODE_BINARY, MODE_RAW

from atc_cli.disk.sealed import seal, unseal

_SCHEMA = "atc.signals/1"
_WAIT_S = 1.0  # for another process that is writing
_FILE = re.compile(r"[0-9a-f]{2}[/\\][0-9a-f]{2}[/\\][0-9a-f]{28}\.val")  # as Disk.filename names them


class ForeignError(ValueError):
    """Something in the cache's folder that this program did not put there."""


class BytesDisk(Disk):  # type: ignore[misc]
    """Texts as keys, bytes as values; nothing is pickled or unpickled, no file touched that is not a value."""

    def put(self, key: object) -> tuple[str, bool]:
        """A key as the database holds it."""
        if not isinstance(key, str):
            raise TypeError(f"a key is a text, not {type(key).__name__}")
        return key, True

    def get(self, key: object, raw: object) -> str:
        """A key of the database."""
        if not raw or not isinstance(key, str):
            raise ForeignError("a key is not a text")
        return key

    def store(self, value: object, read: bool, key: Any = None) -> Any:
        """A value as the database, or a file beside it, holds it."""
        if not isinstance(value, bytes) or read:
            raise TypeError(f"a value is bytes, not {type(value).__name__}")
        return super().store(value, False, key)

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> bytes:
        """A value of the database, or of the file that it names."""
        ours = mode == MODE_RAW or (mode == MODE_BINARY and _is_ours(filename))
        fetched = super().fetch(mode, filename, value, False) if ours and not read else None
        if not isinstance(fetched, bytes):
            raise ForeignError("a value is not bytes")
        return fetched

    def remove(self, file_path: str) -> None:
        """Take away the file of a value."""
        if _is_ours(file_path):
            super().remove(file_path)


def _is_ours(filename: object) -> bool:
    return isinstance(filename, str) and _FILE.fullmatch(filename) is not None


class BytesCache:
    """Values of all processes within about `disk_bytes` in `folder`; those go first that were used longest ago.

    Of the database up to `memory_bytes` stay in this process. `say` hears, once, why the disk cannot be used; a folder
    that is no cache of ours is set aside.
    """

    def __init__(self, folder: Path, *, memory_bytes: int, disk_bytes: int, say: Callable[[str], None]) -> None:
        # Absolute: diskcache takes a first ~ for the home of a user.
        self._folder, self._say = folder.absolute(), say
        self._lock = Lock()  # markets ask from threads of their own
        self._sound = True
        self._cache: Cache | None = None
        with self._careful():
            self._cache = self._opened(memory_bytes, disk_bytes)

    def get(self, key: str) -> bytes | None:
        """The value as it was put, None if it is not there any more."""
        content = None
        if (cache := self._cache) is not None:
            with self._careful():
                content = cache.get(key)
        return None if content is None else unseal(_SCHEMA, content)

    def put(self, key: str, value: bytes) -> None:
        """Keep a value for a while."""
        if (cache := self._cache) is not None:
            with self._careful():
                cache.set(key, seal(_SCHEMA, value))

    def close(self) -> None:
        """Let go of the disk."""
        if (cache := self._cache) is not None:
            with self._careful():
                cache.close()

    def _opened(self, memory_bytes: int, disk_bytes: int) -> Cache:
        place = str(self._folder)
        if os.path.expandvars(place) != place:
            raise OSError("diskcache would put the value of a variable into its name")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._others_waited_for():
            return Cache(
                place,
                timeout=_WAIT_S,
                disk=BytesDisk,
                eviction_policy="least-recently-used",
                size_limit=disk_bytes,
                sqlite_cache_size=-(memory_bytes // 1024),  # SQLite counts KiB below zero, pages above
            )

    @contextmanager
    def _others_waited_for(self) -> Iterator[None]:
        """Nobody writes when this begins: diskcache's start would wait 60 s, for a process that was stopped as well.

        The connection lasts as long as the start, whose own would else be the last, and write the disk as it closes.
        """
        with closing(sqlite3.connect(self._folder / DBNAME, timeout=_WAIT_S, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
            yield

    @contextmanager
    def _careful(self) -> Iterator[None]:
        """What the disk does wrong ends its use for this run; the first fault is said."""
        try:
            yield
        except (Timeout, sqlite3.OperationalError, OSError) as error:  # locked, full, not to be written
            if self._ends():
                self._say(f"no signals are kept in {str(self._folder)!r}: {str(error) or 'another process is writing'}")
        except Exception as error:  # noqa: BLE001 - whatever a file that is not ours makes diskcache do
            if self._ends():
                self._say(f"{str(self._folder)!r} is damaged ({error}): {self._set_aside()}")

    def _ends(self) -> bool:
        """No more use of the disk; whether there was no fault before: threads may meet one at once."""
        with self._lock:
            first, self._sound, self._cache = self._sound, False, None
            return first

    def _set_aside(self) -> str:
        aside = self._folder.with_name(f"{self._folder.name}.damaged-{os.urandom(4).hex()}")
        try:
            self._folder.rename(aside)
        except OSError as error:
            return f"cannot be set aside ({error.strerror})"
        return f"set aside as {aside.name}"
