"""Rows of earlier scans: where the stored candles are the same, nothing is read and nothing computed.

A row is a function of the candles, of the parameters and of the program. The key of each file of the store is sha256
over all of these: the checksum of its candles (domain.stored.Content), `made_of`, and nothing that can change
without them. The value is the rows of its symbols by native name, as JSON: floats come back to the same bits.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from atc_cli.data.market import Listing, Stored
from atc_cli.domain.results.scan import ScanRow, Side
from atc_cli.domain.results.stored import Content

if TYPE_CHECKING:
    from atc_cli.signals.disk import BytesCache

# What is not for the candles to say: whose row it is, how it ranks, and what flags and other rows make of it.
_OTHERS = (
    "rank", "exchange", "symbol", "others", "approximate", "rank_before", "new", "stop_frac", "cautions",
)  # fmt: skip
_FIELDS = [each.name for each in fields(ScanRow) if each.name not in _OTHERS]
_values_of = attrgetter(*_FIELDS)

_Rows = dict[str, Sequence[Any]]


class Signals:
    """Rows by content; `made_of` is everything besides the candles that a row depends on, as JSON values."""

    def __init__(self, cache: "BytesCache", made_of: Mapping[str, object]) -> None:
        self._cache = cache
        self._parts = made_of
        self._made_of = json.dumps(made_of, sort_keys=True)

    def at(self, timeframe: str) -> "Signals":
        """The same of another timeframe."""
        return Signals(self._cache, {**self._parts, "timeframe": timeframe})

    def known(self, stored: Iterable[Stored]) -> Iterator[tuple[Stored, ScanRow]]:
        """What is remembered of stored candles, rows without a rank; of each file's rows only one look-up."""
        rows: _Rows = {}
        checksum = None
        for each in stored:
            if each.content.checksum != checksum:
                checksum, rows = each.content.checksum, self._rows(each.content.checksum)
            if each.entry.native in rows:
                yield each, _row(each.listing, rows[each.entry.native])

    def remember(self, computed: Iterable[tuple[Content, ScanRow]]) -> None:
        """Keep rows beside those that are kept of the same file; they carry no figure that is not of the candles."""
        by_file: dict[str, _Rows] = {}
        for content, row in computed:
            by_file.setdefault(content.checksum, {})[content.native] = _values_of(row)
        for checksum, rows in by_file.items():
            self._cache.put(self._key(checksum), json.dumps({**self._rows(checksum), **rows}).encode())

    def close(self) -> None:
        """Let go of the disk."""
        self._cache.close()

    def _rows(self, checksum: str) -> _Rows:
        kept = self._cache.get(self._key(checksum))
        rows: _Rows = json.loads(kept) if kept else {}
        return rows

    def _key(self, checksum: str) -> str:
        return hashlib.sha256(f"{checksum}\n{self._made_of}".encode()).hexdigest()


def _row(listing: Listing, values: Sequence[Any]) -> ScanRow:
    named = dict(zip(_FIELDS, values, strict=True))
    named |= {"side": Side(named["side"]), "closes": tuple(named["closes"])}
    return ScanRow(rank=0, exchange=listing.exchange, symbol=listing.symbol, **named)


class Recall:
    """Asked of stored candles whether they need to be read: not where a row is remembered; `rows` are those."""

    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        self.rows: dict[Stored, ScanRow] = {}

    def __call__(self, stored: Iterable[Stored]) -> Iterator[Stored]:
        """Those whose row is remembered."""
        for each, row in self.signals.known(stored):
            self.rows[each] = row
            yield each
