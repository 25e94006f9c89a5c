"""Values of one series' windows beside the very prices that they were computed from, and as the bytes of a file."""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.panel import Floats, Ints
from atc_cli.domain.replayed import Int32s

Bools = NDArray[np.bool_]

_ALIGNED = 64
_DTYPES = ("<i8", "<f8", "<f8", "<i4", "<i4")


@dataclass(frozen=True, slots=True)
class Kept:
    """Oldest bar first; open times [bars], prices that take part [columns, bars], the others [bars].

    average and age: see Replayed. spans: of how many bars the window of the value is, its own the last; 0 where there
    is no value.
    """

    opens: Ints
    prices: Floats
    average: Floats
    age: Int32s
    spans: Int32s

    def packed(self, key: str) -> bytes:
        """As bytes, with the key that they belong to."""
        columns, bars = self.prices.shape
        head = json.dumps({"key": key, "columns": columns, "bars": bars}).encode()
        padding = b" " * (-(len(head) + 1) % _ALIGNED)
        arrays = (self.opens, self.prices, self.average, self.age, self.spans)
        packed = (np.asarray(each, dtype).tobytes() for each, dtype in zip(arrays, _DTYPES, strict=True))
        return b"".join([head, padding, b"\n", *packed])

    @classmethod
    def unpacked(cls, key: str, body: memoryview) -> "Kept | None":
        """What was packed, not copied; None where it belongs to another key or is in another form."""
        at = bytes(body[:1024]).find(b"\n") + 1
        head = json.loads(bytes(body[:at]) or b"null")
        if not isinstance(head, dict) or head.get("key") != key:
            return None
        columns, bars = head["columns"], head["bars"]
        arrays: list[Any] = []
        for dtype, count in zip(_DTYPES, (1, columns, 1, 1, 1), strict=True):
            arrays.append(np.frombuffer(body, dtype, count * bars, at))
            at += arrays[-1].nbytes
        opens, prices, *others = arrays
        return cls(opens, prices.reshape(columns, bars), *others) if at == len(body) else None

    def holds(self, opens: Ints, prices: Floats) -> bool:
        """Whether these are the very bars, to the bit."""
        return len(opens) == len(self.opens) and bool((opens == self.opens).all() and _same(prices, self.prices).all())

    def found_in(self, opens: Ints, prices: Floats) -> tuple[Ints, Ints]:
        """Of each of some bars its place here, and how many bars up to it are here too, in a row, bit for bit."""
        bars = len(opens)
        place = np.minimum(np.searchsorted(self.opens, opens), len(self.opens) - 1)
        same = (self.opens[place] == opens) & _same(prices, self.prices[:, place])
        going_on = np.zeros(bars, bool)
        going_on[1:] = same[1:] & same[:-1] & (np.diff(place) == 1)
        at = np.arange(bars)
        begun = np.maximum.accumulate(np.where(going_on, 0, at))
        return place, np.where(same, at - begun + 1, 0)

    def with_more(self, old: "Kept") -> "Kept":
        """These, and of `old` the bars before and after, and each value whose window's bars are all here."""
        first, stop = np.searchsorted(old.opens, (self.opens[0], self.opens[-1] + 1))
        pieces = {name: (getattr(old, name), getattr(self, name)) for name in self.__slots__}
        more = Kept(
            **{
                name: np.concatenate((before[..., :first], new, before[..., stop:]), axis=-1)
                for name, (before, new) in pieces.items()
            }
        )
        more.spans[:first] = more.spans[first + len(self.opens) :] = 0
        place, run = old.found_in(more.opens, more.prices)
        carried = (more.spans == 0) & (old.spans[place] > 0) & (run >= old.spans[place])
        return replace(
            more,
            average=np.where(carried, old.average[place], more.average),
            age=np.where(carried, old.age[place], more.age),
            spans=np.where(carried, old.spans[place], more.spans),
        )


def _same(one: Floats, other: Floats) -> Bools:
    """Whether all prices of a bar have the same bits."""
    same: Bools = (one.view(np.int64) == other.view(np.int64)).all(axis=0)
    return same
