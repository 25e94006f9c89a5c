"""Everything that can end a run, and the exit code that it ends with."""

from collections.abc import Iterable
from difflib import get_close_matches
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command; the contract for cron jobs and scripts."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    PARTIAL = 3
    NO_DATA = 4
    UNAVAILABLE = 69
    BUSY = 75
    CONFIG = 78
    INTERRUPTED = 130


class AtcError(Exception):
    """A failure that a person can act on: one sentence, and what to do about it."""

    code = ExitCode.UNEXPECTED

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(AtcError):
    """A flag or argument is wrong."""

    code = ExitCode.USAGE


class NoDataError(AtcError):
    """There is nothing to compute on."""

    code = ExitCode.NO_DATA


class UnavailableError(AtcError):
    """Something outside is missing: an exchange, a network, a backend."""

    code = ExitCode.UNAVAILABLE


class BusyError(AtcError):
    """Locked or rate-limited: the same command can succeed later."""

    code = ExitCode.BUSY


class ConfigError(AtcError):
    """A configuration file or an ATC_* variable is wrong."""

    code = ExitCode.CONFIG


def nearest(value: str, valid: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """The valid name closest to `value` regardless of case, or None."""
    by_folded = {name.casefold(): name for name in valid}
    close = get_close_matches(value.casefold(), by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else None


def unknown_name(kind: str, value: str, valid: Iterable[str]) -> tuple[str, str]:
    """Message and hint for a name that does not exist: what was said, what is nearest."""
    names = list(valid)
    shown = names if len(names) <= 24 else [*names[:12], f"... ({len(names)} in all)"]
    close = nearest(value, names)
    hint = f"did you mean {close!r}? " if close else ""
    return f"unknown {kind} {value!r}", f"{hint}valid: {', '.join(shown)}"
