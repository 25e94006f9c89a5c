"""The gap ledger: what a write makes known of a symbol's missing bars. Pure."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypedDict

import numpy as np

from atc_cli.domain.panel import Floats, Ints
from atc_cli.domain.results.stored import Entry, Hole, due
from atc_cli.domain.timeframe import DAY_MS, MINUTE_MS

APART_MS = 60 * MINUTE_MS  # two answers so far apart have not the same passing fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Checked, closed candles of one symbol on their way to the disk; a later value of a bar wins.

    `timestamp` UTC ms, shape [bars]; `values` [5, bars]. `asked_from_ms`..`asked_until_ms`: the exchange was
    asked for these bars and this is all there is (None: not from the exchange). `complete`: it has nothing
    older, and `dated` where its listing date says so too. `cut`: older ones were not looked for to the
    end. `replace` throws away what was stored, `believed_ms` what was stored after that bar. `failed` are holes that
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
    dated: bool = False
    cut: bool = False
    replace: bool = False
    believed_ms: int | None = None
    failed: tuple[Hole, ...] = ()
    now_ms: int = 0


def fresh(update: Update, step_ms: int) -> Entry:
    """A symbol of which nothing is known yet."""
    offset_ms = int(update.timestamp[0]) % step_ms if len(update.timestamp) else 0
    return Entry(native=update.native, symbol=update.symbol, quote=update.quote, offset_ms=offset_ms)


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
        **_beginning(entry, update),
        cut_ms=_cut_ms(entry, update),
        asked_ms=max(entry.asked_ms, update.asked_until_ms),
        oldest_ms=_oldest_ms(entry, update),
        used_ms=max(entry.used_ms, update.now_ms),
        holes=tuple(sorted(holes, key=lambda hole: hole.from_ms)),
        unsure=_unsure(entry, update, step_ms),
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
        unsure=tuple(each for each in entry.unsure if each.from_ms <= last_ms),
    )


class _Beginning(TypedDict):
    complete: bool
    ask_begin_ms: int
    begun: bool


def _beginning(entry: Entry, update: Update) -> _Beginning:
    """Whether the exchange has nothing before the first bar, when to ask again, and whether the symbol began there.

    Where no bar has closed in between, an exchange that keeps few has not lost another one yet.
    """
    stamps, told = (
        update.timestamp,
        _Beginning(complete=entry.complete, ask_begin_ms=entry.ask_begin_ms, begun=entry.begun),
    )
    older = bool(entry.bars and len(stamps) and stamps[0] < entry.first_ms)
    if update.dated:
        return _Beginning(complete=True, ask_begin_ms=0, begun=True)
    if not update.complete:
        return _Beginning(complete=False, ask_begin_ms=0, begun=False) if older else told
    if older or not entry.complete:
        return _Beginning(complete=True, ask_begin_ms=update.now_ms + APART_MS, begun=False)
    if not due(entry.ask_begin_ms, update.now_ms):
        return told
    stays = stamps[0] == entry.first_ms and stamps[-1] > entry.last_ms
    return _Beginning(complete=True, ask_begin_ms=0, begun=entry.begun or bool(stays))


def _cut_ms(entry: Entry, update: Update) -> int:
    """When to look for older bars to the end, which takes many requests: a day later."""
    if update.cut:
        return update.now_ms + DAY_MS
    older = len(update.timestamp) and update.timestamp[0] < entry.first_ms
    return 0 if update.complete or older else entry.cut_ms


def _oldest_ms(entry: Entry, update: Update) -> int:
    """The oldest bar that the exchange was asked for, with nothing between it and the first that is held."""
    if not len(update.timestamp) or (entry.bars and update.timestamp[0] > entry.first_ms):
        return entry.oldest_ms
    return update.asked_from_ms or 0


def _unsure(entry: Entry, update: Update, step_ms: int) -> tuple[Hole, ...]:
    """Stretches whose missing bars one answer alone lacks.

    What it lacks of bars that were not known before is one stretch; what an earlier answer lacked is final once this
    one, that came some time later, lacks it too.
    """
    if update.asked_from_ms is None or not len(update.timestamp):
        return entry.unsure
    retry_ms, gaps = update.now_ms + APART_MS, _gaps(update, step_ms)
    asked = Hole(update.asked_from_ms or int(update.timestamp[0]), int(update.timestamp[-1]))
    new, left = gaps, []
    if entry.bars:
        oldest_ms = min(entry.oldest_ms or entry.first_ms, entry.first_ms)
        new = [*_without(gaps, oldest_ms, entry.last_ms, step_ms), *_inside(gaps, entry.holes)]
    for each in entry.unsure:
        again = [] if each.due(update.now_ms) else _inside(gaps, [each])
        left += [*_without([each], asked.from_ms, asked.last_ms, step_ms), *_hull(again, each.retry_ms)]
    if new and left and (left[-1].retry_ms or 0) > retry_ms - APART_MS // 2:
        return (*left[:-1], *_hull([*new, left[-1]], left[-1].retry_ms))
    return (*left, *_hull(new, retry_ms))


def _gaps(update: Update, step_ms: int) -> list[Hole]:
    """Bars that were asked for and that the answer lacks, before its last one."""
    first_ms = int(update.timestamp[0])
    before = Hole(update.asked_from_ms or first_ms, first_ms - step_ms)
    runs = list(_runs(update.timestamp, step_ms))
    inner = (Hole(a[1] + step_ms, b[0] - step_ms) for a, b in pairwise(runs))
    return [each for each in (before, *inner) if each.from_ms <= each.last_ms]


def _inside(holes: Iterable[Hole], others: Collection[Hole]) -> list[Hole]:
    """What of the holes lies inside others as well."""
    both = (Hole(max(one.from_ms, each.from_ms), min(one.last_ms, each.last_ms)) for one in holes for each in others)
    return [each for each in both if each.from_ms <= each.last_ms]


def _hull(holes: Collection[Hole], retry_ms: int | None) -> list[Hole]:
    """The one stretch that all of them lie in."""
    if not holes:
        return []
    return [Hole(min(each.from_ms for each in holes), max(each.last_ms for each in holes), retry_ms)]


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
