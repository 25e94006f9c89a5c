"""The growth table that weights later returns more (spec/ATC.md, section 2)."""

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.exact_exp import exp_steps
from atc_cli.domain.params import OutOfRangeError, Params
from atc_cli.domain.published_pow import powers_of_e

EXPONENT_MAX = 700.0


def growth_exponent(params: Params, bars: int) -> float:
    """L*(T-1-K), the exponent at the last of `bars` bars; L = lambda/1000, K = cutout."""
    return _exponent(params.lambda_, bars - 1 - params.cutout)


def growth_table(params: Params, bars: int) -> NDArray[np.float64]:
    """growth[j] at bar K+j for a window of `bars` bars, shape [max(bars-K, 0)].

    lts: exp(L*j), correctly rounded; tradingview: 2.718281828459045 ** (L*j) to the bits of fdlibm's pow. L*j is one
    float64 product. The library of maths of the platform has no part in either.
    Raises OutOfRangeError where L*(T-1-K) > 700.
    """
    _check_exponent(params, bars)
    step, count = params.lambda_ / 1000, max(bars - params.cutout, 0)
    if params.dialect is Dialect.TRADINGVIEW:
        return powers_of_e(step * np.arange(count, dtype=np.float64))
    return exp_steps(step, count)


def _exponent(lambda_: float, bars_after_cutout: int) -> float:
    return lambda_ / 1000 * bars_after_cutout


def _check_exponent(params: Params, bars: int) -> None:
    if growth_exponent(params, bars) > EXPONENT_MAX:
        most = _largest_lambda(bars - 1 - params.cutout)
        said = f"lambda is {params.lambda_!r}, allowed for {bars} bars: 0 < lambda <= {most}"
        raise OutOfRangeError(said, "lambda", "bars", "cutout")


def _largest_lambda(bars_after_cutout: int) -> str:
    """In six digits, and allowed as it is written."""
    from decimal import Context, Decimal

    written = f"{EXPONENT_MAX * 1000 / bars_after_cutout:.6g}"
    if _exponent(float(written), bars_after_cutout) <= EXPONENT_MAX:
        return written
    return f"{Decimal(written).next_minus(Context(prec=6)):f}"
