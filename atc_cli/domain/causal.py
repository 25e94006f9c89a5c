"""Where growing windows leave the price grid: until then their values are those of integer prices, as a scan saw."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.grid import DECIMALS_MAX, Floats, on_grid, prices_of
from atc_cli.domain.params import Params


def gridless(columns: Sequence[Floats]) -> NDArray[np.bool_]:
    """Of every bar, whether one of its prices is on no grid at all: no window with it is. Shapes [bars]."""
    found = np.zeros(len(columns[0]), bool)
    left = np.arange(len(found))
    for decimals in range(DECIMALS_MAX + 1):
        left = left[~np.logical_and.reduce([on_grid(column[left], decimals) for column in columns])]
    found[left] = True
    return found


def leaves_grid(values: Floats, params: Params, first: int) -> int:
    """The first bar of `first`.. whose window from bar 0 on is off the grid; `values` has shape [5, bars].

    One that is off the grid stays so as it grows.
    """
    low, high = first, len(values[0])
    if not prices_of(values[:, : first + 1], params).on_grid:
        return first
    while low + 1 < high:
        middle = (low + high) // 2
        if prices_of(values[:, : middle + 1], params).on_grid:
            low = middle
        else:
            high = middle
    return high
