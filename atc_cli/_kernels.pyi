"""Adaptive Trend Classification over batches of price series.

Compiled from kernels_rs/. No function holds the GIL while it computes, and none keeps a reference to its arguments.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__version__: str

def compute(
    open: NDArray[np.float64],  # noqa: A002 - named like the column
    high: NDArray[np.float64],
    low: NDArray[np.float64],
    close: NDArray[np.float64],
    offsets: NDArray[np.int64],
    growth: NDArray[np.float64],
    *,
    dialect: str,
    lengths: Sequence[Sequence[int] | None],
    weights: Sequence[float],
    decay: float,
    cutout: int,
    long_threshold: float,
    short_threshold: float,
    source: str,
    strategy: bool,
    want: str,
    width: int,
    average: NDArray[np.float64],
    families: NDArray[np.float64],
    weights_out: NDArray[np.float64],
    flipped: NDArray[np.int64],
    member_sign: NDArray[np.int8],
    member_equity: NDArray[np.float64],
    grid: NDArray[np.int8],
) -> None:
    """Compute a batch of price series and write the results into the given arrays.

    Formula: per family X = round(sum(sig*e) / sum(e)) over its nine members, X_S the equity that follows X, and
    Average_Signal = sum(cut(X)*X_S) / sum(X_S) over the families in use, in order.

    Inputs (1-D, C-contiguous, may be read-only), for n series laid end to end, oldest bar first:
        open, high, low, close: prices in quote currency, finite and > 0 (not checked here).
        offsets: [n + 1], series i is offsets[i]:offsets[i + 1].
        growth: growth[j] is the growth factor at bar cutout + j, up to the end of the longest series.
    Parameters:
        dialect: "lts" or "tradingview".
        lengths: per family (EMA, HMA, WMA, DEMA, LSMA, KAMA) nine member lengths in bars, or None: not in use.
        weights: the six starting equities of layer 2.
        decay: percent of equity lost per bar, as entered (0.03).
        cutout: bars before the first equity.
        long_threshold, short_threshold: bounds of Average_Signal for LONG and SHORT.
        source: "close", "open", "high", "low", "hl2", "hlc3" or "ohlc4".
        strategy: shift Average_Signal by one bar ("lts" only).
        want: "last", "average" or "all".
        width: entries per row over time, at least the bars of the longest series; not used for "last".
    Outputs (C-contiguous, any shape with that many entries; every entry is written). Rows over time are
    right-aligned, NaN on the left:
        average: Average_Signal, [n] for "last", else [n, width].
        families, weights_out: X and X_S, [n, 6] for "last", empty for "average", [n, 6, width] for "all".
        flipped: [n], the last bar within the series whose side differs from the bar before, -1 for none.
        member_sign: [n, 6, 9], each member's signal at the last bar: 1, -1, or 0 before its first crossing.
        member_equity: [n, 6, 9], each member's equity at the last bar, in multiples of its start, NaN if undefined.
        grid: [n], decimal places of the integer prices, -1 for no grid and for "tradingview".

    Raises ValueError, with nothing written, for a length, name, offset or array size out of range or an array that is
    not C-contiguous; TypeError for an array of another dtype or dimension, a read-only output, or an output
    that overlaps another array; OverflowError for a negative count.
    Source: kernels_rs/core/src/series.rs.
    """

def warmup(dialect: str, lengths: Sequence[Sequence[int] | None]) -> int:
    """Return the number of bars a series needs for every member in use to be able to cross.

    Formula: the largest first-defined bar of all members in use, plus 2; KAMA counts as defined from bar 0.
    Shapes: lengths as in compute. Units: bars.
    Raises ValueError for an unknown dialect, a length out of range, or no family in use.
    Source: kernels_rs/core/src/params.rs.
    """

def cpu_features() -> list[str]:
    """Return the vector extensions of the processor at hand.

    A subset of sse2, avx, avx2, fma, avx512f and avx512dq, found at run time; empty on other architectures.
    Raises nothing. Source: kernels_rs/core/src/cpu.rs.
    """
