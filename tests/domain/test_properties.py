"""What must hold for any series, shown on generated ones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.params import Params
from tests.helpers.backends import candles_of, compute, flat, per_family, tick_walk

BACKENDS = ["reference", "rust", "numba"]
few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 2**32 - 1)
SHORT = {"lengths": per_family(10)}

each_backend = pytest.mark.parametrize("name", BACKENDS)
each_dialect = pytest.mark.parametrize("dialect", list(Dialect))


@each_backend
@each_dialect
@given(seed=seeds, cut=st.integers(30, 119))
@few
def test_the_prefix_of_a_series_gives_the_prefix_of_the_result(
    name: str, dialect: Dialect, seed: int, cut: int
) -> None:
    whole = tick_walk(120, seed)
    prefix = whole.between(0, cut)
    params = Params(dialect=dialect, **SHORT)
    long, short = compute(name, [whole], params), compute(name, [prefix], params)
    assert (long.grid >= 0) == (short.grid >= 0)
    np.testing.assert_array_equal(long.average[:, :cut], short.average)
    np.testing.assert_array_equal(long.families[:, :, :cut], short.families)
    np.testing.assert_array_equal(long.weights[:, :, :cut], short.weights)


@each_backend
@each_dialect
@given(seed=seeds, power=st.integers(-3, 20))
@few
def test_scaling_all_prices_by_a_power_of_two_changes_nothing_on_an_equal_grid(
    name: str, dialect: Dialect, seed: int, power: int
) -> None:
    plain = tick_walk(120, seed, decimals=0, start=5000.0)
    scaled = candles_of(plain.values[:4] * 2.0**power)
    params = Params(dialect=dialect, **SHORT)
    one, other = compute(name, [plain], params), compute(name, [scaled], params)
    assert (one.grid >= 0) == (other.grid >= 0)
    np.testing.assert_array_equal(one.average, other.average)
    np.testing.assert_array_equal(one.weights, other.weights)


@each_backend
@given(seed=seeds, order=st.permutations(range(5)))
@few
def test_permuting_symbols_permutes_rows(name: str, seed: int, order: list[int]) -> None:
    series = [tick_walk(60 + 9 * i, seed + i) for i in range(5)]
    params = Params(**SHORT)
    plain = compute(name, series, params, Want.LAST)
    permuted = compute(name, [series[i] for i in order], params, Want.LAST)
    np.testing.assert_array_equal(permuted.average, plain.average[list(order)])
    np.testing.assert_array_equal(permuted.flipped, plain.flipped[list(order)])


@each_backend
@given(price=st.decimals("0.01", "99999", places=2).map(float))
@few
def test_constant_prices_give_zero(name: str, price: float) -> None:
    values = compute(name, [flat(np.full(100, price))], Params(**SHORT))
    assert (values.average == 0).all()
    assert (values.member_sign == 0).all()
    assert values.flipped[0] == -1


@each_backend
@each_dialect
@given(seed=seeds)
@few
def test_signals_stay_within_one_and_equities_above_the_floor(name: str, dialect: Dialect, seed: int) -> None:
    values = compute(name, [tick_walk(150, seed, volatility=0.1)], Params(dialect=dialect, **SHORT))
    assert np.nanmax(np.abs(values.average)) <= 1
    assert np.nanmax(np.abs(values.families)) <= 1
    assert np.nanmin(values.weights) >= 0.25 - 1e-10
