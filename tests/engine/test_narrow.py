"""Prices that travel in fewer bytes arrive with the same bits."""

import warnings

import numpy as np
import pytest

from atc_cli.engine.dask.narrow import Narrow

RANDOM = np.random.default_rng(8)


def row(kind: str, bars: int) -> np.ndarray:
    walk = np.exp(np.cumsum(RANDOM.normal(0, 0.01, bars)))
    return {
        "cents": np.round(100 * walk, 2),
        "whole": np.round(60_000 * walk),
        "meme": np.round(1e-5 * walk, 14),
        "jumps": np.where(np.arange(bars) % 3, 0.01, 9e9),
        "adjusted": 100 * walk / 7,
        "huge": 1e99 * walk,
        "tiny": np.full(bars, 5e-324),
        "nearly": np.concatenate((np.round(100 * walk[:-1], 2), [100.001000001])),
        "zero": np.full(bars, -0.0),
    }[kind]


KINDS = ("cents", "whole", "meme", "jumps", "adjusted", "huge", "tiny", "nearly", "zero")


@pytest.mark.parametrize("columns", [1, 3])
def test_every_kind_of_price_alone_and_among_others_keeps_its_bits(columns: int) -> None:
    rows = [(kind, bars) for kind in KINDS for bars in (1, 2, 7, 300)]
    for chosen in [[each] for each in rows] + [rows, rows[::-1]]:
        bars = np.array([bars for _, bars in chosen])
        prices = np.stack([np.concatenate([row(*each) for each in chosen]) for _ in range(columns)])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = Narrow.of(prices, bars).prices()
        np.testing.assert_array_equal(found.view(np.int64), prices.view(np.int64))


def test_prices_on_a_grid_take_a_third_of_the_bytes_at_the_most() -> None:
    prices = np.concatenate([row("cents", 1500) for _ in range(20)])[None]
    narrow = Narrow.of(prices, np.full(20, 1500))
    arrays = (narrow.bars, narrow.decimals, narrow.kinds, narrow.firsts, *narrow.steps, narrow.floats)
    assert sum(each.nbytes for each in arrays) < prices.nbytes / 3
