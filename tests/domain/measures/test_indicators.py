"""Indicators of the last bar as a row tells them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from atc_cli.domain.measures.indicators import adx, bollinger_frac, hurst, rsi, volatility_day_frac
from tests.helpers.backends import flat
from tests.helpers.measured import row_data

ZIGZAG = np.array([100.0, 101.0] * 150)


def test_a_price_to_and_fro_has_its_strength_its_place_and_no_direction() -> None:
    data = row_data(flat(ZIGZAG))
    # The last step was up: the gains' average is a step of 1/14 ahead of that of the losses, in the end as 14 to 13.
    assert rsi(data) == pytest.approx(100 * 14 / 27)
    assert adx(data) == pytest.approx(100 / 27)
    assert bollinger_frac(data) == 0.75


@pytest.mark.parametrize(("timeframe", "bars_a_day"), [("1h", 24), ("1d", 1), ("1w", 1 / 7), ("15m", 96)])
def test_the_volatility_is_that_of_a_day_of_24_hours(timeframe: str, bars_a_day: float) -> None:
    data = row_data(replace(flat(ZIGZAG), timeframe=timeframe))
    step = 1 / 100.5
    assert volatility_day_frac(data) == pytest.approx(step * math.sqrt(100 / 99) * math.sqrt(bars_a_day))


def test_what_is_not_known_is_none() -> None:
    short, still = row_data(flat(np.array([1.0, 2.0]))), row_data(flat(np.full(300, 0.1)))
    assert [each(short) for each in (rsi, adx, bollinger_frac, volatility_day_frac, hurst)] == [None] * 5
    assert [each(still) for each in (rsi, adx, bollinger_frac, volatility_day_frac, hurst)] == [None, 0, None, 0, None]
