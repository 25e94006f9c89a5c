"""Where data and words go: stdout, a pipe or a file; stderr."""

import io
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from atc_cli.disk.atomic import write_atomically
from atc_cli.errors import UnavailableError, UsageError
from atc_cli.settings.names import BY_EXTENSION

if TYPE_CHECKING:
    from rich.console import RenderableType

    Words = Callable[[str], str]
    Content = str | bytes | Iterable[RenderableType]

_UNLIMITED_COLUMNS = 10_000


def terminal_width(out: Path | None) -> int | None:
    """Columns of the terminal; None where nothing may be cut: a pipe, a file."""
    if out is not None or sys.stdout is None or not sys.stdout.isatty():
        return None
    from rich.console import Console

    return Console().width


def write(content: "Content", out: Path | None, *, name: str | None = None, whole: bool = True) -> None:
    """Text, bytes or Rich renderables to stdout, or atomically to `out`.

    Where `out` is a folder the file in it is called `name`, made harmless: a symbol cannot lead out of
    the folder. What is not `whole` goes to a file beside `out`, which keeps the last whole result, and that is said.
    Raises UsageError for a folder without a name, and UnavailableError where the disk is full or
    the file cannot be written.
    """
    if out is not None:
        target = _target(out, name)
        if not whole and (target.is_file() or not target.exists()):  # no pipe, no device
            partial = target.with_name(f"{target.name}.partial")
            write_atomically(partial, _as_bytes(content))
            say([f"not a whole result: it is in {str(partial)!r}, {str(target)!r} is as it was"])
            return
        write_atomically(target, _as_bytes(content))
    elif sys.stdout is None:
        raise UnavailableError("stdout is closed", "use --out FILE")
    elif isinstance(content, str | bytes) or not sys.stdout.isatty():
        _write_stdout(_as_bytes(content))
    else:
        _print(content)


def _write_stdout(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        drop_stdout()  # the reader left (| head): nothing is wrong
    except OSError as error:
        drop_stdout()
        raise UnavailableError(
            f"cannot write to stdout: {error.strerror}", "what was written is not complete"
        ) from None


def drop_stdout() -> None:
    """Let stdout lead nowhere: what is still buffered must not fail again when Python exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def format_of(output: str | None, out: Path | None, valid: Sequence[str]) -> str:
    """The format asked for, else that of the extension of `out`, else the first of `valid`.

    Raises UsageError where the two contradict each other, or the extension is that of a format not on offer.
    """
    extension = out.suffix.lower() if out is not None and not out.is_dir() else ""
    by_extension = BY_EXTENSION.get(extension)
    if by_extension is None and extension not in ("", ".txt", ".log") and output is None:
        raise UsageError(f"--out {str(out)!r}: no format has the extension {extension!r}", "say which with --output")
    if by_extension is None:
        return output or valid[0]
    if by_extension not in valid or output not in (None, by_extension):
        wanted = output or f"one of {', '.join(valid)}"
        raise UsageError(f"--out {str(out)!r} is named as {by_extension}, the output is {wanted}", "make them agree")
    return by_extension


def check_target(out: Path | None, *, binary: bool, name: str | None = None) -> None:
    """Refuse what `write` would refuse, before the work is done."""
    if out is not None and not _target(out, name).parent.is_dir():
        raise UnavailableError(f"no folder {str(out.parent)!r}", "make it, or choose another --out")
    if out is None and binary and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError("the output is binary and stdout is a terminal", "use --out FILE or a pipe")


def _target(out: Path, name: str | None) -> Path:
    if not out.is_dir():
        return out
    if name is None:
        raise UsageError(f"--out {str(out)!r} is a folder", "name a file in it")
    from atc_cli.reporting.text import safe_filename

    stem, _, extension = name.rpartition(".")
    return out / f"{safe_filename(stem)}.{extension}"


def _print(renderables: "Iterable[RenderableType]") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    for renderable in renderables:
        console.print(renderable, soft_wrap=True)


def _as_bytes(content: "Content") -> bytes:
    if isinstance(content, bytes):
        return content
    if isinstance(content, str):
        # A file name that is not UTF-8 reaches us as lone surrogates: shown as escapes, never a crash.
        return content.encode(errors="backslashreplace")
    from rich.console import Console
    from rich.text import Text

    buffer = io.StringIO()
    coloured = bool(os.environ.get("FORCE_COLOR"))
    console = Console(file=buffer, width=_UNLIMITED_COLUMNS, force_terminal=coloured or None, highlight=False)
    for renderable in content:
        if isinstance(renderable, Text) and not coloured:  # what Rich would write, a hundred times faster
            buffer.write(f"{renderable.plain}\n")
        else:
            console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines()).encode(errors="backslashreplace")


class _Hidden:
    """What takes out of words what this run must not say."""

    words: "Words" = str


def hide(words: "Words") -> None:
    """From now on say nothing that `words` takes out."""
    _Hidden.words = words


def bare(words: str) -> str:
    """The words without what must not be said."""
    return _Hidden.words(words)


def say(lines: Iterable[str]) -> None:
    """Lines to stderr, wrapped at blanks on a terminal; off one each begins with the time. A full disk stops none."""
    with suppress(OSError):
        if not sys.stderr.isatty():
            sys.stderr.writelines(f"{stamp()}{bare(line)}\n" for line in lines)
            return
        from rich.console import Console

        console = Console(stderr=True, highlight=False)
        for line in lines:
            console.print(bare(line), markup=False)


def stamp() -> str:
    """What a line off a terminal begins with: the time in UTC as ISO 8601 and a blank; nothing on a terminal."""
    if sys.stderr.isatty():
        return ""
    return f"{datetime.now(UTC).isoformat(timespec='seconds')} "
