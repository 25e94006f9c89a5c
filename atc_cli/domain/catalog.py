"""The one table of the moving-average families (spec/ATC.md, section 1), and the names that inputs can take.

Choices of the command line, warm-up, smallest lengths and the exactness bound all come from here;
a backend adds the arithmetic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import isqrt, lcm


class Dialect(StrEnum):
    """Which definition is computed; a result always says."""

    LTS = "lts"
    TRADINGVIEW = "tradingview"


class Robustness(StrEnum):
    """How far the eight neighbours of a base length lie from it."""

    NARROW = "narrow"
    MEDIUM = "medium"
    WIDE = "wide"


class Source(StrEnum):
    """The price that the averages are taken of; crossings always compare the close."""

    CLOSE = "close"
    OPEN = "open"
    HIGH = "high"
    LOW = "low"
    HL2 = "hl2"
    HLC3 = "hlc3"
    OHLC4 = "ohlc4"


class Want(StrEnum):
    """How much is kept: the last bar; of all bars Average_Signal; both layers too; every member too."""

    LAST = "last"
    AVERAGE = "average"
    LAYERS = "layers"
    ALL = "all"


OFFSETS: dict[Robustness, tuple[int, int, int, int]] = {
    Robustness.NARROW: (1, 2, 3, 4),
    Robustness.MEDIUM: (1, 2, 4, 6),
    Robustness.WIDE: (1, 3, 5, 7),
}

MEMBERS = 9
LENGTH_MAX = 5000


def triangle(n: int) -> int:
    """n(n+1)/2, the weight sum of a WMA of length n."""
    return n * (n + 1) // 2


def member_lengths(base: int, robustness: Robustness) -> tuple[int, ...]:
    """The nine lengths in member order: n, n+o1..n+o4, n-o1..n-o4."""
    offsets = OFFSETS[robustness]
    return (base, *(base + o for o in offsets), *(base - o for o in offsets))


@dataclass(frozen=True, slots=True)
class HullShape:
    """The integers behind HMA(n): half, root and the common denominator of its raw series."""

    half: int
    root: int
    common: int

    @classmethod
    def of(cls, n: int) -> "HullShape":
        """h = floor(n/2), q = floor(sqrt(n)), G = lcm(h(h+1)/2, n(n+1)/2)."""
        return cls(n // 2, isqrt(n), lcm(triangle(n // 2), triangle(n)))


@dataclass(frozen=True, slots=True)
class Family:
    """One family of moving averages.

    `smallest` and `first_defined` are per dialect; `exactness` is the factor M of the bound
    P*M < 2^53 under which integer prices keep every window sum exact.
    """

    id: str
    title: str
    smallest: dict[Dialect, int]
    first_defined: Callable[[Dialect, int], int]
    exactness: Callable[[int], int]


def _window(_: Dialect, n: int) -> int:
    return n - 1


def _hull(dialect: Dialect, n: int) -> int:
    return n - 1 + (HullShape.of(n).root - 1 if dialect is Dialect.LTS else 0)


def _dema(dialect: Dialect, n: int) -> int:
    return n - 1 if dialect is Dialect.LTS else 2 * n - 2


def _hull_exactness(n: int) -> int:
    shape = HullShape.of(n)
    return 2 * shape.common * triangle(shape.root)


_TWO = {Dialect.LTS: 2, Dialect.TRADINGVIEW: 2}

FAMILIES: tuple[Family, ...] = (
    Family("ema", "EMA", _TWO, _window, lambda n: n),
    Family("hma", "HMA", {Dialect.LTS: 4, Dialect.TRADINGVIEW: 2}, _hull, _hull_exactness),
    Family("wma", "WMA", _TWO, _window, triangle),
    Family("dema", "DEMA", _TWO, _dema, lambda n: n),
    Family("lsma", "LSMA", _TWO, _window, lambda n: 3 * n * (n + 1)),
    Family("kama", "KAMA", _TWO, lambda _dialect, _n: 0, lambda n: n),
)

FAMILY_IDS: tuple[str, ...] = tuple(family.id for family in FAMILIES)
BY_ID: dict[str, Family] = {family.id: family for family in FAMILIES}
