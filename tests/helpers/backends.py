"""The backends under test, and the comparison that they all must pass."""

from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from atc_cli.domain.catalog import FAMILY_IDS, Want
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.engine import reference, rust
from atc_cli.engine.backend import Backend, Offer, Values
from atc_cli.engine.cuda.backend import CudaBackend
from atc_cli.engine.numba import backend as numba
from tests.helpers.cuda.device import host_device

HOUR_MS = 3_600_000


def per_family(usual: float, **unusual: float) -> tuple[float, ...]:
    """One value for each family of the catalogue, by name where it is not the usual one."""
    assert unusual.keys() <= set(FAMILY_IDS)
    return tuple(unusual.get(family, usual) for family in FAMILY_IDS)


# every path of this processor, on more threads than one
RUST_PATHS = [f"rust-{simd}" for simd in rust.simd_paths()]
# the CUDA sources compiled for this processor
CUDA_ON_HOST = "cuda-host"


def backend(name: str) -> Backend:
    """The backend of that name, rust-avx2 being one path of it; its absence is a failure, never a skip."""
    if name == CUDA_ON_HOST:
        return CudaBackend(host_device)
    if name in RUST_PATHS:
        return rust.RustBackend(name.removeprefix("rust-"), threads=2)
    offers = [rust.offer(), numba.offer(find_spec("numba")), reference.offer()]
    offer = next(each for each in offers if each.name == name)
    assert isinstance(offer, Offer), offer
    return offer.backend


def assert_same_bits(one: Values, other: Values) -> None:
    """Equal values, masks, shapes and types in every array; NaN equals NaN, -0.0 equals 0.0."""
    for name in Values.__slots__:
        a, b = getattr(one, name), getattr(other, name)
        assert a.shape == b.shape, name
        assert a.dtype == b.dtype, name
        np.testing.assert_array_equal(a, b, err_msg=name)


def tick_walk(bars: int, seed: int, *, decimals: int = 2, start: float = 100.0, volatility: float = 0.01) -> Candles:
    """A random walk on a decimal grid whose closes often repeat, so that ties occur."""
    rng = np.random.default_rng(seed)
    tick = 10.0**-decimals
    close = np.maximum(np.rint(start * np.exp(np.cumsum(rng.normal(0, volatility, bars))) / tick), 1)
    opened = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opened, close) + rng.integers(0, 3, bars)
    low = np.maximum(np.minimum(opened, close) - rng.integers(0, 3, bars), 1)
    prices = np.stack([opened, high, low, close]) / 10.0**decimals
    return candles_of(prices, symbol=f"W{seed}")


def candles_of(prices: np.ndarray, symbol: str = "S") -> Candles:
    """Candles with the given open, high, low, close rows, one an hour."""
    bars = prices.shape[1]
    values = np.concatenate((prices, np.ones((1, bars))))
    stamps = np.arange(bars, dtype=np.int64) * HOUR_MS + 1_700_000_000_000 // HOUR_MS * HOUR_MS
    return Candles(exchange="test", symbol=symbol, timestamp=stamps, timeframe="1h", values=values)


def flat(closes: np.ndarray, symbol: str = "S") -> Candles:
    """Candles whose four prices are the close."""
    return candles_of(np.stack([closes] * 4), symbol)


def compute(name: str, series: Sequence[Candles], params: Params, want: Want = Want.ALL) -> Values:
    """All values of some series on one backend."""
    return backend(name).compute(Panel.of(series), params, want)
