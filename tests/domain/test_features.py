"""The slow definition of the figures beside the signal, on cases computed by hand."""

import math

import numpy as np
import pytest

from atc_cli.domain.dispersion import hurst
from atc_cli.domain.features import Features, Lengths, at_each_bar, at_the_end
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from tests.helpers.backends import tick_walk

SHORT = Lengths(ema=3, atr=4, burst=2, day=3, rsi=2, adx=2, bollinger=3, volatility=2, hurst=16)
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
    found = at_each_bar(VALUES, SHORT)
    np.testing.assert_array_equal([each[:5] for each in found], expected)
    np.testing.assert_array_equal(at_the_end(VALUES, SHORT)[:5], expected[-1])


def test_the_oscillators_of_six_bars_by_hand() -> None:
    found = at_each_bar(VALUES, SHORT)
    # Gains 2, 0, 2, 0, 8 and losses 0, 6, 0, 0, 0: averages 1, 1.5, .75, 4.375 and 3, 1.5, .75, .375.
    expected = [NAN, NAN, 25, 50, 50, 100 * 4.375 / 4.75]
    np.testing.assert_allclose([each.rsi for each in found], expected, rtol=1e-15)
    # Up 1, 0, 0, 0, 7.5 and down 0, 6, 0, 0, 0: averages .5, .25, .125, 3.8125 and 3, 1.5, .75, .375.
    expected = [NAN, NAN, NAN, 500 / 7, 500 / 7, 50 * (5 / 7 + 55 / 67)]
    np.testing.assert_allclose([each.adx for each in found], expected, rtol=1e-15)


def test_the_scatter_of_six_bars_by_hand() -> None:
    found = at_each_bar(VALUES, SHORT)
    # Means 28/3, 26/3, 22/3, 32/3 of three closes, from which the last lies -10/3, -2/3, 2/3, 16/3.
    variances = [(4 + 64 + 100) / 27, (100 + 64 + 4) / 27, (16 + 4 + 4) / 27, (64 + 64 + 256) / 27]
    away = [-10 / 3, -2 / 3, 2 / 3, 16 / 3]
    expected = [NAN, NAN, *(0.5 + x / 4 / math.sqrt(var) for x, var in zip(away, variances, strict=True))]
    np.testing.assert_allclose([each.bollinger for each in found], expected, rtol=1e-14)
    # Returns 2/11, -2/3, 2/7, 0, 2/3: of two the sample's deviation is their distance / sqrt 2.
    expected = [NAN, NAN, *(x / math.sqrt(2) for x in (28 / 33, 20 / 21, 2 / 7, 2 / 3))]
    np.testing.assert_allclose([each.volatility for each in found], expected, rtol=1e-14)


def test_the_oscillators_begin_with_the_bar_that_completes_them() -> None:
    found = at_each_bar(tick_walk(300, 3).values, Lengths())
    first = {name: next(bar for bar, row in enumerate(found, 1) if getattr(row, name) == getattr(row, name))
             for name in ("rsi", "adx", "bollinger", "volatility", "hurst")}  # fmt: skip
    assert first == {"rsi": 15, "adx": 28, "bollinger": 20, "volatility": 101, "hurst": 257}


def test_a_flat_price_has_no_strength_no_bands_and_no_exponent_and_neither_scatters_nor_goes_anywhere() -> None:
    found = at_the_end(np.full((5, 300), math.sqrt(2) / 10), Lengths())
    assert [math.isnan(each) for each in (found.rsi, found.bollinger, found.hurst)] == [True] * 3
    assert (found.adx, found.volatility) == (0, 0)


def test_all_one_way_is_the_whole_of_strength_and_direction() -> None:
    rising, falling = (np.tile(np.exp(sign * np.arange(300) / 100), (5, 1)) for sign in (1, -1))
    up, down = at_the_end(rising, Lengths()), at_the_end(falling, Lengths())
    assert (up.rsi, up.adx, down.rsi, down.adx) == (100, pytest.approx(100), 0, pytest.approx(100))
    assert up.hurst == down.hurst == pytest.approx(1)
    assert up.volatility == pytest.approx(0, abs=1e-15)
    assert up.bollinger > 0.8 > 0.2 > down.bollinger


@pytest.mark.parametrize(
    ("kept", "least", "most"),
    [(1.0, 0.46, 0.53), (0.8, 0.25, 0.32)],
    ids=["a random walk", "a price that is drawn back"],
)
def test_the_hurst_exponent_tells_a_walk_from_what_turns_back_and_goes_on(
    kept: float, least: float, most: float
) -> None:
    rng, count = np.random.default_rng(2), 200
    log_price = np.zeros((count, 257))
    for t, step in enumerate(rng.normal(0, 0.01, (256, count))):
        log_price[:, t + 1] = kept * log_price[:, t] + step
    found = [hurst(row.tolist(), 256) for row in np.exp(log_price)]
    assert least < np.mean(found) < most
    assert np.std(found) < 0.06
    # The same steps, each with half of the one before, go on.
    steps = np.diff(log_price, axis=1)
    on = np.exp(np.cumsum(steps[:, 1:] + 0.5 * steps[:, :-1], axis=1))
    assert np.mean([hurst(row.tolist(), 255 - 1) for row in on]) > np.mean(found) + 0.05


def test_the_hurst_exponent_is_half_the_slope_of_mean_squares_over_lags() -> None:
    closes = tick_walk(257, 9).close
    returns = 2 * np.diff(closes) / (closes[1:] + closes[:-1])
    means = [np.mean(np.convolve(returns, np.ones(lag), "valid") ** 2) for lag in (1, 2, 4, 8, 16)]
    slope = np.polyfit(np.arange(5), np.log2(means), 1)[0]
    assert hurst(closes.tolist(), 256) == pytest.approx(slope / 2, rel=1e-12)


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
    # Rust knows them by their places, and new ones come last.
    names = ("ema", "atr", "jump", "jumped", "burst", "rsi", "adx", "bollinger", "volatility", "hurst")
    assert Features._fields == names


def test_volumes_are_compared_where_a_day_has_at_least_24_bars() -> None:
    days = {name: Lengths.of(name).day for name in TIMEFRAMES_MS}
    bursting = {"1m": 1440, "3m": 480, "5m": 288, "15m": 96, "30m": 48, "1h": 24}
    assert {name: bars for name, bars in days.items() if bars} == bursting
    assert Lengths.of("4h") == (28, 100, 5, 0, 14, 14, 20, 100, 256)
