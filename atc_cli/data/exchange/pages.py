"""What a page of candles is and costs; nothing that came is believed before it is looked at."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from atc_cli.data.exchange.errors import RequestError, Trouble, one_line
from atc_cli.data.market import Listing
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.timeframe import iso

_JUMP_FRAC, _JUMP_TIMES, _JUMPS_OF = 0.005, 10, 8


class Row(NamedTuple):
    """One candle as sent: open time in UTC ms, prices, volume."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


AskRows = Callable[[int | None, int], Awaitable[list[Row]]]
"""(since ms, limit) -> at most about `limit` rows that open at or after `since`, oldest first; the newest for None."""


class Found(NamedTuple):
    """The rows of a window, oldest first; `cut` is why older ones were not looked for, where that is so."""

    rows: list[Row]
    cut: str | None = None

    def candles(self, listing: Listing, timeframe: str, *, has_volume: bool) -> RawCandles:
        """As candles of a listing, unchecked; without a volume where it does not count what was traded."""
        table = np.array(self.rows, dtype=np.float64).reshape(-1, 6)
        if not has_volume:
            table[:, 5] = np.nan
        return RawCandles(
            exchange=listing.exchange,
            symbol=listing.symbol,
            timeframe=timeframe,
            timestamp=table[:, 0],
            values=table[:, 1:],
            has_volume=has_volume,
            cut=self.cut is not None,
        )


def cut_short(rows: list[Row], cut: str) -> str:
    """That there may be candles older than those of a window, and why they were not looked for."""
    before = f"before {iso(rows[0].open_ms)} " if rows else ""
    return f"may have more candles {before}than were found: {cut}"


def _all_alike(_bars: int) -> int:
    return 1


class Paging(NamedTuple):
    """How candles are asked for: so many at once, and what a request for n candles weighs.

    `newest_bars`: an answer ends with the newest candle whatever is asked, and one with so many holds all that there
    ever is. `closed_fill_page`: where the closed candles of a window fill a page, the forming one is left out unless it
    is wanted. What opened more than `recent_ms` ago comes in pages of `old_page_bars`, where that is not 0.
    """

    page_bars: int
    weight: Callable[[int], int] = _all_alike
    newest_bars: int = 0
    closed_fill_page: bool = False
    old_page_bars: int = 0
    recent_ms: int = 0

    def most(self, age_ms: int) -> int:
        """How many candles come at once of what opened so long ago."""
        return self.old_page_bars if self.old_page_bars and age_ms >= self.recent_ms else self.page_bars

    def spares_forming(self, bars: int | None) -> bool:
        """Whether so many closed candles are asked for without the forming one."""
        return self.closed_fill_page and bars == self.page_bars

    def seams_are_free(self, bars: int) -> bool:
        """Whether pages that share a candle with the next weigh no more than pages that do not."""
        return self._weight(bars, 1) == self._weight(bars, 0)

    def sizes(self, bars: int) -> list[int]:
        """The pages of so many candles that have no gaps."""
        return list(self._sizes(bars, shared=int(self.seams_are_free(bars))))

    def _weight(self, bars: int, shared: int) -> int:
        return sum(map(self.weight, self._sizes(bars, shared)))

    def _sizes(self, bars: int, shared: int) -> Iterator[int]:
        yield min(bars, self.page_bars)
        left = bars - self.page_bars
        while left > 0:
            yield min(left + shared, self.page_bars)
            left -= self.page_bars - shared


class SeamError(RequestError):
    """Two pages disagree about a closed candle that both hold: one of them is not what was asked for."""

    def __init__(self, open_ms: int) -> None:
        super().__init__(Trouble.UNREADABLE, f"two pages that disagree about the candle of {iso(open_ms)}")


def checked(rows: Iterable[object]) -> list[Row]:
    """Rows whose types are right, oldest first; raises RequestError at the first that is not six numbers.

    ccxt answers malformed JSON that came with status 200 with rows of None.
    """
    return sorted(map(_row, rows), key=lambda row: row.open_ms)


def jumps(rows: Sequence[Row]) -> list[Row]:
    """Candles that open far from where the one before closed: what a row that is not of its place looks like.

    Far is what is neither small, nor like the moves of these candles, nor usual between them.
    """
    opens, closes = (np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in ("open", "close"))
    if len(rows) < _JUMPS_OF or not ((np.minimum(opens, closes) > 0) & (np.maximum(opens, closes) < np.inf)).all():
        return []
    between, within = np.abs(opens[1:] / closes[:-1] - 1), np.abs(closes / opens - 1)
    far = max(_JUMP_FRAC, _JUMP_TIMES * float(np.median(within)), 2 * _JUMP_TIMES * float(np.median(between)))
    return [rows[i + 1] for i in np.flatnonzero(between > far).tolist()]


def _row(row: object) -> Row:
    if isinstance(row, list) and len(row) >= 6 and type(row[0]) is int:
        numbers = row[1:6]
        if all(type(each) in (int, float) for each in numbers):
            return Row(row[0], *numbers)
    raise RequestError(Trouble.UNREADABLE, f"a candle that is not six numbers: {one_line(repr(row))}")
