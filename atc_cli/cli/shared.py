"""What commands share: the settings in force, a lock, a watchlist, progress, exit codes."""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atc_cli.cli.terminal import say
from atc_cli.disk.folders import cache_folder, user_folder
from atc_cli.disk.lock import held
from atc_cli.errors import AtcError, ExitCode, UnavailableError, UsageError
from atc_cli.settings.layers import Resolved, resolve
from atc_cli.settings.option import options, plain
from atc_cli.settings.own import Lock
from atc_cli.settings.sections import Settings

if TYPE_CHECKING:
    from atc_cli.commands.ports import Ports
    from atc_cli.data.market import Progress
    from atc_cli.domain.results.scan import Skipped


def in_force() -> Resolved[Settings]:
    """The settings of this folder and user, no flag typed; raises as `resolve` does."""
    return resolve(Settings, {}, os.environ, config=None, user_folder=user_folder(), folder=Path())


def cache_in_force() -> Path:
    """Where candles are stored; the usual place where settings are wrong."""
    try:
        return cache_folder(in_force().settings.cache_dir)
    except AtcError:
        return cache_folder(None)


@contextmanager
def alone(command: str, settings: Settings, own: Lock, arguments: Sequence[str]) -> Iterator[None]:
    """Hold the lock that --lock or --lock-file asks for, if any, without waiting for it.

    Raises BusyError where another process holds it and UnavailableError where its file cannot be written.
    """
    if own.lock_file is None and not own.lock:
        yield
        return
    if own.lock_file is not None and not own.lock_file.parent.is_dir():
        raise UnavailableError(f"no folder {str(own.lock_file.parent)!r}", "make it, or choose another --lock-file")
    with held(own.lock_file or _usual_lock(command, settings, arguments), command):
        yield


def _usual_lock(command: str, settings: Settings, arguments: Sequence[str]) -> Path:
    """The lock of a command with just these settings and arguments."""
    identity = [plain(getattr(settings, each.name)) for each in options(type(settings))]
    document = json.dumps([identity, plain(settings.ccxt), list(arguments)], sort_keys=True, default=str)
    digest = hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()[:16]
    return cache_folder(settings.cache_dir) / "locks" / f"{command}-{digest}.lock"


@contextmanager
def noting(ports: "Ports") -> Iterator[None]:
    """Where a run fails, say first what markets and the store had noted; a result says it itself."""
    try:
        yield
    except AtcError:
        say(ports.all_notes())
        raise


def lines_of(watchlist: str | None) -> list[str] | None:
    """The lines of --watchlist, a file or stdin; UsageError where they cannot be read."""
    if watchlist is None:
        return None
    try:
        if watchlist == "-":
            return list(sys.stdin or ())
        return Path(watchlist).expanduser().read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"--watchlist: cannot read {watchlist!r}: {error}") from None


def progress(quiet: bool, *, bar: bool = True) -> "Progress":
    """A bar on a terminal; where there is none, a line for every long wait."""
    from atc_cli.reporting.progress import LoggedWaits, RichProgress, SilentProgress

    if quiet:
        return SilentProgress()
    return RichProgress() if bar and sys.stderr.isatty() else LoggedWaits(say)


def partial_code(skipped: Iterable["Skipped"]) -> ExitCode:
    """3 where a fault cost a symbol."""
    return ExitCode.PARTIAL if any(each.reason.fault for each in skipped) else ExitCode.OK
