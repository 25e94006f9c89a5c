"""Sides, flips, directions and ranks on hand-made cases."""

from dataclasses import replace

import numpy as np
import pytest

from atc_cli.domain.activity import change_24h_frac, quote_volume_24h
from atc_cli.domain.catalog import Dialect
from atc_cli.domain.classify import directions, last_flip, rank, side_of, trends
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Side
from atc_cli.domain.timeframe import TIMEFRAMES_MS, iso, newest_closed_open_ms
from tests.helpers.backends import candles_of, flat

P = Params()


@pytest.mark.parametrize(
    ("signal", "side"),
    [
        (0.1, Side.NEUTRAL),
        (np.nextafter(0.1, 1), Side.LONG),
        (-0.1, Side.NEUTRAL),
        (np.nextafter(-0.1, -1), Side.SHORT),
        (0.0, Side.NEUTRAL),
        (float("nan"), Side.NEUTRAL),
    ],
)
def test_a_side_begins_strictly_beyond_its_threshold(signal: float, side: Side) -> None:
    assert side_of(signal, P) is side
    assert trends(np.array([signal]), P)[0] == {Side.LONG: 1, Side.SHORT: -1, Side.NEUTRAL: 0}[side]


def test_the_last_flip_is_the_last_change_of_side_not_of_value() -> None:
    assert last_flip(np.array([0.0, 0.5, 0.9, -0.5, -0.2]), P) == 3
    assert last_flip(np.array([0.5, 0.6, 0.7]), P) == -1
    assert last_flip(np.array([np.nan, np.nan, 0.5]), P) == 2
    assert last_flip(np.array([0.5]), P) == -1


def test_direction_is_held_and_the_first_one_raises_no_alert() -> None:
    average = np.array([np.nan, 0.0, 0.5, 0.5, -0.5, 0.5])
    direction, long, short = directions(average, Params(dialect=Dialect.TRADINGVIEW))
    np.testing.assert_array_equal(direction, [np.nan, np.nan, 1, 1, -1, 1])
    np.testing.assert_array_equal(long, [0, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(short, [0, 0, 0, 0, 1, 0])


def test_strategy_delays_the_direction_by_a_bar() -> None:
    average = np.array([0.0, 0.5, -0.5, 0.0, 0.0])
    direction, _, short = directions(average, Params(dialect=Dialect.TRADINGVIEW, strategy=True))
    np.testing.assert_array_equal(direction, [np.nan, np.nan, 1, -1, -1])
    np.testing.assert_array_equal(short, [0, 0, 0, 0, 0])


def row(symbol: str, signal: float, age: int | None = 5, volume: float | None = 1.0, exchange: str = "x") -> ScanRow:
    return ScanRow(
        rank=0, exchange=exchange, symbol=symbol, side=side_of(signal, P), signal=signal, families={}, weights={},
        price=1.0, change_24h_frac=None, quote_volume=volume, flipped_at_ms=None, age_bars=age, bars=10, gap_bars=0,
        grid=2, bar_time_ms=0, forming=False, closes=(1.0,),
    )  # fmt: skip


def test_rank_is_by_strength_then_younger_flip_then_volume_then_symbol() -> None:
    rows = [
        row("weak", 0.4),
        row("neutral", 0.05, age=0),
        row("b", -1.0, 3, 7.0),
        row("a", 1.0, 3, 7.0),
        row("rich", 1.0, 3, 9.0),
        row("young", -1.0, 1, 0.0),
        row("never", 1.0, None, 99.0),
        row("unknown", 1.0, 3, None),
    ]
    ranked = rank(rows)
    assert [each.symbol for each in ranked] == ["young", "rich", "a", "b", "unknown", "never", "weak", "neutral"]
    assert [each.rank for each in ranked] == list(range(1, 9))


def test_rank_does_not_depend_on_the_order_of_its_input() -> None:
    rows = [row(f"S{i}", 1.0 if i % 2 else -1.0, i % 3, float(i % 2)) for i in range(12)]
    rng = np.random.default_rng(0)
    expected = rank(rows)
    for _ in range(5):
        assert rank([rows[i] for i in rng.permutation(12)]) == expected


def test_a_neutral_row_never_ranks_above_a_side_even_when_stronger() -> None:
    lopsided = [replace(row("neutral", 0.3), side=Side.NEUTRAL), row("short", -0.2)]
    assert [each.symbol for each in rank(lopsided)] == ["short", "neutral"]


def test_change_and_volume_of_the_last_24_hours_by_hand() -> None:
    closes = np.arange(1.0, 31.0)
    candles = flat(closes)  # one an hour, volume 1 each
    assert change_24h_frac(candles) == 30 / 6 - 1
    assert quote_volume_24h(candles) == pytest.approx(closes[-24:].sum())


def test_change_and_volume_are_unknown_where_the_candles_cannot_say() -> None:
    short = flat(np.arange(1.0, 21.0))
    assert change_24h_frac(short) is None
    assert quote_volume_24h(short) is None
    weekly = flat(np.arange(1.0, 31.0))
    assert change_24h_frac(replace(weekly, timeframe="1w")) is None
    assert quote_volume_24h(replace(weekly, timeframe="1w")) is None
    silent = candles_of(np.ones((4, 30)))
    silent.values[4] = np.nan
    assert quote_volume_24h(silent) is None


def test_a_missing_bar_24_hours_ago_leaves_the_change_unknown() -> None:
    candles = flat(np.arange(1.0, 31.0))
    holed = replace(candles, timestamp=np.delete(candles.timestamp, 5), values=np.delete(candles.values, 5, axis=1))
    assert change_24h_frac(holed) is None


@pytest.mark.parametrize("timeframe", [name for name in TIMEFRAMES_MS if name != "3d"])
def test_the_newest_closed_bar_ends_at_or_before_now_and_the_next_does_not(timeframe: str) -> None:
    step = TIMEFRAMES_MS[timeframe]
    for now in (1_700_000_000_123, 1_699_833_600_000):
        opened = newest_closed_open_ms(now, timeframe)
        assert opened + step <= now < opened + 2 * step


def test_weeks_open_on_monday_and_times_carry_their_offset() -> None:
    assert iso(newest_closed_open_ms(1_700_000_000_000, "1w")) == "2023-11-06T00:00:00+00:00"
