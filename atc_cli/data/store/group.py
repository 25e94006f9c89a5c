"""Candles of a group of symbols: read a window of many at once, merge new ones, forget some."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from atc_cli.data.store.block import SLOTS, Block, Dense, Mask, Pack, Unpack, encode
from atc_cli.data.store.file import Group, Piece
from atc_cli.data.store.ledger import Update, entry_after
from atc_cli.domain.panel import Candles, Floats, Ints
from atc_cli.domain.results.stored import Content, Entry


class Codec(NamedTuple):
    """Arrays to compressed bytes and back."""

    pack: Pack
    unpack: Unpack


@dataclass(frozen=True, slots=True)
class Held:
    """What the store has of a symbol: timestamps UTC ms [bars], values [5, bars]; maybe views of a larger array.

    `content` is None where other candles were joined to them.
    """

    entry: Entry
    timestamp: Ints
    values: Floats
    content: Content | None = None

    def candles(self, exchange: str, symbol: str, timeframe: str) -> Candles:
        """As candles that were checked: nothing else is ever stored."""
        return Candles(
            exchange=exchange,
            symbol=symbol,
            timeframe=timeframe,
            timestamp=self.timestamp,
            values=self.values,
            content=self.content,
        )


def difference(held: Held, fresh: Candles, *, from_ms: int | None = None) -> int | None:
    """Open time of the first bar that the two tell differently, None if there is none.

    From `from_ms` on `fresh` must have every bar that is held; without it only bars that both have are compared.
    """
    first = 0 if from_ms is None else int(np.searchsorted(held.timestamp, from_ms))
    stamps, values = held.timestamp[first:], held.values[:, first:]
    if not len(stamps) or not len(fresh):
        return None
    place = np.minimum(np.searchsorted(fresh.timestamp, stamps), len(fresh) - 1)
    other, found = fresh.values[:, place], fresh.timestamp[place] == stamps
    same = ((values == other) | (np.isnan(values) & np.isnan(other))).all(axis=0)
    wrong = ~(same & found) if from_ms is not None else found & ~same
    return int(stamps[np.argmax(wrong)]) if wrong.any() else None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which series of a group are read, each into its own row: their entries, and places in the group."""

    group: Group
    entries: Sequence[Entry]
    series: Ints
    step_ms: int
    unpack: Unpack

    def stamps(self, row: int, first: int, stop: int) -> Ints:
        return _stamps(first, stop, self.step_ms, self.entries[row].offset_ms)

    def block(self, number: int) -> Block | None:
        piece = self.group.pieces.get(number)
        return None if piece is None else Block(piece.checked(), self.unpack)


@lru_cache(maxsize=64)
def _stamps(first: int, stop: int, step_ms: int, offset_ms: int) -> Ints:
    """Open times of slots first..stop-1; one array for all the symbols that share them."""
    stamps = np.arange(first, stop, dtype=np.int64) * step_ms + offset_ms
    stamps.flags.writeable = False
    return stamps


def _wanted(group: Group, natives: Collection[str], step_ms: int, unpack: Unpack) -> _Wanted:
    series = [i for i, each in enumerate(group.entries) if each.bars and each.native in natives]
    return _Wanted(group, [group.entries[i] for i in series], np.array(series, dtype=np.int64), step_ms, unpack)


def read_range(
    group: Group, natives: Collection[str], range_ms: tuple[int, int], step_ms: int, unpack: Unpack
) -> list[Held]:
    """The candles of since <= open time < until of each symbol that has some. Raises DamagedError."""
    since_ms, until_ms = range_ms
    wanted = _wanted(group, natives, step_ms, unpack)
    spans = [
        (max(since_ms, each.first_ms) - each.offset_ms, min(until_ms - 1, each.last_ms) - each.offset_ms)
        for each in wanted.entries
    ]
    inside = [(-(-since // step_ms), until // step_ms) for since, until in spans if since <= until]
    if not inside:
        return []
    first, stop = min(since for since, _ in inside), max(until for _, until in inside) + 1
    values, present = _window(wanted, first, stop)
    held = []
    for row, entry in enumerate(wanted.entries):
        stamps = wanted.stamps(row, first, stop)
        slots = np.flatnonzero(present[row] & (stamps >= since_ms) & (stamps < until_ms))
        if len(slots):
            held.append(Held(entry, stamps[slots], values[:, row, slots]))
    return held


def read(group: Group, natives: Collection[str], bars: int, step_ms: int, unpack: Unpack) -> list[Held]:
    """The newest `bars` candles of each symbol that is held, fewer if there are no more. Raises DamagedError."""
    wanted = _wanted(group, natives, step_ms, unpack)
    entries = wanted.entries
    if not entries:
        return []
    first, stop = _span(entries, bars, step_ms)
    values, present = _window(wanted, first, stop)
    counts, firsts = present.sum(axis=1), present.argmax(axis=1)
    stops = stop - first - present[:, ::-1].argmax(axis=1)
    needed = np.minimum(bars, [each.bars for each in entries])
    begins = np.maximum(firsts, stops - bars)
    checksum = group.checksum()
    held = [
        Held(entry, wanted.stamps(row, first + a, first + b), values[:, row, a:b], Content(checksum, entry.native))
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
        source, target = _shared(block.series, wanted.series)
        into = np.s_[a + begin - first : b + begin - first]
        present[target, into] = block.present[source, a:b]
        if len(target) == rows:
            block.fill(values[:, :, into], source, slice(a, b))
        else:
            part = np.empty((5, len(source), b - a))
            block.fill(part, source, slice(a, b))
            values[:, target, into] = part
    return values, present


def _shared(held: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Places of what both have, in each of the two; both ascend."""
    _, source, target = np.intersect1d(held, wanted, assume_unique=True, return_indices=True)
    return source, target


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
        source, target = _shared(block.series, wanted.series[left])
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


@dataclass(frozen=True, slots=True)
class _Change:
    """Candles of one series by slot."""

    series: int
    slots: Ints
    values: Floats


def merged(group: Group, updates: Iterable[Update], step_ms: int, codec: Codec) -> Group:
    """The group with the updates in it; only blocks that change are coded again. Raises DamagedError."""
    entries, changes, cleared = _entries_after(group, updates, step_ms)
    numbers = {int(number) for change in changes for number in np.unique(change.slots // SLOTS)}
    for series in cleared:
        numbers |= set(_numbers(group, group.entries[series], step_ms))
    pieces, gained = dict(group.pieces), np.zeros(len(entries), dtype=np.int64)
    for number in numbers:
        before = pieces.pop(number, None)
        dense = Block(before.checked(), codec.unpack).dense() if before else Dense.empty(np.empty(0, dtype=np.int64))
        after, counts = _changed(dense, number, changes, cleared, len(entries))
        gained += counts
        if len(after.series):
            pieces[number] = Piece.of(encode(after, codec.pack))
    counted = (replace(entry, bars=entry.bars + int(gain)) for entry, gain in zip(entries, gained, strict=True))
    return replace(group, entries=tuple(counted), pieces=pieces)


def _entries_after(
    group: Group, updates: Iterable[Update], step_ms: int
) -> tuple[list[Entry], list[_Change], set[int]]:
    """Entries, what to write of each series, and which series lose all that they had."""
    entries, changes, cleared = list(group.entries), [], set()
    index = {each.native: i for i, each in enumerate(entries)}
    for update in updates:
        offset_ms = int(update.timestamp[0]) % step_ms if len(update.timestamp) else 0
        fresh = Entry(native=update.native, symbol=update.symbol, quote=update.quote, offset_ms=offset_ms)
        series = index.setdefault(update.native, len(entries))
        if series == len(entries):
            entries.append(fresh)
        old = entries[series]
        if update.replace or (len(update.timestamp) and old.offset_ms != offset_ms):
            if series < len(group.entries):
                cleared.add(series)
            old = fresh
        entries[series] = entry_after(old, update, step_ms)
        changes.append(_Change(series, (update.timestamp - offset_ms) // step_ms, update.values))
    return entries, changes, cleared


def _numbers(group: Group, entry: Entry, step_ms: int) -> Iterator[int]:
    """Blocks that may hold candles of the entry."""
    first, last = ((time_ms - entry.offset_ms) // step_ms // SLOTS for time_ms in (entry.first_ms, entry.last_ms))
    return (number for number in group.pieces if first <= number <= last)


def _changed(
    dense: Dense, number: int, changes: Sequence[_Change], cleared: Collection[int], entries: int
) -> tuple[Dense, Ints]:
    """The block with its changes, rows without a candle taken out; and how many bars each entry gained."""
    begin = number * SLOTS
    inside = [(each, (each.slots >= begin) & (each.slots < begin + SLOTS)) for each in changes]
    inside = [(each, mask) for each, mask in inside if mask.any()]
    new = Dense.empty(np.union1d(dense.series, [each.series for each, _ in inside]).astype(np.int64))
    old = np.searchsorted(new.series, dense.series)
    new.present[old], new.values[:, old] = dense.present, dense.values
    new.present[np.isin(new.series, list(cleared))] = False
    before = new.present.sum(axis=1)
    for change, mask in inside:
        row = int(np.searchsorted(new.series, change.series))
        new.present[row, change.slots[mask] - begin] = True
        new.values[:, row, change.slots[mask] - begin] = change.values[:, mask]
    after = new.present.sum(axis=1)
    gained = np.zeros(entries, dtype=np.int64)
    gained[new.series] = after - before
    kept = after > 0
    return Dense(new.series[kept], new.present[kept], new.values[:, kept]), gained


def without(group: Group, natives: Collection[str], codec: Codec) -> Group:
    """The group without these symbols. Raises DamagedError."""
    kept = [i for i, each in enumerate(group.entries) if each.native not in natives]
    pieces = {}
    for number, piece in group.pieces.items():
        dense = Block(piece.checked(), codec.unpack).dense()
        rows, series = _shared(dense.series, np.array(kept, dtype=np.int64))
        if len(rows):
            left = Dense(series, dense.present[rows], dense.values[:, rows])
            pieces[number] = Piece.of(encode(left, codec.pack))
    return replace(group, entries=tuple(group.entries[i] for i in kept), pieces=pieces)
