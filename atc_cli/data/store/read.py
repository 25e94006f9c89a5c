"""Candles of a group of symbols: read a window of many at once, merge new ones, forget some."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from atc_cli.data.store.block import SLOTS, Block, Mask, Unpack, shared
from atc_cli.data.store.file import Group
from atc_cli.data.store.held import Held
from atc_cli.domain.panel import Floats, Ints
from atc_cli.domain.results.stored import Content, Entry


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which series of a group are read, each into its own row: their entries, and places in the group."""

    group: Group
    entries: Sequence[Entry]
    series: Ints
    unpack: Unpack

    def stamps(self, row: int, first: int, stop: int) -> Ints:
        return _stamps(first, stop, self.group.step_ms, self.entries[row].offset_ms)

    def block(self, number: int) -> Block | None:
        piece = self.group.pieces.get(number)
        return None if piece is None else Block(piece.checked(), self.unpack)


@lru_cache(maxsize=64)
def _stamps(first: int, stop: int, step_ms: int, offset_ms: int) -> Ints:
    """Open times of slots first..stop-1; one array for all the symbols that share them."""
    stamps = np.arange(first, stop, dtype=np.int64) * step_ms + offset_ms
    stamps.flags.writeable = False
    return stamps


def _wanted(group: Group, natives: Collection[str], unpack: Unpack) -> _Wanted:
    series = [i for i, each in enumerate(group.entries) if each.bars and each.native in natives]
    return _Wanted(group, [group.entries[i] for i in series], np.array(series, dtype=np.int64), unpack)


def read_range(group: Group, natives: Collection[str], range_ms: tuple[int, int], unpack: Unpack) -> list[Held]:
    """The candles of since <= open time < until of each symbol that has some. Raises DamagedError."""
    since_ms, until_ms = range_ms
    wanted = _wanted(group, natives, unpack)
    spans = [
        (max(since_ms, each.first_ms) - each.offset_ms, min(until_ms - 1, each.last_ms) - each.offset_ms)
        for each in wanted.entries
    ]
    inside = [(-(-since // group.step_ms), until // group.step_ms) for since, until in spans if since <= until]
    if not inside:
        return []
    first, stop = min(since for since, _ in inside), max(until for _, until in inside) + 1
    values, present = _window(wanted, first, stop)
    held = []
    for row, entry in enumerate(wanted.entries):
        stamps = wanted.stamps(row, first, stop)
        slots = np.flatnonzero(present[row] & (stamps >= since_ms) & (stamps < until_ms))
        if len(slots):
            held.append(Held(entry, group.timeframe, stamps[slots], values[:, row, slots]))
    return held


def read(group: Group, natives: Collection[str], bars: int, unpack: Unpack) -> list[Held]:
    """The newest `bars` candles of each symbol that is held, fewer if there are no more. Raises DamagedError."""
    wanted = _wanted(group, natives, unpack)
    entries = wanted.entries
    if not entries:
        return []
    first, stop = _span(entries, bars, group.step_ms)
    values, present = _window(wanted, first, stop)
    counts, firsts = present.sum(axis=1), present.argmax(axis=1)
    stops = stop - first - present[:, ::-1].argmax(axis=1)
    needed = np.minimum(bars, [each.bars for each in entries])
    begins = np.maximum(firsts, stops - bars)
    checksum = group.checksum()
    held = [
        Held(
            entry,
            group.timeframe,
            wanted.stamps(row, first + a, first + b),
            values[:, row, a:b],
            Content(checksum, entry.native),
        )
        for row, (entry, a, b) in enumerate(zip(entries, begins.tolist(), stops.tolist(), strict=True))
    ]
    short = np.flatnonzero(counts < needed)
    older = _older(wanted, short.tolist(), first, bars - counts)
    for row in np.flatnonzero((counts < needed) | (stops - firsts != counts)).tolist():
        slots = np.flatnonzero(present[row])[-bars:]
        stamps = wanted.stamps(row, first, stop)[slots]
        held[row] = _joined(held[row], [*older.get(row, ()), (stamps, values[:, row, slots])])
    return held


def _span(entries: Sequence[Entry], bars: int, step_ms: int) -> tuple[int, int]:
    """Slots first..stop-1: the newest `bars` of entries without gaps, also of those that end up to 256 bars earlier."""
    firsts = [(each.first_ms - each.offset_ms) // step_ms for each in entries]
    lasts = [(each.last_ms - each.offset_ms) // step_ms for each in entries]
    newest = max(lasts)
    ends_near = [(first, last) for first, last in zip(firsts, lasts, strict=True) if newest - last <= SLOTS]
    return min(max(last - bars + 1, first) for first, last in ends_near), newest + 1


def _window(wanted: _Wanted, first: int, stop: int) -> tuple[Floats, Mask]:
    """Values [5, rows, slots] of slots first..stop-1 and which of them are candles; the others hold anything."""
    rows = len(wanted.series)
    values, present = np.empty((5, rows, stop - first)), np.zeros((rows, stop - first), dtype=bool)
    for number in range(first // SLOTS, (stop - 1) // SLOTS + 1):
        block = wanted.block(number)
        if block is None:
            continue
        begin = number * SLOTS
        a, b = max(first - begin, 0), min(stop - begin, SLOTS)
        source, target = shared(block.series, wanted.series)
        into = np.s_[a + begin - first : b + begin - first]
        present[target, into] = block.present[source, a:b]
        if len(target) == rows:
            block.fill(values[:, :, into], source, slice(a, b))
        else:
            part = np.empty((5, len(source), b - a))
            block.fill(part, source, slice(a, b))
            values[:, target, into] = part
    return values, present


_Part = tuple[Ints, Floats]


def _older(wanted: _Wanted, rows: Sequence[int], stop: int, needed: Ints) -> Mapping[int, list[_Part]]:
    """Candles before slot `stop` of the rows that gaps or an early end left short; parts, oldest first."""
    parts: dict[int, list[_Part]] = {row: [] for row in rows}
    missing = {row: int(needed[row]) for row in rows}
    for number in sorted((each for each in wanted.group.pieces if each * SLOTS < stop), reverse=True):
        left = [row for row in rows if missing[row] > 0]
        block = wanted.block(number) if left else None
        if block is None:
            break
        source, target = shared(block.series, wanted.series[left])
        b = min(stop - number * SLOTS, SLOTS)
        values = np.empty((5, len(source), b))
        block.fill(values, source, slice(0, b))
        for i, (place, at) in enumerate(zip(source, target, strict=True)):
            slots = np.flatnonzero(block.present[place, :b])[-missing[left[at]] :]
            stamps = wanted.stamps(left[at], number * SLOTS, (number + 1) * SLOTS)[slots]
            parts[left[at]].insert(0, (stamps, values[:, i, slots]))
            missing[left[at]] -= len(slots)
    return parts


def _joined(held: Held, parts: Sequence[_Part]) -> Held:
    """What is held, of these parts."""
    stamps, columns = zip(*parts, strict=True)
    return replace(held, timestamp=np.concatenate(stamps), values=np.concatenate(columns, axis=1))
