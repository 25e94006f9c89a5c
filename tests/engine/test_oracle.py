"""The compiled kernels against a second oracle, on random series: thousands of short ones, a seed for each batch."""

from random import Random

import numpy as np
import pytest

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS, Dialect, Robustness, Source, Want
from atc_cli.domain.growth import growth_table
from atc_cli.domain.panel import PRICE_MAX, Candles
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Values
from tests.helpers import oracle
from tests.helpers.backends import candles_of, compute

SERIES = 9  # a block of eight lanes, and one more
BATCHES = {Dialect.LTS: 160, Dialect.TRADINGVIEW: 80}
UNITS = (1.0, 10.0, 100.0, 1e8, 1e14, 4.0, 0.5, 3.0, 7e3)
SEEDS = 40  # of one test
LONG_BATCHES = 5
assert SERIES * sum(BATCHES.values()) > 2000


def params_of(rng: Random, dialect: Dialect) -> Params:
    robustness = rng.choice(list(Robustness))
    reach = oracle.OFFSETS[robustness][-1]
    families = rng.sample(FAMILY_IDS, rng.choice((1, 2, 2, 3)))
    long_threshold = rng.choice((0.1, 0.3, -0.2))
    return Params(
        dialect=dialect,
        robustness=robustness,
        families=tuple(each for each in FAMILY_IDS if each in families),
        lengths=tuple(family.smallest[dialect] + reach + rng.randrange(6) for family in FAMILIES),
        weights=tuple(rng.choice((1.0, 0.2, 0.25, 3.7)) for _ in FAMILIES),
        source=rng.choice((Source.CLOSE, *Source)),
        lambda_=rng.choice((0.02, 0.02, 5.0, 40.0)),
        decay=rng.choice((0.03, 0.0, 2.5, 30.0)),
        cutout=rng.choice((0, 0, 0, 1, 17, 60, 99)),
        long_threshold=long_threshold,
        short_threshold=long_threshold - rng.choice((0.2, 0.5)),
        strategy=rng.random() < 0.2,
    )


def series_of(rng: Random, bars: int) -> Candles:
    """A walk of few ticks, so that closes meet their averages; off the grid where the unit is no decimal."""
    unit, step = rng.choice(UNITS), rng.choice((1, 2, 9, 400))
    tick = rng.choice((20, 200, 30_000, 5 * 10**9))
    closes = []
    for _ in range(bars):
        tick = max(1, tick + rng.choice((0, 0, 1, -1, rng.randint(-step, step))))
        closes.append(tick)
    opened = [rng.choice((before, now)) for before, now in zip([tick, *closes], closes, strict=False)]
    high = [max(o, c) + rng.randrange(3) for o, c in zip(opened, closes, strict=True)]
    low = [max(1, min(o, c) - rng.randrange(3)) for o, c in zip(opened, closes, strict=True)]
    values = np.array([opened, high, low, closes], np.float64) / unit
    return candles_of(values * (PRICE_MAX / values.max() if rng.random() < 0.02 else 1.0))


def expected(candles: Candles, params: Params, width: int) -> Values:
    """What the oracle says, in the row that a backend writes."""
    columns = dict(zip("ohlc", candles.values[:4].tolist(), strict=True))
    told = oracle.told(columns, params, growth_table(params, len(candles)).tolist())
    values = Values.empty(1, width, Want.ALL)
    start = width - len(candles)
    values.grid[0], values.flipped[0] = told.k, told.flipped
    for array in (values.average, values.families, values.weights, values.member_equity):
        array[:] = np.nan
    values.member_sign[:] = 0
    values.average[0, start:] = told.average
    for i, (family, nine) in enumerate(zip(told.families, told.members, strict=True)):
        if family is not None and nine is not None:
            values.families[0, i, start:], values.weights[0, i, start:] = family
            for j, (signs, equity) in enumerate(nine):
                values.member_sign[0, i, j, start:], values.member_equity[0, i, j, start:] = signs, equity
    return values


def batch_agrees(dialect: Dialect, seed: int, *, longest: int = 80) -> list[int]:
    """Compare one batch; returns the grids that occurred."""
    rng = Random(f"{dialect} {seed}")
    params = params_of(rng, dialect)
    series = [series_of(rng, rng.randint(20, longest)) for _ in range(SERIES)]
    got = compute("rust", series, params)
    for row, candles in enumerate(series):
        right = expected(candles, params, got.average.shape[-1])
        for name in Values.__slots__:
            message = f"seed {seed} of {dialect}, series {row}: {name}, {params}"
            np.testing.assert_array_equal(getattr(got, name)[row], getattr(right, name)[0], err_msg=message)
    return got.grid.tolist()


@pytest.mark.parametrize(
    ("dialect", "seeds"),
    [
        pytest.param(dialect, range(first, first + SEEDS), id=f"{dialect}-seeds-{first}-to-{first + SEEDS - 1}")
        for dialect, count in BATCHES.items()
        for first in range(0, count, SEEDS)
    ],
)
def test_thousands_of_random_series_have_the_bits_of_the_oracle(dialect: Dialect, seeds: range) -> None:
    grids = {k for seed in seeds for k in batch_agrees(dialect, seed)}
    assert dialect is Dialect.TRADINGVIEW or {-1, 0, 1, 2} <= grids


@pytest.mark.parametrize("dialect", list(Dialect))
def test_random_series_past_the_renewals_have_them_too(dialect: Dialect) -> None:
    for seed in range(10_000, 10_000 + LONG_BATCHES):
        batch_agrees(dialect, seed, longest=600)
