"""The ranks of an earlier scan, and what they say of a row of now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atc_cli.domain.results.scan import ScanRow

Ranks = Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A complete scan whose newest closed bar opened at bar_time_ms, made at generated_at_ms.

    `ranks` by side, exchange and symbol, of every row before --top; `lost` are, by exchange, the symbols that a fault
    cost: what they were is not known.
    """

    bar_time_ms: int
    generated_at_ms: int
    ranks: Ranks
    lost: Mapping[str, Collection[str]] = field(default_factory=dict)

    def of(self, row: "ScanRow") -> tuple[int | None, bool | None]:
        """The rank then, None where it had none on this side; whether it is new, None where that is not known."""
        rank = self.ranks.get(row.side, {}).get(row.exchange, {}).get(row.symbol)
        if rank is not None:
            return rank, False
        return None, None if row.symbol in self.lost.get(row.exchange, ()) else True
