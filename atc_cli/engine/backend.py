"""What a backend takes and gives. Every backend returns the same bits."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import FAMILIES, MEMBERS, Dialect, Want
from atc_cli.domain.engines import Auto
from atc_cli.domain.panel import Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.engine.cost import Costs
from atc_cli.errors import UnavailableError


@dataclass(frozen=True, slots=True)
class Values:
    """What a backend computed; n series, f families of m members, w = bars of the longest.

    Rows over time are right-aligned with NaN before. average: [n] for last, else [n, w]. families (X) and weights
    (X_S): [n, f] for last, [n, 0] for average, else [n, f, w]; NaN for a family that takes no part. flipped: [n], bar
    index of the last change of side, -1 if none. member_sign, member_equity: [n, f, m] at the last bar, [n, f, m, w]
    for all. grid: [n], the decimals k of the integer prices, -1 where there is no grid (always in tradingview).
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
        """Buffers of the right shapes for a backend to fill: NaN, -1 and 0; without members none of theirs.

        ValueError for a want that is none.
        """
        if not isinstance(want, Want):
            raise ValueError(f"want is {want!r}, allowed: {', '.join(Want)}")
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

    def sizes_bytes(self) -> list[int]:
        """What each array takes."""
        return [getattr(self, each.name).nbytes for each in fields(self)]

    def rows(self, some: slice) -> "Values":
        """The values of neighbouring series; what is written there is written here."""
        return Values(
            average=self.average[some],
            families=self.families[some],
            weights=self.weights[some],
            flipped=self.flipped[some],
            member_sign=self.member_sign[some],
            member_equity=self.member_equity[some],
            grid=self.grid[some],
        )

    def shown(self) -> NDArray[np.bool_]:
        """Whether a scan shows it, in the shape of `average`: that and the sum of the X_S in use are finite.

        ValueError where no X_S were wanted.
        """
        if self.weights.shape[1] == 0:
            raise ValueError("whether equities overflowed is not known of want average")
        totals = np.zeros(self.average.shape)
        with np.errstate(over="ignore"):
            for family in range(self.weights.shape[1]):  # in the order of LastBar.weight_total: it may decide
                weight = self.weights[:, family]
                totals += np.where(np.isnan(weight), 0.0, weight)
        return np.isfinite(self.average) & np.isfinite(totals)

    def at(self, panel: Panel, series: int, open_ms: int) -> float:
        """Average_Signal of a series of `panel` at the bar that opened then (UTC ms), NaN where it has no such bar.

        Of the last bar alone where no other was wanted.
        """
        place = panel.place(series, open_ms)
        if self.average.ndim == 1:
            return float(self.average[series]) if place == -1 else math.nan
        return math.nan if place is None else float(self.average[series, place])

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
    """One series at its last bar: Average_Signal, X and X_S per family, bar of the last flip, decimals of the grid."""

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


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a backend runs: a path of instructions ("" where it has no choice) and threads."""

    simd: str = ""
    threads: int = 1


class Backend(Protocol):
    """One way of computing a panel."""

    @property
    def name(self) -> str:
        """The name that --backend takes."""

    @property
    def compiles(self) -> bool:
        """Whether it compiles for seconds at its first use of a dialect."""

    def compiling(self, dialect: Dialect) -> bool:
        """Whether it compiles before it computes in this dialect now."""

    def forms(self) -> Sequence[Form]:
        """Every form in which it can run here, at least one; `atc bench` times each."""

    def in_form(self, form: Form) -> "Backend":
        """The same in one of its forms; ValueError for another."""

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """The whole batch in one call; how much of it is held at once is the backend's own affair.

        Raises before memory is touched: ValueError for a want or dialect that is none, UnavailableError for a family
        that it does not know.
        """


def check_dialect(engine: str, known: Collection[Dialect], dialect: Dialect) -> None:
    """ValueError for a dialect that an engine does not know."""
    if dialect not in known:
        raise ValueError(f"dialect is {str(dialect)!r}, allowed with backend {engine}: {', '.join(known)}")


def check_families(engine: str, known: Collection[str], params: Params) -> None:
    """UnavailableError for families in use that an engine does not know in this dialect."""
    unknown = [family for family in params.families if family not in known]
    if unknown:
        said = f"backend {engine} cannot compute {', '.join(unknown)} in dialect {params.dialect}"
        raise UnavailableError(said, f"--families {','.join(known)}, or another backend")


class OneForm:
    """A backend that runs in one way."""

    name: str
    compiles = False

    def compiling(self, _dialect: Dialect) -> bool:
        """Whether it compiles now: never, unless it says so."""
        return False

    def forms(self) -> Sequence[Form]:
        """That one."""
        return (Form(),)

    def in_form(self, form: Form) -> Self:
        """Itself; ValueError for a form that is not its own."""
        if form != Form():
            raise ValueError(f"backend {self.name} has no form {form.simd!r} on {form.threads} threads")
        return self


@runtime_checkable
class Windows(Protocol):
    """What a backend can besides that computes windows of series."""

    def windows_at_once(self, bars: int) -> int:
        """How many windows of so many bars one call should have: with fewer it is slower, with more no faster."""

    def compute_windows(
        self, panel: Panel, params: Params, series: Ints, ends: Ints, bars: int | Ints, *, want: Want = Want.LAST
    ) -> Values:
        """What a scan of each window alone gives, without members; rows over time are as wide as the longest.

        Window i is the last `bars` bars (of all, or [n] of each) up to bar ends[i] of series number series[i], both
        [n] and counted from 0; one that would begin before its series begins with it. All in one call.

        Raises ValueError for a window that is none, and for want all; UnavailableError as `compute` does.
        """


class Stream(Protocol):
    """Many series between two bars."""

    def advance(self, prices: NDArray[np.float64], want: Want = Want.LAST) -> tuple[Values, list[int]]:
        """Go on by `prices` [4, n, m]: values of the new bars, and the series that must be started again."""

    def peek(self, prices: NDArray[np.float64], want: Want = Want.LAST) -> tuple[Values, list[int]]:
        """What `advance` would return for bars that are still forming; the stream stays as it is."""

    def to_bytes(self) -> bytes:
        """All that `Streams.resume` needs, with version and checksum."""


@runtime_checkable
class Streams(Backend, Protocol):
    """A backend that also goes on bar by bar."""

    def stream(self, panel: Panel, params: Params) -> Stream:
        """Series that have come to the end of the panel."""

    def resume(self, saved: bytes, params: Params) -> Stream:
        """Go on from `Stream.to_bytes`; ValueError for bytes that are damaged or of other parameters."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A backend that can run here, and what each of its paths costs.

    `paths` are those that it may take, the slowest first, `threads` how many it can use, None where that is no choice.
    `started`: its imports are done.
    """

    backend: Backend
    costs: Mapping[str, Costs]
    paths: Sequence[str] = ("",)
    threads: int | None = None
    started: bool = False
    auto: Auto = Auto.BY_COST

    @property
    def name(self) -> str:
        """The name that --backend takes."""
        return self.backend.name

    @property
    def ns_per_bar(self) -> float:
        """A bar of one series among many, on the fastest path and every thread."""
        known = [self.costs[path] for path in self.paths if path in self.costs] or list(self.costs.values())
        return min(each.ns_per_bar for each in known) / (self.threads or 1)


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A backend that cannot run here, why, and what would change that.

    `expected`: somebody has installed what it needs besides, so that its absence is worth a word.
    """

    name: str
    why: str
    remedy: str
    expected: bool = False
    auto: Auto = Auto.NEVER
