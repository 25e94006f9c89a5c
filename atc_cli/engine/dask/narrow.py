"""Prices as they travel over a network: ticks from bar to bar in as few bytes as hold them, back to the same bits.

Prices of one series on a decimal grid differ by few ticks from bar to bar: two bytes are enough where a float has
eight. What lies on no grid travels as it is.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.grid import DECIMALS_MAX
from atc_cli.domain.panel import Floats, Ints

_SCALES = np.array([10.0**decimals for decimals in range(DECIMALS_MAX + 1)])
_EXACT = 2.0**53
_TYPES = (np.int8, np.int16, np.int32, np.int64)
_MOST = [np.iinfo(each).max for each in _TYPES[:-1]]
_AS_IT_IS = len(_TYPES)
_PROBES = 8


@dataclass(frozen=True, slots=True)
class Narrow:
    """Rows of prices one after the other: `bars` [m] of each, `decimals` and `kinds` [m], `firsts` [m] in ticks.

    `steps` are the differences of the rows of each kind in its type, `floats` the rows that are on no grid.
    """

    shape: tuple[int, ...]
    bars: Ints
    decimals: NDArray[np.int8]
    kinds: NDArray[np.int8]
    firsts: Ints
    steps: tuple[NDArray[Any], ...]
    floats: Floats

    @classmethod
    def of(cls, prices: Floats, bars: Ints) -> Self:
        """Columns [k, bars of all] of series with so many `bars` each, none of them empty."""
        lengths, values = np.tile(bars, len(prices)), prices.ravel()
        decimals, ticks = _ticks(values, lengths)
        begins = np.cumsum(lengths) - lengths
        steps = np.diff(ticks, prepend=0)
        steps[begins] = 0
        kinds = np.searchsorted(_MOST, np.maximum.reduceat(np.abs(steps), begins)).astype(np.int8)
        kinds[decimals < 0] = _AS_IT_IS
        whose = np.repeat(kinds, lengths)
        narrow = tuple(steps[whose == kind].astype(each) for kind, each in enumerate(_TYPES))
        return cls(prices.shape, lengths, decimals, kinds, ticks[begins], narrow, values[whose == _AS_IT_IS])

    def prices(self) -> Floats:
        """The same columns, to the bit."""
        whose, begins = np.repeat(self.kinds, self.bars), np.cumsum(self.bars) - self.bars
        ticks = np.zeros(len(whose), np.int64)
        for kind, some in enumerate(self.steps):
            ticks[whose == kind] = some
        ticks = np.cumsum(ticks)
        ticks += np.repeat(self.firsts - ticks[begins], self.bars)
        values: Floats = ticks / np.repeat(_SCALES[self.decimals], self.bars)
        values[whose == _AS_IT_IS] = self.floats
        return values.reshape(self.shape)


def _ticks(values: Floats, lengths: Ints) -> tuple[NDArray[np.int8], Ints]:
    """Decimals of each row, -1 where no grid holds all of it to the bit, and its integers there."""
    ends = np.cumsum(lengths)
    places = (ends - lengths)[:, None] + (lengths - 1)[:, None] * np.arange(_PROBES) // (_PROBES - 1)
    probes, ticks = values[places], np.zeros(len(values), np.int64)
    decimals, left = np.full(len(lengths), -1, np.int8), np.arange(len(lengths))
    for each, scale in enumerate(_SCALES):
        likely = left[_exact(probes[left], scale).all(axis=1)]
        if len(likely):
            rows = np.flatnonzero(np.repeat(np.isin(np.arange(len(lengths)), likely), lengths))
            begins = np.cumsum(lengths[likely]) - lengths[likely]
            on = np.logical_and.reduceat(_exact(values[rows], scale), begins)
            decimals[likely[on]] = each
            there = rows[np.repeat(on, lengths[likely])]
            ticks[there] = np.rint(values[there] * scale)
            left = left[decimals[left] < 0]
    return decimals, ticks


def _exact(values: Floats, scale: float) -> NDArray[np.bool_]:
    with np.errstate(over="ignore"):
        ticks = np.rint(values * scale)
    exact: NDArray[np.bool_] = (ticks / scale == values) & (np.abs(ticks) < _EXACT) & ~np.signbit(values)
    return exact
