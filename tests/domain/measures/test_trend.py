"""Figures since the flip, from the average and in ranges, on hand-made cases."""

from dataclasses import replace

import numpy as np
import pytest

from atc_cli.domain.features import Features
from atc_cli.domain.measures.measure import RowData
from atc_cli.domain.measures.trend import (
    atr_frac,
    flip_price,
    jump,
    jumped_at,
    since_flip_frac,
    stretch,
    volume_burst,
)
from atc_cli.domain.results.scan import Side
from tests.helpers.backends import HOUR_MS, flat
from tests.helpers.measured import row_data

NAN = float("nan")
USUAL = {"ema": 100.0, "atr": 6.0, "jump": 4 / 3, "jumped": 2.0, "burst": 1.5}
NOTHING = Features(*[NAN] * len(Features._fields))


def at_120(side: Side, **figures: float) -> RowData:
    """A close of 120 with an EMA of 100 and an ATR of 6, unless said otherwise."""
    data = row_data(flat(np.array([100.0, 90.0, 120.0])), side=side)
    return data._replace(features=NOTHING._replace(**USUAL | figures))


def test_stretch_is_the_distance_from_the_average_in_ranges_towards_the_side() -> None:
    # 20% above the average, of which a range is 5% of the price
    assert stretch(at_120(Side.LONG)) == pytest.approx(4)
    assert stretch(at_120(Side.SHORT)) == pytest.approx(-4)
    assert stretch(at_120(Side.LONG, ema=150.0)) == pytest.approx(-4)
    assert stretch(at_120(Side.LONG, ema=120.0)) == 0


@pytest.mark.parametrize("data", [at_120(Side.NEUTRAL), at_120(Side.LONG, atr=0.0), at_120(Side.LONG, atr=NAN)])
def test_stretch_is_unknown_without_a_side_or_a_range(data: RowData) -> None:
    assert stretch(data) is None


def test_the_range_is_told_as_a_share_of_the_price() -> None:
    assert atr_frac(at_120(Side.NEUTRAL)) == 0.05
    assert atr_frac(at_120(Side.LONG, atr=NAN)) is None


def test_the_flip_has_a_price_and_a_way_since() -> None:
    candles = flat(np.array([100.0, 80.0, 90.0, 100.0]))
    for side in (Side.LONG, Side.SHORT):
        flipped = row_data(candles, side=side, flipped=1)
        assert (flip_price(flipped), since_flip_frac(flipped)) == (80.0, 0.25)
    assert (flip_price(row_data(candles)), since_flip_frac(row_data(candles))) == (None, None)
    assert since_flip_frac(row_data(candles, flipped=3)) == 0


def test_a_burst_is_told_of_closed_bars_only() -> None:
    assert volume_burst(at_120(Side.LONG)) == 1.5
    assert volume_burst(at_120(Side.LONG, burst=NAN)) is None
    still = at_120(Side.LONG)
    assert volume_burst(still._replace(candles=replace(still.candles, forming=True))) is None


def test_a_jump_has_a_ratio_and_a_time() -> None:
    data = row_data(flat(np.array([5.0, 0.5, 4.0])))
    assert jump(data) == 0.1
    assert jumped_at(data) == data.candles.timestamp[0] + HOUR_MS
    alone = data._replace(features=NOTHING)
    assert (jump(alone), jumped_at(alone)) == (None, None)
