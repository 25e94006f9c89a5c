"""The compiled kernels as a backend. The only importer of _kernels."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.grid import CLOSE, SOURCE_COLUMNS
from atc_cli.domain.growth import EXPONENT_MAX, growth_exponent, growth_table
from atc_cli.domain.panel import COLUMNS, Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Offer, Unavailable, Values, Want

SIMD_VARIABLE = "ATC_SIMD"
_AUTO = "auto"
# what `atc bench` finds for lts on an AMD EPYC; a slower processor slows every backend alike
_NS_PER_BAR = {"scalar": 180.0, "avx2": 42.0, "avx512": 21.0}
_START_MS = 0.3
# starting threads costs as much as some ten thousand bars
_BARS_PER_THREAD = 100_000
_GROWTH_SPARE_BARS = 1024

Bounds = NDArray[np.uintp]
Floats = NDArray[np.float64]


@dataclass(slots=True)
class _Lent:
    """Columns [bars] and the series in them, as _kernels takes them."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    starts: Bounds
    ends: Bounds
    growth: Floats


@dataclass(slots=True)
class _Settings:
    """The parameters as _kernels takes them."""

    dialect: str
    lengths: Sequence[Sequence[int] | None]
    weights: Sequence[float]
    decay: float
    cutout: int
    long_threshold: float
    short_threshold: float
    source: str
    strategy: bool

    @classmethod
    def of(cls, params: Params) -> "_Settings":
        return cls(
            dialect=params.dialect.value,
            lengths=params.members(),
            weights=params.weights,
            decay=params.decay,
            cutout=params.cutout,
            long_threshold=params.long_threshold,
            short_threshold=params.short_threshold,
            source=params.source.value,
            strategy=params.strategy,
        )


class RustBackend:
    """kernels_rs/core through PyO3: the whole panel in one call, the GIL released.

    `simd` is auto (ATC_SIMD, else the fastest here), scalar, avx2 or avx512; `threads` None is every processor
    that this process may use, where there is work for it. Neither changes a bit.
    """

    name = "rust"

    def __init__(self, simd: str = _AUTO, threads: int | None = None) -> None:
        self.simd = simd if simd != _AUTO else os.environ.get(SIMD_VARIABLE) or _AUTO
        self.threads = threads or _processors()
        self._bars_per_thread = 1 if threads else _BARS_PER_THREAD

    @classmethod
    def variants(cls) -> list[tuple[str, int]]:
        """(simd, threads) of every form: each path of this processor, on one thread and on all."""
        counts = sorted({1, _processors()})
        return [(simd, threads) for simd in simd_paths() for threads in counts]

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """Values of every series; see Values for shapes. Written in place, nothing is copied."""
        values = Values.empty(len(panel), panel.width, want)
        bounds = panel.offsets.astype(np.uintp)
        self._compute(panel, (bounds[:-1], bounds[1:]), params, want, values)
        return values

    def compute_windows(self, panel: Panel, params: Params, ends: Bounds, bars: int) -> Values:
        """The last values of the window of `bars` bars that ends at each bar of `ends`, as a scan then saw them.

        `panel` holds one series; `ends` [n] are bar numbers in it, each at least bars - 1. Every window has its own
        anchor, grid and growth. Returns what Want.LAST gives for n series, without members (shape [0, 6, 9]).
        """
        values = Values.empty(len(ends), bars, Want.LAST, members=False)
        behind = ends.astype(np.uintp) + np.uintp(1)
        self._compute(panel, (behind - np.uintp(bars), behind), params, Want.LAST, values)
        return values

    def stream(self, panel: Panel, params: Params) -> "RustState":
        """Series that have come to the end of the panel, to go on bar by bar."""
        return RustState.start(panel, params, simd=self.simd)[0]

    def _compute(self, panel: Panel, bounds: tuple[Bounds, Bounds], params: Params, want: Want, values: Values) -> None:
        from atc_cli import _kernels

        longest = int((bounds[1] - bounds[0]).max(initial=0))
        lent = _Lent(**_prices(panel, params), starts=bounds[0], ends=bounds[1], growth=_growth(params, longest))
        worthwhile = 1 + int((bounds[1] - bounds[0]).sum()) // self._bars_per_thread
        threads = min(self.threads, worthwhile)
        _kernels.compute(lent, _Settings.of(params), values, want.value, self.simd, threads)


class RustState:
    """Many series between two bars: whatever steps the bars come in, the values are those of one batch.

    Made by `start` or `from_bytes`. Series keep the order of the panel that it was started with.
    """

    def __init__(self, state: Any, params: Params, bars: NDArray[np.int64]) -> None:
        self._state = state
        self._params = params
        self._bars = bars

    @classmethod
    def start(
        cls, panel: Panel, params: Params, want: Want = Want.LAST, simd: str = _AUTO
    ) -> tuple["RustState", Values]:
        """Compute a panel, on one thread, and keep what the next bars need; also the panel's values.

        Raises ValueError for a series without bars.
        """
        from atc_cli import _kernels

        values = Values.empty(len(panel), panel.width, want)
        bounds = panel.offsets.astype(np.uintp)
        growth = _growth(params, panel.width)
        lent = _Lent(**_prices(panel, params), starts=bounds[:-1], ends=bounds[1:], growth=growth)
        state = _kernels.State.start(lent, _Settings.of(params), values, want.value, simd)
        return cls(state, params, np.diff(panel.offsets)), values

    def advance(self, prices: Floats, want: Want = Want.LAST) -> tuple[Values, list[int]]:
        """Go on by new bars: `prices` [4, n, m] are open, high, low, close of m new bars of each of the n series.

        Returns the values of the new bars alone, and the series whose grid they change: those are NaN from now on and
        must be started again from stored candles. Raises ValueError for another number of series.
        """
        values, lost = self._step(prices, want, peek=False)
        self._bars = self._bars + prices.shape[2]
        return values, lost

    def peek(self, prices: Floats, want: Want = Want.LAST) -> tuple[Values, list[int]]:
        """What `advance` would return for bars that are still forming; the state stays as it is."""
        return self._step(prices, want, peek=True)

    def _step(self, prices: Floats, want: Want, *, peek: bool) -> tuple[Values, list[int]]:
        _, series, bars = prices.shape
        values = Values.empty(series, bars, want, members=want is Want.ALL)
        opened, high, low, close = np.ascontiguousarray(prices, np.float64).reshape(4, -1)
        starts = np.arange(series, dtype=np.uintp) * np.uintp(bars)
        growth = _growth(self._params, _with_spare(self._params, int(self._bars.max(initial=0)) + bars))
        lent = _Lent(opened, high, low, close, starts, starts + np.uintp(bars), growth)
        return values, self._state.step(lent, values, want.value, peek)

    def to_bytes(self) -> bytes:
        """The state with version and checksum; numbers only."""
        saved: bytes = self._state.to_bytes()
        return saved

    @classmethod
    def from_bytes(cls, saved: bytes, params: Params, simd: str = _AUTO) -> "RustState":
        """Go on from what `to_bytes` gave, on any path.

        Raises ValueError for bytes that are damaged, of another version or of other parameters.
        """
        from atc_cli import _kernels

        state = _kernels.State.from_bytes(saved, _Settings.of(params), simd)
        return cls(state, params, np.array(state.bars(), np.int64))


def _prices(panel: Panel, params: Params) -> dict[str, Floats]:
    """The four prices by name; kernels read close and the source, so in place of any other stands the close."""
    read = SOURCE_COLUMNS[params.source]
    return {name: panel.column(i if i in read else CLOSE) for i, name in enumerate(COLUMNS[: CLOSE + 1])}


@lru_cache(maxsize=32)
def _growth(params: Params, bars: int) -> Floats:
    """The growth table of the windows last asked for: a scan asks for the same one again and again."""
    table = growth_table(params, bars)
    table.flags.writeable = False
    return table


def _with_spare(params: Params, bars: int) -> int:
    """A round number of bars where the table may be that long: a stream then works it out once in a thousand bars."""
    spare = -(-bars // _GROWTH_SPARE_BARS) * _GROWTH_SPARE_BARS
    return spare if growth_exponent(params, spare) <= EXPONENT_MAX else bars


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def offer() -> Offer | Unavailable:
    """Available where the extension was built and ATC_SIMD, if set, names a path of this processor."""
    try:
        paths = [_AUTO, *simd_paths()]
    except ImportError as error:
        return Unavailable("rust", f"the extension is not built ({error})", "run `make build`, or install a wheel")
    forced = os.environ.get(SIMD_VARIABLE) or _AUTO
    if forced not in paths:
        why = f"{SIMD_VARIABLE} is {forced!r}, this processor has: {', '.join(paths)}"
        return Unavailable("rust", why, f"unset {SIMD_VARIABLE}, or set it to one of these")
    backend = RustBackend()
    path = paths[-1] if backend.simd == _AUTO else backend.simd
    return Offer(backend, start_ms=_START_MS, ns_per_bar=_NS_PER_BAR[path] / backend.threads)


def simd_paths() -> list[str]:
    """The paths of this processor, the slowest first. Raises ImportError where the extension is not built."""
    from atc_cli import _kernels

    return list(_kernels.simd_paths())


def cpu_features() -> list[str]:
    """SIMD features of this CPU that kernels can use; empty where the extension is not built."""
    try:
        from atc_cli import _kernels
    except ImportError:
        return []
    return list(_kernels.cpu_features())
