import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atc_cli.reporting.thinned import Thinning, merged, packed, short_numbers, steps

SIZES = (1, 2, 3, 1999, 2000, 2001, 2002, 8760, 9999)


def wandering(bars: int, seed: int = 1) -> np.ndarray:
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, bars)))


@pytest.mark.parametrize("bars", SIZES)
def test_a_thinned_series_is_short_and_keeps_its_ends_and_its_extremes(bars: int):
    series = wandering(bars)
    thinning = Thinning.to(bars, 2000)
    values, places = thinning.values(series), thinning.places()
    assert len(values) == len(places) <= 2001
    assert (values[0], values[-1]) == (series[0], series[-1])
    assert (values.max(), values.min()) == (series.max(), series.min())
    assert (places[0], places[-1]) == (0, bars - 1)
    assert (np.diff(places) >= 0).all()


@pytest.mark.parametrize("bars", [2001, 8760])
def test_the_lowest_and_the_highest_of_every_stretch_stay_where_they_were(bars: int):
    series = wandering(bars, 2)
    thinning = Thinning.to(bars, 2000)
    values = thinning.values(series)[:-1].reshape(-1, 2)
    for place, pair in list(enumerate(values))[1:]:
        stretch = series[place * thinning.each : (place + 1) * thinning.each]
        assert sorted(pair) == [stretch.min(), stretch.max()]
        if len(set(pair)) == 2:
            assert (pair[0] < pair[1]) == (stretch.argmin() < stretch.argmax())


def test_a_short_series_is_as_it_was():
    series = wandering(2000)
    assert Thinning.to(2000, 2000).values(series).tolist() == series.tolist()


@pytest.mark.parametrize(("bars", "each"), [(10, 1), (10, 2), (10, 3), (7, 7), (7, 9)])
def test_merged_candles_are_what_a_larger_timeframe_shows(bars: int, each: int):
    rng = np.random.default_rng(3)
    candles = np.sort(rng.uniform(1, 9, (4, bars)), axis=0)[[1, 3, 0, 2]]
    wanted = []
    for group in groups(candles, each):
        opens, highs, lows, closes = zip(*group, strict=True)
        wanted.append([opens[0], max(highs), min(lows), closes[-1]])
    assert merged(candles, each).T.tolist() == wanted


def groups(candles: np.ndarray, each: int) -> list[list[list[float]]]:
    rows = candles.T.tolist()
    return [rows[at : at + each] for at in range(0, len(rows), each)]


@given(st.lists(st.integers(1, 5), max_size=40), st.integers(0, 10**6))
def test_steps_hold_every_time(moves: list[int], first: int):
    times = np.array([first, *itertools.accumulate(moves, initial=first)][1:] or [first], np.int64) * 3_600_000
    start, *runs = steps(times, 1000)
    found = [start]
    for step, count in zip(runs[::2], runs[1::2], strict=True):
        for _ in range(count):
            found.append(found[-1] + step * 1000)
    assert found == times.tolist()
    assert steps(np.empty(0, np.int64), 1000) == []


@pytest.mark.parametrize("level", [1e-9, 3e-5, 1.0, 42_000.0, 3e9])
def test_packed_candles_read_back_within_a_ten_thousandth_of_the_lowest_price(level: float):
    close = wandering(500, 4) / 100 * level
    opening = np.append(close[:1], close[:-1])
    candles = np.stack((opening, np.maximum(opening, close) * 1.01, np.minimum(opening, close) * 0.99, close))
    decimals, flat = packed(candles)
    found, before = [], 0
    for gap, body, up, down in np.array(flat).reshape(-1, 4).tolist():
        assert up >= 0 <= down
        opened = before + gap
        before = opened + body
        found.append([opened, max(opened, before) + up, min(opened, before) - down, before])
    read = np.array(found, float).T * 10.0**-decimals
    assert np.abs(read - candles).max() <= candles.min() * 1.01e-4


def test_numbers_are_short_and_what_is_not_one_is_null():
    assert short_numbers(np.array([12_345.678901, 1.23456789])) == [12_345.68, 1.23]
    assert short_numbers(np.array([np.nan, 0.5, -np.inf])) == [None, 0.5, None]
    assert short_numbers(np.array([])) == []
    assert short_numbers(np.zeros(2)) == [0.0, 0.0]
