"""What every device must compute to the bit; numpy and our own package only, for it also runs where nothing else is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from atc_cli.domain import reference_lts, reference_tradingview
from atc_cli.domain.catalog import FAMILY_IDS, Dialect, HullShape, Robustness, Source, Want, triangle
from atc_cli.domain.grid import Prices
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import LENGTH, Params
from atc_cli.engine.backend import Values

HOUR_MS = 3_600_000
# Lanes of a block, and what straddles them.
SIZES = (1, 7, 8, 9, 31)


@dataclass(frozen=True, slots=True)
class Case:
    """Series and what is asked of them; with `windows` ((series, last bar) of each and its bars) of parts of them."""

    name: str
    panel: Panel
    params: Params
    want: Want
    windows: tuple[np.ndarray, np.ndarray, int] | None = None


def candles(prices: np.ndarray, symbol: str) -> Candles:
    """Candles with the given rows of open, high, low, close, one an hour."""
    values = np.concatenate((prices, np.ones((1, prices.shape[1]))))
    stamps = np.arange(prices.shape[1], dtype=np.int64) * HOUR_MS
    return Candles(exchange="check", symbol=symbol, timestamp=stamps, timeframe="1h", values=values)


def walk(bars: int, seed: int, *, decimals: int | None = 2) -> Candles:
    """A random walk; on a decimal grid, where closes often repeat, or off any."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, bars)))
    spread = rng.integers(0, 3, (2, bars)) * 10.0 ** -(2 if decimals is None else decimals)
    opened = np.concatenate((close[:1], close[:-1]))
    prices = np.stack([opened, np.maximum(opened, close) + spread[0], np.minimum(opened, close) - spread[1], close])
    return candles(prices if decimals is None else np.rint(prices * 10.0**decimals) / 10.0**decimals, f"W{seed}")


def ragged(count: int) -> list[Candles]:
    """Series of different lengths; every fifth is off the grid, and one of those lives through renewals."""
    off = dict.fromkeys(range(4, count, 5))
    return [
        walk(560 if seed == 4 else 70 + 13 * (seed % 7), seed, decimals=off.get(seed, seed % 4))
        for seed in range(count)
    ]


def cases() -> Iterator[Case]:
    """Sizes, wants, parameters, sources, windows, in both dialects."""
    for dialect in Dialect:
        usual = Params(dialect=dialect)
        for count in SIZES:
            yield Case(f"{dialect} {count} ragged series", Panel.of(ragged(count)), usual, Want.ALL)
        panel = Panel.of(ragged(9))
        for want in (Want.LAST, Want.AVERAGE, Want.LAYERS):
            yield Case(f"{dialect} want {want}", panel, usual, want)
        for name, change in _CHANGES.items():
            yield Case(f"{dialect} {name}", panel, replace(usual, **change), Want.ALL)
        for source in Source:
            yield Case(f"{dialect} source {source}", panel, replace(usual, source=source), Want.LAYERS)
        yield from _windows(panel, usual)
        for family in FAMILY_IDS:
            beside = Panel.of([_beside_its_average(dialect, family, seed) for seed in range(3)])
            yield Case(f"{dialect} closes beside {family}", beside, replace(usual, source=Source.OPEN), Want.ALL)


_CHANGES: dict[str, dict[str, object]] = {
    "one family": {"families": ("hma",)},
    "two families": {"families": ("dema", "lsma")},
    "lengths that no families share": {"lengths": (8, 50, 9, 33, 21, 60)},
    "short lengths, wide apart": {"lengths": (9, 11, 9, 9, 9, 9), "robustness": Robustness.WIDE},
    "weights": {"weights": (0.1, 2.0, 0.25, 3.0, 0.2, 1.0), "robustness": Robustness.NARROW},
    "growth and decay": {"lambda_": 50.0, "decay": 5.0},
    "cutout": {"decay": 0.0, "cutout": 100},
    "cutout past the end": {"cutout": 5000, "long_threshold": -0.2, "short_threshold": -0.9},
    "a floor that is nearly touched": {"decay": 1e-8, "weights": (0.25,) * 6},
    "strategy": {"long_threshold": 0.6, "short_threshold": -0.3, "strategy": True},
}


def _beside_its_average(dialect: Dialect, family: str, seed: int, bars: int = 320) -> Candles:
    """Closes that are the average of the opens, or its neighbours: the last bit of it decides each crossing."""
    rng = np.random.default_rng(100 + seed)
    opened = rng.uniform(1, 1000, bars)  # far apart: then each rounding shows
    average = _average(dialect, family, LENGTH, opened)
    close = np.where(np.isnan(average), opened, average)
    close = np.nextafter(close, np.choose(np.arange(bars) % 3, [close, 0.0, np.inf]))
    return candles(np.stack([opened, np.maximum(opened, close), np.minimum(opened, close), close]), f"B{seed}")


def _average(dialect: Dialect, family: str, n: int, source: np.ndarray) -> np.ndarray:
    """By the definition, off grid; what is decided on sums is divided here, which is near enough."""
    if dialect is Dialect.TRADINGVIEW:
        return reference_tradingview.AVERAGES[family](source, n)
    if family in ("ema", "dema", "kama"):
        return getattr(reference_lts, family)(n, Prices(source, source))
    plain, weighted = reference_lts.window_sums(source, n, 0, exact=False)
    if family == "hma":
        shape = HullShape.of(n)
        _, half = reference_lts.window_sums(source, shape.half, 0, exact=False)
        factors = 2 * shape.common // triangle(shape.half), shape.common // triangle(n)
        _, hull = reference_lts.window_sums(factors[0] * half - factors[1] * weighted, shape.root, n - 1, exact=False)
        return hull / (triangle(shape.root) * shape.common)
    return weighted / triangle(n) if family == "wma" else (6 * weighted - 2 * (n + 1) * plain) / (n * (n + 1))


def _windows(panel: Panel, params: Params) -> Iterator[Case]:
    pairs = [(number, end) for number, each in enumerate(panel.series) for end in range(40, len(each), 9)]
    series, ends = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    for want, source in ((Want.LAST, Source.CLOSE), (Want.LAYERS, Source.HLC3)):
        asked = replace(params, source=source, cutout=3)
        yield Case(f"{params.dialect} windows, want {want}", panel, asked, want, (series, ends, 100))


ARRAYS: Sequence[str] = Values.__slots__


def differences(one: Values, other: Values) -> list[str]:
    """The arrays that are not equal to the last bit, NaN beside NaN; -0.0 equals 0.0."""
    found = []
    for name in ARRAYS:
        a, b = getattr(one, name), getattr(other, name)
        same = a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        if not same:
            found.append(name)
    return found


def values_of(some: Values) -> int:
    """How many numbers they are."""
    return sum(getattr(some, name).size for name in ARRAYS)
