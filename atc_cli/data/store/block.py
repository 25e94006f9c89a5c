"""Blocks: 256 bar slots of many symbols as small integers that compress well, and back to the same bits.

Of a price p on a decimal grid the tick t = p * 10^k is an integer and t / 10^k is p again, to the bit. A
candle is stored as four differences that are mostly small: open - close before, close - open,
high - max(open, close), min(open, close) - low. What lies on no grid is stored as float64.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.grid import DECIMALS_MAX
from atc_cli.domain.panel import Floats, Ints

SLOTS = 256
_HEAD = struct.Struct("<5I")  # rows, then the bytes of each plane
_ROW = np.dtype([("series", "<u4"), ("decimals", "i1"), ("volume_decimals", "i1"), ("start", "<i4")])
_PRICE_TICK_MAX = 2**31  # decoding int32 takes half the time of int64; no recorded price has more ticks
_TICK_MAX = 2.0**53

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp] | slice
Pack = Callable[[NDArray[Any]], bytes]
Unpack = Callable[[memoryview, Any, tuple[int, ...]], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Dense:
    """A block in memory: which series has a candle in which slot, shape [rows, 256]; values [5, rows, 256]."""

    series: Ints
    present: Mask
    values: Floats

    @classmethod
    def empty(cls, series: Ints) -> "Dense":
        """No candle yet of these series."""
        shape = (len(series), SLOTS)
        return cls(series, np.zeros(shape, dtype=bool), np.zeros((5, *shape)))


def encode(block: Dense, pack: Pack) -> bytes:
    """A block as bytes; `decode` gives the same bits wherever a candle is present."""
    filled = _filled(block)
    table = np.zeros(len(block.series), dtype=_ROW)
    table["series"] = block.series
    table["decimals"] = _decimals(filled[:4])
    table["volume_decimals"] = _decimals(filled[4:])
    ticks = _ticks(filled[:4], np.maximum(table["decimals"], 0))
    table["decimals"][ticks.max(axis=(0, 2)) >= _PRICE_TICK_MAX] = -1
    on_grid, whole = table["decimals"] >= 0, table["volume_decimals"] >= 0
    table["start"][on_grid] = ticks[0, on_grid, 0]
    volume = _ticks(filled[4, whole], table["volume_decimals"][whole])
    floats = np.concatenate((filled[:4, ~on_grid].reshape(-1, SLOTS), filled[4, ~whole]))
    arrays = (np.packbits(block.present, axis=1), _moves(ticks[:, on_grid]).astype(np.int32), volume, floats)
    planes = [pack(np.ascontiguousarray(each)) if each.size else b"" for each in arrays]
    return b"".join((_HEAD.pack(len(table), *map(len, planes)), table.tobytes(), *planes))


def _filled(block: Dense) -> Floats:
    """Values without a hole: a missing candle repeats the close before it (the first open at the head), volume 0."""
    if block.present.all():
        return block.values
    rows = np.arange(len(block.series))
    first = block.present.argmax(axis=1)
    before = np.maximum.accumulate(np.where(block.present, np.arange(SLOTS), -1), axis=1)
    flat = np.where(
        before >= 0, block.values[3][rows[:, None], np.maximum(before, 0)], block.values[0, rows, first][:, None]
    )
    filled = np.where(block.present, block.values, flat)
    filled[4] = np.where(block.present, block.values[4], 0.0)
    return filled


def _decimals(values: Floats) -> NDArray[np.int8]:
    """The smallest k per row with rint(v * 10^k) / 10^k == v, to the bit, for all of it; -1 where there is none.

    `values` has shape [columns, rows, slots]. A sign bit is refused: an integer cannot hold -0.0.
    """
    found = np.full(values.shape[1], -1, dtype=np.int8)
    left = np.flatnonzero((np.isfinite(values) & ~np.signbit(values)).all(axis=(0, 2)))
    for decimals in range(DECIMALS_MAX + 1):
        some, scale = values[:, left], 10.0**decimals
        with np.errstate(over="ignore"):
            ticks = np.rint(some * scale)
        exact = ((ticks / scale == some) & (ticks < _TICK_MAX)).all(axis=(0, 2))
        found[left[exact]] = decimals
        left = left[~exact]
    return found


def _ticks(values: Floats, decimals: NDArray[np.int8]) -> Ints:
    """Values [.., rows, slots] as integers; what is on no grid gives integers that nobody uses."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.rint(values * (10.0**decimals)[:, None]).astype(np.int64)


def _moves(ticks: Ints) -> Ints:
    """Open, high, low, close [4, rows, slots] as the four differences of the module's docstring."""
    opened, high, low, close = ticks
    before = np.concatenate((opened[:, :1], close[:, :-1]), axis=1)
    over, under = high - np.maximum(opened, close), np.minimum(opened, close) - low
    return np.stack((opened - before, close - opened, over, under))


class Block:
    """A block as it lies in a file, whose checksum was right; decoded as far as it is asked for."""

    def __init__(self, content: memoryview, unpack: Unpack) -> None:
        rows, *sizes = _HEAD.unpack_from(content)
        self.table = np.frombuffer(content, dtype=_ROW, count=rows, offset=_HEAD.size)
        self._unpack = unpack
        starts = np.cumsum([_HEAD.size + self.table.nbytes, *sizes]).tolist()
        bits, self._moves, self._volume, self._floats = (content[a:b] for a, b in pairwise(starts))
        packed = unpack(bits, np.uint8, (rows, SLOTS // 8))
        self.present: Mask = np.unpackbits(packed, axis=1).view(np.bool_)

    @property
    def series(self) -> Ints:
        """Which series each row is."""
        return self.table["series"].astype(np.int64)

    def dense(self) -> Dense:
        """All of it, in arrays that may be written to."""
        dense = Dense.empty(self.series)
        self.fill(dense.values, np.arange(len(self.table)), slice(0, SLOTS))
        return Dense(dense.series, self.present.copy(), dense.values)

    def fill(self, out: Floats, rows: NDArray[np.intp], slots: slice) -> None:
        """Write `slots` of `rows` to `out`, shape [5, rows, slots]; slots without a candle hold anything."""
        on_grid, whole = self.table["decimals"] >= 0, self.table["volume_decimals"] >= 0
        if on_grid.any():
            self._fill_prices(out[:4], on_grid, rows, slots)
        if whole.any():
            self._fill_volume(out[4:], whole, rows, slots)
        if not (on_grid.all() and whole.all()):
            self._fill_floats(out, ~on_grid, ~whole, rows, slots)

    def _fill_prices(self, out: Floats, held: Mask, rows: NDArray[np.intp], slots: slice) -> None:
        source, target = _matched(held, rows)
        grid = self.table[held][source]
        moves = self._unpack(self._moves, np.int32, (4, int(held.sum()), SLOTS))[:, source, : slots.stop]
        ticks = np.empty(moves.shape, dtype=np.int32)
        opened, high, low, close = ticks
        steps = moves[0] + moves[1]
        steps[:, 0] += grid["start"]
        np.cumsum(steps, axis=1, out=close)
        np.subtract(close, moves[1], out=opened)
        np.maximum(opened, close, out=high)
        high += moves[2]
        np.minimum(opened, close, out=low)
        low -= moves[3]
        _divide(ticks[:, :, slots.start :], grid["decimals"], out, target)

    def _fill_volume(self, out: Floats, held: Mask, rows: NDArray[np.intp], slots: slice) -> None:
        source, target = _matched(held, rows)
        ticks = self._unpack(self._volume, np.int64, (int(held.sum()), SLOTS))[source, slots]
        _divide(ticks[None], self.table["volume_decimals"][held][source], out, target)

    def _fill_floats(self, out: Floats, priced: Mask, traded: Mask, rows: NDArray[np.intp], slots: slice) -> None:
        prices = 4 * int(priced.sum())
        floats = self._unpack(self._floats, np.float64, (prices + int(traded.sum()), SLOTS))[:, slots]
        source, target = _matched(priced, rows)
        out[:4, target] = floats[:prices].reshape(4, prices // 4, floats.shape[1])[:, source]
        source, target = _matched(traded, rows)
        out[4, target] = floats[prices:][source]


def _matched(held: Mask, rows: NDArray[np.intp]) -> tuple[Rows, Rows]:
    """Of a plane that holds the rows `held`: its own rows that are wanted, and where among `rows` they go."""
    if len(rows) == len(held) and held.all():
        return slice(None), slice(None)
    wanted = np.flatnonzero(held[rows])
    return np.cumsum(held)[rows[wanted]] - 1, wanted


def _divide(ticks: NDArray[Any], decimals: NDArray[np.int8], out: Floats, rows: Rows) -> None:
    scale = (10.0**decimals)[:, None]
    if isinstance(rows, slice):
        np.divide(ticks, scale, out=out)
    else:
        out[:, rows] = ticks / scale


def shared(held: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Places of what both have, in each of the two; both ascend."""
    _, source, target = np.intersect1d(held, wanted, assume_unique=True, return_indices=True)
    return source, target
