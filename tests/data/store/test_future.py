"""What a wrong clock put into the store is not believed, and heals; the rest of a symbol's history stays."""

from pathlib import Path

import numpy as np
import pytest

from atc_cli.data.store.market import StoredMarket
from atc_cli.data.store.offline import OfflineMarket
from atc_cli.data.store.shelf import Shelf, Store
from atc_cli.domain.panel import Candles, RawCandles, check
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.results.stored import Hole
from atc_cli.domain.timeframe import DAY_MS, MINUTE_MS
from atc_cli.domain.window import Window
from tests.helpers.history import BARS, LAST_MS, market
from tests.helpers.markets import HOUR_MS, NOW_MS, HistoryMarket

FORMING_MS = LAST_MS + HOUR_MS


def stored(folder: Path, inner: HistoryMarket) -> StoredMarket:
    return StoredMarket(inner, Store(folder, inner.notes.append), limit_bytes=1e9)


def shelf(folder: Path) -> Shelf:
    return Store(folder, print).shelf("memory", "swap", "1h")


def fetched(source: StoredMarket | OfflineMarket | HistoryMarket, bars: int = BARS) -> dict[str, Candles]:
    """The closed bars of the window by symbol."""
    arrived: dict[str, Candles] = {}
    window = Window(timeframe="1h", now_ms=source.now_ms(), bars=bars)

    def deliver(each: RawCandles | Candles | Skipped) -> None:
        assert isinstance(each, Candles)
        closed = window.closed(each.timestamp)
        arrived[each.symbol] = each.between(max(closed - bars, 0), closed)

    source.fetch(source.listings(quote=None, tickers=False), window, deliver)
    return arrived


def assert_true(inner: HistoryMarket, arrived: dict[str, Candles], bars: int, newest_ms: int) -> None:
    for symbol, candles in arrived.items():
        stamps = newest_ms - HOUR_MS * np.arange(bars - 1, -1, -1)
        np.testing.assert_array_equal(candles.timestamp, stamps)
        np.testing.assert_array_equal(candles.values.T, [inner.books[symbol][stamp] for stamp in stamps.tolist()])
    assert len(arrived) == len(inner.books)


def poisoned(folder: Path, ahead_ms: int, *, bars: int = BARS) -> HistoryMarket:
    """A store that a clock ahead of time has written the forming bar to, as if it were closed."""
    inner = market(3)
    final = {name: book.copy() for name, book in inner.books.items()}
    for book in inner.books.values():
        for stamp in [each for each in book if each > FORMING_MS]:
            del book[stamp]
        book[FORMING_MS] = tuple(7 * value for value in book[FORMING_MS])
    inner.clock_ms += ahead_ms
    fetched(stored(folder, inner), bars)
    inner.clock_ms -= ahead_ms
    assert {each.last_ms for each in shelf(folder).entries()} == {FORMING_MS}
    inner.books.update(final)
    inner.asked.clear()
    return inner


@pytest.mark.parametrize("ahead_ms", [3 * HOUR_MS, 40 * HOUR_MS, 840 * DAY_MS])
@pytest.mark.parametrize("later_ms", [0, HOUR_MS, 2 * HOUR_MS])
def test_a_bar_that_was_stored_before_it_closed_is_replaced_and_older_ones_stay(
    tmp_path: Path, ahead_ms: int, later_ms: int
) -> None:
    inner = poisoned(tmp_path, ahead_ms)
    inner.clock_ms += later_ms
    assert_true(inner, fetched(stored(tmp_path, inner)), BARS, LAST_MS + later_ms)
    inner.clock_ms += HOUR_MS
    assert_true(inner, fetched(stored(tmp_path, inner)), BARS, LAST_MS + later_ms + HOUR_MS)
    assert all(len(held.timestamp) > BARS for held in _everything(tmp_path))
    for held in _everything(tmp_path):
        book = inner.books[held.entry.symbol]
        np.testing.assert_array_equal(held.values.T, [book[stamp] for stamp in held.timestamp.tolist()])
        assert max(held.entry.last_ms, held.entry.asked_ms) <= LAST_MS + later_ms + HOUR_MS
    assert shelf(tmp_path).faults() == []
    assert inner.notes == []


def _everything(folder: Path) -> list:
    one = shelf(folder)
    return [held for group in one.read([each.native for each in one.entries()], one.everything) for held in group]


def test_a_symbol_of_which_nothing_else_is_stored_is_begun_anew(tmp_path: Path) -> None:
    inner = poisoned(tmp_path, 3 * HOUR_MS, bars=1)
    inner.clock_ms += HOUR_MS
    assert_true(inner, fetched(stored(tmp_path, inner)), BARS, FORMING_MS)
    assert {len(held.timestamp) for held in _everything(tmp_path)} == {BARS}
    assert shelf(tmp_path).faults() == []


def test_a_range_in_time_is_right_and_takes_nothing_of_what_is_stored_before_it(tmp_path: Path) -> None:
    inner = poisoned(tmp_path, 3 * HOUR_MS)
    inner.clock_ms += HOUR_MS
    for since_ms, until_ms in ((FORMING_MS, None), (LAST_MS - 9 * HOUR_MS, LAST_MS - 4 * HOUR_MS)):
        arrived: list[Candles] = []
        window = Window(timeframe="1h", now_ms=inner.clock_ms, since_ms=since_ms, until_ms=until_ms)
        stored(tmp_path, inner).fetch(inner.listings(quote=None, tickers=False), window, arrived.append)
        for each in arrived:
            closed = each.between(0, window.closed(each.timestamp)) if isinstance(each, Candles) else check(each)
            book = inner.books[closed.symbol]
            stamps = [stamp for stamp in book if since_ms <= stamp < (until_ms or inner.clock_ms - HOUR_MS + 1)]
            inside = (closed.timestamp >= since_ms) & (closed.timestamp + HOUR_MS <= inner.clock_ms)
            assert closed.timestamp[inside].tolist() == sorted(stamps)
            np.testing.assert_array_equal(closed.values.T[inside], [book[stamp] for stamp in sorted(stamps)])
    assert_true(inner, fetched(stored(tmp_path, inner)), BARS, FORMING_MS)
    assert all(len(held.timestamp) >= BARS for held in _everything(tmp_path))
    assert shelf(tmp_path).faults() == []


def test_once_healed_a_run_asks_nothing(tmp_path: Path) -> None:
    inner = poisoned(tmp_path, 3 * HOUR_MS)
    inner.clock_ms += HOUR_MS
    fetched(stored(tmp_path, inner))
    inner.asked.clear()
    assert_true(inner, fetched(stored(tmp_path, inner)), BARS, FORMING_MS)
    assert inner.asked == []


def test_what_a_wrong_clock_stored_counts_as_not_held(tmp_path: Path) -> None:
    inner = poisoned(tmp_path, 3 * HOUR_MS)
    inner.clock_ms += HOUR_MS
    window = Window(timeframe="1h", now_ms=inner.clock_ms, bars=BARS)
    listings = inner.listings(quote=None, tickers=False)
    assert stored(tmp_path, inner).held(listings, window) == 0
    assert list(stored(tmp_path, inner).stored(listings, window)) == []


@pytest.mark.parametrize("later_ms", [0, HOUR_MS])
def test_offline_leaves_it_out_and_says_so(tmp_path: Path, later_ms: int) -> None:
    inner = poisoned(tmp_path, 3 * HOUR_MS)
    offline = OfflineMarket(tmp_path, "memory", "swap", "1h", clock=lambda: NOW_MS + later_ms)
    assert_true(inner, fetched(offline, BARS - 1), BARS - 1, LAST_MS)
    (note,) = offline.notes
    assert "3 symbols" in note
    window = Window(timeframe="1h", now_ms=NOW_MS + later_ms, bars=BARS)
    assert list(offline.stored(offline.listings(quote=None, tickers=False), window)) == []


def test_offline_a_local_clock_that_is_seconds_behind_loses_no_bar(tmp_path: Path) -> None:
    inner = market(2)
    inner.clock_ms = LAST_MS + HOUR_MS + 5000
    fetched(stored(tmp_path, inner))
    offline = OfflineMarket(tmp_path, "memory", "swap", "1h", clock=lambda: LAST_MS + HOUR_MS - 30_000)
    assert_true(inner, fetched(offline), BARS, LAST_MS)
    assert offline.notes == []


class Doubtful(HistoryMarket):
    """A market some of whose witnesses say that it is earlier."""

    doubt_ms = 2 * HOUR_MS

    def certain_ms(self, now_ms: int) -> int:
        return now_ms - self.doubt_ms


@pytest.mark.parametrize(("followed", "newest_ms"), [(True, LAST_MS), (False, LAST_MS - HOUR_MS)])
def test_where_the_time_is_in_doubt_a_bar_is_stored_when_another_follows(
    tmp_path: Path, followed: bool, newest_ms: int
) -> None:
    inner = Doubtful(market(2).books, now_ms=NOW_MS)
    for book in inner.books.values():
        for stamp in [each for each in book if each > (FORMING_MS if followed else LAST_MS)]:
            del book[stamp]
    assert_true(inner, fetched(stored(tmp_path, inner)), BARS, LAST_MS)
    assert {each.last_ms for each in shelf(tmp_path).entries()} == {newest_ms}


def test_a_wait_that_a_wrong_clock_set_is_over() -> None:
    assert Hole(0, 0, retry_ms=NOW_MS + 840 * DAY_MS).due(NOW_MS)
    assert not Hole(0, 0, retry_ms=NOW_MS + 10 * MINUTE_MS).due(NOW_MS)
