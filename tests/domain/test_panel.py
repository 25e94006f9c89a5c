"""What domain.panel.check promises: every defect has its reason, everything else is kept and counted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atc_cli.domain.panel import COLUMNS, PRICE_MAX, Candles, Panel, RawCandles, check
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, TIMEFRAMES_MS

START_MS = 1_700_006_400_000  # a Wednesday, 00:00 UTC
MONDAY_MS = START_MS - 2 * DAY_MS
ODD_PRICES = (11.0, 12.0, 0.0, -1.0, np.nan, np.inf)
ODD_STAMPS = (START_MS, START_MS + 5 * HOUR_MS, START_MS + 7, START_MS / 1000, 0.0, np.nan)


def raw(bars: int = 6, *, step_ms: int = HOUR_MS, start_ms: float = START_MS) -> RawCandles:
    """Rising candles without a defect; row i closes at 11 + i."""
    opened = 10.0 + np.arange(bars)
    values = np.column_stack((opened, opened + 2, opened - 1, opened + 1, opened * 100))
    return RawCandles(
        exchange="x", symbol="AAA", timeframe="1h", timestamp=start_ms + step_ms * np.arange(float(bars)), values=values
    )


def with_value(row: int, column: int, value: float) -> RawCandles:
    changed = raw()
    changed.values[row, column] = value
    return changed


def with_stamp(row: int, stamp: float) -> RawCandles:
    changed = raw()
    changed.timestamp[row] = stamp
    return changed


def rows(*order: int) -> RawCandles:
    whole = raw()
    return replace(whole, timestamp=whole.timestamp[list(order)], values=whole.values[list(order)])


def accepted(candles: RawCandles, timeframe: str = "1h") -> Candles:
    checked = check(replace(candles, timeframe=timeframe))
    assert isinstance(checked, Candles), checked
    return checked


def refused(candles: RawCandles, timeframe: str = "1h") -> Skipped:
    checked = check(replace(candles, timeframe=timeframe))
    assert isinstance(checked, Skipped)
    assert (checked.symbol, checked.exchange) == ("AAA", "x")
    assert checked.detail
    assert "\n" not in checked.detail
    return checked


def test_sound_candles_come_through_as_columns_with_their_times() -> None:
    checked = accepted(raw())
    assert checked.timestamp.tolist() == [START_MS + i * HOUR_MS for i in range(6)]
    assert checked.timestamp.dtype == np.int64
    assert checked.values.shape == (5, 6)
    assert checked.values.flags.c_contiguous
    assert np.array_equal(checked.values, raw().values.T)
    assert checked.close.tolist() == [11, 12, 13, 14, 15, 16]
    assert (len(checked), checked.gap_bars) == (6, 0)


def test_checked_arrays_cannot_be_written() -> None:
    checked = accepted(raw())
    for array in (checked.timestamp, checked.values, checked.close):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_checking_leaves_the_raw_arrays_alone() -> None:
    given_raw = raw()
    accepted(given_raw)
    given_raw.values[0, 0] = given_raw.timestamp[0] = 5
    assert given_raw.values[0, 0] == 5


def test_no_rows_are_no_candles() -> None:
    assert refused(rows()).reason is SkipReason.NO_CANDLES


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("column", [0, 1, 2, 3])
def test_a_price_that_is_no_number_is_named_with_its_row(column: int, bad: float) -> None:
    skipped = refused(with_value(3, column, bad))
    assert skipped.reason is SkipReason.NOT_A_NUMBER
    assert "row 4" in skipped.detail


def test_opposite_infinities_in_one_bar_are_no_numbers_either() -> None:
    bad = with_value(3, 1, np.inf)
    bad.values[3, 2] = -np.inf
    assert refused(bad).reason is SkipReason.NOT_A_NUMBER


def test_a_price_above_the_largest_that_is_computed_is_a_bad_price() -> None:
    huge = raw()
    huge.values[:, :4] = PRICE_MAX
    accepted(huge)
    huge.values[4:6, 1] = 1e308, np.nextafter(PRICE_MAX, np.inf)
    skipped = refused(huge)
    assert skipped.reason is SkipReason.BAD_PRICE
    assert "a price is above 1e+100" in skipped.detail
    assert "row 5 (and 1 more)" in skipped.detail


@pytest.mark.parametrize("bad", [0.0, -0.0, -1e-12, -5.0])
@pytest.mark.parametrize("column", [0, 1, 2, 3])
def test_a_price_that_is_zero_or_negative_is_a_bad_price(column: int, bad: float) -> None:
    skipped = refused(with_value(0, column, bad))
    assert skipped.reason is SkipReason.BAD_PRICE
    assert "row 1" in skipped.detail


@pytest.mark.parametrize(
    ("column", "value"),
    [(1, 5.0), (1, 12.5), (2, 13.5), (0, 20.0), (0, 1.0), (3, 20.0), (3, 1.0)],
    ids=["high<low", "high<open,close", "low>open", "open>high", "open<low", "close>high", "close<low"],
)
def test_high_and_low_that_do_not_enclose_the_bar_are_refused(column: int, value: float) -> None:
    assert refused(with_value(3, column, value)).reason is SkipReason.HIGH_LOW


def test_a_flat_bar_is_sound() -> None:
    flat = raw()
    flat.values[:, :4] = 10.0
    accepted(flat)


@pytest.mark.parametrize("bad", [-1.0, np.inf])
def test_a_volume_that_cannot_be_is_refused(bad: float) -> None:
    assert refused(with_value(2, 4, bad)).reason is SkipReason.BAD_VOLUME


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_volume_of_zero_or_none_is_kept(value: float) -> None:
    kept = accepted(with_value(2, 4, value)).values[4, 2]
    assert kept == value or (np.isnan(kept) and np.isnan(value))


@pytest.mark.parametrize("order", [(5, 4, 3, 2, 1, 0), (0, 2, 1, 3), (1, 0)])
def test_bars_out_of_order_are_refused(order: tuple[int, ...]) -> None:
    assert refused(rows(*order)).reason is SkipReason.OUT_OF_ORDER


@given(st.lists(st.integers(1, 4), min_size=6, max_size=6))
def test_equal_duplicates_are_dropped_however_many_there_are(copies: list[int]) -> None:
    checked = accepted(rows(*np.repeat(np.arange(6), copies).tolist()))
    assert np.array_equal(checked.values, accepted(raw()).values)
    assert checked.gap_bars == 0


def test_duplicates_without_volume_are_equal() -> None:
    twice = rows(0, 1, 1, 2)
    twice.values[:, 4] = np.nan
    assert len(accepted(twice)) == 3


@pytest.mark.parametrize("column", [0, 1, 2, 3, 4])
def test_duplicates_that_differ_anywhere_are_conflicting(column: int) -> None:
    twice = rows(0, 1, 1, 2)
    twice.values[2, column] += 0.5
    assert refused(twice).reason is SkipReason.CONFLICTING_DUPLICATES


def test_a_conflict_hidden_between_equal_duplicates_is_found() -> None:
    thrice = rows(0, 1, 1, 1, 2)
    thrice.values[3, 4] += 1
    assert refused(thrice).reason is SkipReason.CONFLICTING_DUPLICATES


@given(st.sets(st.integers(0, 39), min_size=1))
def test_gaps_are_kept_and_counted(held: set[int]) -> None:
    order = sorted(held)
    whole = raw(40)
    checked = accepted(replace(whole, timestamp=whole.timestamp[order], values=whole.values[order]))
    assert len(checked) == len(held)
    assert checked.gap_bars == order[-1] - order[0] + 1 - len(held)


def test_seconds_and_milliseconds_give_the_same_candles() -> None:
    in_seconds = replace(raw(), timestamp=raw().timestamp / 1000)
    assert np.array_equal(accepted(in_seconds).timestamp, accepted(raw()).timestamp)


def test_seconds_among_milliseconds_are_refused() -> None:
    assert refused(with_stamp(2, raw().timestamp[2] / 1000)).reason is SkipReason.MIXED_UNITS


def test_a_volume_that_is_not_a_number_is_a_defect_where_the_source_has_volumes() -> None:
    spoilt = with_value(3, 4, np.nan)
    assert isinstance(check(spoilt), Candles)
    skipped = check(replace(spoilt, has_volume=True))
    assert isinstance(skipped, Skipped)
    assert (skipped.reason, "volume is not a number at 20" in skipped.detail) == (SkipReason.NOT_A_NUMBER, True)


@pytest.mark.parametrize("scale", [1e3, 1e6], ids=["microseconds", "nanoseconds"])
def test_units_finer_than_milliseconds_are_refused(scale: float) -> None:
    assert refused(replace(raw(), timestamp=raw().timestamp * scale)).reason is SkipReason.MIXED_UNITS


@pytest.mark.parametrize("stamp", [0.0, -1.0])
def test_a_stamp_before_1970_is_refused(stamp: float) -> None:
    assert refused(with_stamp(0, stamp)).reason is SkipReason.MIXED_UNITS


@pytest.mark.parametrize("stamp", [np.nan, np.inf])
def test_a_missing_stamp_is_named_with_its_row(stamp: float) -> None:
    skipped = refused(with_stamp(4, stamp))
    assert skipped.reason is SkipReason.NOT_A_NUMBER
    assert "row 5" in skipped.detail


@pytest.mark.parametrize("shift_ms", [1, 60_000, HOUR_MS // 2, HOUR_MS - 1, 0.5])
def test_bars_off_the_timeframes_grid_are_refused(shift_ms: float) -> None:
    assert refused(raw(start_ms=START_MS + shift_ms)).reason is SkipReason.OFF_TIMEFRAME


def test_one_bar_off_the_grid_is_enough() -> None:
    assert refused(with_stamp(3, START_MS + 3 * HOUR_MS + 1000)).reason is SkipReason.OFF_TIMEFRAME


def test_hours_are_not_quarters_but_hours_in_a_quarters_file_are_gaps() -> None:
    assert refused(raw(step_ms=15 * 60_000)).reason is SkipReason.OFF_TIMEFRAME
    assert accepted(raw(), "15m").gap_bars == 15


@pytest.mark.parametrize("timeframe", sorted(TIMEFRAMES_MS))
def test_every_timeframe_accepts_its_own_bars(timeframe: str) -> None:
    start = MONDAY_MS if timeframe == "1w" else START_MS
    assert len(accepted(raw(step_ms=TIMEFRAMES_MS[timeframe], start_ms=start), timeframe)) == 6


@pytest.mark.parametrize("weekday", range(7))
def test_weeks_open_on_mondays_only(weekday: int) -> None:
    weeks = raw(step_ms=7 * DAY_MS, start_ms=MONDAY_MS + weekday * DAY_MS)
    checked = check(replace(weeks, timeframe="1w"))
    assert isinstance(checked, Candles) == (weekday == 0)


@pytest.mark.parametrize("day", range(3))
def test_three_day_bars_may_open_on_any_midnight_but_keep_to_it(day: int) -> None:
    step = TIMEFRAMES_MS["3d"]
    assert len(accepted(raw(step_ms=step, start_ms=START_MS + day * DAY_MS), "3d")) == 6
    shifted = raw(step_ms=step, start_ms=START_MS + day * DAY_MS)
    shifted.timestamp[3:] += DAY_MS
    assert refused(shifted, "3d").reason is SkipReason.OFF_TIMEFRAME
    assert refused(raw(step_ms=step, start_ms=START_MS + HOUR_MS), "3d").reason is SkipReason.OFF_TIMEFRAME


def test_a_tail_counts_its_own_gaps_and_a_longer_one_is_everything() -> None:
    checked = accepted(rows(0, 2, 3, 5))
    assert checked.gap_bars == 2
    assert (len(checked.tail(2)), checked.tail(2).gap_bars) == (2, 1)
    assert checked.tail(3).timestamp.tolist() == checked.timestamp[1:].tolist()
    assert checked.tail(4) is checked
    assert checked.tail(99) is checked


def test_an_empty_range_of_candles_is_empty_and_without_gaps() -> None:
    nothing = accepted(raw()).between(0, 0)
    assert (len(nothing), nothing.gap_bars) == (0, 0)


@given(st.lists(st.integers(1, 30), min_size=0, max_size=8))
def test_a_panel_joins_ragged_series_in_the_order_given(lengths: list[int]) -> None:
    series = [accepted(raw(bars, start_ms=START_MS + i * DAY_MS)) for i, bars in enumerate(lengths)]
    panel = Panel.of(series)
    assert (len(panel), panel.width) == (len(lengths), max(lengths, default=0))
    assert panel.offsets.dtype == np.int64
    assert np.diff(panel.offsets).tolist() == lengths
    for place in range(len(COLUMNS)):
        column = panel.column(place)
        assert column.shape == (sum(lengths),)
        for i, each in enumerate(series):
            assert np.array_equal(column[panel.offsets[i] : panel.offsets[i + 1]], each.values[place])


def test_a_panel_cannot_be_written() -> None:
    panel = Panel.of([accepted(raw())])
    for array in (panel.offsets, panel.column(3)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@given(st.data())
def test_whatever_is_accepted_holds_the_contract(data: st.DataObject) -> None:
    """Any small mess either has a reason or comes out sorted, unique, on the grid, finite and > 0."""
    hours = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=5).map(sorted))
    mess = rows(*hours)
    cell = st.tuples(st.integers(0, len(hours) - 1), st.integers(0, 4), st.sampled_from(ODD_PRICES))
    for row, column, price in data.draw(st.lists(cell, max_size=2)):
        mess.values[row, column] = price
    for row, stamp in data.draw(
        st.dictionaries(st.integers(0, len(hours) - 1), st.sampled_from(ODD_STAMPS), max_size=1)
    ).items():
        mess.timestamp[row] = stamp
    checked = check(mess)
    if isinstance(checked, Skipped):
        assert checked.reason in SkipReason
        return
    assert (np.diff(checked.timestamp) > 0).all()
    assert (checked.timestamp % HOUR_MS == 0).all()
    opened, high, low, close, volume = checked.values
    assert np.isfinite(checked.values[:4]).all()
    assert (low > 0).all()
    assert (high >= np.maximum(opened, close)).all()
    assert (low <= np.minimum(opened, close)).all()
    assert not (volume < 0).any()
