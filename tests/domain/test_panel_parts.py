"""A panel in parts, and the time of each of its bars."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atc_cli.domain.panel import Panel
from tests.helpers.backends import HOUR_MS, tick_walk


def panel_of(*bars: int) -> Panel:
    return Panel.of([tick_walk(length, seed) for seed, length in enumerate(bars)])


@given(lengths=st.lists(st.integers(0, 9), max_size=12), most=st.integers(1, 40))
def test_parts_hold_every_series_once_in_order_and_as_many_as_fit(lengths: list[int], most: int) -> None:
    panel = panel_of(*lengths)
    parts = list(panel.parts(most))
    assert [series for _, part in parts for series in part.series] == list(panel.series)
    assert [row for rows, _ in parts for row in range(rows.start, rows.stop)] == list(range(len(panel)))
    for number, (rows, part) in enumerate(parts):
        assert rows.stop - rows.start == len(part)
        total = int(part.offsets[-1])
        assert total <= most or len(part) == 1
        if number + 1 < len(parts):
            assert total + len(parts[number + 1][1].series[0]) > most


def test_a_part_joins_columns_of_its_own() -> None:
    panel = panel_of(5, 6, 7)
    for _, part in panel.parts(6):
        assert part.column(3).tolist() == part.series[0].close.tolist()
    assert not panel._columns


def test_a_panel_that_fits_or_is_joined_already_is_one_part() -> None:
    panel = panel_of(5, 6, 7)
    assert [part is panel for _, part in panel.parts(18)] == [True]
    assert [len(part) for _, part in panel.parts(17)] == [2, 1]
    panel.column(3)
    assert [(rows, part is panel) for rows, part in panel.parts(1)] == [(slice(0, 3), True)]
    assert list(panel_of().parts(1)) == []


def test_times_are_right_aligned_and_lead_back_to_their_bars() -> None:
    panel = panel_of(4, 0, 2)
    times = panel.times_ms()
    assert times.tolist()[0] == panel.series[0].timestamp.tolist()
    assert times.tolist()[1:] == [[0] * 4, [0, 0, *panel.series[2].timestamp.tolist()]]
    for series, candles in enumerate(panel.series):
        places = [panel.place(series, int(time)) for time in candles.timestamp]
        assert places == list(range(-len(candles), 0))


@pytest.mark.parametrize("bars", [1, 5])
def test_a_time_at_which_no_bar_opened_has_no_place(bars: int) -> None:
    panel = panel_of(bars)
    first, last = (int(panel.series[0].timestamp[at]) for at in (0, -1))
    for time in (0, first - HOUR_MS, first + 1, last + 1, last + HOUR_MS):
        assert panel.place(0, time) is None


def test_a_gap_has_no_place_and_moves_none_after_it() -> None:
    whole = tick_walk(5, 1)
    held = [0, 1, 3, 4]
    gapped = replace(whole, timestamp=whole.timestamp[held], values=whole.values[:, held])
    panel = Panel.of([gapped])
    assert [panel.place(0, int(time)) for time in whole.timestamp] == [-4, -3, None, -2, -1]
    assert np.array_equal(panel.times_ms()[0], gapped.timestamp)
