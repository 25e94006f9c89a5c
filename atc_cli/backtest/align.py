"""Candles and replayed signals to the tape that an account walks along."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.panel import Candles
from atc_cli.domain.replayed import Replayed
from atc_cli.domain.rules import Rules, SizeBy
from atc_cli.domain.tape import Floats, Int32s, Ints, Tape
from atc_cli.domain.ties import LEAST_STRETCHED
from atc_cli.domain.timeframe import DAY_MS
from atc_cli.engine.features import all_features

FUNDING_MS = DAY_MS // 3
# Above that the columns lie in files, which the system reads as they are walked along.
MEMORY_BARS = 12_000_000
_COLUMNS = ("open", "high", "low", "close")
# Files end some hours apart, and who trades seldom has no bar at the end.
_ALIVE_MS, _ALIVE_BARS = DAY_MS, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Which columns the rules ask for besides prices and signals; `tie` None: ranks decide nothing."""

    atr: bool
    tie: str | None
    volume: bool
    funding: bool

    @classmethod
    def of(cls, rules: Rules, tie: str, *, funding: bool) -> "Needed":
        """What these rules ask for, where equal signals are ordered as `tie` says."""
        exits = rules.exits
        ranked = rules.max_positions is not None
        return cls(
            atr=rules.size is SizeBy.ATR or exits.stop_atr is not None or exits.target_atr is not None,
            tie=tie if ranked else None,
            volume=ranked or rules.min_volume is not None,
            funding=funding,
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """Funding rates of one symbol, fractions: at moments in UTC ms, ascending; without them one every 8 h."""

    constant: float = 0.0
    times_ms: Ints | None = None
    rates: Floats | None = None

    def between(self, opens_ms: Ints, before_ms: int) -> Floats:
        """Sum of the rates of each bar at the moments in (open of the bar before, its open]."""
        edges = np.concatenate(([before_ms], opens_ms))
        if self.times_ms is None or self.rates is None:
            return np.diff(edges // FUNDING_MS) * self.constant
        sums = np.concatenate(([0.0], np.cumsum(self.rates)))
        return np.diff(sums[np.searchsorted(self.times_ms, edges, side="right")])


@dataclass(frozen=True, slots=True)
class Part:
    """One symbol: when its bars open, and its columns of the tape by name."""

    symbol: str
    timestamp: Ints
    columns: dict[str, Floats | Int32s]

    def from_first_signal(self) -> "Part":
        """Without the bars before: nothing can be decided there, and they would count as time without a trade."""
        first = int(np.isfinite(self.columns["signal"]).argmax())
        return Part(self.symbol, self.timestamp[first:], {name: each[first:] for name, each in self.columns.items()})


def part_of(
    candles: Candles, replayed: Replayed, needed: Needed, *, first_ms: int, cuts: tuple[float, float], rates: Rates
) -> Part | None:
    """The bars that open at `first_ms` or later; None where none of them has a signal."""
    first = int(np.searchsorted(candles.timestamp, first_ms))
    signal = replayed.average[first:]
    if not np.isfinite(signal).any():
        return None
    opens_ms = candles.timestamp[first:]
    columns: dict[str, Floats | Int32s] = {name: candles.values[place, first:] for place, name in enumerate(_COLUMNS)}
    columns |= {"signal": signal, "age": replayed.age[first:]}
    if needed.atr or needed.tie == LEAST_STRETCHED:
        ema, atr = all_features(candles, ("ema", "atr"))[:, first:]
        if needed.atr:
            columns["atr"] = atr
        if needed.tie == LEAST_STRETCHED:
            columns["key"] = _stretch(candles.close[first:], ema, atr, signal, cuts)
    if needed.tie == "age":
        columns["key"] = np.where(columns["age"] < 0, np.inf, columns["age"])
    if needed.volume:
        columns["volume"] = day_volume(candles)[first:]
    if needed.funding:
        before_ms = int(candles.timestamp[first - 1]) if first else int(opens_ms[0]) - candles.step_ms
        columns["funding"] = rates.between(opens_ms, before_ms)
    return Part(candles.symbol, opens_ms, columns)


def _stretch(close: Floats, ema: Floats, atr: Floats, signal: Floats, cuts: tuple[float, float]) -> Floats:
    """side x (close / EMA(28) - 1) / (ATR(100) / close), as the measure `stretch` of a row; inf where it is unknown."""
    side = (signal > cuts[0]).astype(np.float64) - (signal < cuts[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = side * (close / ema - 1) / (atr / close)
    return np.where(np.isfinite(stretch), stretch, np.inf)


def day_volume(candles: Candles) -> Floats:
    """Sum of volume x (high + low + close) / 3 over the bars of the last 24 h, at each bar, in quote currency.

    NaN where the candles do not reach back that far, carry no volume, or are longer than a day.
    """
    if candles.step_ms > DAY_MS:
        return np.full(len(candles), np.nan)
    high, low, close, volume = candles.values[1:]
    unknown = np.isnan(volume)
    # A sum that goes along would carry one bar without a volume to the end.
    values = np.where(unknown, 0.0, volume) * (high + low + close) / 3
    sums, gaps = (np.concatenate(([0], np.cumsum(each))) for each in (values, unknown))
    first_ms = candles.timestamp + candles.step_ms - DAY_MS
    begins = np.searchsorted(candles.timestamp, first_ms)
    total: Floats = sums[1:] - sums[begins]
    return np.where((first_ms >= candles.timestamp[0]) & (gaps[1:] == gaps[begins]), total, np.nan)


class Columns:
    """The parts of a tape as they come, symbols ascending: in memory, and above `memory_bars` in files of `folder`.

    Such files have no name there, so that they are gone however the process ends.
    """

    def __init__(self, step_ms: int, folder: Path | None = None, memory_bars: int = MEMORY_BARS) -> None:
        self._step_ms = step_ms
        self._folder = folder
        self._memory_bars = memory_bars
        self._symbols: list[str] = []
        self._lengths: list[int] = []
        self._opens_ms: list[Ints] = []
        self._held: dict[str, list[Floats | Int32s]] = {}
        self._files: dict[str, IO[bytes]] = {}

    def add(self, part: Part) -> None:
        """One symbol more."""
        self._symbols.append(part.symbol)
        self._lengths.append(len(part.timestamp))
        self._opens_ms.append(part.timestamp)
        for name, column in part.columns.items():
            self._held.setdefault(name, []).append(column.copy())
        if sum(map(len, self._held.get("close", ()))) > self._memory_bars:
            self._spill()

    def __len__(self) -> int:
        return len(self._symbols)

    def tape(self) -> Tape:
        """All of them on one axis; what was added is let go of."""
        axis_ms, at = on_one_axis(self._opens_ms, self._step_ms)
        if self._files:
            self._spill()
            joined = {name: self._mapped(name, file) for name, file in self._files.items()}
        else:
            # Each column of the parts goes before the next is joined: all of both would be twice the memory.
            joined = {name: np.concatenate(self._held.pop(name)) for name in list(self._held)}
        offsets = np.concatenate(([0], np.cumsum(self._lengths, dtype=np.int64))).astype(np.int64)
        alive = alive_from(axis_ms)
        return Tape(symbols=tuple(self._symbols), axis_ms=axis_ms, alive_from=alive, offsets=offsets, at=at, **joined)

    def _spill(self) -> None:
        for name, parts in self._held.items():
            file = self._files.get(name) or tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
            self._files[name] = file
            for part in parts:
                file.write(part.tobytes())
        self._held = {name: [] for name in self._held}

    def _mapped(self, name: str, file: IO[bytes]) -> NDArray[Any]:
        with file:
            file.flush()
            return np.memmap(file, dtype=np.int32 if name == "age" else np.float64, mode="r")


def alive_from(axis_ms: Ints) -> int:
    """The first place that is within a day, or within 5 bars, of the last one: what has a bar there may go on."""
    if not len(axis_ms):
        return 0
    within_a_day = int(np.searchsorted(axis_ms, axis_ms[-1] - _ALIVE_MS))
    return max(0, min(within_a_day, len(axis_ms) - 1 - _ALIVE_BARS))


def on_one_axis(opens_ms: Sequence[Ints], step_ms: int) -> tuple[Ints, Int32s]:
    """Every time at which a bar opens, ascending, and the places on it of all bars, one symbol after the other."""
    if not opens_ms:
        return np.empty(0, np.int64), np.empty(0, np.int32)
    first_ms = min(int(each[0]) for each in opens_ms)
    if any(((each - first_ms) % step_ms).any() for each in opens_ms):
        axis_ms = np.unique(np.concatenate(opens_ms))
        return axis_ms, np.concatenate([np.searchsorted(axis_ms, each) for each in opens_ms]).astype(np.int32)
    steps = [(each - first_ms) // step_ms for each in opens_ms]
    is_open = np.zeros(max(int(each[-1]) for each in steps) + 1, np.bool_)
    for each in steps:
        is_open[each] = True
    place = np.cumsum(is_open, dtype=np.int32) - np.int32(1)
    return first_ms + np.flatnonzero(is_open) * step_ms, np.concatenate([place[each] for each in steps])
