"""Remembered windows: a replay with a cache is a replay without one, and computes what has changed and no more."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.backtest.replay import replay
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.panel import Candles, Ints
from atc_cli.domain.replayed import Replayed
from atc_cli.signals.kept import Kept
from atc_cli.signals.windows import Windows, held, shrink
from tests.conftest import ROOT
from tests.helpers.backends import HOUR_MS, tick_walk
from tests.helpers.windows_case import BARS, LONG, PARAMS, START_MS, Cache, Counting, fresh

ANCHORS = ["rolling", "rolling:7", "fixed", "origin"]
each_anchor = pytest.mark.parametrize("text", ANCHORS)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def assert_same(found: list[Replayed], right: list[Replayed]) -> None:
    assert len(found) == len(right)
    for one, other in zip(found, right, strict=True):
        np.testing.assert_array_equal(one.average, other.average)
        np.testing.assert_array_equal(one.age, other.age)


def edited(candles: Candles, *bars: int) -> Candles:
    """With another close at some bars; open, high and low let it be."""
    values = candles.values.copy()
    values[3, list(bars)] += 0.01
    return replace(candles, values=values)


def without(candles: Candles, *bars: int) -> Candles:
    keep = np.ones(len(candles), bool)
    keep[list(bars)] = False
    return replace(candles, timestamp=candles.timestamp[keep], values=candles.values[:, keep])


@each_anchor
def test_a_second_run_computes_nothing(cache: Cache, text: str) -> None:
    series = [LONG, tick_walk(90, 2), tick_walk(20, 3)]
    first, computed = cache.replay(series, text, 30)
    assert computed > 0
    again, computed = cache.replay(series, text, 30)
    assert computed == 0
    assert_same(first, again)
    assert_same(again, fresh(series, text, 30))
    assert len(cache.files()) == 2  # one is too short to have a value
    assert cache.said == []


@pytest.mark.parametrize("more", [1, 5])
def test_one_more_bar_computes_one_more_window(cache: Cache, more: int) -> None:
    cache.replay([LONG.between(0, 200)], bar=60)
    found, computed = cache.replay([LONG.between(0, 200 + more)], bar=60)
    assert computed == more
    assert_same(found, fresh([LONG.between(0, 200 + more)], bar=60))


def test_a_changed_candle_computes_the_windows_that_contain_it_and_no_other(cache: Cache) -> None:
    cache.replay([LONG], bar=60)
    found, computed = cache.replay([edited(LONG, 120)], bar=60)
    assert computed == BARS
    assert_same(found, fresh([edited(LONG, 120)], bar=60))
    assert cache.replay([edited(LONG, 120, 130)], bar=60)[1] == BARS
    assert cache.replay([edited(LONG, 120, 130, 229)], bar=60)[1] == 1
    assert cache.replay([LONG], bar=60)[1] == BARS + 10 + 1


def test_what_takes_no_part_changes_nothing(cache: Cache) -> None:
    cache.replay([LONG], bar=60)
    values = LONG.values.copy()
    values[4] += 1  # volume
    assert cache.replay([replace(LONG, values=values)], bar=60)[1] == 0


def test_a_history_that_begins_or_ends_elsewhere_keeps_what_it_can(cache: Cache) -> None:
    cache.replay([LONG.between(50, 200)], bar=120)
    # the same bars, and older ones before them
    assert cache.replay([LONG.between(0, 200)], bar=120)[1] == 0
    # windows of bars before, and only those
    assert cache.replay([LONG.between(0, 200)], bar=100)[1] == 20
    # of a shorter history the first windows are shorter: they are one run
    found, computed = cache.replay([LONG.between(90, 180)], bar=100)
    assert_same(found, fresh([LONG.between(90, 180)], bar=100))
    assert computed == 1
    # what it did not hold is known still
    assert cache.replay([LONG.between(0, 200)], bar=130)[1] == 0
    assert cache.replay([LONG], bar=130)[1] == 30


def test_what_is_not_asked_for_is_kept_only_where_its_candles_are_the_same(cache: Cache) -> None:
    cache.replay([LONG], bar=60)
    changed = edited(LONG, 100)
    assert cache.replay([changed], bar=130)[1] == 10
    found, computed = cache.replay([changed], bar=60)
    assert computed == 30
    assert_same(found, fresh([changed], bar=60))


def test_a_gap_that_closes_computes_the_windows_across_it(cache: Cache) -> None:
    cache.replay([without(LONG, 120, 121)], bar=60)
    found, computed = cache.replay([LONG], bar=60)
    assert computed == BARS + 1  # of the two new bars, and those after them that reach back
    assert_same(found, fresh([LONG], bar=60))


@pytest.mark.parametrize("text", ["fixed", "origin"])
def test_runs_from_one_bar_on_are_known_as_far_as_nothing_changed(cache: Cache, text: str) -> None:
    first, _ = cache.replay([LONG.between(0, 200)], text, 60)
    again, computed = cache.replay([LONG], text, 60)
    assert computed == 1
    np.testing.assert_array_equal(again[0].average[:200], first[0].average)
    changed = edited(LONG, 150)
    found, computed = cache.replay([changed], text, 60)
    assert computed == 1
    assert_same(found, fresh([changed], text, 60))


edits = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), st.integers(0, 159)),
        st.tuples(st.just("drop"), st.integers(0, 159)),
        st.tuples(st.just("from"), st.integers(0, 60)),
        st.tuples(st.just("to"), st.integers(100, 159)),
        st.tuples(st.just("start"), st.integers(0, 120)),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("text", ["rolling", "rolling:7", "fixed", "origin"])
@given(steps=st.lists(edits, min_size=1, max_size=3))
@settings(max_examples=12)
def test_whatever_happens_to_the_candles_the_values_are_those_of_a_replay_without_a_cache(
    tmp_path_factory: pytest.TempPathFactory, text: str, steps: list[list[tuple[str, int]]]
) -> None:
    cache, whole = Cache(tmp_path_factory.mktemp("cache")), LONG.between(0, 160)
    cache.replay([whole], text, 70)
    for changes in steps:
        candles, start = whole, 70
        for what, bar in changes:
            at = min(bar, len(candles) - 1)
            if what == "edit":
                candles = edited(candles, at)
            elif what == "drop":
                candles = without(candles, at)
            elif what == "start":
                start = bar
            else:
                candles = candles.between(at, len(candles)) if what == "from" else candles.between(0, at + 1)
        found, _ = cache.replay([candles], text, start)
        assert_same(found, fresh([candles], text, start))
        assert cache.replay([candles], text, start)[1] == 0
        assert_same(cache.replay([candles], text, 45)[0], fresh([candles], text, 45))
    assert cache.said == []


@given(changed=st.sets(st.integers(0, 229), min_size=1, max_size=6))
@settings(max_examples=25)
def test_exactly_the_windows_that_hold_a_changed_bar_are_computed(
    tmp_path_factory: pytest.TempPathFactory, changed: set[int]
) -> None:
    cache = Cache(tmp_path_factory.mktemp("cache"))
    cache.replay([LONG], bar=60)
    _, computed = cache.replay([edited(LONG, *changed)], bar=60)
    touched = {end for bar in changed for end in range(bar, bar + BARS) if 60 <= end < len(LONG)}
    assert computed == len(touched)


def test_other_parameters_another_series_and_another_window_know_nothing_of_each_other(cache: Cache) -> None:
    cache.replay([LONG], bar=200)
    for other in (
        ([LONG], {"params": replace(PARAMS, decay=0.04)}),
        ([LONG], {"text": "origin"}),
        ([replace(LONG, symbol="OTHER")], {}),
        ([replace(LONG, exchange="other")], {}),
    ):
        assert cache.replay(other[0], bar=200, **other[1])[1] > 0
    assert len(cache.files()) == 5


def spoil_bit(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("place", [0, 20, 79, 80, 90, 200, 3000, -1])
def test_no_bit_can_flip_without_a_word(cache: Cache, place: int) -> None:
    cache.replay([LONG], bar=100)
    (file,) = cache.files()
    spoil_bit(file, place)
    found, computed = cache.replay([LONG], bar=100)
    assert computed == 130
    assert_same(found, fresh([LONG], bar=100))
    (said,) = cache.said
    assert str(file) in said
    assert "damaged" in said
    assert cache.replay([LONG], bar=100)[1] == 0
    assert len(cache.said) == 1


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:1000])


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def made_a_link(file: Path) -> None:
    elsewhere = file.with_suffix(".elsewhere")
    file.rename(elsewhere)
    file.symlink_to(elsewhere)


def made_a_fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def of_another_key(file: Path) -> None:
    other = Cache(file.parents[1] / "other")
    other.replay([replace(LONG, symbol="OTHER")], bar=100)
    file.write_bytes(other.files()[0].read_bytes())


@pytest.mark.parametrize("spoil", [cut_short, emptied, made_a_link, made_a_fifo, of_another_key])
def test_a_file_that_is_not_what_was_written_is_replaced(cache: Cache, spoil: object) -> None:
    cache.replay([LONG], bar=100)
    (file,) = cache.files()
    spoil(file)
    found, computed = cache.replay([LONG], bar=100)
    assert computed == 130
    assert_same(found, fresh([LONG], bar=100))
    assert "damaged" in cache.said[0]
    assert file.is_file()
    assert not file.is_symlink()
    assert cache.replay([LONG], bar=100)[1] == 0


def test_a_folder_that_cannot_be_written_costs_the_cache_alone(cache: Cache) -> None:
    cache.folder.write_text("not a folder")
    found, _ = cache.replay([LONG, tick_walk(90, 2)], bar=60)
    assert_same(found, fresh([LONG, tick_walk(90, 2)], bar=60))
    (said,) = cache.said
    assert said.startswith("values of windows are not kept for the next run: ")


def test_a_full_disk_costs_the_cache_alone(cache: Cache) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        found, _ = cache.replay([LONG, tick_walk(90, 2)], bar=60)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert_same(found, fresh([LONG, tick_walk(90, 2)], bar=60))
    (said,) = cache.said
    assert said.startswith("values of windows are not kept for the next run: ")
    assert list(cache.folder.iterdir()) == []


def test_those_used_longest_ago_go_first(cache: Cache) -> None:
    series = [replace(LONG, symbol=f"S{number}") for number in range(4)]
    for number, candles in enumerate(series):
        cache.replay([candles], bar=100)
        for file in cache.files():
            if file.stat().st_mtime > 1e9:
                os.utime(file, (number, number))
    size = cache.files()[0].stat().st_size
    cache.replay([series[0]], bar=100)  # used again, nothing written
    shrink(cache.folder, 2.5 * size)
    assert (held(cache.folder).files, held(cache.folder).size_bytes) == (2, 2 * size)
    assert [cache.replay([candles], bar=100, limit_bytes=1e9)[1] > 0 for candles in series] == [
        False,
        True,
        True,
        False,
    ]


def test_a_run_that_is_larger_than_the_cache_says_so(cache: Cache) -> None:
    series = [replace(LONG, symbol=f"S{number}") for number in range(3)]
    found, _ = cache.replay(series, bar=100, limit_bytes=10_000)
    assert_same(found, fresh(series, bar=100))
    assert held(cache.folder).size_bytes <= 10_000
    (said,) = cache.said
    assert "the next run computes the others" in said


def test_what_a_killed_writer_left_is_taken_away(cache: Cache) -> None:
    cache.replay([LONG], bar=100)
    old, young = cache.folder / ".a.windows.x", cache.folder / ".b.windows.x"
    for left in (old, young):
        left.write_bytes(b"half")
    os.utime(old, (0, 0))
    cache.replay([LONG], bar=90)
    assert not old.exists()
    assert young.exists()


class StopError(Exception):
    """Ctrl-C, in tests."""


def test_a_run_that_is_broken_off_keeps_what_is_done(cache: Cache) -> None:
    series = [LONG, tick_walk(230, 2)]
    made_of = {"anchor": "rolling", "bars": BARS}
    windows = Windows(cache.folder, PARAMS, made_of, limit_bytes=1e9, say=cache.said.append)
    asked = {"bars": BARS, "first_ms": START_MS + 60 * HOUR_MS, "least_bars": PARAMS.warmup_bars}
    backend = Counting()

    def stopped(_done: int) -> None:
        if backend.windows >= 200:
            raise StopError

    with pytest.raises(StopError):
        list(replay(series, backend, PARAMS, Anchor(), **asked, memory=windows, advance=stopped))
    found, computed = cache.replay(series, bar=60)
    assert backend.windows == 208
    assert computed == 2 * 170 - 208
    assert_same(found, fresh(series, bar=60))


KILLED = """
import os, signal, sys
from pathlib import Path
from atc_cli.backtest import replay as replaying
from tests.helpers.windows_case import *
from tests.helpers.backends import HOUR_MS, tick_walk

made_of = {"anchor": "rolling", "bars": BARS}
windows = Windows(Path(sys.argv[1]) / "windows", PARAMS, made_of, limit_bytes=1e9, say=print)
asked = {"bars": BARS, "first_ms": START_MS + 60 * HOUR_MS, "least_bars": PARAMS.warmup_bars}
backend, replaying._KEEP_EACH_S = Counting(), float(sys.argv[2])
die = lambda _: backend.windows >= int(sys.argv[3]) and os.kill(os.getpid(), signal.SIGKILL)
list(replay([LONG, tick_walk(230, 2)], backend, PARAMS, Anchor(), **asked, memory=windows, advance=die))
"""


@pytest.mark.parametrize(
    ("each_s", "windows", "most"),
    [("60", "200", 170), ("0", "100", 340 - 16)],
    ids=["in the second series", "in the first"],
)
def test_after_kill_9_the_next_run_goes_on_and_says_the_same(
    cache: Cache, tmp_path: Path, each_s: str, windows: str, most: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), each_s, windows]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    series = [LONG, tick_walk(230, 2)]
    found, computed = cache.replay(series, bar=60)
    assert computed <= most
    assert_same(found, fresh(series, bar=60))
    assert cache.said == []


def test_bars_are_found_by_time_and_bits() -> None:
    opens, prices = np.arange(10), np.arange(10.0)[np.newaxis]
    kept = Kept(opens, prices, prices[0], np.zeros(10, np.int32), np.zeros(10, np.int32))
    for other, runs in runs_by_hand(opens, prices):
        place, run = kept.found_in(other[0], other[1])
        assert run.tolist() == runs
        assert (opens[place[run > 0]] == other[0][run > 0]).all()


def runs_by_hand(opens: Ints, prices: np.ndarray) -> Iterator[tuple[tuple[Ints, np.ndarray], list[int]]]:
    yield (opens, prices), list(range(1, 11))
    yield (opens[3:], prices[:, 3:]), list(range(1, 8))
    yield (np.delete(opens, 4), np.delete(prices, 4, axis=1)), [1, 2, 3, 4, 1, 2, 3, 4, 5]
    changed = prices.copy()
    changed[0, 0], changed[0, 5] = -0.0, 5.5
    yield (opens, changed), [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]
    yield (opens + 100, prices), [0] * 10
