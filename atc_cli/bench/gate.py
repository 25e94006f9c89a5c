"""The gate before any timing: a backend whose bits differ from the reference gets no time."""

import numpy as np

from atc_cli.bench.data import off_grid
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.bench import ADVANCE, BATCH, REANCHORED
from atc_cli.engine.backend import Backend, Streams, Values, Windows
from atc_cli.engine.reference import ReferenceBackend

SAMPLE_SIZE = (8, 400)  # what the reference can do in half a second
_WINDOWS = 4


class Gate:
    """The sample on the grid and off it, with the reference's values per inputs."""

    def __init__(self, sample: Panel) -> None:
        self._panels = (("on grid", sample), ("off grid", off_grid(sample)))
        self._wanted: dict[tuple[Params, Want], list[Values]] = {}
        self._found: dict[tuple[int, Params, Want, str], str | None] = {}

    def difference(self, backend: Backend, params: Params, want: Want, mode: str = BATCH) -> str | None:
        """The first difference in words, None where every array has the reference's bits, here and for want all."""
        key = (id(backend), params, want, mode)
        if key not in self._found:
            self._found[key] = self._difference(backend, params, want, mode)
        return self._found[key]

    def _difference(self, backend: Backend, params: Params, want: Want, mode: str) -> str | None:
        if mode == REANCHORED and isinstance(backend, Windows):
            return self._windows(backend, params)
        if mode == ADVANCE and isinstance(backend, Streams):
            return self._steps(backend, params)
        return self._compared(backend, params, want) or self._compared(backend, params, Want.ALL)

    def _windows(self, backend: Windows, params: Params) -> str | None:
        """Windows of two series against the reference on each alone."""
        for name, panel in self._panels:
            bars = panel.width - _WINDOWS
            series, ends = np.arange(_WINDOWS) % min(len(panel), 2), bars - 1 + np.arange(_WINDOWS)
            ends = np.minimum(ends, np.diff(panel.offsets)[series] - 1)
            got = backend.compute_windows(panel, params, series, ends, bars)
            windows = [panel.series[one].between(0, end + 1).tail(bars) for one, end in zip(series, ends, strict=True)]
            right = ReferenceBackend().compute(Panel.of(windows), params, Want.LAST)
            found = first_difference(got, right, members=False)
            if found:
                return f"{found}, {name}, windows"
        return None

    def _steps(self, backend: Streams, params: Params) -> str | None:
        """Series whole and, their second half, bar by bar, against the reference on all of their bars."""
        for name, panel in self._panels:
            half, series = panel.width // 2, [each for each in panel.series if len(each) == panel.width]
            started = [each.between(0, half) for each in series]
            stream = backend.stream(Panel.of(started), params)
            for bar in range(half, panel.width):
                got, _ = stream.advance(np.stack([each.values[:4, bar : bar + 1] for each in series], axis=1))
            right = ReferenceBackend().compute(Panel.of(series), params, Want.LAST)
            found = first_difference(got, right, members=False)
            if found:
                return f"{found}, {name}, bar by bar"
        return None

    def _compared(self, backend: Backend, params: Params, want: Want) -> str | None:
        for (name, panel), right in zip(self._panels, self._reference(params, want), strict=True):
            found = first_difference(backend.compute(panel, params, want), right)
            if found:
                return f"{found}, {name}, want {want.value}"
        return None

    def _reference(self, params: Params, want: Want) -> list[Values]:
        key = (params, want)
        if key not in self._wanted:
            reference = ReferenceBackend()
            self._wanted[key] = [reference.compute(panel, params, want) for _, panel in self._panels]
        return self._wanted[key]


def first_difference(got: Values, right: Values, *, members: bool = True) -> str | None:
    """Where two results differ first: shape, type, or a value (NaN equals NaN, -0.0 equals 0.0)."""
    for name in Values.__slots__:
        if name.startswith("member") and not members:
            continue
        a, b = getattr(got, name), getattr(right, name)
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"{name} is {a.dtype}{list(a.shape)}, reference {b.dtype}{list(b.shape)}"
        unequal = (a != b) & ~((a != a) & (b != b))  # noqa: PLR0124 - NaN is not itself
        if unequal.any():
            at = tuple(int(i) for i in np.argwhere(unequal)[0])
            return f"{name}{list(at)} is {a[at]!s}, reference {b[at]!s} ({int(unequal.sum())} of {a.size} differ)"
    return None
