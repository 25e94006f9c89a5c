"""The slow definition of the figures beside the signal, on cases computed by hand."""

import math

import numpy as np
import pytest

from atc_cli.domain.features import Features, Lengths, at_each_bar, at_the_end
from atc_cli.domain.timeframe import TIMEFRAMES_MS

SHORT = Lengths(ema=3, atr=4, burst=2, day=3)
CLOSES = [10.0, 12.0, 6.0, 8.0, 8.0, 16.0]
# alpha is 1/2, the true ranges are 2, 2, 8, 3, 1, 8
VALUES = np.array(
    [
        CLOSES,
        [11.0, 12.0, 13.0, 9.0, 8.5, 16.0],
        [9.0, 11.0, 5.0, 6.0, 7.5, 9.0],
        CLOSES,
        [1.0, 1.0, 4.0, 4.0, 0.0, 2.0],
    ]
)
NAN = math.nan


def test_six_bars_by_hand() -> None:
    expected = [
        (NAN, NAN, NAN, NAN, NAN),
        (NAN, NAN, 1.2, 1.0, NAN),
        (8.5, NAN, 0.5, 2.0, 2.5 / 2),
        (8.25, 15 / 4, 0.5, 2.0, 4 / 3),
        (8.125, 3.0625, 0.5, 2.0, 2 / (8 / 3)),
        (12.0625, 4.296875, 0.5, 2.0, 1 / 2),
    ]
    np.testing.assert_array_equal(at_each_bar(VALUES, SHORT), expected)
    np.testing.assert_array_equal(at_the_end(VALUES, SHORT), expected[-1])


def test_of_two_equal_jumps_the_first_counts_and_a_flat_price_jumps_by_nothing() -> None:
    closes = np.array([8.0, 4.0, 8.0, 4.0])
    found = at_the_end(np.stack([closes] * 5), SHORT)
    assert (found.jump, found.jumped) == (0.5, 1)
    assert at_the_end(np.ones((5, 4)), SHORT)[2:4] == (1.0, 1)


@pytest.mark.parametrize("volume", [0.0, NAN])
def test_without_volume_there_is_no_burst(volume: float) -> None:
    values = VALUES.copy()
    values[4] = volume
    assert math.isnan(at_the_end(values, SHORT).burst)
    assert math.isnan(at_the_end(VALUES, SHORT._replace(day=0)).burst)


def test_no_bars_have_no_figures() -> None:
    assert all(math.isnan(each) for each in at_the_end(np.empty((5, 0)), SHORT))
    assert at_each_bar(np.empty((5, 0)), SHORT) == []
    assert Features._fields == ("ema", "atr", "jump", "jumped", "burst")


def test_volumes_are_compared_where_a_day_has_at_least_24_bars() -> None:
    days = {name: Lengths.of(name).day for name in TIMEFRAMES_MS}
    bursting = {"1m": 1440, "3m": 480, "5m": 288, "15m": 96, "30m": 48, "1h": 24}
    assert {name: bars for name, bars in days.items() if bars} == bursting
    assert Lengths.of("4h")[:3] == (28, 100, 5)
