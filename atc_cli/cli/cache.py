"""What app does with `atc cache`: run it, render it, write it, and turn the outcome into an exit code."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atc_cli.cli.flow import in_force, partial_code
from atc_cli.cli.output import write
from atc_cli.cli.words import say
from atc_cli.disk.atomic import write_atomically
from atc_cli.disk.folders import CANDLES, SIGNALS, cache_folder
from atc_cli.errors import ExitCode, UnavailableError, UsageError
from atc_cli.settings.cache_options import OLDER_THAN
from atc_cli.settings.cache_options import SIGNALS as SIGNALS_FLAG
from atc_cli.settings.layers import Resolved
from atc_cli.settings.option import given_value

if TYPE_CHECKING:
    from atc_cli.data.store.shelf import Store

Flags = Mapping[str, Any]


@contextmanager
def _opened(resolved: Resolved) -> "Iterator[Store]":
    """The store of these settings; what it has to say of damaged files is said in the end."""
    from atc_cli.cli import wiring

    notes: list[str] = []
    try:
        yield wiring.store(resolved.settings, notes.append)
    finally:
        say(notes)


def _own(flags: Flags, *keys: str) -> tuple[Resolved, dict[str, Any]]:
    """The settings, and the flags that are none of them."""
    settings = in_force({name: value for name, value in flags.items() if name not in keys})
    return settings, {key: flags.get(key) for key in keys}


def ls(flags: Flags) -> ExitCode:
    """`atc cache ls`."""
    from atc_cli.commands import cache
    from atc_cli.reporting.cache import cache_json, cache_table
    from atc_cli.settings.sections import BENCH_OPTIONS

    resolved, own = _own(flags, "output")
    output = own["output"]
    as_json = output is not None and given_value(BENCH_OPTIONS["output"], output) == "json"
    with _opened(resolved) as store:
        shelves = cache.listed(store)
    write(cache_json(shelves) if as_json else cache_table(shelves), None)
    return ExitCode.OK


def verify(flags: Flags) -> ExitCode:
    """`atc cache verify`: the exit code is the verdict."""
    from atc_cli.commands import cache

    with _opened(in_force(flags)) as store:
        faults = cache.faults(store)
    write("".join(f"{each}\n" for each in faults) or "every file is what was written\n", None)
    return ExitCode.UNAVAILABLE if faults else ExitCode.OK


def prune(flags: Flags) -> ExitCode:
    """`atc cache prune`."""
    from atc_cli.cli import wiring
    from atc_cli.commands import cache

    resolved, own = _own(flags, OLDER_THAN.key, SIGNALS_FLAG.key)
    typed = own[OLDER_THAN.key]
    days = None if typed is None else given_value(OLDER_THAN, typed)
    limit_bytes = resolved.settings.cache_max_mb * 1e6
    with _opened(resolved) as store:
        gone = cache.prune(store, older_than_days=days, limit_bytes=limit_bytes, now_ms=wiring.clock_ms())
    write(f"{gone.symbols} symbols and {gone.damaged} damaged files, {gone.size_bytes / 1e6:.1f} MB\n", None)
    if own[SIGNALS_FLAG.key]:
        size_bytes = cache.prune_signals(cache_folder(resolved.settings.cache_dir) / SIGNALS)
        write(f"remembered rows, {size_bytes / 1e6:.1f} MB\n", None)
    return ExitCode.OK


def path(flags: Flags) -> ExitCode:
    """`atc cache path`."""
    write(f"{cache_folder(in_force(flags).settings.cache_dir) / CANDLES}\n", None)
    return ExitCode.OK


def import_(flags: Flags, folder: Path) -> ExitCode:
    """`atc cache import DIR`: 3 where a file is left out, 4 where all are."""
    from atc_cli.cli import wiring
    from atc_cli.commands import cache

    if not {"exchange", "market"} <= flags.keys():
        raise UsageError("whose candles are these?", "say it with --exchange ID and --market spot|swap")
    settings, place = _place(flags)
    with _opened(settings) as store:
        result = cache.import_folder(store, folder, **place, now_ms=wiring.clock_ms())
    say(f"{each.symbol}: {each.reason.label}: {each.detail}" for each in result.skipped)
    write(f"{result.symbols} symbols, {result.bars} candles\n", None)
    return partial_code(result.skipped) if result.symbols else ExitCode.NO_DATA


def export(flags: Flags, folder: Path, symbols: list[str]) -> ExitCode:
    """`atc cache export DIR [SYMBOL]..`: one Parquet file each."""
    from atc_cli.commands import cache
    from atc_cli.reporting.cache import candles_filename, candles_parquet

    resolved, place = _place(flags)
    written = 0
    with _opened(resolved) as store:
        for candles in cache.exported(store, **place, symbols=symbols):
            _make(folder)
            write_atomically(folder / candles_filename(candles), candles_parquet(candles))
            written += 1
    write(f"{written} files in {folder}\n", None)
    return ExitCode.OK


def _place(flags: Flags) -> tuple[Resolved, dict[str, Any]]:
    """Exchange and market of the settings; the timeframe only if it was typed, else all."""
    resolved = in_force(flags)
    settings = resolved.settings
    if len(settings.exchange) != 1:
        raise UsageError("one exchange at a time", "--exchange binance")
    timeframe = settings.timeframe if "timeframe" in flags else None
    return resolved, {"exchange": settings.exchange[0], "market": settings.market, "timeframe": timeframe}


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"cannot make {str(folder)!r}: {error.strerror}") from None


PLAIN: dict[str, Callable[[Flags], ExitCode]] = {"ls": ls, "verify": verify, "prune": prune, "path": path}
