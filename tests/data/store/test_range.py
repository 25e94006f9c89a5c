"""Ranges in time through the store give what the market alone would give, and are asked for once."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.data.load import Needs, load
from atc_cli.data.market import Market
from atc_cli.data.store.market import StoredMarket
from atc_cli.data.store.offline import OfflineMarket
from atc_cli.data.store.shelf import Store
from atc_cli.domain.window import Window
from atc_cli.reporting.progress import SilentProgress
from tests.helpers.markets import HOUR_MS, NOW_MS, HistoryMarket, book

LAST_MS = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS
BARS = 900
ANYTHING = Needs(warmup_bars=0, min_bars=0, cutout_bars=0, max_lag_bars=10**9)


def market(holes: tuple[int, ...] = ()) -> HistoryMarket:
    books = {f"COIN{i}": book(BARS, i, last_open_ms=LAST_MS + 50 * HOUR_MS) for i in range(3)}
    for bar in holes:
        del books["COIN1"][sorted(books["COIN0"])[bar]]
    return HistoryMarket(books, now_ms=NOW_MS)


def behind(inner: HistoryMarket, folder: Path) -> StoredMarket:
    return StoredMarket(inner, Store(folder, inner.notes.append), limit_bytes=1e9)


def at(bar: int | None) -> int | None:
    """When the bar `bar` before the newest closed one opens."""
    return None if bar is None else LAST_MS - bar * HOUR_MS


def candles(source: Market, since: int, until: int | None = None, *, forming: bool = False):
    window = Window(timeframe="1h", now_ms=0, since_ms=at(since), until_ms=at(until), forming=forming)
    loaded = load(source, source.listings(quote=None, tickers=False), window, ANYTHING, SilentProgress())
    assert not loaded.skipped
    return {each.symbol: (each.timestamp.tolist(), each.values.tobytes(), each.forming) for each in loaded.candles}


def asked(inner: HistoryMarket) -> list[str]:
    done, inner.asked = [how for how, _, _ in inner.asked], []
    return done


def expected(inner: HistoryMarket, since: int, until: int | None) -> dict[str, list[int]]:
    stop = NOW_MS - HOUR_MS if until is None else at(until) - 1
    return {name: [t for t in sorted(table) if at(since) <= t <= stop] for name, table in inner.books.items()}


@pytest.mark.parametrize(("since", "until"), [(300, 100), (300, None), (700, 699), (5, None)])
def test_a_range_comes_once_from_the_market_and_then_from_the_store(
    tmp_path: Path, since: int, until: int | None
) -> None:
    inner = market()
    cold = candles(behind(inner, tmp_path), since, until)
    assert {name: stamps for name, (stamps, _, _) in cold.items()} == expected(inner, since, until)
    assert asked(inner) == ["whole"] * 3
    assert candles(behind(inner, tmp_path), since, until) == cold
    assert asked(inner) == []
    assert cold == candles(inner, since, until)


def test_of_a_range_that_goes_on_only_the_tail_is_asked_for(tmp_path: Path) -> None:
    inner = market()
    candles(behind(inner, tmp_path), 300, 100)
    asked(inner)
    longer = candles(behind(inner, tmp_path), 300, 50)
    assert asked(inner) == ["from"] * 3
    assert longer == candles(inner, 300, 50)


def test_a_range_before_what_is_stored_is_fetched_and_the_bars_between_are_not_taken_for_empty(tmp_path: Path) -> None:
    inner = market()
    candles(behind(inner, tmp_path), 100)
    candles(behind(inner, tmp_path), 500, 400)
    asked(inner)
    across = candles(behind(inner, tmp_path), 500)
    assert "from" in asked(inner)
    assert across == candles(inner, 500)


def test_the_forming_bar_belongs_to_a_range_that_is_open_at_its_end(tmp_path: Path) -> None:
    inner = market()
    opened = candles(behind(inner, tmp_path), 10, forming=True)
    assert all(forming and stamps[-1] == LAST_MS + HOUR_MS for stamps, _, forming in opened.values())
    ended = candles(behind(inner, tmp_path), 10, 0, forming=True)
    assert not any(forming for _, _, forming in ended.values())


def test_a_range_offline_is_what_is_stored_of_it(tmp_path: Path) -> None:
    inner = market(holes=(700, 701))
    candles(behind(inner, tmp_path), 300)
    offline = OfflineMarket(tmp_path, "memory", "swap", "1h", clock=lambda: NOW_MS)
    assert candles(offline, 250, 120) == candles(inner, 250, 120)


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(1, 800), st.integers(0, 700), st.booleans(), st.integers(0, 30)), max_size=6),
    holes=st.sets(st.integers(60, 840), max_size=30),
)
def test_whatever_was_asked_before_a_range_is_what_the_market_has(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool, int]], holes: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("ranges")
    inner = market(tuple(holes))
    for since, until, ends, later in steps:
        inner.clock_ms += later * HOUR_MS
        stop = min(until, since - 1) if ends else None
        found = candles(behind(inner, folder), since, stop)
        assert found == candles(inner, since, stop)
    assert Store(folder, inner.notes.append).shelf("memory", "swap", "1h").faults() == []


def test_a_range_that_begins_before_the_first_bar_is_asked_for_twice_some_time_apart(tmp_path: Path) -> None:
    inner = market()
    inner.books = {name: {t: row for t, row in table.items() if t >= at(300)} for name, table in inner.books.items()}
    for hours, how in ((0, ["whole"] * 3), (0, []), (2, ["whole"] * 3), (0, []), (1, ["from"] * 3)):
        inner.clock_ms += hours * HOUR_MS
        found = candles(behind(inner, tmp_path), 500)
        assert asked(inner) == how
        assert found == candles(inner, 500)
        asked(inner)


def test_bars_after_a_range_are_a_window_as_ever(tmp_path: Path) -> None:
    inner = market()
    candles(behind(inner, tmp_path), 500, 300)
    window = Window(timeframe="1h", now_ms=0, bars=100)
    for source in (behind(inner, tmp_path), inner):
        loaded = load(source, source.listings(quote=None, tickers=False), window, ANYTHING, SilentProgress())
        assert [len(each) for each in loaded.candles] == [100] * 3
        assert all(np.diff(each.timestamp).max() == HOUR_MS for each in loaded.candles)


@pytest.mark.parametrize("online", [True, False])
def test_a_range_is_read_whatever_is_remembered_of_the_newest_bars(tmp_path: Path, online: bool) -> None:
    inner = market()
    candles(behind(inner, tmp_path), 300)
    source = (
        behind(inner, tmp_path) if online else OfflineMarket(tmp_path, "memory", "swap", "1h", clock=lambda: NOW_MS)
    )
    listings = source.listings(quote=None, tickers=False)
    for window, known in (
        (Window(timeframe="1h", now_ms=0, bars=100), 3),
        (Window(timeframe="1h", now_ms=0, since_ms=at(200), until_ms=at(100)), 0),
    ):
        loaded = load(source, listings, window, ANYTHING, SilentProgress(), known=list)
        assert (len(loaded.known), len(loaded.candles)) == (known, 3 - known)
