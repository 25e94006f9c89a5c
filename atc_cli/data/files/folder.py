"""Candles from a folder of Parquet and CSV files named <SYMBOL>-<timeframe>."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from atc_cli.data.files.files import Files
from atc_cli.data.market import FILES, Delivery, Listing, Market, Shared
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.domain.window import Window
from atc_cli.errors import NoDataError, UsageError, nearest

_NAMING = "files are named <SYMBOL>-<timeframe>.parquet or .csv"
_SUFFIXES = (".parquet", ".csv")


class FolderMarket(Market):
    """The files <SYMBOL>-<timeframe>.parquet|csv directly inside one folder.

    Columns timestamp (ms, s, or ISO 8601 with offset), open, high, low, close and, if there is one,
    volume, in any case and order, and some other names of the time (names.py), of which `notes` tell; others are
    ignored. Errors: UsageError for a path that is no readable
    folder, NoDataError where the timeframe has no file.
    """

    name = FILES
    kind = "files"
    simulated = False
    live = False

    def __init__(self, folder: Path, timeframe: str) -> None:
        self.title = folder.resolve().name or str(folder)
        self._folder = folder
        self._timeframe = timeframe
        self._taken: Counter[str] = Counter()  # columns by other names: what for what, and in how many files

    def listings(self, *, quote: str | None, tickers: bool) -> list[Listing]:  # noqa: ARG002
        """One per file of the timeframe, by symbol; with `quote` only symbols that end in it.

        A file knows no day figures, so `tickers` changes nothing.
        """
        ending = (quote or "").casefold()
        return [
            Listing(exchange=FILES, symbol=symbol, native=symbol, quote=quote)
            for symbol in sorted(self._names(self._timeframe))
            if symbol.casefold().endswith(ending)
        ]

    def now_ms(self) -> int:
        """The local clock, UTC ms."""
        return time.time_ns() // 1_000_000

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        """Deliver every file whole, in the order of `listings`, or why it cannot be read."""
        self.noted(self._files(window.timeframe).read(listings, window, deliver))

    def shared(self, listings: Sequence[Listing], window: Window) -> tuple[Shared, list[Listing]]:
        """All of them: a file is read wherever it is seen."""
        return self._files(window.timeframe), list(listings)

    def noted(self, noted: Counter[str]) -> None:
        """By which names columns were taken, and in how many files."""
        self._taken += noted
        self.notes = [f"columns taken: {taken} ({count} of the files)" for taken, count in self._taken.most_common()]

    def _files(self, timeframe: str) -> Files:
        return Files(self._folder.absolute(), self.title, self._names(timeframe))

    def close(self) -> None:
        """Nothing is held open."""

    def _names(self, timeframe: str) -> dict[str, tuple[str, ...]]:
        named = [(*parts, name) for name in _entries(self._folder) if (parts := split_name(name))]
        names: dict[str, tuple[str, ...]] = {}
        for symbol, held, name in named:
            if held == timeframe:
                names[symbol] = (*names.get(symbol, ()), name)
        if not names:
            raise _no_files(self._folder, timeframe, Counter(held for _, held, _ in named))
        return names


def split_name(name: str) -> tuple[str, str] | None:
    """Symbol and timeframe of a file name, split at the last '-'; None for any other file.

    'BTC-USDT-1h.parquet' is ('BTC-USDT', '1h').
    """
    stem, dot, suffix = name.rpartition(".")
    symbol, _, timeframe = stem.rpartition("-")
    candles = dot + suffix.lower() in _SUFFIXES and timeframe in TIMEFRAMES_MS
    if not candles or not symbol or name.startswith("."):
        return None
    return symbol, timeframe


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir())
    except OSError as error:
        raise UsageError(f"--data {str(folder)!r}: {error.strerror}", f"name a folder; {_NAMING}") from error


def _no_files(folder: Path, timeframe: str, held: Counter[str]) -> NoDataError:
    message = f"{str(folder)!r} holds no candles of timeframe {timeframe!r}"
    if not held:
        return NoDataError(message, f"nor of any other: {_NAMING}")
    counts = ", ".join(f"{tf} ({held[tf]})" for tf in TIMEFRAMES_MS if held[tf])
    close = nearest(timeframe, held, cutoff=0.0)
    return NoDataError(message, f"it holds files of {counts}; did you mean --timeframe {close}?")
