"""What commands return and formats print. Plain values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from atc_cli.domain.results.earlier import Earlier
from atc_cli.domain.timeframe import TIMEFRAMES_MS

if TYPE_CHECKING:
    from atc_cli.domain.results.hits import Hits


class Side(StrEnum):
    """What a signal says to do."""

    LONG = "LONG"
    SHORT = "SHORT"
    NEUTRAL = "NEUTRAL"

    @property
    def place(self) -> int:
        """Where --sort side puts it."""
        return _PLACES[self]

    @property
    def trend(self) -> int:
        """+1 LONG, -1 SHORT, 0 NEUTRAL."""
        return _TREND[self]


_PLACES = {side: place for place, side in enumerate(Side)}
_TREND: dict[Side, int] = {Side.LONG: 1, Side.SHORT: -1, Side.NEUTRAL: 0}


class SkipReason(StrEnum):
    """Why a symbol has no row. `fault` separates what went wrong from what is merely young."""

    TOO_FEW_BARS = "too_few_bars"
    CUTOUT = "cutout"
    STALE = "stale"
    TOO_OLD = "too_old"
    IN_THE_FUTURE = "in_the_future"
    NO_CANDLES = "no_candles"
    CONFLICTING_DUPLICATES = "conflicting_duplicates"
    OUT_OF_ORDER = "out_of_order"
    NOT_A_NUMBER = "not_a_number"
    BAD_PRICE = "bad_price"
    BAD_VOLUME = "bad_volume"
    HIGH_LOW = "high_low"
    MIXED_UNITS = "mixed_units"
    OFF_TIMEFRAME = "off_timeframe"
    UNREADABLE = "unreadable"
    OVERFLOW = "overflow"
    NOT_COMPUTED = "not_computed"
    FETCH_FAILED = "fetch_failed"
    UNKNOWN_SYMBOL = "unknown_symbol"
    INTERRUPTED = "interrupted"
    JUMP = "jump"

    @property
    def label(self) -> str:
        """The reason in words."""
        return self.value.replace("_", " ")

    @property
    def fault(self) -> bool:
        """True where a fetch or a data fault cost the symbol (exit code 3); a jump does so only if asked to."""
        return self not in (SkipReason.TOO_FEW_BARS, SkipReason.CUTOUT, SkipReason.JUMP)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A symbol without a row, and why; `lag_bars` says how far behind a stale one is."""

    symbol: str
    reason: SkipReason
    detail: str
    exchange: str = ""
    lag_bars: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The backend that computes, in which way, and why it and no other.

    `path` "": it has no choice of instructions. `batch`: series at once, None for all. `estimates_ms`: of every way
    that was considered, the start of what had to be started included, the cheapest first. `reasons`: what else there
    is to say.
    """

    name: str
    why: str
    path: str = ""
    threads: int = 1
    batch: int | None = None
    estimates_ms: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


class Elsewhere(NamedTuple):
    """What a symbol shows at another timeframe."""

    side: Side
    signal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRow:
    """One ranked symbol.

    Times in UTC ms, of bars when they open, each `bar_ms` long; fractions not percent; `families` and `weights`
    hold the families in use only; `closes` are the last closes for the sparkline, oldest first; `measured` is what the
    measures of the window say (domain.measures), by name. `unsure`: one answer alone says that bars are missing, and
    the exchange will be asked again. What follows depends on flags and on the other rows: `others` is what the symbol
    shows at other timeframes, None where nothing is known; `approximate`: computed from a window that is shorter than
    it should be; `rank_before` is the rank a scan ago on the same side, `new` whether there was none, both None where
    no earlier scan is known; `stop_frac` is the way from the price to the stop, `cautions` are names of
    domain.cautions.
    """

    rank: int
    exchange: str
    symbol: str
    side: Side
    signal: float
    families: Mapping[str, float]
    weights: Mapping[str, float]
    price: float
    flipped_at_ms: int | None
    age_bars: int | None
    bars: int
    gap_bars: int
    grid: int | None
    bar_time_ms: int
    bar_ms: int
    forming: bool
    closes: tuple[float, ...]
    measured: Mapping[str, float | None]
    unsure: bool = False
    others: Mapping[str, Elsewhere | None] = field(default_factory=dict)
    approximate: bool = False
    rank_before: int | None = None
    new: bool | None = None
    stop_frac: float | None = None
    cautions: tuple[str, ...] = ()

    @property
    def stop_price(self) -> float | None:
        """Where a stop stands, price * (1 + stop_frac)."""
        return None if self.stop_frac is None else self.price * (1 + self.stop_frac)

    @property
    def trend(self) -> int:
        """+1, -1 or 0 of the side."""
        return self.side.trend

    @property
    def bar_close_ms(self) -> int:
        """When the newest bar closed, or will."""
        return self.bar_time_ms + self.bar_ms

    @property
    def flip_close_ms(self) -> int | None:
        """When the bar closed at which the side last changed: before that nobody could know."""
        return None if self.flipped_at_ms is None else self.flipped_at_ms + self.bar_ms

    @property
    def agreement(self) -> int | None:
        """How many of the other timeframes stand on the same side; None where none was asked for."""
        if not self.others:
            return None
        return sum(each is not None and each.side is self.side for each in self.others.values())

    @property
    def change_24h_frac(self) -> float | None:
        """Price now / price 24 h ago - 1."""
        return self.measured.get("change_24h_frac")

    @property
    def quote_volume(self) -> float | None:
        """What was traded in 24 h, in quote currency."""
        return self.measured.get("quote_volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What was computed and on what: everything that makes a signal this signal.

    `modified` names the settings that differ from the preset's; `bar_time_ms` is the open time of the
    newest closed bar; `data_age_ms` how long ago it closed, where the data may be old; a family counts as
    up above the first of `cuts` and as down below the second; `others` are the timeframes that rows show besides.
    """

    exchange: str
    market: str
    simulated: bool
    timeframe: str
    bars: int
    dialect: str
    preset: str
    modified: tuple[str, ...]
    params: Mapping[str, object]
    params_hash: str
    cuts: tuple[float, float]
    backend: Decision
    generated_at_ms: int
    bar_time_ms: int | None
    data_age_ms: int | None
    include_open: bool
    timings_ms: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def bar_close_ms(self) -> int | None:
        """When the newest closed bar closed."""
        return None if self.bar_time_ms is None else self.bar_time_ms + TIMEFRAMES_MS[self.timeframe]


@dataclass(frozen=True, slots=True)
class Remembered:
    """Symbols whose row was known from an earlier scan, and those whose row had to be computed."""

    hits: int
    misses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefiltered:
    """What a scan did that fetched whole windows only where they could matter.

    `short` symbols were asked for windows of `bars` (None: nothing would be saved, and every window is whole), `whole`
    of them for whole ones then, and `approximate` are left. Whole windows of all would have taken about
    `plain_requests` and `plain_weight`; weights are 0 where they are not known.
    """

    per_side: int
    bars: int | None
    short: int
    whole: int
    approximate: int
    requests: int
    weight: int
    plain_requests: int
    plain_weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """A whole scan.

    `hidden` counts rows that the filters took out, by filter; `breadth` counts the sides of every symbol
    that has values, before any filter; `remembered` is None where nothing is, `prefiltered` where nothing was;
    `earlier` is what ranks are compared with, `hits` how often flips of these candles paid, None where nobody asked;
    `stages_ms` says where the time went until it was rendered, by path.
    """

    header: Header
    rows: tuple[ScanRow, ...]
    skipped: tuple[Skipped, ...]
    scanned: int
    hidden: Mapping[str, int]
    breadth: Mapping[Side, int]
    interrupted: bool = False
    remembered: Remembered | None = None
    prefiltered: Prefiltered | None = None
    earlier: Earlier | None = None
    hits: "Hits | None" = None
    stages_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def exact(self) -> "ScanResult":
        """The same without its approximate rows."""
        return replace(self, rows=tuple(row for row in self.rows if not row.approximate))
