"""The growth table that weights later returns more (spec/ATC.md, section 2)."""

import math

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.params import OutOfRangeError, Params

EXPONENT_MAX = 700.0


def growth_exponent(params: Params, bars: int) -> float:
    """L*(T-1-K), the exponent at the last of `bars` bars; L = lambda/1000, K = cutout."""
    return params.lambda_ / 1000 * (bars - 1 - params.cutout)


def growth_table(params: Params, bars: int) -> NDArray[np.float64]:
    """growth[j] at bar K+j for a window of `bars` bars, shape [max(bars-K, 0)].

    lts: exp(L*j); tradingview: 2.718281828459045 ** (L*j). Python's own functions, a bar at a time,
    because exp and pow differ between maths libraries and every backend must see the same table.
    Raises OutOfRangeError where L*(T-1-K) > 700.
    """
    exponent = growth_exponent(params, bars)
    if exponent > EXPONENT_MAX:
        limit = EXPONENT_MAX * 1000 / (bars - 1 - params.cutout)
        said = f"lambda is {params.lambda_!r}, allowed for {bars} bars: 0 < lambda <= {limit:.6g}"
        raise OutOfRangeError(said, "lambda", "bars", "cutout")
    step = params.lambda_ / 1000
    after_cutout = range(max(bars - params.cutout, 0))
    if params.dialect is Dialect.TRADINGVIEW:
        return np.array([math.e ** (step * j) for j in after_cutout], np.float64)
    return np.array([math.exp(step * j) for j in after_cutout], np.float64)
