"""What the cost model chooses, and how right that is. Plain values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass

WITHIN = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRow:
    """One workload: the way that is chosen, and the fastest of those that were measured (None: none was).

    `estimates_ms` of every way; `measured_ms`: medians, of the ways that were measured, `least_ms` the least of each;
    `skipped`: ways that were not, for they were estimated to take many times as long.
    """

    workload: str
    chosen: str
    estimates_ms: Mapping[str, float]
    measured_ms: Mapping[str, float]
    least_ms: Mapping[str, float]
    skipped: tuple[str, ...] = ()

    @property
    def fastest(self) -> str | None:
        """The fastest way."""
        return min(self.measured_ms, key=lambda way: self.measured_ms[way]) if self.measured_ms else None

    @property
    def ratio(self) -> float | None:
        """Time of the chosen way / time of the fastest."""
        if self.fastest is None:
            return None
        return self.measured_ms[self.chosen] / self.measured_ms[self.fastest]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutesResult:
    """Every row, the machine that they are of, and where its coefficients come from."""

    machine: Mapping[str, object]
    coefficients: str
    rows: tuple[RouteRow, ...]
    interrupted: bool = False

    @property
    def within_20_frac(self) -> float | None:
        """Share of the measured rows whose chosen way took at most 1.2 times as long as the fastest."""
        ratios = [row.ratio for row in self.rows if row.ratio is not None]
        return sum(ratio <= WITHIN for ratio in ratios) / len(ratios) if ratios else None
