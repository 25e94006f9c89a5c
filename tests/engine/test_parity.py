"""Every backend gives the bits of the reference, whatever the shape of the batch."""

import dataclasses
import warnings
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import pytest

from atc_cli.bench.data import off_grid, ties
from atc_cli.domain.catalog import FAMILY_IDS, Dialect, Robustness, Source, Want
from atc_cli.domain.panel import PRICE_MAX, Candles, Panel, check
from atc_cli.domain.params import Params
from atc_cli.domain.window import Window
from atc_cli.engine.backend import Values
from tests.conftest import SHARED, needs_shared
from tests.helpers.backends import (
    CUDA_ON_HOST,
    RUST_PATHS,
    assert_same_bits,
    backend,
    candles_of,
    compute,
    flat,
    per_family,
    tick_walk,
)

FAST = [*RUST_PATHS, "numba"]
both_dialects = pytest.mark.parametrize("dialect", list(Dialect))
each_backend = pytest.mark.parametrize("name", [*FAST, pytest.param(CUDA_ON_HOST, marks=pytest.mark.cuda)])


def right(series: Sequence[Candles], params: Params, want: Want = Want.ALL) -> Values:
    """What the reference says, once for all backends, whose cases follow each other."""
    return _right(params, want, *(each.values.tobytes() for each in series))


@lru_cache(maxsize=16)
def _right(params: Params, want: Want, *histories: bytes) -> Values:
    series = [candles_of(np.frombuffer(each).reshape(5, -1)[:4]) for each in histories]
    return compute("reference", series, params, want)


@each_backend
@both_dialects
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 31])
def test_ragged_batches_of_any_size(name: str, dialect: Dialect, count: int) -> None:
    series = [tick_walk(70 + 13 * (seed % 7), seed) for seed in range(count)]
    params = Params(dialect=dialect)
    for want in Want:
        assert_same_bits(right(series, params, want), compute(name, series, params, want))


@each_backend
@both_dialects
@pytest.mark.parametrize("source", list(Source))
def test_every_source(name: str, dialect: Dialect, source: Source) -> None:
    series = [tick_walk(300, 1), tick_walk(280, 2, decimals=6, start=0.001)]
    params = Params(dialect=dialect, source=source)
    assert_same_bits(right(series, params), compute(name, series, params))


@each_backend
@both_dialects
@pytest.mark.parametrize(
    "change",
    [
        {"families": ("ema",)},
        {"families": ("hma", "kama")},
        {"lengths": per_family(28, ema=8, hma=50, wma=9, dema=33, lsma=21, kama=100)},
        {"robustness": Robustness.NARROW, "lengths": per_family(6, hma=8)},
        {"robustness": Robustness.WIDE, "weights": per_family(1.0, ema=0.1, hma=2.0, wma=0.25, dema=3.0, lsma=0.2)},
        {"lambda_": 50.0, "decay": 5.0},
        {"decay": 0.0, "cutout": 100},
        {"long_threshold": 0.6, "short_threshold": -0.3, "strategy": True},
    ],
    ids="-".join,
)
def test_every_parameter(name: str, dialect: Dialect, change: dict[str, object]) -> None:
    series = [tick_walk(300, seed, decimals=seed % 4) for seed in range(3)]
    params = dataclasses.replace(Params(dialect=dialect), **change)
    assert_same_bits(right(series, params), compute(name, series, params))


@each_backend
@both_dialects
def test_off_grid_series_past_several_renewals(name: str, dialect: Dialect) -> None:
    rng = np.random.default_rng(5)
    series = [flat(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 900))), f"R{i}") for i in range(3)]
    params = Params(dialect=dialect)
    values = compute(name, series, params)
    assert (values.grid == -1).all()
    assert_same_bits(right(series, params), values)


@each_backend
@both_dialects
def test_walks_whose_closes_meet_their_averages_again_and_again(name: str, dialect: Dialect) -> None:
    series, wanted = meeting(dialect)
    assert_same_bits(wanted, compute(name, series, SHORT[dialect]))


SHORT = {dialect: Params(dialect=dialect, lengths=per_family(10)) for dialect in Dialect}


@cache
def meeting(dialect: Dialect) -> tuple[list[Candles], Values]:
    """Walks of a tick a bar on the grid and off it, past a renewal: there the last bit of a sum decides sides."""
    walks = ties(3, 300)
    series = [each for pair in zip(walks.series, off_grid(walks).series, strict=True) for each in pair]
    return series, compute("reference", series, SHORT[dialect])


@each_backend
@pytest.mark.parametrize("factor", [1e-9, 1e-3, 1e6, 3e8, 5e9])
def test_prices_of_any_scale_up_to_the_bound_and_over_it(name: str, factor: float) -> None:
    series = [candles_of(tick_walk(200, 3).values[:4] * factor)]
    assert_same_bits(right(series, Params()), compute(name, series, Params()))


@each_backend
@both_dialects
@pytest.mark.parametrize("source", [Source.CLOSE, Source.HLC3, Source.OHLC4])
def test_prices_as_large_and_as_small_as_they_may_be(name: str, dialect: Dialect, source: Source) -> None:
    series, wanted = extreme(dialect, source)
    assert_same_bits(wanted, compute(name, series, Params(dialect=dialect, source=source)))


@cache
def extreme(dialect: Dialect, source: Source) -> tuple[list[Candles], Values]:
    """Series near the largest price, near the smallest and between both, and what the reference says of them."""
    rng = np.random.default_rng(8)
    largest, smallest = PRICE_MAX * 10 ** -rng.uniform(0, 3, 320), 5e-324 * 10 ** rng.uniform(0, 3, 320)
    closes = (largest, smallest, np.where(largest > PRICE_MAX / 100, largest, smallest))
    series = [candles_of(candled(each)) for each in closes]
    wanted = compute("reference", series, Params(dialect=dialect, source=source))
    assert np.isfinite(wanted.weights[0][:, 70:]).all()
    return series, wanted


def candled(closes: np.ndarray) -> np.ndarray:
    opened = np.concatenate((closes[:1], closes[:-1]))
    return np.stack([opened, np.maximum(opened, closes), np.minimum(opened, closes), closes])


@each_backend
@both_dialects
def test_equities_that_overflow_do_so_alike_and_without_a_warning(name: str, dialect: Dialect) -> None:
    series = [tick_walk(200, seed) for seed in range(3)]
    params = Params(dialect=dialect, lambda_=3400.0, weights=per_family(2.9e307))
    with warnings.catch_warnings(action="error"):
        wanted = right(series, params)
    assert np.isnan(wanted.average[:, -1]).any()
    assert_same_bits(wanted, compute(name, series, params))


@each_backend
@both_dialects
@pytest.mark.parametrize("bars", [1, 2, 3, 7, 27, 28, 38, 39, 40, 66, 67, 68, 69])
def test_series_around_the_warm_up(name: str, dialect: Dialect, bars: int) -> None:
    params = Params(dialect=dialect)
    series = [tick_walk(bars, 9)]
    assert_same_bits(right(series, params), compute(name, series, params))


@each_backend
@both_dialects
@pytest.mark.parametrize("cutout", [0, 1, 78, 79, 80, 81, 500])
def test_cutouts_up_to_and_past_the_end(name: str, dialect: Dialect, cutout: int) -> None:
    params = Params(dialect=dialect, cutout=cutout)
    series = [tick_walk(80, 4), tick_walk(79, 5)]
    for want in Want:
        assert_same_bits(right(series, params, want), compute(name, series, params, want))


@each_backend
@both_dialects
def test_the_wants_agree_with_each_other(name: str, dialect: Dialect) -> None:
    series = [tick_walk(200, 1), tick_walk(150, 2)]
    params = Params(dialect=dialect)
    last, average, layers, everything = (compute(name, series, params, want) for want in Want)
    np.testing.assert_array_equal(last.average, everything.average[:, -1])
    np.testing.assert_array_equal(last.families, everything.families[:, :, -1])
    np.testing.assert_array_equal(last.weights, everything.weights[:, :, -1])
    np.testing.assert_array_equal(average.average, everything.average)
    np.testing.assert_array_equal(last.flipped, everything.flipped)
    np.testing.assert_array_equal(last.member_sign, everything.member_sign[..., -1])
    np.testing.assert_array_equal(last.member_equity, everything.member_equity[..., -1])
    for array in ("average", "families", "weights"):
        np.testing.assert_array_equal(getattr(layers, array), getattr(everything, array))


@each_backend
def test_every_family_changes_the_result(name: str) -> None:
    series = [tick_walk(400, 1)]
    whole = compute(name, series, Params()).average
    for family in FAMILY_IDS:
        others = tuple(each for each in FAMILY_IDS if each != family)
        assert not np.array_equal(compute(name, series, Params(families=others)).average, whole), family


@pytest.fixture(scope="module")
def recorded() -> Panel:
    """Every recorded USD-M perpetual."""
    from atc_cli.data.files.folder import FolderMarket

    market = FolderMarket(SHARED / "data" / "binance-usdm-1h", "1h")
    series: list[Candles] = []

    def deliver(raw: object) -> None:
        candles = check(raw)
        assert isinstance(candles, Candles)
        series.append(candles.tail(1500))

    market.fetch(
        market.listings(quote=None, tickers=False), Window(timeframe="1h", now_ms=market.now_ms(), bars=1500), deliver
    )
    return Panel.of(series)


@needs_shared
@pytest.mark.slow
@pytest.mark.xdist_group("numba")
@both_dialects
def test_every_recorded_perpetual_gives_the_same_bits_on_every_backend(recorded: Panel, dialect: Dialect) -> None:
    assert len(recorded) > 200
    params = Params(dialect=dialect)
    wanted = backend("reference").compute(recorded, params, Want.LAYERS)
    for name in FAST:
        assert_same_bits(wanted, backend(name).compute(recorded, params, Want.LAYERS))


@needs_shared
@pytest.mark.cuda
@both_dialects
def test_every_recorded_perpetual_gives_the_bits_of_rust_on_cuda(recorded: Panel, dialect: Dialect) -> None:
    params = Params(dialect=dialect)
    for want in (Want.LAST, Want.LAYERS):
        wanted = backend(RUST_PATHS[0]).compute(recorded, params, want)
        assert_same_bits(wanted, backend(CUDA_ON_HOST).compute(recorded, params, want))
