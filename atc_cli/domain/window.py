"""Which candles are wanted: the one question that is put to markets, the store and files."""

from dataclasses import dataclass, replace

import numpy as np

from atc_cli.domain.panel import Candles, Ints
from atc_cli.domain.timeframe import TIMEFRAMES_MS, newest_closed_open_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Candles of a timeframe as of `now_ms` (UTC ms): the newest `bars` closed ones, or every one of a range in time.

    A range is since_ms <= open time < until_ms, open at its end where `until_ms` is None. `forming`: the bar that is
    not closed yet as well. Raises ValueError where it is both or neither.
    """

    timeframe: str
    now_ms: int
    bars: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    forming: bool = False

    def __post_init__(self) -> None:
        ends = (self.since_ms, self.until_ms)
        if (self.bars is None) == (self.since_ms is None) or (self.bars is not None and self.until_ms is not None):
            raise ValueError(f"a window is so many bars or a range in time, not {self.bars} bars and {ends}")

    @property
    def step_ms(self) -> int:
        """Length of a bar."""
        return TIMEFRAMES_MS[self.timeframe]

    def at(self, now_ms: int) -> "Window":
        """The same as of another time."""
        return replace(self, now_ms=now_ms)

    def tail(self, since_ms: int) -> "Window":
        """What opens at `since_ms` or later, to the same end."""
        return replace(self, bars=None, since_ms=since_ms)

    @property
    def has_forming(self) -> bool:
        """Whether the bar that is not closed yet is wanted."""
        return self.forming and (self.until_ms is None or self.until_ms > self.now_ms)

    @property
    def newest_open_ms(self) -> int:
        """Open time of the newest bar that is closed and wanted, on the usual grid of the timeframe."""
        return self.newest_ms(newest_closed_open_ms(self.now_ms, self.timeframe))

    def newest_ms(self, on_grid_ms: int) -> int:
        """Open time of the newest bar that is closed and wanted, of a grid that `on_grid_ms` lies on."""
        end_ms = self.now_ms if self.until_ms is None else min(self.now_ms, self.until_ms - 1 + self.step_ms)
        return on_grid_ms + (end_ms - on_grid_ms) // self.step_ms * self.step_ms - self.step_ms

    def closed(self, opens_ms: Ints) -> int:
        """How many of these bars, oldest first, are closed."""
        return int((opens_ms + self.step_ms <= self.now_ms).sum())

    def cut(self, candles: Candles) -> Candles:
        """The candles of the window; those that are not closed are the caller's to judge."""
        if self.since_ms is None:
            return candles.tail(self.bars or 0)
        first = int(np.searchsorted(candles.timestamp, self.since_ms))
        stop = len(candles) if self.until_ms is None else int(np.searchsorted(candles.timestamp, self.until_ms))
        return candles.between(first, max(first, stop))
