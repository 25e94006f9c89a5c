"""The ranks of an earlier scan, and what they say of a row of now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from atc_cli.domain.results.scan import ScanRow

Name = tuple[str, str]  # exchange, symbol


class Before(NamedTuple):
    """What a row is given: its rank then, None where it had none; whether it is new, None where that is not known."""

    rank_before: int | None
    new: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A complete scan whose newest closed bar opened at bar_time_ms, made at generated_at_ms.

    `ranks` by side, of every row before --top; `lost` are the symbols that a fault cost: what they were is not known.
    """

    bar_time_ms: int
    generated_at_ms: int
    ranks: Mapping[str, Mapping[Name, int]]
    lost: frozenset[Name] = field(default_factory=frozenset)

    def of(self, row: "ScanRow") -> Before:
        """What it says of a row: new is what had no row on this side."""
        name = row.exchange, row.symbol
        rank = self.ranks.get(row.side.value, {}).get(name)
        return Before(rank, None if rank is None and name in self.lost else rank is None)
