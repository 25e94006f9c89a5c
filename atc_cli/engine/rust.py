"""The compiled kernels as a backend. The only importer of _kernels."""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.engines import AUTO, SIMD_PATHS, Engine
from atc_cli.domain.features import Features, Lengths
from atc_cli.domain.panel import Ints, Panel
from atc_cli.domain.params import Params, document_hash
from atc_cli.engine.backend import Form, Offer, Unavailable, Values
from atc_cli.engine.packing import Floats, Lent, PlainParams, growth_of, growth_to_come
from atc_cli.engine.windows import bounds_of, width_of
from atc_cli.errors import UnavailableError
from atc_cli.stages import stage

if TYPE_CHECKING:
    from atc_cli.domain.tape import Tape

SIMD_VARIABLE = "ATC_SIMD"
# what `atc bench` finds for lts on an AMD EPYC; a slower processor slows every backend alike
_NS_PER_BAR = dict(zip(SIMD_PATHS, (180.0, 95.0, 42.0, 21.0), strict=True))
_START_MS = 0.3
_BUILD = "run `make build`, or install a wheel"
# starting threads costs as much as some ten thousand bars
_BARS_PER_THREAD = 100_000
# some 20 MB of columns: they are copies, and those of five thousand symbols at once would be one copy too many
_PART_BARS = 500_000
# a sixth of a second on one core, half a megabyte of values
_WINDOW_BARS = 8_000_000
_WINDOWS_LEAST = 64
_IDENTITY_BYTES = 32


class RustBackend:
    """kernels_rs/core through PyO3, the GIL released.

    `simd` is one of SIMD_PATHS or auto (ATC_SIMD, else the fastest here for whole histories or for streams); `threads`
    None is every processor that this process may use, where there is work for it. Neither changes a bit.
    """

    name = Engine.RUST
    compiles = False

    def __init__(self, simd: str = AUTO, threads: int | None = None) -> None:
        self.simd = simd if simd != AUTO else os.environ.get(SIMD_VARIABLE) or AUTO
        self.threads = threads or _processors()
        self._bars_per_thread = 1 if threads else _BARS_PER_THREAD

    def compiling(self, _dialect: Dialect) -> bool:
        """Never: it was built."""
        return False

    def forms(self) -> Sequence[Form]:
        """Each path of this processor, on one thread and on all."""
        return [Form(simd, threads) for simd in simd_paths() for threads in sorted({1, _processors()})]

    def in_form(self, form: Form) -> "RustBackend":
        """On that path, on that many threads; ValueError for a path that is not here."""
        if form.simd not in simd_paths():
            raise ValueError(f"backend {self.name} has no form {form.simd!r}, allowed: {', '.join(simd_paths())}")
        return RustBackend(form.simd, form.threads)

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """Values of every series; see Values for shapes. Written in place; columns are joined a part at a time."""
        plain = _plain(params)
        values = Values.empty(len(panel), panel.width, want)
        growth = growth_of(params, panel.width)
        for rows, part in panel.parts(_PART_BARS):
            with stage("panel"):
                lent = Lent.of(part, params, growth)
            self._compute(lent, plain, want, values.rows(rows))
        return values

    def windows_at_once(self, bars: int) -> int:
        """So many that threads and blocks of lanes have enough to share, and their values stay small."""
        return max(_WINDOW_BARS // max(bars, _WINDOWS_LEAST), _WINDOWS_LEAST)

    def compute_windows(
        self, panel: Panel, params: Params, series: Ints, ends: Ints, bars: int | Ints, *, want: Want = Want.LAST
    ) -> Values:
        """What a scan of each window alone gives; see Windows. Nothing is copied: windows overlap in the columns."""
        plain = _plain(params)
        starts, behind = bounds_of(panel, series, ends, bars, want)
        longest = width_of(bars)
        values = Values.empty(len(ends), longest, want, members=False)
        lent = Lent.of(panel, params, growth_of(params, longest), (starts, behind))
        self._compute(lent, plain, want, values)
        return values

    def stream(self, panel: Panel, params: Params) -> "RustState":
        """Series that have come to the end of the panel, to go on bar by bar."""
        return RustState.start(panel, params, simd=self.simd)[0]

    def resume(self, saved: bytes, params: Params) -> "RustState":
        """Go on from `RustState.to_bytes`; raises as `RustState.from_bytes` does."""
        return RustState.from_bytes(saved, params, self.simd)

    def _compute(self, lent: Lent, plain: PlainParams, want: Want, values: Values) -> None:
        from atc_cli import _kernels

        worthwhile = 1 + int((lent.ends - lent.starts).sum()) // self._bars_per_thread
        _kernels.compute(lent, plain, values, want.value, self.simd, min(self.threads, worthwhile))


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
        cls, panel: Panel, params: Params, want: Want = Want.LAST, simd: str = AUTO
    ) -> tuple["RustState", Values]:
        """Compute a panel, on one thread, and keep what the next bars need; also the panel's values.

        Raises ValueError for a series without bars.
        """
        from atc_cli import _kernels

        plain = _plain(params)
        values = Values.empty(len(panel), panel.width, want)
        lent = Lent.of(panel, params, growth_of(params, panel.width))
        state = _kernels.State.start(lent, plain, values, want.value, simd)
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
        growth = growth_to_come(self._params, int(self._bars.max(initial=0)) + bars)
        return values, self._state.step(Lent.of_steps(prices, growth), values, want.value, peek)

    def to_bytes(self) -> bytes:
        """The state with version and checksum, numbers only, then what it was computed with."""
        saved: bytes = self._state.to_bytes()
        return saved + _identity(self._params)

    @classmethod
    def from_bytes(cls, saved: bytes, params: Params, simd: str = AUTO) -> "RustState":
        """Go on from what `to_bytes` gave, on any path.

        Raises ValueError for bytes that are damaged, of another version or of other parameters.
        """
        from atc_cli import _kernels

        state = _kernels.State.from_bytes(saved[:-_IDENTITY_BYTES], _plain(params), simd)
        if saved[-_IDENTITY_BYTES:] != _identity(params):
            raise ValueError(f"the saved state has other parameters, or its last {_IDENTITY_BYTES} bytes are damaged")
        return cls(state, params, np.array(state.bars(), np.int64))


def _identity(params: Params) -> bytes:
    """sha256 of every parameter: the kernel sees not all of them, lambda being in the growth table."""
    return bytes.fromhex(document_hash(params.document()))


@lru_cache(maxsize=32)
def _plain(params: Params) -> PlainParams:
    """Parameters that the extension takes; UnavailableError where it was built for other families or dialects."""
    plain = PlainParams.of(params)
    complaint = _complaint(plain)
    if complaint:
        asked = f"{', '.join(params.families)} in dialect {plain.dialect}"
        raise UnavailableError(f"backend {Engine.RUST} cannot compute {asked}: {complaint}", _BUILD)
    return plain


def _complaint(plain: PlainParams) -> str | None:
    """What the extension has against a dialect and its families, None where it was built for them."""
    from atc_cli import _kernels

    try:
        _kernels.warmup(plain.dialect, plain.lengths)
    except ValueError as error:
        return str(error)
    return None


def features(candles: Sequence[Floats], lengths: Lengths, *, every: Sequence[int] | None = None) -> Floats:
    """The figures of domain.features of series whose values are [5, bars]: [n, figures] at the last bar of each.

    With `every` those of these places at each bar, flat: per series a row of its bars for each place. Raises
    ImportError where the extension is not built or an older one.
    """
    from atc_cli._kernels import features as computed

    count, figures = len(candles), len(Features._fields)
    bars = sum(each.shape[1] for each in candles)
    out = np.empty((count, figures) if every is None else bars * len(every))
    computed([_in_rows(each) for each in candles], lengths, every, out)
    return out


def follow(tape: "Tape", terms: Any, curves: Any) -> tuple[Floats, list[float], list[int]]:
    """Trade along a tape; terms and curves as the stub of the extension says, which says what is returned, too.

    Raises ImportError where the extension is not built or an older one.
    """
    from atc_cli._kernels import follow as followed

    return followed(tape, terms, curves)


def _in_rows(values: Floats) -> Floats:
    """As they are where each row is whole: those of a store are rows of one array of all symbols, and copies cost."""
    return values if values.strides[-1] == values.itemsize else np.ascontiguousarray(values)


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def offer() -> Offer | Unavailable:
    """Available where the extension was built and ATC_SIMD, if set, names a path of this processor."""
    try:
        paths = [AUTO, *simd_paths()]
    except ImportError as error:
        return Unavailable(Engine.RUST, f"the extension is not built ({error})", _BUILD)
    complaint = _complaint(PlainParams.of(Params()))
    if complaint:
        return Unavailable(Engine.RUST, f"the extension was built for other families ({complaint})", _BUILD)
    forced = os.environ.get(SIMD_VARIABLE) or AUTO
    if forced not in paths:
        why = f"{SIMD_VARIABLE} is {forced!r}, this processor has: {', '.join(paths)}"
        return Unavailable(Engine.RUST, why, f"unset {SIMD_VARIABLE}, or set it to one of these")
    backend = RustBackend()
    path = paths[-1] if backend.simd == AUTO else backend.simd
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
