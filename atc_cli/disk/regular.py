"""Opening files of ours: regular ones only, no link followed, nothing waited for.

A FIFO would hold an open() until somebody writes, and a link would lead what is written to a file that is not ours.
"""

import errno
import mmap
import os
import stat
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import IO

_GLANCE_BYTES = 4096
# What a system does not know it does not need: Windows has no FIFOs among its files.
_CAREFULLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class ForeignFileError(OSError):
    """Something lies there that is no file of ours."""


def to_read(path: Path) -> IO[bytes]:
    """The file, to be read; ForeignFileError where it is none of ours."""
    return os.fdopen(_opened(path, os.O_RDONLY), "rb")


def to_change(path: Path) -> IO[bytes]:
    """The file, made if need be, to be read and appended to in place; ForeignFileError where it is none of ours.

    Without a buffer: what a full disk did not take would be written, and fail, once more as the file is closed.
    """
    return os.fdopen(_opened(path, os.O_RDWR | os.O_CREAT | os.O_APPEND), "a+b", buffering=0)


def content_of(path: Path) -> bytes:
    """All that is in the file; ForeignFileError where it is none of ours."""
    with to_read(path) as file:
        return file.read()


def mark_of(paths: Iterable[Path]) -> str:
    """Whoever finds the same below these paths has the same mark: of names and first bytes, or why there are none."""
    digest = sha256()
    for path in paths:
        try:
            with to_read(path) as file:
                found = file.read(_GLANCE_BYTES)
        except OSError as error:
            found = repr(error.errno).encode()
        digest.update(sha256(path.name.encode(errors="surrogatepass")).digest() + sha256(found).digest())
    return digest.hexdigest()


def mapped(path: Path) -> memoryview:
    """All that is in the file, read as it is looked at; ForeignFileError where it is none of ours.

    For files that are only ever replaced: the pages of one that is cut short meanwhile are gone.
    """
    with to_read(path) as file:
        empty = os.fstat(file.fileno()).st_size == 0
        return memoryview(b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _opened(path: Path, flags: int) -> int:
    try:
        descriptor = os.open(path, flags | _CAREFULLY, 0o666)
    except OSError as error:
        # Systems disagree about which error tells of a link, and of a socket.
        raise (_foreign(path) if _is_foreign(path) else error) from None
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and (found.st_nlink == 1 or not flags & os.O_CREAT):
        return descriptor
    os.close(descriptor)
    raise _foreign(path)


def _is_foreign(path: Path) -> bool:
    return path.is_symlink() or (path.exists() and not path.is_file())


def _foreign(path: Path) -> ForeignFileError:
    return ForeignFileError(errno.EINVAL, "it is a link, or no regular file: it is left alone", str(path))
