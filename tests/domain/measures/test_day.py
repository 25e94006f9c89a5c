"""Change and volume of 24 hours on hand-made cases."""

from dataclasses import replace

import numpy as np
import pytest

from atc_cli.domain.measures.day import change_24h_frac, quote_volume_24h
from tests.helpers.backends import candles_of, flat
from tests.helpers.measured import row_data


def test_change_and_volume_of_the_last_24_hours_by_hand() -> None:
    closes = np.arange(1.0, 31.0)
    candles = flat(closes)  # one an hour, volume 1 each
    assert change_24h_frac(row_data(candles)) == 30 / 6 - 1
    assert quote_volume_24h(row_data(candles)) == pytest.approx(closes[-24:].sum())


def test_change_and_volume_are_unknown_where_the_candles_cannot_say() -> None:
    short = flat(np.arange(1.0, 21.0))
    assert change_24h_frac(row_data(short)) is None
    assert quote_volume_24h(row_data(short)) is None
    weekly = replace(flat(np.arange(1.0, 31.0)), timeframe="1w")
    assert change_24h_frac(row_data(weekly)) is None
    assert quote_volume_24h(row_data(weekly)) is None
    silent = candles_of(np.ones((4, 30)))
    silent.values[4] = np.nan
    assert quote_volume_24h(row_data(silent)) is None


def test_a_missing_bar_24_hours_ago_leaves_the_change_unknown() -> None:
    candles = flat(np.arange(1.0, 31.0))
    holed = replace(candles, timestamp=np.delete(candles.timestamp, 5), values=np.delete(candles.values, 5, axis=1))
    assert change_24h_frac(row_data(holed)) is None
