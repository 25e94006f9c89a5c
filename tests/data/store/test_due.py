"""How much of a stored window has to be asked for, told from what is known of it alone."""

from dataclasses import replace

import pytest

from atc_cli.data.store.due import lacks_bars
from atc_cli.domain.results.stored import Entry, Hole
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.domain.window import Window

NOW_MS = 1_760_000_400_000 // HOUR_MS * HOUR_MS + 20 * 60_000
NEWEST_MS = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS
WINDOW = Window(timeframe="1h", now_ms=NOW_MS, bars=500)
WHOLE = Entry(
    native="BTCUSDT", symbol="BTC/USDT", quote="USDT", offset_ms=0, bars=500,
    first_ms=NEWEST_MS - 499 * HOUR_MS, last_ms=NEWEST_MS, asked_ms=NEWEST_MS,
)  # fmt: skip


def later(bars: int) -> Window:
    return WINDOW.at(NOW_MS + bars * HOUR_MS)


@pytest.mark.parametrize("bars", [0, 1, 98, 499])
def test_a_whole_window_lacks_the_bars_that_closed_since(bars: int) -> None:
    assert lacks_bars(later(bars), WHOLE) == bars


def test_a_window_that_is_not_stored_is_asked_for_as_a_whole() -> None:
    assert lacks_bars(WINDOW, replace(WHOLE, bars=499)) is None
    assert lacks_bars(later(500), WHOLE) is None
    assert lacks_bars(later(1), replace(WHOLE, bars=20, complete=True)) == 1


def test_bars_that_were_not_asked_for_inside_it_are_asked_for_from_there_on() -> None:
    hole = Hole(NEWEST_MS - 9 * HOUR_MS, NEWEST_MS - 8 * HOUR_MS)
    assert lacks_bars(later(1), replace(WHOLE, holes=(hole,))) == 10
    waiting = replace(hole, retry_ms=NOW_MS + 2 * HOUR_MS)
    assert lacks_bars(later(1), replace(WHOLE, holes=(waiting,))) == 1


def test_what_a_wrong_clock_stored_is_not_relied_on() -> None:
    assert lacks_bars(WINDOW, replace(WHOLE, last_ms=NEWEST_MS + 3 * HOUR_MS)) is None
