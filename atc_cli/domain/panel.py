"""Validated candles: checked once here, trusted by everything after."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.results.stored import Content
from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS, grid_offset_ms, iso
from atc_cli.stages import made

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COLUMNS = ("open", "high", "low", "close", "volume")
# sums of such prices stay far from overflow, their squares too: engines and reference need not say what infinity means
PRICE_MAX = 1e100
_SECONDS_MAX = 1e10  # 1e10 s is the year 2286, 1e10 ms April 1970
_MILLISECONDS_MAX = 1e14


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCandles:
    """Candles as they came: nothing is known about them yet.

    `timestamp` in seconds or milliseconds UTC, shape [bars]; `values` open, high, low, close, volume,
    shape [bars, 5]. `has_volume`: a volume that is NaN is a defect, not a source without volumes. `cut`: older
    candles were not looked for to the end, so that few bars do not mean that there are no more.
    """

    exchange: str
    symbol: str
    timeframe: str
    timestamp: Floats
    values: Floats
    has_volume: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candles:
    """One symbol's candles, oldest first: sorted, unique, on the timeframe's grid, finite, > 0.

    `timestamp` is the open time in UTC ms, shape [bars]; `values` has shape [5, bars] in the order of
    COLUMNS; volume may be NaN where the source has none. `forming` says that the last bar is not closed yet;
    `content` is set where these are the newest candles that are stored, and nothing else. `unsure`: one answer alone
    says that bars are missing inside or before them. `repeated` counts rows that came again with the same values,
    `broken_before` says what is wrong with older bars that were left out.
    """

    exchange: str
    symbol: str
    timeframe: str
    timestamp: Ints
    values: Floats
    forming: bool = False
    content: Content | None = None
    unsure: bool = False
    repeated: int = 0
    broken_before: str | None = None

    def __len__(self) -> int:
        return len(self.timestamp)

    @property
    def close(self) -> Floats:
        """Closes, shape [bars]."""
        close: Floats = self.values[3]
        return close

    @property
    def step_ms(self) -> int:
        """Length of a bar."""
        return TIMEFRAMES_MS[self.timeframe]

    @property
    def gap_bars(self) -> int:
        """Bars that are missing between the first and the last."""
        if len(self) < 2:
            return 0
        return int(self.timestamp[-1] - self.timestamp[0]) // self.step_ms + 1 - len(self)

    def tail(self, bars: int) -> "Candles":
        """The last `bars` candles."""
        return self.between(max(len(self) - bars, 0), len(self))

    def place(self, open_ms: int) -> int | None:
        """Where the bar is that opened then (UTC ms), from the end: -1 is the last; None where there is none."""
        at = int(self.timestamp.searchsorted(open_ms))
        return at - len(self) if at < len(self) and self.timestamp[at] == open_ms else None

    def between(self, first: int, stop: int) -> "Candles":
        """Candles first..stop-1."""
        if first == 0 and stop == len(self):
            return self
        # Copies: a window must not keep a history of years alive.
        return replace(
            self, timestamp=self.timestamp[first:stop].copy(), values=self.values[:, first:stop].copy(), content=None
        )


class DefectError(ValueError):
    """A defect of one symbol's candles: becomes a Skipped. After `last_row` (from 0), if given, nothing has it."""

    def __init__(self, reason: SkipReason, detail: str, last_row: int | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.last_row = last_row


def check(raw: RawCandles) -> Candles | Skipped:
    """Validate one symbol's candles; equal duplicates are dropped, gaps kept and counted.

    Returns Skipped with the reason for: nothing at all, mixed or foreign time units, values that are
    not numbers, prices <= 0 or > PRICE_MAX, high and low that do not enclose open and close, negative volume, bars out
    of order, duplicates that differ, bars off the timeframe's grid.
    """
    try:
        return checked(raw)
    except DefectError as defect:
        return Skipped(raw.symbol, defect.reason, defect.detail, raw.exchange)


def checked(raw: RawCandles) -> Candles:
    """As `check`, but raises DefectError."""
    if len(raw.timestamp) == 0:
        raise DefectError(SkipReason.NO_CANDLES, "no candles")
    timestamp = _milliseconds(raw.timestamp)
    _check_prices(timestamp, raw.values)
    if raw.has_volume:
        missing = np.isnan(raw.values[:, 4])
        _reject(timestamp, missing, SkipReason.NOT_A_NUMBER, "the volume is not a number")
    _check_order(timestamp)
    keep, values = _unique(timestamp, raw.values), raw.values
    if not keep.all():
        timestamp, values = timestamp[keep], values[keep]
    _check_grid(timestamp, raw.timeframe)
    columns = np.ascontiguousarray(values.T)
    for array in (timestamp, columns):
        array.flags.writeable = False
    return Candles(
        exchange=raw.exchange,
        symbol=raw.symbol,
        timeframe=raw.timeframe,
        timestamp=timestamp,
        values=columns,
        repeated=len(keep) - len(timestamp),
    )


def _milliseconds(stamps: Floats) -> Ints:
    if not np.isfinite(stamps).all():
        raise DefectError(SkipReason.NOT_A_NUMBER, f"timestamp of row {_first(~np.isfinite(stamps)) + 1} is missing")
    if stamps.min() <= 0 or stamps.max() >= _MILLISECONDS_MAX:
        odd = _first((stamps <= 0) | (stamps >= _MILLISECONDS_MAX))
        what = "before 1970, where time begins here" if stamps[odd] <= 0 else "neither seconds nor milliseconds"
        raise DefectError(SkipReason.MIXED_UNITS, f"timestamp {stamps[odd]:.0f} of row {odd + 1} is {what}")
    seconds = stamps < _SECONDS_MAX
    if seconds.any() and not seconds.all():
        raise DefectError(
            SkipReason.MIXED_UNITS, f"{int(seconds.sum())} of {len(stamps)} timestamps are in seconds, the others in ms"
        )
    exact = stamps * 1000 if seconds.all() else stamps
    if (exact != np.rint(exact)).any():
        raise DefectError(SkipReason.OFF_TIMEFRAME, "a timestamp has a fraction of a millisecond")
    return exact.astype(np.int64)


def _check_prices(timestamp: Ints, values: Floats) -> None:
    prices, volume = values[:, :4], values[:, 4]
    lowest, highest = prices.min(axis=1), prices.max(axis=1)
    unknown = ~(np.isfinite(lowest) & np.isfinite(highest))
    _reject(timestamp, unknown, SkipReason.NOT_A_NUMBER, "a price is not a number")
    _reject(timestamp, lowest <= 0, SkipReason.BAD_PRICE, "a price is zero or negative")
    _reject(timestamp, highest > PRICE_MAX, SkipReason.BAD_PRICE, f"a price is above {PRICE_MAX:g}")
    high: Floats = prices[:, 1]
    low: Floats = prices[:, 2]
    body = prices[:, [0, 3]]
    _reject(timestamp, np.less(high, low), SkipReason.HIGH_LOW, "high is below low")
    outside = (high < body.max(axis=1)) | (low > body.min(axis=1))
    _reject(timestamp, outside, SkipReason.HIGH_LOW, "open or close lies outside low..high")
    _reject(timestamp, (volume < 0) | np.isinf(volume), SkipReason.BAD_VOLUME, "volume is negative or infinite")


def _check_order(timestamp: Ints) -> None:
    back = np.diff(timestamp) < 0
    if back.any():
        at = _first(back) + 1
        raise DefectError(
            SkipReason.OUT_OF_ORDER,
            f"{iso(int(timestamp[at]))} follows {iso(int(timestamp[at - 1]))}; oldest bar first is expected",
        )


def _unique(timestamp: Ints, values: Floats) -> NDArray[np.bool_]:
    same_time = np.diff(timestamp) == 0
    equal = ((values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))).all(axis=1)
    differing = same_time & ~equal
    if differing.any():
        at = int(timestamp[_first(differing)])
        raise DefectError(
            SkipReason.CONFLICTING_DUPLICATES,
            f"{int(differing.sum())} bar(s) twice with different values, first at {iso(at)}",
            _last(differing) + 1,
        )
    return np.concatenate(([True], ~same_time))


def _check_grid(timestamp: Ints, timeframe: str) -> None:
    step = TIMEFRAMES_MS[timeframe]
    offset = grid_offset_ms(timeframe)
    expected = int(timestamp[0]) % step // DAY_MS * DAY_MS if offset is None else offset
    off = timestamp % step != expected
    if off.any():
        at = iso(int(timestamp[_first(off)]))
        raise DefectError(
            SkipReason.OFF_TIMEFRAME,
            f"{int(off.sum())} of {len(timestamp)} bars do not open on the {timeframe} grid, first at {at}",
        )


def _reject(timestamp: Ints, bad: NDArray[np.bool_], reason: SkipReason, what: str) -> None:
    if bad.any():
        at = _first(bad)
        more = f" (and {int(bad.sum()) - 1} more)" if bad.sum() > 1 else ""
        raise DefectError(reason, f"{what} at {iso(int(timestamp[at]))}, row {at + 1}{more}", _last(bad))


def _first(mask: NDArray[np.bool_]) -> int:
    return int(np.argmax(mask))


def _last(mask: NDArray[np.bool_]) -> int:
    return len(mask) - 1 - _first(mask[::-1])


@dataclass(frozen=True, slots=True)
class Panel:
    """The candles of a whole scan, ragged: symbols may have different first bars.

    Series i is the slice offsets[i]:offsets[i+1] of each flat column; `_columns` are those joined so far.
    """

    series: tuple[Candles, ...]
    offsets: Ints
    _columns: dict[int, Floats] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, series: Sequence[Candles]) -> "Panel":
        """Join checked candles into one panel; the order of `series` is kept."""
        lengths = [len(candles) for candles in series]
        offsets = np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64)
        offsets.flags.writeable = False
        return cls(tuple(series), offsets)

    def column(self, place: int) -> Floats:
        """Column `place` of COLUMNS, flat, shape [total bars]; joined once, and only if asked for: most need closes."""
        if place not in self._columns:
            parts = [candles.values[place] for candles in self.series]
            column = np.concatenate(parts) if parts else np.empty(0)
            column.flags.writeable = False
            self._columns[place] = column
            made("joined columns", lambda: (each.nbytes for each in self._columns.values()))
        return self._columns[place]

    def parts(self, bars: int) -> Iterator[tuple[slice, "Panel"]]:
        """The panel in parts of at most `bars` bars, a series being the least, each with the rows that it holds.

        A part joins columns of its own: whoever drops one before the next never holds a copy of all. One whose columns
        are joined already is a single part.
        """
        most = int(self.offsets[-1]) if self._columns else bars
        first = 0
        while first < len(self):
            fitting = int(np.searchsorted(self.offsets, self.offsets[first] + most, side="right")) - 1
            rows = slice(first, max(fitting, first + 1))
            yield rows, self if rows == slice(0, len(self)) else Panel.of(self.series[rows])
            first = rows.stop

    def place(self, series: int, open_ms: int) -> int | None:
        """Where the bar of a series that opened then is in a right-aligned row; see Candles.place."""
        return self.series[series].place(open_ms)

    def times_ms(self) -> Ints:
        """When every bar opened, UTC ms, shape [series, width]: right-aligned, 0 before a series begins."""
        times = np.zeros((len(self), self.width), np.int64)
        for row, candles in zip(times, self.series, strict=True):
            row[len(row) - len(candles) :] = candles.timestamp
        return times

    def __len__(self) -> int:
        return len(self.series)

    @property
    def width(self) -> int:
        """Bars of the longest series."""
        return max((len(candles) for candles in self.series), default=0)
