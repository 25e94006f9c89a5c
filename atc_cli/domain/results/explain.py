"""One symbol taken apart. Plain values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.results.scan import Header, ScanRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One of the 54 averages at the last bar: its length, signal (+1, 0, -1) and equity."""

    length: int
    sign: int
    equity: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyView:
    """One family at the last bar: its members, its signal X, its equity X_S and its part of Average_Signal.

    contribution = cut(X) * X_S / (sum of X_S); the contributions add up to Average_Signal. None where the
    signal shown is not of this bar (lts with `strategy`).
    """

    id: str
    title: str
    members: tuple[Member, ...]
    signal: float | None
    weight: float | None
    contribution: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """Every bar of one symbol: named columns of equal length, `timestamp` (UTC ms) first."""

    timestamp: NDArray[np.int64]
    columns: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainResult:
    """One symbol taken apart.

    `multiplier` is the growth factor at the last bar; `lag_bars` how far the symbol's last closed bar is
    behind the market's newest.
    """

    header: Header
    row: ScanRow
    families: tuple[FamilyView, ...]
    lag_bars: int
    multiplier: float
    direction: int | None
    series: Series
