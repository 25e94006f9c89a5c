"""What a backend takes and gives. Every backend returns the same bits."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import FAMILIES, MEMBERS
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params


class Want(StrEnum):
    """How much is kept: the last bar; of all bars Average_Signal; both layers too; every member too."""

    LAST = "last"
    AVERAGE = "average"
    LAYERS = "layers"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Values:
    """What a backend computed; n series, w = bars of the longest, rows right-aligned with NaN before.

    average: [n] for last, else [n, w]. families (X) and weights (X_S): [n, 6] for last, [n, 0] for average,
    else [n, 6, w]; NaN for a family that takes no part. flipped: [n], bar index of the last change of side,
    -1 if none. member_sign, member_equity: [n, 6, 9] at the last bar, [n, 6, 9, w] for all. grid: [n], the
    decimals k of the integer prices, -1 where there is no grid (always in tradingview).
    """

    average: NDArray[np.float64]
    families: NDArray[np.float64]
    weights: NDArray[np.float64]
    flipped: NDArray[np.int64]
    member_sign: NDArray[np.int8]
    member_equity: NDArray[np.float64]
    grid: NDArray[np.int8]

    @classmethod
    def empty(cls, series: int, width: int, want: Want, *, members: bool = True) -> "Values":
        """Buffers of the right shapes for a backend to fill: NaN, -1 and 0; without members none of theirs."""
        bars: tuple[int, ...] = () if want is Want.LAST else (width,)
        count = 0 if want is Want.AVERAGE else len(FAMILIES)
        layer = (series, count) if want in (Want.LAST, Want.AVERAGE) else (series, count, width)
        cells = (series * members, len(FAMILIES), MEMBERS, *((width,) if want is Want.ALL else ()))
        return cls(
            average=np.full((series, *bars), np.nan),
            families=np.full(layer, np.nan),
            weights=np.full(layer, np.nan),
            flipped=np.full(series, -1, np.int64),
            member_sign=np.zeros(cells, np.int8),
            member_equity=np.full(cells, np.nan),
            grid=np.full(series, -1, np.int8),
        )

    @property
    def width(self) -> int:
        """Entries per row over time; 1 where only the last bar was wanted."""
        return self.average.shape[1] if self.average.ndim > 1 else 1

    def last(self, series: int) -> "LastBar":
        """The last bar of one series, whether the last bar or every bar was wanted."""
        every_bar = self.families.ndim == 3
        at = (series, slice(None), -1) if every_bar else series
        return LastBar(
            average=float(self.average[series, -1] if every_bar else self.average[series]),
            families=self.families[at],
            weights=self.weights[at],
            flipped=int(self.flipped[series]),
            grid=int(self.grid[series]),
        )


@dataclass(frozen=True, slots=True)
class LastBar:
    """One series at its last bar: Average_Signal, X and X_S [6], bar of the last flip, decimals of the grid."""

    average: float
    families: NDArray[np.float64]
    weights: NDArray[np.float64]
    flipped: int
    grid: int

    @property
    def weight_total(self) -> float:
        """Sum of the X_S in use, what Average_Signal is divided by; infinite where it overflowed."""
        weights: list[float] = self.weights.tolist()
        return sum(weight for weight in weights if not math.isnan(weight))


class Backend(Protocol):
    """One way of computing a panel.

    One that comes in forms declares them in `variants() -> list[tuple[simd, threads]]` and is made in one of
    them by its class with the keywords `simd` and `threads`; `atc bench` times each.
    """

    name: str

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """The whole batch in one call."""


def variants(backend: Backend) -> list[tuple[str, int]]:
    """(simd, threads) of every form that the backend declares in `variants()`; [("", 1)] where it declares none."""
    declare = getattr(backend, "variants", None)
    return list(declare()) if declare else [("", 1)]


def compiles(backend: Backend) -> bool:
    """Whether the backend compiles for seconds at its first use of a dialect: it says so with `compiles = True`."""
    return bool(getattr(backend, "compiles", False))


def variant(backend: Backend, simd: str, threads: int) -> Backend:
    """The backend in one of the forms it declares: its class, called with `simd` and `threads`."""
    if not hasattr(backend, "variants"):
        return backend
    form: Any = type(backend)
    made: Backend = form(simd=simd, threads=threads)
    return made


class Stream(Protocol):
    """Many series between two bars."""

    def advance(self, prices: NDArray[np.float64], want: Want = Want.LAST) -> tuple[Values, list[int]]:
        """Go on by `prices` [4, n, m]: values of the new bars, and the series that must be started again."""


@runtime_checkable
class Replays(Backend, Protocol):
    """A backend that also computes windows of one history, and goes on bar by bar."""

    def compute_windows(self, panel: Panel, params: Params, ends: NDArray[np.uintp], bars: int) -> Values:
        """The last values of the window of `bars` bars that ends at each bar of `ends`, without members."""

    def stream(self, panel: Panel, params: Params) -> Stream:
        """Series that have come to the end of the panel."""


@dataclass(frozen=True, slots=True)
class Workload:
    """The size of what is asked for: the route is chosen on this alone."""

    series: int
    bars_total: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A backend that can run here: fixed cost plus cost per bar of one series."""

    backend: Backend
    start_ms: float
    ns_per_bar: float

    @property
    def name(self) -> str:
        """The name that --backend takes."""
        return self.backend.name


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A backend that cannot run here, why, and what would change that."""

    name: str
    why: str
    remedy: str
