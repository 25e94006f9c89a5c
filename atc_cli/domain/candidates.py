"""Approximate rows that could be among the first once their windows are whole. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from atc_cli.domain.classify import rank
from atc_cli.domain.results.scan import ScanRow

MARGIN = 0.1
"""How far below its cut a family signal of a short window may be, and still be beyond it in a whole one."""


def candidates(
    rows: Sequence[ScanRow],
    per_side: int,
    cuts: tuple[float, float],
    trends: Sequence[int] = (1, -1),
    *,
    passes: Callable[[ScanRow], bool] | None = None,
    order: Callable[[Iterable[ScanRow]], list[ScanRow]] = rank,
    margin: float = MARGIN,
) -> set[tuple[str, str]]:
    """Exchange and symbol of the approximate rows among the first `per_side` of each trend (1 LONG, -1 SHORT).

    First is the largest trend * signal; an approximate one counts as 1 where every family is beyond its cut less
    `margin`, since a signal is +-1 where all families agree. Of equal ones the first in `order` come first, rows that
    do not pass behind all that do.
    """
    approximate = {_name(row) for row in rows if row.approximate}
    chosen: set[tuple[str, str]] = set()
    for trend in trends:
        other = {_name(row) for row in rows if _extreme(row, -trend, cuts, margin)}
        able = order([_hoped(row, trend, cuts, margin) for row in rows if _name(row) not in other])
        able.sort(key=lambda row: -trend * row.signal)
        if passes is not None:
            able.sort(key=passes, reverse=True)
        chosen.update(_name(row) for row in able[:per_side])
    return chosen & approximate


def _hoped(row: ScanRow, trend: int, cuts: tuple[float, float], margin: float) -> ScanRow:
    """The row at its best for the trend, as if it were exact."""
    best = row.approximate and _extreme(row, trend, cuts, margin)
    return replace(row, approximate=False, signal=float(trend) if best else row.signal)


def _extreme(row: ScanRow, trend: int, cuts: tuple[float, float], margin: float) -> bool:
    least = trend * cuts[0 if trend > 0 else 1] - margin
    return all(trend * signal > least for signal in row.families.values())


def _name(row: ScanRow) -> tuple[str, str]:
    return row.exchange, row.symbol
