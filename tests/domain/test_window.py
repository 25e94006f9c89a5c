"""The one question: so many bars, or a range in time, as of a moment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atc_cli.domain.timeframe import HOUR_MS, TIMEFRAMES_MS, newest_closed_open_ms
from atc_cli.domain.window import Window
from tests.helpers.backends import tick_walk

NOW_MS = 1_700_000_000_000


@pytest.mark.parametrize("fields", [{}, {"bars": 5, "since_ms": 0}, {"bars": 5, "until_ms": 9}, {"until_ms": 9}])
def test_it_is_so_many_bars_or_a_range_and_never_both_or_neither(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="so many bars or a range"):
        Window(timeframe="1h", now_ms=NOW_MS, **fields)


@given(
    step=st.sampled_from([name for name in TIMEFRAMES_MS if name != "3d"]),
    now_ms=st.integers(10**12, 2 * 10**12),
    until_ms=st.none() | st.integers(10**12, 2 * 10**12),
)
def test_the_newest_bar_is_the_last_that_is_closed_and_opens_before_the_end(
    step: str, now_ms: int, until_ms: int | None
) -> None:
    window = Window(timeframe=step, now_ms=now_ms, since_ms=0, until_ms=until_ms)
    step_ms, newest_ms = TIMEFRAMES_MS[step], newest_closed_open_ms(now_ms, step)
    opens = newest_ms + step_ms * np.arange(-10, 2)
    if until_ms is not None and until_ms <= newest_ms:
        opens += (until_ms - newest_ms) // step_ms * step_ms
    wanted = opens[(opens + step_ms <= now_ms) & (opens < (until_ms or now_ms))]
    assert window.newest_open_ms == wanted[-1]


@pytest.mark.parametrize(("since", "until", "kept"), [(10, 20, (10, 20)), (9.5, 19.5, (10, 20)), (10, None, (10, 100))])
def test_a_range_begins_with_its_first_and_ends_before_its_last_moment(since, until, kept) -> None:
    candles = tick_walk(100, 1)
    at = [None if each is None else int(candles.timestamp[0] + each * HOUR_MS) for each in (since, until)]
    cut = Window(timeframe="1h", now_ms=2 * NOW_MS, since_ms=at[0], until_ms=at[1]).cut(candles)
    assert cut.timestamp.tolist() == candles.timestamp[slice(*kept)].tolist()
    assert np.array_equal(cut.values, candles.values[:, slice(*kept)])


@pytest.mark.parametrize(("since", "until"), [(-50, -10), (100, 120), (30, 30), (40, 20)])
def test_a_range_without_candles_is_empty(since: int, until: int) -> None:
    candles = tick_walk(100, 1)
    at = [int(candles.timestamp[0] + each * HOUR_MS) for each in (since, until)]
    assert len(Window(timeframe="1h", now_ms=2 * NOW_MS, since_ms=at[0], until_ms=at[1]).cut(candles)) == 0


def test_a_tail_ends_where_its_window_ends() -> None:
    window = Window(timeframe="1h", now_ms=NOW_MS, since_ms=0, until_ms=NOW_MS - HOUR_MS, forming=True)
    tail = window.tail(NOW_MS - 5 * HOUR_MS)
    assert (tail.since_ms, tail.until_ms, tail.forming) == (NOW_MS - 5 * HOUR_MS, window.until_ms, True)
    assert not tail.has_forming
    assert tail.newest_open_ms == window.newest_open_ms
