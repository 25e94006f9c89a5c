"""Keywords to settings, and a command carried out wherever Python runs."""

import os
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from atc_cli.cli import wiring
from atc_cli.commands.ports import Ports
from atc_cli.data.market import Market
from atc_cli.disk.folders import user_folder
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.results.scan import Header, Skipped
from atc_cli.errors import AtcError, UsageError, unknown_name
from atc_cli.reporting.progress import SilentProgress
from atc_cli.reporting.summary import lost_of, many
from atc_cli.settings.layers import Resolved, resolve
from atc_cli.settings.option import options
from atc_cli.settings.sections import EveryBar, Output, Settings

T = TypeVar("T")

# How a command writes is nothing to a DataFrame, but the order of rows is.
_ONLY_COMMANDS = {each.key for part in (Output, EveryBar) for each in options(part)} - {"sort"}
_SETTINGS = {
    name: each.key for each in options(Settings) if each.key not in _ONLY_COMMANDS for name in (each.name, each.key)
}


def resolved_of(
    given: Mapping[str, Any], config: str | Path | None, *, also: Collection[str] = ()
) -> Resolved[Settings]:
    """The settings in force below these keywords; `also` are keywords that are no settings of a scan.

    Raises UsageError naming the nearest keyword, and as `resolve` does.
    """
    for name in given:
        if name not in _SETTINGS:
            if name in _ONLY_COMMANDS:
                raise _noted(UsageError(f"{name} is for commands, which write", "a DataFrame has every column"))
            raise _noted(UsageError(*unknown_name("setting", name, sorted({*_SETTINGS.values(), *also}))))
    flags = {_SETTINGS[name]: written(value) for name, value in given.items() if value is not None}
    file = Path(config).expanduser() if config else None
    try:
        return resolve(Settings, flags, os.environ, config=file, user_folder=user_folder(), folder=Path())
    except AtcError as error:
        raise _noted(error) from None


def written(value: Any) -> Any:
    """The value as a file could hold it."""
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _noted(error: AtcError) -> AtcError:
    """The error with its hint in the traceback."""
    if error.hint:
        error.add_note(error.hint)
    return error


def performed(
    resolved: Resolved[Settings], work: Callable[[Ports], T], *, remember: bool, anchor: Anchor | None = None
) -> T:
    """What `work` returns, in a thread of its own where this one has an event loop, as a notebook's has."""
    opened: list[Market] = []

    def perform() -> T:
        opening = wiring.ports(resolved.settings, SilentProgress(), remember=remember, anchor=anchor)
        with resolved.blaming(), opening as ports:
            opened.extend(ports.markets)
            return work(ports)

    with _bare(resolved):
        if not _has_loop():
            return perform()
        with ThreadPoolExecutor(1) as pool:
            try:
                return pool.submit(perform).result()
            except KeyboardInterrupt:
                for each in opened:
                    each.interrupt()
                raise


def _has_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _bare(resolved: Resolved[Settings]) -> Iterator[None]:
    """No secret of the settings in an error."""
    try:
        yield
    except AtcError as error:
        words = resolved.words()
        raise _noted(type(error)(words(str(error)), words(error.hint) if error.hint else None)) from None


def warn(header: Header, skipped: Iterable[Skipped], wanted: int) -> None:
    """What a command says on stderr and a program must not miss."""
    faults = [each for each in skipped if each.reason.fault]
    lost = [lost_of(faults, many(wanted, "symbol"), interrupted=False)] if faults else []
    for words in (*lost, *header.warnings):
        warnings.warn(words, stacklevel=3)
