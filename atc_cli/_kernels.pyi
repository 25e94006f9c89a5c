"""Adaptive Trend Classification over batches of price series.

Compiled from kernels_rs/. No function holds the GIL while it computes, and none keeps a reference to its arguments.
What is lent and written is given as objects with attributes, so that one call lends many arrays.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

class Candles(Protocol):
    """Price series in shared columns; 1-D, C-contiguous arrays, which may be read-only.

    open, high, low, close: prices in quote currency, finite and > 0 (not checked here), oldest bar first.
    starts, ends: [n], series i is starts[i]:ends[i] of every column; series may overlap.
    growth: growth[j] is the growth factor at bar cutout + j, up to the end of the longest series.
    """

    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    starts: NDArray[np.uintp]
    ends: NDArray[np.uintp]
    growth: NDArray[np.float64]

class Settings(Protocol):
    """The parameters of a run.

    dialect: "lts" or "tradingview". lengths: per family (EMA, HMA, WMA, DEMA, LSMA, KAMA) nine member lengths in bars,
    or None: not in use. weights: the six starting equities of layer 2. decay: percent of equity lost per bar, as
    entered (0.03). cutout: bars before the first equity. long_threshold, short_threshold: bounds of Average_Signal
    for LONG and SHORT. source: "close", "open", "high", "low", "hl2", "hlc3" or "ohlc4". strategy: shift
    Average_Signal by one bar ("lts" only).
    """

    dialect: str
    lengths: Sequence[Sequence[int] | None]
    weights: Sequence[float]
    decay: float
    cutout: int
    long_threshold: float
    short_threshold: float
    source: str
    strategy: bool

class Results(Protocol):
    """Arrays that are written; C-contiguous, of any shape with that many entries; every entry is written.

    Rows over time are `width` long and right-aligned, NaN on the left (0 for signs). average: Average_Signal, [n] for
    want "last", else [n, width]. families, weights: X and X_S, [n, 6] for "last", empty for "average", else
    [n, 6, width]. flipped: [n], the last bar within the series whose side differs from the bar before, -1 for none.
    member_sign, member_equity: each member's signal (1, -1, or 0 before its first crossing) and equity (in multiples of
    its start, NaN if undefined), [n, 6, 9, width] for "all", else [n, 6, 9] at the last bar, or both empty. grid: [n],
    decimal places of the integer prices, -1 for no grid and for "tradingview".
    """

    @property
    def width(self) -> int: ...
    @property
    def average(self) -> NDArray[np.float64]: ...
    @property
    def families(self) -> NDArray[np.float64]: ...
    @property
    def weights(self) -> NDArray[np.float64]: ...
    @property
    def flipped(self) -> NDArray[np.int64]: ...
    @property
    def member_sign(self) -> NDArray[np.int8]: ...
    @property
    def member_equity(self) -> NDArray[np.float64]: ...
    @property
    def grid(self) -> NDArray[np.int8]: ...

class Market(Protocol):
    """Candles and signals of every symbol; 1-D, C-contiguous arrays, which may be read-only.

    alive_from: a symbol whose last bar is at an earlier place is closed there. offsets: symbol i is
    offsets[i]:offsets[i+1] of every column, oldest bar first. at: the place of a bar on the axis.
    The columns are those of domain/tape.py; atr, key, volume and funding may be empty.
    """

    @property
    def alive_from(self) -> int: ...
    @property
    def offsets(self) -> NDArray[np.int64]: ...
    @property
    def at(self) -> NDArray[np.int32]: ...
    @property
    def open(self) -> NDArray[np.float64]: ...
    @property
    def high(self) -> NDArray[np.float64]: ...
    @property
    def low(self) -> NDArray[np.float64]: ...
    @property
    def close(self) -> NDArray[np.float64]: ...
    @property
    def signal(self) -> NDArray[np.float64]: ...
    @property
    def age(self) -> NDArray[np.int32]: ...
    @property
    def atr(self) -> NDArray[np.float64]: ...
    @property
    def key(self) -> NDArray[np.float64]: ...
    @property
    def volume(self) -> NDArray[np.float64]: ...
    @property
    def funding(self) -> NDArray[np.float64]: ...

class Terms(Protocol):
    """Rules, costs and capital of a backtest, those of domain/rules.py; None: no such rule.

    long, short: the sides that are traded. hold: enter at any bar of the side, not only where it flips. at_close: fill
    at the close of the next bar, not at its open. flip, neutral, stop_atr, target_atr, bars: the exits. size: "equal",
    "signal" or "atr".
    """

    long: bool
    short: bool
    hold: bool
    at_close: bool
    flip: bool
    neutral: bool
    stop_atr: float | None
    target_atr: float | None
    bars: int | None
    min_signal: float
    max_age_bars: int | None
    min_volume: float | None
    max_positions: int | None
    rebalance_bars: int | None
    size: str
    risk_frac: float
    leverage: float
    long_threshold: float
    short_threshold: float
    fee_frac: float
    slippage_frac: float
    capital: float

class Curves(Protocol):
    """Arrays that are written, C-contiguous, one entry per place of the axis: those of Account."""

    equity: NDArray[np.float64]
    cash: NDArray[np.float64]
    gross: NDArray[np.float64]
    net: NDArray[np.float64]
    turnover: NDArray[np.float64]
    held: NDArray[np.int64]

def compute(candles: Candles, params: Settings, results: Results, want: str, simd: str, threads: int) -> None:
    """Compute every series and write the results.

    Formula: per family X = round(sum(sig*e) / sum(e)) over its nine members, X_S the equity that follows X, and
    Average_Signal = sum(cut(X)*X_S) / sum(X_S) over the families in use, in order.
    want: "last", "average", "layers" or "all". simd: "auto", "scalar", "portable", "avx2" or "avx512"; threads: at most
    as many; neither changes a bit.

    Raises ValueError, with nothing written, for a length, name, bound or array size out of range, instructions that
    this processor lacks, or an array that is not C-contiguous; TypeError for an array of another dtype or dimension,
    a read-only output, or an output that overlaps another array; OverflowError for a negative count.
    Source: kernels_rs/core/src/run.rs.
    """

class State:
    """Many series between two bars. Whatever steps the bars come in, the values are those of one batch.

    Source: kernels_rs/core/src/stream.rs.
    """

    @staticmethod
    def start(candles: Candles, params: Settings, results: Results, want: str, simd: str) -> State:
        """Compute as `compute` does, on one thread, and keep what the next bars need.

        simd "auto" is the fastest for going on bar by bar. Raises what `compute` raises, and ValueError for a series
        without bars.
        """

    def step(self, candles: Candles, results: Results, want: str, peek: bool) -> list[int]:
        """Go on by the bars of `candles`, as many for every series; with `peek` only tell what would come of it.

        Rows over time hold the new bars alone. Returns the series whose grid status the new bars change, now or
        before: their values are NaN, and they must be started again. Raises ValueError as `compute` does, and for
        another number of series or of bars; then nothing has changed.
        """

    def bars(self) -> list[int]:
        """Return the bars of every series so far."""

    def to_bytes(self) -> bytes:
        """Return the state with magic, version and checksum; numbers only, little-endian."""

    @staticmethod
    def from_bytes(saved: bytes, params: Settings, simd: str) -> State:
        """Go on from what `to_bytes` gave, on any path.

        Raises ValueError for bytes that are damaged, of another version or of other parameters.
        """

def features(
    candles: Sequence[NDArray[np.float64]],
    lengths: Sequence[int],
    every: Sequence[int] | None,
    out: NDArray[np.float64],
) -> None:
    """Write the figures beside the signal, NaN before there are any.

    In order: EMA, ATR, jump, bar of the jump, burst of volume, RSI, ADX, Bollinger's %B, volatility, Hurst exponent.
    Formula: domain/features.py, whose bits these are; each of the bars up to its own. Shapes: candles, per series
    [5, bars] in rows that are C-contiguous: open, high, low, close, volume; lengths, the bars of EMA, ATR, burst, day
    (0: no burst), RSI, ADX, bands, volatility and Hurst; out, C-contiguous, [n, 10] at the last bars, or with `every`,
    places in that order from 0 on, per series [places, bars], one after the other. Units: prices in quote currency,
    bars from 0. Raises ValueError for a length that is too small, a place that there is none of, candles of another
    number of rows, an array that is scattered or of another size. Source: kernels_rs/core/src/features/mod.rs.
    """

def follow(tape: Market, rules: Terms, curves: Curves) -> tuple[NDArray[np.float64], list[float], list[int]]:
    """Trade along a tape and write the account at every place.

    Formula: domain/account.py, whose bits these are. Returns the trades, the columns of Trades one after the other;
    fees and funding paid; entries rejected, orders unfilled, the place of the ruin (-1: none). Units: quote currency.
    Raises ValueError, with nothing written, for columns of unlike lengths, offsets or places that do not rise, a name
    that is unknown or a count of 0. Source: kernels_rs/core/src/account/mod.rs.
    """

def warmup(dialect: str, lengths: Sequence[Sequence[int] | None]) -> int:
    """Return the number of bars a series needs for every member in use to be able to cross.

    Formula: the largest first-defined bar of all members in use, plus 2; KAMA counts as defined from bar 0.
    Shapes: lengths as in Settings. Units: bars.
    Raises ValueError for an unknown dialect, a length out of range, or no family in use.
    Source: kernels_rs/core/src/params.rs.
    """

def simd_paths() -> list[str]:
    """Return the paths that this processor can take, the slowest first: some of scalar, portable, avx2, avx512.

    Raises nothing. Source: kernels_rs/core/src/simd/mod.rs.
    """

def cpu_features() -> list[str]:
    """Return the vector extensions of the processor at hand.

    On x86 a subset of sse2, avx, avx2, fma, avx512f and avx512dq, on aarch64 neon, found at run time; else empty.
    Raises nothing. Source: kernels_rs/core/src/cpu.rs.
    """
