"""`python -m tests.measure.encodings`: what each way to store candles takes on disk, and how long it is read."""

import statistics
import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, NamedTuple

import blosc2
import numpy as np
from numpy.typing import NDArray

from atc_cli.data.store.block import SLOTS, Block, Dense, encode
from atc_cli.data.store.codec import unpack
from atc_cli.data.store.ledger import Update
from atc_cli.domain.timeframe import HOUR_MS
from tests.measure.candles import parser, updates

_ROWS = 125  # symbols in a block: a file of 1000


class _Candidate(NamedTuple):
    name: str
    integers: bool
    filter: blosc2.Filter
    codec: blosc2.Codec
    level: int

    def pack(self, array: NDArray[Any]) -> bytes:
        settings: dict[str, Any] = {"codec": self.codec, "clevel": self.level, "filters": [self.filter]}
        return bytes(blosc2.compress2(array, typesize=array.itemsize, nthreads=1, filters_meta=[0], **settings))

    def packed(self, block: Dense) -> bytes:
        return encode(block, self.pack) if self.integers else self.pack(block.values)

    def values(self, content: memoryview, rows: int) -> NDArray[np.float64]:
        if not self.integers:
            return unpack(content, np.float64, (5, rows, SLOTS))
        return Block(content, unpack).dense().values


_BYTE, _BIT, _LZ4, _ZSTD = blosc2.Filter.SHUFFLE, blosc2.Filter.BITSHUFFLE, blosc2.Codec.LZ4, blosc2.Codec.ZSTD
_CANDIDATES = (
    _Candidate("float64, byte shuffle, LZ4", False, _BYTE, _LZ4, 5),
    _Candidate("float64, bit shuffle, LZ4", False, _BIT, _LZ4, 5),
    _Candidate("float64, bit shuffle, Zstandard", False, _BIT, _ZSTD, 5),
    _Candidate("integers, byte shuffle, LZ4", True, _BYTE, _LZ4, 5),
    _Candidate("integers, bit shuffle, LZ4 (the store)", True, _BIT, _LZ4, 5),
    _Candidate("integers, bit shuffle, Zstandard", True, _BIT, _ZSTD, 5),
)


def main() -> None:
    """Print a line for each candidate: times smaller than float64, and the time to decode it all."""
    given = parser(__doc__, "tests.measure.encodings").parse_args()
    blocks = list(_blocks(list(updates(given))))
    raw_bytes = sum(40 * int(each.present.sum()) for each in blocks)
    sys.stdout.write(f"{given.symbols} symbols x {given.bars} bars, one thread, median of {given.runs}\n")
    for candidate in _CANDIDATES:
        packed = [memoryview(candidate.packed(each)) for each in blocks]
        decode = [_decoder(candidate, content, len(each.series)) for content, each in zip(packed, blocks, strict=True)]
        for values, each in zip((run() for run in decode), blocks, strict=True):
            np.testing.assert_array_equal(values[:, each.present], each.values[:, each.present])
        read_ms = statistics.median(_time_ms(decode) for _ in range(given.runs))
        smaller = raw_bytes / sum(map(len, packed))
        sys.stdout.write(f"{candidate.name:40} {smaller:5.2f} x smaller, decoded in {read_ms:6.1f} ms\n")


def _decoder(candidate: _Candidate, content: memoryview, rows: int) -> Callable[[], NDArray[np.float64]]:
    return lambda: candidate.values(content, rows)


def _time_ms(decode: list[Callable[[], NDArray[np.float64]]]) -> float:
    began = perf_counter()
    for run in decode:
        run()
    return (perf_counter() - began) * 1000


def _blocks(candles: list[Update]) -> Iterator[Dense]:
    """The candles as the store lays them out: 256 slots of 125 symbols."""
    for at in range(0, len(candles), _ROWS):
        some = candles[at : at + _ROWS]
        slots = [each.timestamp // HOUR_MS for each in some]
        for number in range(min(each[0] for each in slots) // SLOTS, max(each[-1] for each in slots) // SLOTS + 1):
            block = Dense.empty(np.arange(len(some)))
            for row, (each, place) in enumerate(zip(some, slots, strict=True)):
                inside = place // SLOTS == number
                block.present[row, place[inside] % SLOTS] = True
                block.values[:, row, place[inside] % SLOTS] = each.values[:, inside]
            kept = block.present.any(axis=1)
            if kept.any():
                yield Dense(np.flatnonzero(kept), block.present[kept], np.ascontiguousarray(block.values[:, kept]))


if __name__ == "__main__":
    main()
