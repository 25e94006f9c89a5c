"""The candles of one symbol, page by page; nothing that came is believed before it is looked at."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from atc_cli.data.exchange.errors import RequestError, Trouble, one_line
from atc_cli.domain.timeframe import iso, newest_closed_open_ms
from atc_cli.domain.window import Window

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


def _all_alike(_bars: int) -> int:
    return 1


class Paging(NamedTuple):
    """How candles are asked for: so many at once, and what a request for n candles weighs."""

    page_bars: int
    weight: Callable[[int], int] = _all_alike

    def seams_are_free(self, bars: int) -> bool:
        """Whether pages that share a candle with the next weigh no more than pages that do not."""
        return self._weight(bars, 1) == self._weight(bars, 0)

    def _weight(self, bars: int, shared: int) -> int:
        total, left = self.weight(min(bars, self.page_bars)), bars - self.page_bars
        while left > 0:
            total += self.weight(min(left + shared, self.page_bars))
            left -= self.page_bars - shared
        return total


class SeamError(RequestError):
    """Two pages disagree about a closed candle that both hold: one of them is not what was asked for."""

    def __init__(self, open_ms: int) -> None:
        super().__init__(Trouble.UNREADABLE, f"two pages that disagree about the candle of {iso(open_ms)}")


@dataclass(frozen=True, slots=True)
class _Search:
    """A window, the forming candle included, on its way through the pages of an exchange."""

    window: Window
    paging: Paging

    @property
    def step_ms(self) -> int:
        """Length of a bar."""
        return self.window.step_ms

    @property
    def end_ms(self) -> int:
        """When the newest bar that is wanted closes."""
        end_ms = newest_closed_open_ms(self.window.now_ms, self.window.timeframe) + 2 * self.step_ms
        beyond_ms = 0 if self.window.until_ms is None else max(end_ms - self.window.until_ms, 0)
        return end_ms - beyond_ms // self.step_ms * self.step_ms

    @property
    def pages_max(self) -> int:
        """A bound for symbols with many holes: what was found until then is what they have."""
        return 2 * -(-self.missing([], self.end_ms) // self.paging.page_bars) + 4

    @property
    def bridges(self) -> bool:
        """Whether to go on past a page without candles, even where nobody tells when the listing began."""
        return self.window.since_ms is not None

    def missing(self, rows: list[Row], edge_ms: int) -> int:
        """How many bars before `edge_ms` are still to be asked for, with `rows` at hand."""
        if self.window.since_ms is not None:
            return (edge_ms - self.window.since_ms) // self.step_ms
        bars = self.window.bars or 0
        if not rows:
            return bars + 1
        return bars - sum(row.open_ms + self.step_ms <= self.window.now_ms for row in rows)


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


async def rows_of(ask: AskRows, window: Window, paging: Paging, born_ms: int) -> list[Row]:
    """The window's rows, oldest first; fewer where the symbol has fewer (`born_ms`: its listing, 0 unknown).

    A symbol that stopped trading before the newest bars gives those that end at its last one, so that the
    scan can say how stale it is. Raises RequestError, SeamError where pages contradict each other.
    """
    rows = await _backwards(ask, _Search(window, paging), born_ms)
    if rows or window.bars is None:
        return rows
    newest = await ask(None, min(window.bars, paging.page_bars))
    past = [row.open_ms for row in newest if row.open_ms <= window.now_ms]
    if not past:
        return []
    return await _backwards(ask, _Search(window.at(past[-1] + window.step_ms), paging), born_ms)


async def _backwards(ask: AskRows, search: _Search, born_ms: int) -> list[Row]:
    """Pages from now backwards, because exchanges disagree on what a page before the first candle holds:
    nothing, or the first candles again.
    """
    rows: list[Row] = []
    edge_ms, expected = search.end_ms, True
    shares = search.paging.seams_are_free(search.missing([], edge_ms))
    for _ in range(search.pages_max):
        seam = _seam(rows, search, edge_ms) if shares else None
        size = min(search.missing(rows, edge_ms), search.paging.page_bars - (seam is not None))
        if size <= 0:
            break
        page, asked = await _page(ask, search, edge_ms, size, seam), size
        if not page and expected:
            asked = min(size, _SMALL_PAGE_BARS)
            page = await _page(ask, search, edge_ms, asked, seam)
        if not page and not search.bridges and not 0 < born_ms < edge_ms:
            break
        first_ms = page[0].open_ms if page else edge_ms - size * search.step_ms
        # bars down to the first that was asked for promise older ones; a later first bar is the listing or a hole
        expected = bool(page) and edge_ms - first_ms >= asked * search.step_ms
        rows, edge_ms = page + rows, first_ms
        if not expected and 0 <= born_ms - edge_ms < search.step_ms:
            break
    return rows


def _seam(rows: list[Row], search: _Search, edge_ms: int) -> Row | None:
    """The candle that the next page can be compared by: the oldest so far, where it is at the edge and closed."""
    if rows and rows[0].open_ms == edge_ms and edge_ms + search.step_ms <= search.window.now_ms:
        return rows[0]
    return None


async def _page(ask: AskRows, search: _Search, edge_ms: int, size: int, seam: Row | None) -> list[Row]:
    """Up to `size` bars before `edge_ms`, with the candle at it where that one is known and can be compared.

    What is missing at the end of a short answer is asked for again: an exchange may cap a page below what was
    asked, or cut one short. Rows outside were not asked for.
    """
    since_ms = edge_ms - size * search.step_ms
    stop_ms = min(edge_ms + search.step_ms * (seam is not None), search.window.now_ms + 1)
    rows: list[Row] = []
    for _ in range(_FILLS_MAX):
        limit = -(-(stop_ms - since_ms) // search.step_ms)
        got = await ask(since_ms, limit)
        fresh = [row for row in got if since_ms <= row.open_ms < stop_ms]
        rows += fresh
        if not fresh or len(got) >= limit:
            break
        since_ms = fresh[-1].open_ms + search.step_ms
        if since_ms >= stop_ms:
            break
    return _before(rows, seam)


def _before(rows: list[Row], seam: Row | None) -> list[Row]:
    """The rows older than the seam. Raises SeamError where the candle at it came with other values."""
    if seam is None:
        return rows
    again = [row for row in rows if row.open_ms == seam.open_ms]
    if any(repr(row) != repr(seam) for row in again):  # by their text: a price that is not a number equals itself
        raise SeamError(seam.open_ms)
    return [row for row in rows if row.open_ms < seam.open_ms]
