"""What a worker is sent, and what it does with that. Nothing here imports dask: it runs on the worker."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

import numpy as np

import atc_cli
from atc_cli.domain.catalog import Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.grid import CLOSE, columns_read
from atc_cli.domain.panel import COLUMNS, Candles, Floats, Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.engine.backend import Backend, Offer, Values
from atc_cli.engine.dask.narrow import Narrow
from atc_cli.engine.windows import windows_of
from atc_cli.engine.workers import Task
from atc_cli.errors import UnavailableError
from atc_cli.identity import code_checksum

SAME_VERSIONS = "install the same versions there and here, then start the worker again"
_TIMEFRAME = "1m"

T = TypeVar("T")


def versions() -> dict[str, str]:
    """What bits depend on, of the process that runs this."""
    atc = f"{atc_cli.__version__} (code {code_checksum()[:12]})"
    return {"atc": atc, "numpy": np.__version__, "Python": platform.python_version()}


def other_than(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    """What differs, in words; empty where nothing does."""
    return ", ".join(f"{what} {found[what]} (here {wanted[what]})" for what in found if found[what] != wanted[what])


@dataclass(frozen=True, slots=True)
class Windowed:
    """Windows of a part, shapes [n]: series, last bar and length, as Windows takes them."""

    series: Ints
    ends: Ints
    bars: Ints


@dataclass(frozen=True, slots=True)
class Part:
    """Series as they travel: `prices` [k, bars of all] are the k columns that take part, `bars` [n] their lengths.

    `windows` None: the series themselves.
    """

    prices: Floats | Narrow
    bars: Ints
    params: Params
    want: Want
    windows: Windowed | None = None

    @classmethod
    def of(
        cls, panel: Panel, params: Params, want: Want, windows: Windowed | None = None, *, far: bool = False
    ) -> "Part":
        """The columns that are read of a panel, joined; `far`: in fewer bytes, for they go over a network."""
        read = columns_read(params.source)
        prices = np.concatenate([each.values[read] for each in panel.series] or [np.empty((len(read), 0))], axis=1)
        bars = np.diff(panel.offsets)
        return cls(Narrow.of(prices, bars) if far else prices, bars, params, want, windows)

    def panel(self) -> Panel:
        """The same series: names and times, which no backend reads, are made up, and unread prices are the close."""
        read = columns_read(self.params.source)
        rows = [read.index(each if each in read else CLOSE) for each in range(len(COLUMNS))]
        prices = self.prices.prices() if isinstance(self.prices, Narrow) else self.prices
        values, stops = prices[rows], np.cumsum(self.bars)
        return Panel.of([_series(values[:, stop - bars : stop]) for stop, bars in zip(stops, self.bars, strict=True)])

    def __call__(self, backend: Backend) -> Values:
        """Its values."""
        panel, asked = self.panel(), self.windows
        if asked is None:
            return backend.compute(panel, self.params, self.want)
        windows = windows_of(backend)
        return windows.compute_windows(panel, self.params, asked.series, asked.ends, asked.bars, want=self.want)


def _series(values: Floats) -> Candles:
    times = np.arange(values.shape[1], dtype=np.int64) * TIMEFRAMES_MS[_TIMEFRAME]
    return Candles(exchange="", symbol="", timeframe=_TIMEFRAME, timestamp=times, values=values)


@dataclass(frozen=True, slots=True)
class Sent(Generic[T]):
    """A task on its way, and the versions of the process that asks."""

    task: Task[T]
    versions: Mapping[str, str]


def done(sent: Sent[T]) -> T:
    """What a task gives with the best engine here; UnavailableError where its bits could be others.

    A worker may have come after the others were asked for their versions.
    """
    if other := other_than(sent.versions, versions()):
        raise UnavailableError(f"worker {platform.node()} has {other}: bits depend on it", SAME_VERSIONS)
    return sent.task(_best())


@cache
def _best() -> Backend:
    """The fastest engine of this machine, on one thread: a worker computes as many parts at once as it has threads."""
    from atc_cli.engine.offers import offers
    from atc_cli.engine.rust import RustBackend

    able = [each for each in offers() if isinstance(each, Offer) and each.name != Engine.DASK]
    best = min(able, key=lambda offer: offer.ns_per_bar).backend
    return RustBackend(threads=1) if isinstance(best, RustBackend) else best


def dask_setup(_worker: object) -> None:
    """Called by dask as a worker of this machine starts: Ctrl-C in a terminal reaches it too, and is not for it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
