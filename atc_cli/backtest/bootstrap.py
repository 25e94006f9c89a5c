"""How far a figure could lie from what was seen, where neighbouring bars are alike: a circular block bootstrap.

Politis and Romano 1992: blocks of neighbouring bars, drawn with replacement, the last bar followed by the first.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ROUNDS = 2000
LEAST_BLOCKS = 5
_SEED = 20_261_122
_TAIL = 2.5  # percent on either side


def resampled(per_bar: Floats, block_bars: int, *, rounds: int = ROUNDS, seed: int = _SEED) -> Floats:
    """Sums of `per_bar` [figures, bars] over as many whole blocks as bars need, drawn anew in each round.

    Returns [figures, rounds]. All figures of a bar stay together, in every round the same blocks count for all.
    """
    bars = per_bar.shape[1]
    starts = np.random.default_rng(seed).integers(0, bars, size=(rounds, -(-bars // block_bars)))
    sums = np.empty((len(per_bar), rounds))
    for figure, of_bar in zip(sums, per_bar, strict=True):
        figure[:] = _blocks(of_bar, block_bars)[starts].sum(axis=1)
    return sums


def _blocks(of_bar: Floats, block_bars: int) -> Floats:
    """The sum of the block that begins at each bar."""
    around = np.resize(of_bar, len(of_bar) + block_bars)
    run = np.concatenate(([0.0], np.cumsum(around)))
    sums: Floats = run[block_bars : block_bars + len(of_bar)] - run[: len(of_bar)]
    return sums


def interval(above: Floats, below: Floats) -> tuple[float, float] | None:
    """Between which the ratio of two resampled sums lies in 95 of 100 rounds; None where it is never defined."""
    drawn = below > 0
    if not drawn.any():
        return None
    low, high = np.percentile(above[drawn] / below[drawn], (_TAIL, 100 - _TAIL))
    return float(low), float(high)
