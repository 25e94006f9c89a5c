"""The averages that TA-Lib is timed for are those of the indicator."""

import numpy as np
import pytest
import talib

from atc_cli.bench.talib import average, offer
from atc_cli.domain import reference_lts
from atc_cli.domain.catalog import FAMILY_IDS, HullShape, triangle
from atc_cli.domain.grid import Prices
from atc_cli.engine.backend import Unavailable
from tests.helpers.backends import tick_walk

CLOSE = np.ascontiguousarray(tick_walk(300, 1).close)
N = 30


def weighted(x: np.ndarray, n: int) -> np.ndarray:
    return np.convolve(x, np.arange(n, 0, -1), "valid") / triangle(n)


@pytest.mark.parametrize("family", FAMILY_IDS)
def test_every_family_has_an_average_and_no_two_the_same(family: str) -> None:
    got = average(talib, family, CLOSE, N)
    assert got.shape == CLOSE.shape
    assert np.isfinite(got[-100:]).all()
    others = [average(talib, other, CLOSE, N) for other in FAMILY_IDS if other != family]
    assert not any(np.allclose(got[-100:], other[-100:], rtol=1e-6) for other in others)


def test_hma_is_made_of_weighted_averages_as_the_definition_says() -> None:
    shape = HullShape.of(N)
    half, whole = weighted(CLOSE, shape.half), weighted(CLOSE, N)
    expected = weighted(2 * half[-len(whole) :] - whole, shape.root)
    np.testing.assert_allclose(average(talib, "hma", CLOSE, N)[-len(expected) :], expected, rtol=1e-9)


@pytest.mark.parametrize(("family", "defined"), [("ema", reference_lts.ema), ("wma", None)])
def test_averages_agree_with_ours(family: str, defined: object) -> None:
    ours = weighted(CLOSE, N) if defined is None else defined(N, Prices(CLOSE, CLOSE))
    np.testing.assert_allclose(average(talib, family, CLOSE, N)[-200:], ours[-200:], rtol=1e-9)


def test_without_ta_lib_the_offer_says_how_to_get_it() -> None:
    absent = offer(None)
    assert isinstance(absent, Unavailable)
    assert absent.remedy == "pip install 'atc-cli[bench]'"
