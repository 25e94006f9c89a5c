"""What `atc bench` measured. Plain values, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

BATCH, AVERAGES, EXTRAPOLATED = "batch", "averages", "extrapolated"
REANCHORED, ADVANCE = "reanchored", "advance"
WINDOW_BARS = 1500


class Parity(StrEnum):
    """How a backend's bits compare with those of the reference: only equal ones are timed."""

    EQUAL = "equal"
    DIFFERS = "differs"
    FAILED = "failed"
    ORACLE = "oracle"
    NOT_COMPARED = "not compared"

    @property
    def broken(self) -> bool:
        """True where a row has no time, and the command fails."""
        return self in (Parity.DIFFERS, Parity.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Times of one call over the whole batch, in ms; a bar is one bar of one series; peak in 10^6 bytes."""

    ms_median: float
    ms_min: float
    ms_max: float
    ns_per_bar: float
    bars_per_s: float
    peak_rss_mb: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """One backend (SIMD path, threads) on one size; `timing` is None where the bits differ or the run failed.

    `mode` is batch (measured), averages (the 54 averages alone, by another library), extrapolated (from a small
    run), reanchored (the window that ends at each bar of one series; a bar is one bar of one window) or advance
    (every series goes on by one bar); `detail` says what differs, or what a figure is.
    """

    backend: str
    simd: str
    threads: int
    dialect: str
    mode: str
    want: str
    symbols: int
    bars: int
    parity: Parity
    timing: Timing | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchResult:
    """All rows, and the machine that they hold for."""

    machine: Mapping[str, object]
    rows: tuple[BenchRow, ...]
    interrupted: bool = False
