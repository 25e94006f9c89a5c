"""Files of candles by symbol, as they are read here or by a process that sees the same folder."""

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from atc_cli.data.files.candle_file import FileFaultError, read_candles
from atc_cli.data.market import FILES, Delivery, Listing
from atc_cli.disk.regular import mark_of
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.window import Window
from atc_cli.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Files:
    """Names of the files of each symbol in the folder `path`, which a person knows as `title`."""

    path: Path
    title: str
    names: Mapping[str, tuple[str, ...]]

    def mark(self) -> str:
        """Of the beginnings of three files: whoever appends to them changes nothing."""
        names = sorted(name for some in self.names.values() for name in some)
        if not names or not self.path.is_dir():
            return ""
        return mark_of(self.path / name for name in (names[0], names[len(names) // 2], names[-1]))

    def part(self, listings: Sequence[Listing]) -> "Files":
        """The files of these."""
        symbols = [each.symbol for each in listings]
        return replace(self, names={symbol: self.names[symbol] for symbol in symbols if symbol in self.names})

    def read(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> Counter[str]:
        """Every file whole, in the order of `listings`, or why it cannot be read; which columns were taken for what."""
        self._check()
        taken: Counter[str] = Counter()
        for listing in listings:
            deliver(self._one(listing.symbol, window.timeframe, taken))
        return taken

    def _check(self) -> None:
        """Raise UnavailableError where nothing is as it was: a worker may have come after the others were asked."""
        names = [name for some in self.names.values() for name in some]
        if names and not any(map(os.path.lexists, (self.path / name for name in names))):
            said = f"{platform.node()} finds none of {len(names)} files of candles in {str(self.path)!r}"
            raise UnavailableError(said, "mount the same folder at that path there")

    def _one(self, symbol: str, timeframe: str, taken: Counter[str]) -> RawCandles | Skipped:
        names = self.names.get(symbol, ())
        if not names:
            return Skipped(symbol, SkipReason.NO_CANDLES, f"no {timeframe} file in {self.title!r}", FILES)
        if len(names) > 1:
            both = " and ".join(map(repr, names))
            return Skipped(symbol, SkipReason.CONFLICTING_DUPLICATES, f"it is in {both}: keep one", FILES)
        try:
            timestamp, values = read_candles(self.path / names[0], say=lambda words: taken.update([words]))
        except FileFaultError as fault:
            return Skipped(symbol, SkipReason.UNREADABLE, str(fault), FILES)
        return RawCandles(exchange=FILES, symbol=symbol, timeframe=timeframe, timestamp=timestamp, values=values)
