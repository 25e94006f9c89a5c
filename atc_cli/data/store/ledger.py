"""The gap ledger: what a write makes known of a symbol's missing bars. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from atc_cli.domain.panel import Floats, Ints
from atc_cli.domain.results.stored import Entry, Hole


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Checked, closed candles of one symbol on their way to the disk; a later value of a bar wins.

    `timestamp` UTC ms, shape [bars]; `values` [5, bars]. `asked_from_ms`..`asked_until_ms`: the exchange was
    asked for these bars and this is all there is (None: not from the exchange). `complete`: it has nothing
    older. `replace` throws away what was stored, `believed_ms` what was stored after that bar. `failed` are holes that
    could not be asked about.
    """

    native: str
    symbol: str
    quote: str | None
    timestamp: Ints
    values: Floats
    asked_from_ms: int | None = None
    asked_until_ms: int = 0
    complete: bool = False
    replace: bool = False
    believed_ms: int | None = None
    failed: tuple[Hole, ...] = ()
    now_ms: int = 0


def entry_after(entry: Entry, update: Update, step_ms: int) -> Entry:
    """The entry once `update` is merged; `bars` are the writer's to count."""
    if update.believed_ms is not None:
        entry = _until(entry, update.believed_ms, update.now_ms, step_ms)
    stamps = update.timestamp
    holes = list(entry.holes)
    if update.asked_from_ms is not None:
        holes = _without(holes, update.asked_from_ms, max(update.asked_until_ms, *stamps[-1:].tolist()), step_ms)
    if len(stamps):
        for first_ms, last_ms in _runs(stamps, step_ms):
            holes = _without(holes, first_ms, last_ms, step_ms)
        holes += _opened(entry, update, step_ms)
    for failed in update.failed:
        holes = [*_without(holes, failed.from_ms, failed.last_ms, step_ms), failed]
    ends = stamps[[0, -1]].tolist() if len(stamps) else [entry.first_ms, entry.last_ms]
    return replace(
        entry,
        symbol=update.symbol,
        quote=update.quote or entry.quote,
        first_ms=min(entry.first_ms, ends[0]) if entry.bars else ends[0],
        last_ms=max(entry.last_ms, ends[1]) if entry.bars else ends[1],
        complete=entry.complete or update.complete,
        asked_ms=max(entry.asked_ms, update.asked_until_ms),
        used_ms=max(entry.used_ms, update.now_ms),
        holes=tuple(sorted(holes, key=lambda hole: hole.from_ms)),
    )


def _until(entry: Entry, last_ms: int, now_ms: int, step_ms: int) -> Entry:
    """The entry without what is known of bars after `last_ms`, and without times that are still to come."""
    holes = _without(entry.holes, last_ms + step_ms, max(entry.last_ms, entry.asked_ms), step_ms)
    return replace(
        entry,
        last_ms=min(entry.last_ms, last_ms),
        asked_ms=0,
        used_ms=min(entry.used_ms, now_ms),
        holes=tuple(each for each in holes if each.from_ms <= last_ms),
    )


def _opened(entry: Entry, update: Update, step_ms: int) -> Iterator[Hole]:
    """Bars that lie between old and new candles, or inside imported ones, and that nobody asked for."""
    first_ms, last_ms = int(update.timestamp[0]), int(update.timestamp[-1])
    asked_ms = first_ms if update.asked_from_ms is None else update.asked_from_ms
    if entry.bars and asked_ms > entry.last_ms + step_ms:
        yield Hole(entry.last_ms + step_ms, asked_ms - step_ms)
    if entry.bars and max(last_ms, update.asked_until_ms) < entry.first_ms - step_ms:
        yield Hole(last_ms + step_ms, entry.first_ms - step_ms)
    if update.asked_from_ms is None:
        runs = list(_runs(update.timestamp, step_ms))
        inner = [Hole(a[1] + step_ms, b[0] - step_ms) for a, b in pairwise(runs)]
        yield from _without(inner, entry.first_ms, entry.last_ms, step_ms) if entry.bars else inner


def _runs(stamps: Ints, step_ms: int) -> Iterator[tuple[int, int]]:
    """First and last open time of every stretch without a missing bar."""
    ends = np.flatnonzero(np.diff(stamps) != step_ms)
    firsts = stamps[np.concatenate(([0], ends + 1))].tolist()
    lasts = stamps[np.concatenate((ends, [len(stamps) - 1]))].tolist()
    return zip(firsts, lasts, strict=True)


def _without(holes: Iterable[Hole], from_ms: int, last_ms: int, step_ms: int) -> list[Hole]:
    """The holes less the bars from_ms..last_ms."""
    left = []
    for hole in holes:
        if hole.from_ms < from_ms:
            left.append(replace(hole, last_ms=min(hole.last_ms, from_ms - step_ms)))
        if hole.last_ms > last_ms:
            left.append(replace(hole, from_ms=max(hole.from_ms, last_ms + step_ms)))
    return left
