"""Windows of many series: which bars they are, and the same for backends that know whole series only."""

from dataclasses import dataclass

import numpy as np

from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Backend, Values, Windows
from atc_cli.engine.packing import Bounds

# slices are copies: with windows of 1500 bars some four megabytes at once
_SLICED = 64


def bounds_of(panel: Panel, series: Ints, ends: Ints, bars: int | Ints, want: Want) -> tuple[Bounds, Bounds]:
    """First bar of each window in the panel's columns and the bar behind its last; ValueError as Windows says."""
    if want is Want.ALL:
        raise ValueError(f"want is {want.value!r}, allowed for windows, which have no members: last, average, layers")
    series, ends, lengths = (np.asarray(each, np.int64) for each in (series, ends, bars))
    if len(series) != len(ends) or (lengths.ndim and len(lengths) != len(ends)):
        raise ValueError(f"series, ends and bars are of {len(series)}, {len(ends)} and {lengths.size} windows")
    _check("series", series, 0, len(panel) - 1)
    _check("bars", lengths, 1, np.iinfo(np.int64).max)
    first, stop = panel.offsets[series], panel.offsets[series + 1]
    _check("end", ends, 0, stop - first - 1)
    behind = first + ends + 1
    return np.maximum(behind - lengths, first).astype(np.uintp), behind.astype(np.uintp)


def _check(what: str, values: Ints, low: int, high: int | Ints) -> None:
    outside = (values < low) | (values > high)
    if outside.any():
        at = int(np.argmax(outside))
        allowed = high if isinstance(high, int) else int(high[at])
        raise ValueError(f"{what} of window {at} is {int(values.flat[at])}, allowed: {low} to {allowed}")


def width_of(bars: int | Ints) -> int:
    """Bars of the longest window, before any is cut where its series begins."""
    return int(np.max(bars, initial=0))


def windows_of(backend: Backend) -> Windows:
    """The backend itself where it computes windows, else one that gives it slices."""
    return backend if isinstance(backend, Windows) else _Sliced(backend)


@dataclass(frozen=True, slots=True)
class _Sliced:
    """Windows as series of their own."""

    backend: Backend

    def windows_at_once(self, _bars: int) -> int:
        """As many as are sliced at once."""
        return _SLICED

    def compute_windows(
        self, panel: Panel, params: Params, series: Ints, ends: Ints, bars: int | Ints, *, want: Want = Want.LAST
    ) -> Values:
        """What a scan of each window alone gives; see Windows."""
        bounds = bounds_of(panel, series, ends, bars, want)
        values = Values.empty(len(ends), width_of(bars), want, members=False)
        offsets = panel.offsets[series].astype(np.uintp)
        for first in range(0, len(ends), _SLICED):
            some = slice(first, first + _SLICED)
            starts, behind = ((each - offsets)[some].tolist() for each in bounds)
            whose = (panel.series[number] for number in series[some].tolist())
            cut = [each.between(*bars) for each, *bars in zip(whose, starts, behind, strict=True)]
            _keep(values.rows(some), self.backend.compute(Panel.of(cut), params, want), want)
        return values


def _keep(into: Values, values: Values, want: Want) -> None:
    """Copy everything but the members; rows over time are right-aligned."""
    into.flipped[:], into.grid[:] = values.flipped, values.grid
    bars = ... if want is Want.LAST else (..., slice(-values.width, None))
    into.average[bars] = values.average
    if want is not Want.AVERAGE:
        into.families[bars], into.weights[bars] = values.families, values.weights
