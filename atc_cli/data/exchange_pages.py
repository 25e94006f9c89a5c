"""The newest candles of one symbol, page by page; nothing that came is believed before it is looked at."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from atc_cli.data.exchange_errors import RequestError, Trouble, one_line
from atc_cli.domain.timeframe import TIMEFRAMES_MS, newest_closed_open_ms

_FILLS_MAX = 16
# the lowest cap that ccxt knows of: an unknown one hides the bars at the end of a page that starts empty
_SMALL_PAGE_BARS = 100


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The newest `bars` closed candles at `now_ms` and the forming one, in pages of `page_bars`."""

    timeframe: str
    bars: int
    now_ms: int
    page_bars: int

    @property
    def step_ms(self) -> int:
        """Length of a bar."""
        return TIMEFRAMES_MS[self.timeframe]

    @property
    def end_ms(self) -> int:
        """When the forming bar closes."""
        return newest_closed_open_ms(self.now_ms, self.timeframe) + 2 * self.step_ms

    @property
    def pages_max(self) -> int:
        """A bound for symbols with many holes: what was found until then is what they have."""
        return 2 * -(-(self.bars + 1) // self.page_bars) + 4

    def missing(self, rows: list[Row]) -> int:
        """How many bars are still to be asked for."""
        if not rows:
            return self.bars + 1
        return self.bars - sum(row.open_ms + self.step_ms <= self.now_ms for row in rows)


def checked(rows: Iterable[object]) -> list[Row]:
    """Rows whose types are right, oldest first; raises RequestError at the first that is not six numbers.

    ccxt answers malformed JSON that came with status 200 with rows of None.
    """
    return sorted(map(_row, rows), key=lambda row: row.open_ms)


def _row(row: object) -> Row:
    if isinstance(row, list) and len(row) >= 6 and type(row[0]) is int:
        numbers = row[1:6]
        if all(type(each) in (int, float) for each in numbers):
            return Row(row[0], *numbers)
    raise RequestError(Trouble.UNREADABLE, f"a candle that is not six numbers: {one_line(repr(row))}")


async def newest_rows(ask: AskRows, window: Window, born_ms: int) -> list[Row]:
    """The window's rows, oldest first; fewer where the symbol has fewer (`born_ms`: its listing, 0 unknown).

    A symbol that stopped trading before the window gives the window that ends at its last bar, so that the
    scan can say how stale it is. Raises RequestError.
    """
    rows = await _backwards(ask, window, born_ms)
    if rows:
        return rows
    newest = await ask(None, min(window.bars, window.page_bars))
    past = [row.open_ms for row in newest if row.open_ms <= window.now_ms]
    if not past:
        return []
    return await _backwards(ask, replace(window, now_ms=past[-1] + window.step_ms), born_ms)


async def _backwards(ask: AskRows, window: Window, born_ms: int) -> list[Row]:
    """Pages from now backwards, because exchanges disagree on what a page before the first candle holds:
    nothing, or the first candles again.
    """
    rows: list[Row] = []
    edge_ms, expected = window.end_ms, True
    for _ in range(window.pages_max):
        wanted = min(window.missing(rows), window.page_bars)
        for size in (wanted, min(wanted, _SMALL_PAGE_BARS))[: 2 if expected else 1]:
            page = await _page(ask, window, edge_ms, size)
            if page:
                break
        else:
            break
        # bars down to the first that was asked for promise older ones; a later first bar is the listing or a hole
        expected = edge_ms - page[0].open_ms >= size * window.step_ms
        rows, edge_ms = page + rows, page[0].open_ms
        if window.missing(rows) <= 0 or (not expected and 0 <= born_ms - edge_ms < window.step_ms):
            break
    return rows


async def _page(ask: AskRows, window: Window, edge_ms: int, wanted: int) -> list[Row]:
    """Up to `wanted` bars before `edge_ms`; what is missing at the end of a short answer is asked for again.

    An exchange may cap a page below what was asked, or cut one short. Rows outside were not asked for.
    """
    since_ms, stop_ms = edge_ms - wanted * window.step_ms, min(edge_ms, window.now_ms + 1)
    rows: list[Row] = []
    for _ in range(_FILLS_MAX):
        limit = -(-(stop_ms - since_ms) // window.step_ms)
        got = await ask(since_ms, limit)
        fresh = [row for row in got if since_ms <= row.open_ms < stop_ms]
        rows += fresh
        if not fresh or len(got) >= limit:
            break
        since_ms = fresh[-1].open_ms + window.step_ms
        if since_ms >= stop_ms:
            break
    return rows
