"""One run at a time of the same command: for cron jobs that can overlap."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from atc_cli.disk.folders import cache_folder
from atc_cli.disk.lock import held
from atc_cli.settings.layers import Resolved
from atc_cli.settings.option import given_value, plain
from atc_cli.settings.run_options import LOCK_FILE
from atc_cli.settings.sections import FIELDS


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
