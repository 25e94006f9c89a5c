"""The order of rows whose signals are equally strong. Imported for --help: no numpy here."""

from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atc_cli.domain.results.scan import ScanRow

LEAST_STRETCHED = "stretch"


def _by_stretch(row: "ScanRow") -> tuple[float, ...]:
    stretch = row.measured.get("stretch")
    return inf if stretch is None else stretch, *_by_volume(row)


def _by_age(row: "ScanRow") -> tuple[float, ...]:
    return inf if row.age_bars is None else row.age_bars, *_by_volume(row)


def _by_volume(row: "ScanRow") -> tuple[float, ...]:
    volume = row.quote_volume
    return (inf if volume is None else -volume,)


# The smallest comes first, what is unknown last.
TIES: "dict[str, Callable[[ScanRow], tuple[float, ...]]]" = {
    LEAST_STRETCHED: _by_stretch,
    "age": _by_age,
    "volume": _by_volume,
}
