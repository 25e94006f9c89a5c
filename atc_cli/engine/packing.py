"""What compiled kernels are handed: flat columns of prices, plain parameters, the growth table."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.grid import CLOSE, SOURCE_COLUMNS
from atc_cli.domain.growth import EXPONENT_MAX, growth_exponent, growth_table
from atc_cli.domain.panel import COLUMNS, Panel
from atc_cli.domain.params import Params

_GROWTH_SPARE_BARS = 1024

Bounds = NDArray[np.uintp]
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Lent:
    """Columns [bars], series i being starts[i]:ends[i] of each, and the growth of the longest; nothing is copied."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    starts: Bounds
    ends: Bounds
    growth: Floats

    @classmethod
    def of(cls, panel: Panel, params: Params, growth: Floats, bounds: tuple[Bounds, Bounds] | None = None) -> "Lent":
        """The series of a panel, or what `bounds` (starts, ends) say of its columns.

        Kernels read close and the source, so in place of any other price stands the close.
        """
        read = SOURCE_COLUMNS[params.source]
        prices = {name: panel.column(i if i in read else CLOSE) for i, name in enumerate(COLUMNS[: CLOSE + 1])}
        offsets = panel.offsets.astype(np.uintp)
        starts, ends = (offsets[:-1], offsets[1:]) if bounds is None else bounds
        return cls(**prices, starts=starts, ends=ends, growth=growth)

    @classmethod
    def of_steps(cls, prices: Floats, growth: Floats) -> "Lent":
        """New bars of many series: `prices` [4, n, m] are open, high, low, close of m bars of each of n series."""
        _, series, bars = prices.shape
        opened, high, low, close = np.ascontiguousarray(prices, np.float64).reshape(4, -1)
        starts = np.arange(series, dtype=np.uintp) * np.uintp(bars)
        return cls(opened, high, low, close, starts, starts + np.uintp(bars), growth)


@dataclass(slots=True)
class PlainParams:
    """Params as numbers, names and lists."""

    dialect: str
    lengths: Sequence[Sequence[int] | None]
    weights: Sequence[float]
    decay: float
    cutout: int
    long_threshold: float
    short_threshold: float
    source: str
    strategy: bool

    @classmethod
    def of(cls, params: Params) -> "PlainParams":
        """Lengths are those of the members; lambda is in the growth table."""
        return cls(
            dialect=params.dialect.value,
            lengths=params.members(),
            weights=params.weights,
            decay=params.decay,
            cutout=params.cutout,
            long_threshold=params.long_threshold,
            short_threshold=params.short_threshold,
            source=params.source.value,
            strategy=params.strategy,
        )


@lru_cache(maxsize=32)
def growth_of(params: Params, bars: int) -> Floats:
    """The growth table of windows of `bars` bars, read-only; a scan asks for the same one again and again."""
    table = growth_table(params, bars)
    table.flags.writeable = False
    return table


def growth_to_come(params: Params, bars: int) -> Floats:
    """The same, longer where the table may be: a stream then works it out once in a thousand bars."""
    spare = -(-bars // _GROWTH_SPARE_BARS) * _GROWTH_SPARE_BARS
    return growth_of(params, spare if growth_exponent(params, spare) <= EXPONENT_MAX else bars)
