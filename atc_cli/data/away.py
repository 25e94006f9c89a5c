"""Candles that another process read and used up: what is told of them here, and what became of them.

A row takes four kilobytes as it is: here its figures are packed, and its closes lie beside it until it is shown.
"""

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from atc_cli.data.figures import Figures
from atc_cli.domain.panel import Candles
from atc_cli.domain.results.scan import ScanRow, Skipped
from atc_cli.domain.results.stored import Content

# one for all rows that are pickled together
_NO_OTHERS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """What is asked of candles that are not here; `came` is the row that they gave, or why they gave none.

    `closes` are the last ones of the row, as float64.
    """

    exchange: str
    symbol: str
    bars: int
    last_ms: int
    step_ms: int
    forming: bool
    content: Content | None
    repeated: int
    broken_before: str | None
    came: ScanRow | Skipped
    closes: bytes

    @classmethod
    def of(cls, candles: Candles, came: ScanRow | Skipped) -> Self:
        """What is left of candles."""
        closes = came.closes if isinstance(came, ScanRow) else ()
        return cls(
            exchange=candles.exchange,
            symbol=candles.symbol,
            bars=len(candles),
            last_ms=int(candles.timestamp[-1]),
            step_ms=candles.step_ms,
            forming=candles.forming,
            content=candles.content,
            repeated=candles.repeated,
            broken_before=candles.broken_before,
            came=_lean(came) if isinstance(came, ScanRow) else came,
            closes=array("d", closes).tobytes(),
        )

    def whole(self, row: ScanRow) -> ScanRow:
        """This one's row, whatever was added to it, with all that it shows."""
        return replace(
            row,
            closes=tuple(array("d", self.closes).tolist()),
            families=dict(row.families),
            weights=dict(row.weights),
            measured=dict(row.measured),
        )


def _lean(row: ScanRow) -> ScanRow:
    families, weights, measured = map(Figures.of, (row.families, row.weights, row.measured))
    others = row.others or _NO_OTHERS
    return replace(row, closes=(), families=families, weights=weights, measured=measured, others=others)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of some listings, and what was noted of how many of their files."""

    away: tuple[Away, ...]
    skipped: tuple[Skipped, ...]
    noted: Counter[str]
