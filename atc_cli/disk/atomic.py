"""Files that are whole or absent: temp + fsync + rename."""

import os
import stat
import tempfile
from pathlib import Path

from atc_cli.errors import UnavailableError


def write_atomically(target: Path, content: bytes, *, hint: str | None = "choose another --out") -> None:
    """Replace what a person named by `content`, as `replace_atomically` does, but a link is followed, a device or
    FIFO written directly, and a file keeps its mode."""
    target = target.resolve()
    if target.exists() and not target.is_file():
        _write_device(target, content)
        return
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    replace_atomically(target, content, hint=hint, mode=mode)


def replace_atomically(
    target: Path, content: bytes, *, hint: str | None = None, mode: int | None = None, synced: bool = True
) -> None:
    """Replace `target` by `content` at once, be it a link or a FIFO; a reader or a crash never sees half of it.

    `mode` is that of the file, the usual one if None. Not `synced`, a power cut may leave half of it: many times as
    fast, for what is under a checksum and can be computed again.

    Raises UnavailableError where the folder cannot be written (with `hint`) or the disk is full; the old file stays.
    """
    folder = target.parent
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=folder)
    except OSError as error:
        raise UnavailableError(f"cannot write in {str(folder)!r}: {error.strerror}", hint) from None
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if synced:
                os.fsync(file.fileno())
        temporary.chmod(_usual_mode() if mode is None else mode)
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        left = "the old file is untouched" if target.exists() else None
        raise UnavailableError(f"cannot write {str(target)!r}: {error.strerror}", left) from None
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_device(target: Path, content: bytes) -> None:
    """A FIFO or a device is written to; replacing it by a file would break it."""
    try:
        with target.open("wb") as device:
            device.write(content)
    except OSError as error:
        raise UnavailableError(f"cannot write {str(target)!r}: {error.strerror}") from None


def _usual_mode() -> int:
    """What a plain open() would have given: mkstemp gives 0600."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
