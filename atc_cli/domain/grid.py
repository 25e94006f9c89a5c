"""Tick-exact prices (spec/ATC.md, section 3): a price series as integers on a decimal grid."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import Dialect, Source, member_lengths
from atc_cli.domain.params import Params

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DECIMALS_MAX = 14
_OPEN, _HIGH, _LOW, CLOSE = range(4)

SOURCE_COLUMNS: dict[Source, tuple[int, ...]] = {
    Source.CLOSE: (CLOSE,),
    Source.OPEN: (_OPEN,),
    Source.HIGH: (_HIGH,),
    Source.LOW: (_LOW,),
    Source.HL2: (_HIGH, _LOW),
    Source.HLC3: (_HIGH, _LOW, CLOSE),
    Source.OHLC4: (_OPEN, _HIGH, _LOW, CLOSE),
}


def columns_read(source: Source) -> list[int]:
    """The columns whose prices take part: close and those of the source."""
    return sorted({CLOSE, *SOURCE_COLUMNS[source]})


@dataclass(frozen=True, slots=True)
class Prices:
    """What the averages are computed on, each of shape [bars].

    On grid: `close_int`, `source_int` are integers at `scale` = m*10^k units per 1.0 and `decimals` is
    k. Off grid (and in tradingview) `decimals` is None and the integer fields hold nothing.
    """

    close: Floats
    source: Floats
    close_int: Ints | None = None
    source_int: Ints | None = None
    scale: float = 1.0
    decimals: int | None = None

    @property
    def on_grid(self) -> bool:
        """Whether the integer prices exist."""
        return self.decimals is not None


def prices_of(values: Floats, params: Params) -> Prices:
    """Prices of one series; `values` has rows open, high, low, close, .. and shape [>= 4, bars]."""
    close: Floats = values[CLOSE]
    raw = Prices(close, float_source(values, params.source))
    if params.dialect is Dialect.TRADINGVIEW:
        return raw
    columns = SOURCE_COLUMNS[params.source]
    decimals = _smallest_decimals([values[i] for i in columns_read(params.source)])
    if decimals is None:
        return raw
    multiple = len(columns)
    close_int = _ticks(close, decimals) * multiple
    source_int: Floats = np.sum([_ticks(values[i], decimals) for i in columns], axis=0)
    largest = max(close_int.max(initial=0), source_int.max(initial=0))
    if int(largest) * exactness_factor(params) >= 2**53:
        return raw
    scale = multiple * 10.0**decimals
    source: Floats = raw.source if multiple == 1 else source_int / scale
    return Prices(close, source, close_int.astype(np.int64), source_int.astype(np.int64), scale, decimals)


def float_source(values: Floats, source: Source) -> Floats:
    """The source in float64: hl2 = (h+l)/2, hlc3 = ((h+l)+c)/3, ohlc4 = (((o+h)+l)+c)/4."""
    columns = SOURCE_COLUMNS[source]
    total: Floats = values[columns[0]]
    for column in columns[1:]:
        total = total + values[column]
    return total / len(columns) if len(columns) > 1 else total


@lru_cache(maxsize=8)
def exactness_factor(params: Params) -> int:
    """M of the bound P*M < 2^53: the largest factor over the members in use."""
    return max(
        family.exactness(n) for family, base, _ in params.used() for n in member_lengths(base, params.robustness)
    )


def _smallest_decimals(columns: list[Floats]) -> int | None:
    for decimals in range(DECIMALS_MAX + 1):
        # the first bars alone rule most grids out
        if all(on_grid(column[:bars], decimals).all() for bars in (64, None) for column in columns):
            return decimals
    return None


def on_grid(prices: Floats, decimals: int) -> NDArray[np.bool_]:
    """Whether each price is a decimal of so many places, but for the rounding of floats."""
    scaled = prices * 10.0**decimals
    on: NDArray[np.bool_] = np.abs(scaled - np.rint(scaled)) <= 2 * np.spacing(scaled)
    return on


def _ticks(column: Floats, decimals: int) -> Floats:
    return np.rint(column * 10.0**decimals)
