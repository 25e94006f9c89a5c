"""Candles into a group of symbols, and symbols out of it."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from atc_cli.data.store.block import SLOTS, Block, Dense, Pack, Unpack, encode, shared
from atc_cli.data.store.file import Group, Piece
from atc_cli.data.store.ledger import Update, entry_after, fresh
from atc_cli.domain.panel import Floats, Ints
from atc_cli.domain.results.stored import Entry


class Codec(NamedTuple):
    """Arrays to compressed bytes and back."""

    pack: Pack
    unpack: Unpack


@dataclass(frozen=True, slots=True)
class _Change:
    """Candles of one series by slot; what it has after `last_slot` is no longer believed."""

    series: int
    slots: Ints
    values: Floats
    last_slot: int | None


def merged(group: Group, updates: Iterable[Update], codec: Codec) -> Group:
    """The group with the updates in it; only blocks that change are coded again. Raises DamagedError."""
    entries, changes, cleared = _entries_after(group, updates)
    numbers = {int(number) for change in changes for number in np.unique(change.slots // SLOTS)}
    for change in changes:
        if change.last_slot is not None:
            numbers |= {number for number in group.pieces if (number + 1) * SLOTS > change.last_slot + 1}
    for series in cleared:
        numbers |= set(_numbers(group, group.entries[series]))
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


def _entries_after(group: Group, updates: Iterable[Update]) -> tuple[list[Entry], list[_Change], set[int]]:
    """Entries, what to write of each series, and which series lose all that they had."""
    entries, changes, cleared = list(group.entries), [], set()
    index = {each.native: i for i, each in enumerate(entries)}
    for update in updates:
        begun = fresh(update, group.step_ms)
        series = index.setdefault(update.native, len(entries))
        if series == len(entries):
            entries.append(begun)
        old = entries[series]
        if update.replace or (len(update.timestamp) and old.offset_ms != begun.offset_ms):
            if series < len(group.entries):
                cleared.add(series)
            old = begun
        entries[series] = entry_after(old, update, group.step_ms)
        slots = (update.timestamp - begun.offset_ms) // group.step_ms
        believed_ms = update.believed_ms
        last_slot = None if believed_ms is None else (believed_ms - entries[series].offset_ms) // group.step_ms
        changes.append(_Change(series, slots, update.values, last_slot))
    return entries, changes, cleared


def _numbers(group: Group, entry: Entry) -> Iterator[int]:
    """Blocks that may hold candles of the entry."""
    first, last = ((time_ms - entry.offset_ms) // group.step_ms // SLOTS for time_ms in (entry.first_ms, entry.last_ms))
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
    for change in changes:
        if change.last_slot is not None:
            new.present[new.series == change.series, max(change.last_slot + 1 - begin, 0) :] = False
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
        rows, series = shared(dense.series, np.array(kept, dtype=np.int64))
        if len(rows):
            left = Dense(series, dense.present[rows], dense.values[:, rows])
            pieces[number] = Piece.of(encode(left, codec.pack))
    return replace(group, entries=tuple(group.entries[i] for i in kept), pieces=pieces)
