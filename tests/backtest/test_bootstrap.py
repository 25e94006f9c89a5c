"""Intervals of a block bootstrap: equal to the plain definition, and as wide as chance makes them."""

import numpy as np
import pytest

from atc_cli.backtest.bootstrap import interval, resampled


def slowly(per_bar: np.ndarray, block_bars: int, rounds: int, seed: int) -> np.ndarray:
    """The definition, bar by bar: blocks from bars drawn alike, the last bar followed by the first."""
    figures, bars = per_bar.shape
    blocks = -(-bars // block_bars)
    starts = np.random.default_rng(seed).integers(0, bars, size=(rounds, blocks))
    sums = np.zeros((figures, rounds))
    for number, drawn in enumerate(starts.tolist()):
        for start in drawn:
            for step in range(block_bars):
                sums[:, number] += per_bar[:, (start + step) % bars]
    return sums


@pytest.mark.parametrize(("bars", "block_bars"), [(1, 1), (7, 3), (40, 8), (41, 8), (5, 12)])
def test_resampled_sums_are_those_of_the_definition(bars: int, block_bars: int) -> None:
    per_bar = np.random.default_rng(bars).integers(-9, 9, (3, bars)).astype(np.float64)
    found = resampled(per_bar, block_bars, rounds=25, seed=3)
    np.testing.assert_allclose(found, slowly(per_bar, block_bars, 25, 3), atol=1e-9)


def test_all_figures_of_a_round_are_of_the_same_blocks() -> None:
    one = np.random.default_rng(1).normal(size=300)
    twice, same = resampled(np.array([2 * one, one]), 120)
    np.testing.assert_allclose(twice, 2 * same)
    np.testing.assert_array_equal(resampled(one[None], 120)[0], same)


def test_about_95_of_100_intervals_of_unrelated_bars_hold_the_truth() -> None:
    draw = np.random.default_rng(7)
    held = 0
    for seed in range(200):
        count = draw.integers(0, 5, 2400).astype(np.float64)
        paid = draw.binomial(count.astype(int), 0.4).astype(np.float64)
        low, high = interval(*resampled(np.array([paid, count]), 120, rounds=400, seed=seed))
        held += low <= 0.4 <= high
    assert 0.88 * 200 <= held <= 0.99 * 200


def test_bars_that_are_alike_make_the_interval_wider() -> None:
    draw = np.random.default_rng(5)
    alike = np.repeat(draw.normal(size=60), 40)
    mixed = draw.permutation(alike)
    ones = np.ones(2400)
    widths = [np.diff(interval(*resampled(np.array([each, ones]), 120)))[0] for each in (alike, mixed)]
    assert widths[0] > 3 * widths[1]


def test_a_figure_of_nothing_has_no_interval() -> None:
    assert interval(np.zeros(5), np.zeros(5)) is None
    low, high = interval(np.array([0.0, 3.0, 3.0]), np.array([0.0, 4.0, 4.0]))
    assert (low, high) == (0.75, 0.75), "rounds without an entry say nothing"
