"""The candles of one symbol, page by page, until a window is whole or history ends."""

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, repeat

from atc_cli.data.exchange.errors import RequestError, Trouble
from atc_cli.data.exchange.pages import AskRows, Found, Paging, Row, SeamError, jumps
from atc_cli.domain.timeframe import newest_closed_open_ms
from atc_cli.domain.window import Window

# the lowest cap that ccxt knows of: an unknown one hides the bars at the end of a page that starts empty
_SMALL_PAGE_BARS = 100
# past a page without candles: looks that find nothing in so many pages before it end the history
_LOOKS_PAGES = (2, 4)
_LOOKS_TO_LISTING_PAGES = (*_LOOKS_PAGES, 8)
_LONG_LOOK_PAGES = 16
_OLDEST_MS = 1_230_768_000_000  # 2009: no exchange has older candles, and some take a time near 0 for none


class _CutError(Exception):
    """Older candles are not looked for, with the reason."""


async def rows_of(ask: AskRows, window: Window, paging: Paging, born_ms: int) -> Found:
    """The window's rows; fewer where the symbol has fewer (`born_ms`: its listing, 0 unknown).

    A symbol that stopped trading before the newest bars gives those that end at its last one, so that the
    scan can say how stale it is. Raises RequestError, SeamError where pages contradict each other.
    """
    found = await _Search(ask, window, paging, born_ms).run()
    if found.rows or window.bars is None:
        return found
    size = min(window.bars, paging.page_bars)
    newest = await ask(None, size) or await ask(None, size)
    past = [row.open_ms for row in newest if row.open_ms <= window.now_ms]
    if not past:
        return found
    last_ms = min(past[-1] + window.step_ms, window.now_ms)
    return await _Search(ask, window.at(last_ms), paging, born_ms).run()


class _Search:
    """A window, the forming candle included, on its way through the pages of an exchange.

    Pages go from now backwards, because exchanges disagree on what a page before the first candle holds: nothing, or
    the first candles again.
    """

    def __init__(self, ask: AskRows, window: Window, paging: Paging, born_ms: int) -> None:
        self._ask, self._window, self._paging, self._born_ms = ask, window, paging, born_ms
        self._step_ms = window.step_ms
        self._rows: list[Row] = []
        self._forming = window.forming or not paging.spares_forming(window.bars)
        self._edge_ms = self._end_ms()  # all that is wanted from here on was asked for
        self._dense_ms = self._edge_ms - self._missing() * self._step_ms  # where a window without gaps begins
        self._page_bars = paging.page_bars  # less, where answers show a lower cap
        self._told_all = False  # whether an answer held all that the exchange ever tells
        self._spans = False  # whether answers go on past missing candles to the next that there are
        self._settled_bars = 0  # the longest gap that two answers agree on
        self._requests_max = self._left = 8 * -(-self._missing() // paging.page_bars) + 32

    async def run(self) -> Found:
        """What is found. A server without end, or with too many gaps, is left at a bound, which is said."""
        try:
            await self._backwards()
            await self._check_jumps()
        except _CutError as cut:
            return Found(self._newest(), str(cut))
        return Found(self._newest())

    async def _backwards(self) -> None:
        expected, shares = True, self._paging.seams_are_free(self._missing())
        while True:
            seam = self._seam() if shares else None
            size = asked = self._size(seam)
            if size <= 0:
                return
            page = await self._page(size, seam)
            if not page and expected and not self._spans:
                asked = min(size, _SMALL_PAGE_BARS)
                page = await self._page(asked, seam)
            if not page:
                page = await self._past_gap(self._edge_ms - size * self._step_ms, looked=not expected)
            if not page:
                return
            late_bars = asked - (self._edge_ms - page[0].open_ms) // self._step_ms
            # bars down to the first that was asked for promise older ones; a later first bar is the listing or a hole
            expected = late_bars <= 0
            page = await self._filled(page)
            self._rows, self._edge_ms = page + self._rows, page[0].open_ms
            if self._told_all:
                return
            if not expected and await self._begins(late_bars):
                return

    async def _check_jumps(self) -> None:
        """Ask again for candles that do not open where the one before closed. Raises SeamError where they differ."""
        opens = [row.open_ms for row in jumps(self._rows)]
        if not opens:
            return
        told = {row.open_ms: repr(row) for row in self._rows if row.open_ms + self._step_ms <= self._window.now_ms}
        for row in await self._between(opens[0] - self._step_ms, opens[-1] + self._step_ms):
            if told.get(row.open_ms, repr(row)) != repr(row):
                raise SeamError(row.open_ms)

    def _end_ms(self) -> int:
        """When the newest bar that is wanted closes."""
        window = self._window
        end_ms = newest_closed_open_ms(window.now_ms, window.timeframe) + (1 + self._forming) * self._step_ms
        beyond_ms = 0 if window.until_ms is None else max(end_ms - window.until_ms, 0)
        return end_ms - beyond_ms // self._step_ms * self._step_ms

    def _missing(self) -> int:
        """How many bars before the edge are still wanted."""
        if self._window.since_ms is not None:
            return (self._edge_ms - self._window.since_ms) // self._step_ms
        bars = self._window.bars or 0
        return bars - len(self._closed()) if self._rows else bars + self._forming

    def _closed(self) -> list[int]:
        """When the closed bars opened, each once."""
        end_ms = self._window.now_ms - self._step_ms
        return sorted({row.open_ms for row in self._rows if row.open_ms <= end_ms})

    def _newest(self) -> list[Row]:
        """The rows of the window: a page that reached over a gap may hold older ones."""
        closed, bars = self._closed(), self._window.bars
        if bars is None or len(closed) <= bars:
            return self._rows
        return [row for row in self._rows if row.open_ms >= closed[-bars]]

    def _size(self, seam: Row | None) -> int:
        """Bars of time that the next page reaches back: more than are missing where they have been sparse."""
        missing, most = self._missing(), self._page_bars - (seam is not None)
        if missing > 0 and self._paging.newest_bars and self._window.since_ms is None:
            return (self._edge_ms - _OLDEST_MS) // self._step_ms
        if missing <= 0 or self._window.since_ms is not None or not self._rows:
            return min(missing, most)
        span = (self._rows[-1].open_ms - self._edge_ms) // self._step_ms + 1
        if span <= len(self._rows):
            return min(missing, most)
        reach = -(-3 * missing * span // (2 * len(self._rows)))
        return min(reach, most * (_LONG_LOOK_PAGES if self._spans else 1))

    def _seam(self) -> Row | None:
        """The candle that the next page can be compared by: the oldest so far, where it is closed."""
        if self._rows and self._edge_ms + self._step_ms <= self._window.now_ms:
            return self._rows[0]
        return None

    async def _page(self, size: int, seam: Row | None) -> list[Row]:
        """The rows of `size` bars of time before the edge; the one at it is asked for to be compared."""
        stop_ms = min(self._edge_ms + self._step_ms * (seam is not None), self._window.now_ms + 1)
        return _before(await self._between(self._edge_ms - size * self._step_ms, stop_ms), seam)

    async def _between(self, since_ms: int, stop_ms: int) -> list[Row]:
        """Every row that opens in since_ms..stop_ms, the same row once. Rows outside were not asked for.

        What is missing at the end of a short answer is asked for again: an exchange may cap a page below what was
        asked, or cut one short.
        """
        rows: dict[str, Row] = {}  # by their text: a price that is not a number equals itself
        short = 0
        while since_ms < stop_ms:
            most = min(self._page_bars, self._paging.most(self._window.now_ms - since_ms))
            limit = min(-(-(stop_ms - since_ms) // self._step_ms), most)
            got = await self._answer(since_ms, limit)
            self._told_all |= 0 < self._paging.newest_bars <= len({row.open_ms for row in got})
            told = [row for row in got if since_ms <= row.open_ms <= self._window.now_ms]
            fresh = [row for row in told if row.open_ms < stop_ms]
            self._spans |= bool(told) and told[-1].open_ms > since_ms + limit * self._step_ms
            if short and fresh and fresh[0].open_ms == since_ms:
                self._page_bars = min(self._page_bars, max(short, _SMALL_PAGE_BARS))
            rows |= {repr(row): row for row in fresh}
            if len(told) > len(fresh):
                break
            chunk_ms = since_ms + limit * self._step_ms
            since_ms = fresh[-1].open_ms + self._step_ms if fresh else chunk_ms
            short = len(got) if len(got) < limit and since_ms < chunk_ms else 0
        return list(rows.values())

    async def _answer(self, since_ms: int, limit: int) -> list[Row]:
        if not self._left:
            raise _CutError(f"{self._requests_max} requests did not suffice")
        self._left -= 1
        try:
            return await self._ask(since_ms, limit)
        except RequestError as failure:
            # some refuse what is too long ago, which only a window with gaps asks for
            if failure.trouble is Trouble.WRONG_REQUEST and self._rows and since_ms < self._dense_ms:
                raise _CutError(failure.detail) from failure
            raise

    async def _filled(self, page: list[Row]) -> list[Row]:
        """The page, with what further answers have in its gaps, until one adds nothing: a passing fault makes gaps too.

        Only gaps that are longer than any that two answers agree on are asked for again, so that a symbol with many
        costs few requests.
        """
        while gaps := [each for each in self._gaps(page) if each[0] > self._settled_bars]:
            known = {row.open_ms for row in page}
            more = [row for row in await self._between(gaps[0][1], gaps[-1][2]) if row.open_ms not in known]
            if not more:
                self._settled_bars = max(gaps)[0]
                break
            page = sorted([*page, *more], key=lambda row: row.open_ms)
        return page

    def _gaps(self, page: list[Row]) -> list[tuple[int, int, int]]:
        """Missing bars of each gap in a page and between it and the rows after it, the opens before and after it."""
        opens = [row.open_ms for row in (*page, *self._rows[:1])]
        return [(bars, a, b) for a, b in pairwise(opens) if (bars := (b - a) // self._step_ms - 1) > 0]

    async def _begins(self, late_bars: int) -> bool:
        """Whether history begins at the edge, after a page that held nothing of its first `late_bars` bars."""
        if 0 <= self._born_ms - self._edge_ms < self._step_ms:
            return True
        may_begin = self._spans and late_bars > self._settled_bars and self._window.since_ms is None
        return may_begin and self._missing() > 0 and not await self._has_older()

    async def _has_older(self) -> bool:
        """Whether an answer that goes on past gaps may hold older candles: not if it begins with the oldest known."""
        far_ms = self._edge_ms - _LONG_LOOK_PAGES * self._paging.page_bars * self._step_ms
        got = await self._answer(max(far_ms, _OLDEST_MS), 1)
        return not (got and self._edge_ms <= got[0].open_ms <= self._window.now_ms)

    async def _past_gap(self, near_ms: int, *, looked: bool) -> list[Row]:
        """The newest rows before `near_ms`, after which there are none up to the edge; none where history ends.

        `looked`: history seemed to end before the page that was empty, which then was the first look past its end.
        """
        floor_ms = self._floor_ms()
        if self._window.since_ms is None and (not self._rows or (self._spans and not await self._has_older())):
            return []
        for pages in self._looks(looked=looked):
            for width in self._widths(pages):
                if near_ms <= floor_ms:
                    return []
                far_ms = max(near_ms - width * self._paging.page_bars * self._step_ms, floor_ms)
                if page := await self._between(far_ms, near_ms):
                    return page
                near_ms = far_ms
        return []

    def _floor_ms(self) -> int:
        """Where nothing older is wanted, or can be."""
        if self._window.since_ms is not None:
            return self._window.since_ms
        return max(self._born_ms - self._step_ms, _OLDEST_MS) if self._listed_before() else _OLDEST_MS

    def _listed_before(self) -> bool:
        return 0 < self._born_ms < self._edge_ms

    def _looks(self, *, looked: bool) -> Iterable[int]:
        """How many pages each look past a gap covers."""
        if self._window.since_ms is not None:
            return chain(_LOOKS_PAGES, repeat(_LONG_LOOK_PAGES))
        if self._spans:
            return (*_LOOKS_TO_LISTING_PAGES, _LONG_LOOK_PAGES)
        if self._listed_before():
            return _LOOKS_TO_LISTING_PAGES
        return _LOOKS_PAGES[1:] if looked else _LOOKS_PAGES

    def _widths(self, pages: int) -> Iterator[int]:
        """A look in as many requests as it takes: one, unless an answer ends a page after it began."""
        while pages > 0:
            width = pages if self._spans else 1
            yield width
            pages -= width


def _before(rows: list[Row], seam: Row | None) -> list[Row]:
    """The rows older than the seam. Raises SeamError where the candle at it came with other values."""
    if seam is None:
        return rows
    again = [row for row in rows if row.open_ms == seam.open_ms]
    if any(repr(row) != repr(seam) for row in again):  # by their text: a price that is not a number equals itself
        raise SeamError(seam.open_ms)
    return [row for row in rows if row.open_ms < seam.open_ms]
