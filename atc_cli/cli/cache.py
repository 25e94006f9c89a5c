"""`atc cache`: stored candles."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from atc_cli.cli.shared import partial_code
from atc_cli.cli.terminal import say, terminal_width, write
from atc_cli.disk.atomic import write_atomically
from atc_cli.disk.folders import CANDLES, SIGNALS, WINDOWS, cache_folder
from atc_cli.errors import ExitCode, NoDataError, UnavailableError, UsageError
from atc_cli.settings.layers import Resolved
from atc_cli.settings.own import Format, Prune
from atc_cli.settings.sections import Settings

if TYPE_CHECKING:
    from atc_cli.data.store.shelf import Store


@contextmanager
def _opened(settings: Settings) -> "Iterator[Store]":
    """The store of these settings; what it has to say of damaged files is said in the end."""
    from atc_cli.cli import wiring

    notes: list[str] = []
    try:
        yield wiring.store(settings, notes.append)
    finally:
        say(notes)


def ls(resolved: Resolved[Settings], own: Format) -> ExitCode:
    """`atc cache ls`."""
    from atc_cli.commands import cache
    from atc_cli.reporting.cache import cache_json, cache_table

    with _opened(resolved.settings) as store:
        shelves = cache.listed(store)
    windows = cache.windows_held(cache_folder(resolved.settings.cache_dir) / WINDOWS)
    as_json = own.output == "json"
    told = cache_json(shelves, windows) if as_json else cache_table(shelves, windows, width=terminal_width(None))
    write(told, None)
    return ExitCode.OK


def verify(resolved: Resolved[Settings]) -> ExitCode:
    """`atc cache verify`: the exit code is the verdict."""
    from atc_cli.commands import cache

    settings = resolved.settings
    with _opened(settings) as store:
        faults = cache.faults(store)
    if not store.folder.exists():
        if settings.cache_dir is not None:
            raise NoDataError(f"nothing is stored: there is no folder {str(store.folder)!r}", "check --cache-dir")
        write(f"nothing is stored yet in {store.folder}\n", None)
        return ExitCode.OK
    write("".join(f"{each}\n" for each in faults) or "every file is what was written\n", None)
    return ExitCode.UNAVAILABLE if faults else ExitCode.OK


def prune(resolved: Resolved[Settings], own: Prune) -> ExitCode:
    """`atc cache prune`."""
    from atc_cli.cli import wiring
    from atc_cli.commands import cache
    from atc_cli.reporting.summary import many

    settings = resolved.settings
    limit_bytes = settings.cache_max_mb * 1e6
    with _opened(settings) as store:
        gone = cache.prune(store, older_than_days=own.older_than, limit_bytes=limit_bytes, now_ms=wiring.clock_ms())
    files = many(gone.damaged, "damaged file")
    write(f"{many(gone.symbols, 'symbol')} and {files}, {gone.size_bytes / 1e6:.1f} MB\n", None)
    if own.signals:
        for what, name in (("rows", SIGNALS), ("windows", WINDOWS)):
            size_bytes = cache.prune_signals(cache_folder(settings.cache_dir) / name)
            write(f"remembered {what}, {size_bytes / 1e6:.1f} MB\n", None)
    say(f"left as it is: {each}" for each in gone.left)
    return ExitCode.UNAVAILABLE if gone.left else ExitCode.OK


def path(resolved: Resolved[Settings]) -> ExitCode:
    """`atc cache path`."""
    write(f"{cache_folder(resolved.settings.cache_dir) / CANDLES}\n", None)
    return ExitCode.OK


def import_(resolved: Resolved[Settings], folder: Path) -> ExitCode:
    """`atc cache import DIR`: 3 where a file is left out, 4 where all are."""
    from atc_cli.cli import wiring
    from atc_cli.commands import cache

    if not (resolved.typed("exchange") and resolved.typed("market")):
        raise UsageError("whose candles are these?", "say it with --exchange ID and --market spot|swap")
    place = _place(resolved)
    with _opened(resolved.settings) as store:
        result = cache.import_folder(store, folder, **place, now_ms=wiring.clock_ms())
    say(f"{each.symbol}: {each.reason.label}: {each.detail}" for each in result.skipped)
    say(result.notes)
    say(f"{symbol}: rows that repeat a bar, counted once: {rows}" for symbol, rows in result.repeated.items())
    write(f"{result.symbols} symbols, {result.bars} candles\n", None)
    return partial_code(result.skipped) if result.symbols else ExitCode.NO_DATA


def export(resolved: Resolved[Settings], folder: Path, symbols: list[str]) -> ExitCode:
    """`atc cache export DIR [SYMBOL]..`: one Parquet file each."""
    from atc_cli.commands import cache
    from atc_cli.reporting.cache import candles_filename, candles_parquet
    from atc_cli.reporting.text import printable

    place = _place(resolved)
    written = 0
    with _opened(resolved.settings) as store:
        missing, exported = cache.exported(store, **place, symbols=symbols)
        for candles in exported:
            _make(folder)
            write_atomically(folder / candles_filename(candles), candles_parquet(candles))
            written += 1
    say(f"{printable(each)}: not stored" for each in missing)
    write(f"{written} files in {folder}\n", None)
    return ExitCode.PARTIAL if missing else ExitCode.OK


class _Shelf(TypedDict):
    exchange: str
    market: str
    timeframe: str | None
    host: str


def _place(resolved: Resolved[Settings]) -> _Shelf:
    """Exchange, its host and market of the settings; the timeframe only if it was typed, else all."""
    from atc_cli.cli import wiring

    settings = resolved.settings
    if len(settings.exchange) != 1:
        raise UsageError("one exchange at a time", "--exchange binance")
    timeframe = settings.timeframe if resolved.typed("timeframe") else None
    exchange = settings.exchange[0]
    host = wiring.host_of(settings, exchange)
    return {"exchange": exchange, "market": settings.market, "timeframe": timeframe, "host": host}


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnavailableError(f"cannot make {str(folder)!r}: {error.strerror}") from None
