"""What becomes of stored candles that their exchange contradicts: kept where most of them agree, else set aside.

An exchange that keeps few candles cannot tell the older ones again, so nothing of them is thrown away.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from atc_cli.data.store.held import Held
from atc_cli.data.store.ledger import Update
from atc_cli.data.store.shelf import Shelf
from atc_cli.domain.panel import Candles
from atc_cli.domain.results.stored import Hole

_KEPT = 4  # of one symbol; what was set aside first goes
_BETWEEN = "\t"  # a symbol's own name, and which of its candles


@dataclass(frozen=True, slots=True)
class Settled:
    """The stored candles that an answer joins, if any, a word about them, and whether they had been set aside."""

    older: Held | None
    words: str
    from_aside: bool = False


def settled(shelf: Shelf, held: Held, answer: Candles, *, parted: bool, now_ms: int) -> Settled:
    """Decide about all that is stored of a symbol, where a whole window contradicts it; what it is not joined to is set
    aside. `parted`: bars between the two are missing for good. Raises UnavailableError where nothing can be written.
    """
    native = held.entry.native
    stored = next(iter(_all(shelf, [native])), held)
    if not parted and _agree(stored, answer):
        return Settled(stored, "what else is stored agrees and stays")
    again = None if parted else _agreeing(shelf, native, answer)
    _set_aside(shelf, stored, now_ms)
    if again is None:
        return Settled(None, "older ones that are stored are set aside")
    return Settled(again, "it agrees with what had been set aside, which is joined again", from_aside=True)


def forget(shelf: Shelf, held: Held) -> None:
    """These are in use again. Raises UnavailableError where the folder cannot be written."""
    replace(shelf, doubted=True).forget([held.entry.native])


def joined(older: Held | None, answer: Candles) -> Candles:
    """The answer after what is held before it begins."""
    before = 0 if older is None else int(np.searchsorted(older.timestamp, answer.timestamp[0]))
    if older is None or not before:
        return answer
    stamps = np.concatenate((older.timestamp[:before], answer.timestamp))
    values = np.concatenate((older.values[:, :before], answer.values), axis=1)
    return replace(answer, timestamp=stamps, values=values)


def unexplained(older: Held | None, closed: Candles, retry_ms: int) -> tuple[Hole, ...]:
    """Holes before the answer, and bars inside it that are held: they had trades, so they are asked for again."""
    if older is None:
        return ()
    first_ms, last_ms = closed.timestamp[[0, -1]].tolist()
    gone = np.setdiff1d(older.timestamp, closed.timestamp, assume_unique=True)
    inside = gone[(gone > first_ms) & (gone < last_ms)].tolist()
    before = (hole for hole in older.entry.holes if hole.last_ms < first_ms)
    return (*before, *(Hole(stamp, stamp, retry_ms) for stamp in inside))


def _agree(held: Held, answer: Candles) -> bool:
    """Whether both are about the same thing: two bars or more that both have, most of them equal."""
    _, mine, theirs = np.intersect1d(held.timestamp, answer.timestamp, assume_unique=True, return_indices=True)
    one, other = held.values[:, mine], answer.values[:, theirs]
    same = ((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=0)
    return len(same) > 1 and 2 * int(same.sum()) > len(same)


def _set_aside(shelf: Shelf, held: Held, now_ms: int) -> None:
    apart, entry = replace(shelf, doubted=True), held.entry
    key = _BETWEEN.join((entry.native, str(entry.first_ms), str(entry.last_ms)))
    kept = sorted((each for each in apart.entries() if _of(each.native) == entry.native), key=lambda each: each.used_ms)
    update = Update(
        native=key,
        symbol=entry.symbol,
        quote=entry.quote,
        timestamp=held.timestamp,
        values=held.values,
        asked_from_ms=entry.first_ms,
        replace=True,
        failed=entry.holes,
        now_ms=now_ms,
    )
    apart.write([update])
    apart.forget([each.native for each in kept if each.native != key][: -_KEPT + 1])


def _agreeing(shelf: Shelf, native: str, answer: Candles) -> Held | None:
    """Of what was set aside of a symbol the candles that agree with the answer and reach back the furthest."""
    apart = replace(shelf, doubted=True)
    if not apart.folder.is_dir():
        return None
    keys = [each.native for each in apart.entries() if _of(each.native) == native]
    found = [held for held in _all(apart, keys) if _agree(held, answer)]
    return min(found, key=lambda each: each.entry.first_ms, default=None)


def _all(shelf: Shelf, natives: Collection[str]) -> Sequence[Held]:
    return [held for group in shelf.read(natives, shelf.everything) for held in group]


def _of(key: str) -> str:
    return key.rsplit(_BETWEEN, 2)[0]
