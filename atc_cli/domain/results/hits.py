"""How often flips paid, of a whole universe. Plain values, no behaviour."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from atc_cli.domain.results.scan import Header, Skipped

HITS_SCHEMA = "atc.hits/1"
FEW = 30
"""Fewer entries than these say nothing."""


class Estimate(NamedTuple):
    """A figure and the 95% interval in which it lies; None where there is none, or too few bars for an interval."""

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SideHits:
    """What became of `count` entries of one side, long, short or both.

    `paid_frac`: the share that earned more than it cost; `mean_bps`: what they earned on average, net of costs.
    `paid_ahead_frac` and `mean_ahead_bps`: by how much these are above what any symbol did that was entered at the same
    bars on the same side at the same costs, of the `compared` entries at whose bar there were other symbols.
    """

    side: str
    count: int
    paid_frac: Estimate
    mean_bps: Estimate
    compared: int
    paid_ahead_frac: Estimate
    mean_ahead_bps: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Horizon:
    """The sides after `after_bars` bars; `open_count` entries are not that old yet and do not count.

    Intervals are of blocks of `block_bars` of the `bars` at which there could be entries.
    """

    after_bars: int
    block_bars: int
    bars: int
    open_count: int
    sides: tuple[SideHits, ...]

    @property
    def blocks(self) -> float:
        """How many blocks there are."""
        return self.bars / self.block_bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Hit rates of `symbols` symbols, of entries that were decided at bars opening at first_ms to last_ms (UTC ms).

    `what` says which entries, `costs` what each side of a trade cost, `notes` what must be known to believe them.
    """

    what: str
    costs: tuple[str, ...]
    symbols: int
    first_ms: int | None
    last_ms: int | None
    horizons: tuple[Horizon, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HitsResult:
    """What `atc hits` found, and every symbol of which nothing is known."""

    header: Header
    hits: Hits
    skipped: Sequence[Skipped] = ()
    interrupted: bool = False
