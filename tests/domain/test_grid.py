"""The bound of tick-exact prices, by hand."""

import numpy as np
import pytest

from atc_cli.domain.catalog import Source
from atc_cli.domain.params import Params
from tests.helpers.backends import compute, flat, per_family

# members of 26 to 32 bars: M = 32 = 2^5
EMA_26 = Params(families=("ema",), lengths=per_family(28, ema=26))


@pytest.mark.parametrize("name", ["reference", "rust", "numba"])
@pytest.mark.parametrize(
    ("price", "source", "decimals"),
    [
        (2.0**48 - 1, Source.CLOSE, 0),  # P*M = 2^53 - 32
        (2.0**48, Source.CLOSE, -1),  # P*M = 2^53
        (2.0**47 - 1, Source.HL2, 0),  # twice the price
        (2.0**47, Source.HL2, -1),
        ((2.0**48 - 1) / 2**4, Source.CLOSE, -1),  # four decimals: P is 625 times as large
    ],
)
def test_a_series_is_on_grid_below_the_bound_and_not_at_it(
    name: str, price: float, source: Source, decimals: int
) -> None:
    params = Params(families=("ema",), lengths=EMA_26.lengths, source=source)
    assert compute(name, [flat(np.full(70, price))], params).grid == [decimals]
