"""What is known of stored candles. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS


class Missing(StrEnum):
    """Why a bar is missing: the exchange has none, was not asked yet, or asking failed."""

    NO_TRADES = "no_trades"
    NOT_ASKED = "not_asked"
    FAILED = "failed"


class Content(NamedTuple):
    """Stored candles of one symbol: its own name on the exchange, and a checksum over all candles of its file."""

    checksum: str
    native: str


@dataclass(frozen=True, slots=True)
class Hole:
    """Bars from_ms..last_ms (open times, both inside) that are missing, and not because nobody traded.

    `retry_ms` None: the exchange was not asked yet; else asking failed, and is not repeated before then.
    """

    from_ms: int
    last_ms: int
    retry_ms: int | None = None

    @property
    def why(self) -> Missing:
        """What is known of its bars."""
        return Missing.NOT_ASKED if self.retry_ms is None else Missing.FAILED

    def due(self, now_ms: int) -> bool:
        """Whether the exchange should be asked."""
        return self.retry_ms is None or due(self.retry_ms, now_ms)


def due(retry_ms: int, now_ms: int) -> bool:
    """Whether a wait is over; one of more than a day was set by a wrong clock."""
    return not now_ms < retry_ms <= now_ms + DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of one symbol: bars open at offset_ms modulo the timeframe.

    A bar missing between first_ms and last_ms that is in no hole had no trades; inside `unsure` only one answer says
    so. `complete`: the exchange has nothing before first_ms; from `ask_begin_ms` on it is asked again, 0 where two
    answers agree. `begun`: the symbol began there; an exchange that keeps few bars has lost older ones. `asked_ms` and
    `oldest_ms`: the newest and the oldest bar that the exchange was asked for, 0 if none. `cut_ms`:
    older bars were not looked for to the end, and are again from then on; 0 where they were.
    """

    native: str
    symbol: str
    quote: str | None
    offset_ms: int
    bars: int = 0
    first_ms: int = 0
    last_ms: int = 0
    complete: bool = False
    ask_begin_ms: int = 0
    begun: bool = False
    cut_ms: int = 0
    asked_ms: int = 0
    oldest_ms: int = 0
    used_ms: int = 0
    holes: tuple[Hole, ...] = ()
    unsure: tuple[Hole, ...] = ()

    def unused(self, now_ms: int) -> bool:
        """Whether its last use is a day old: uses are noted to the day."""
        return self.used_ms < now_ms - DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredShelf:
    """One timeframe of one market: its symbols, the bytes on disk, how many files are damaged or were and lie aside.

    `host` is the tag of where its candles come from, "" for the exchange's own host.
    """

    exchange: str
    market: str
    timeframe: str
    entries: tuple[Entry, ...]
    size_bytes: int
    damaged: int
    host: str = ""

    def missing_bars(self, entry: Entry) -> Mapping[Missing, int]:
        """Missing bars between first and last of a symbol, by what is known of them."""
        step_ms = TIMEFRAMES_MS[self.timeframe]
        missing = dict.fromkeys(Missing, 0)
        for hole in entry.holes:
            missing[hole.why] += (hole.last_ms - hole.from_ms) // step_ms + 1
        span_bars = (entry.last_ms - entry.first_ms) // step_ms + 1 if entry.bars else 0
        missing[Missing.NO_TRADES] = span_bars - entry.bars - sum(missing.values()) if entry.bars else 0
        return missing


@dataclass(frozen=True, slots=True)
class StoredWindows:
    """What is kept of the values of windows: one file a series and what it was computed with, and their bytes."""

    files: int
    size_bytes: int
