from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atc_cli.reporting import figures
from tests.helpers.reported import BAR, HOUR

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1e-08, "0.00000001"),
        (1.23e-06, "0.00000123"),
        (109876.5, "109876.5"),
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (100000.0, "100000"),
        (123456789.126, "123456789.126"),
        (0.12345678, "0.12345678"),
        (1e22, "1" + "0" * 22),
        (100.0, "100"),
        (5e-12, "0.000000000005"),
        (None, "-"),
        (NAN, "-"),
    ],
)
def test_a_price_has_no_exponent_and_no_rounding_noise(value, shown):
    assert figures.price(value) == shown


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (67123.4, 2, "67123.40"),
        (100.0, 0, "100"),
        (1e-08, 8, "0.00000001"),
        (0.1, 14, "0.10000000000000"),
        (NAN, 2, "-"),
    ],
)
def test_a_price_has_the_decimals_of_its_grid(value, decimals, shown):
    assert figures.price(value, decimals) == shown


@given(st.integers(0, 10**15 - 2), st.integers(0, 14))
def test_neighbouring_ticks_are_told_apart(ticks, decimals):
    here, next_one = ticks / 10**decimals, (ticks + 1) / 10**decimals
    assert figures.price(here) != figures.price(next_one)
    assert figures.price(here, decimals) != figures.price(next_one, decimals)
    assert float(figures.price(here)) == float(figures.price(here, decimals)) == here


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3, "3"),
        (999.4, "999"),
        (999.5, "1.00K"),
        (999499, "999K"),
        (999950, "1.00M"),
        (4200000.0, "4.20M"),
        (55000000.0, "55.0M"),
        (9994000.0, "9.99M"),
        (9996000.0, "10.0M"),
        (12345678901, "12.3B"),
        (3200000000000000.0, "3200T"),
        (0, "0"),
        (None, "-"),
    ],
)
def test_a_volume_has_three_digits_and_a_suffix(value, shown):
    assert figures.human(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0123, "+1.23%"),
        (-0.0845, "-8.45%"),
        (0.0, "0.00%"),
        (-0.0, "0.00%"),
        (-1e-09, "0.00%"),
        (12.5, "+1250%"),
        (None, "-"),
        (NAN, "-"),
    ],
)
def test_a_change_is_a_signed_percentage(value, shown):
    assert figures.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.25, "0.250"),
        (9.9996, "10.00"),
        (99.996, "100.0"),
        (133.62, "133.6"),
        (9999.4, "9999"),
        (45600, "45.6K"),
        (None, "-"),
    ],
)
def test_an_equity_takes_five_cells(value, shown):
    assert figures.equity(value) == shown
    assert len(shown) <= 5


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0.42, "0.42 ms"),
        (31.2, "31 ms"),
        (999.6, "1.0 s"),
        (1234.5, "1.2 s"),
        (59_960, "1 min 0 s"),
        (125_000, "2 min 5 s"),
    ],
)
def test_durations_carry_into_the_next_unit(ms, shown):
    assert figures.took(ms) == shown


def test_a_bar_is_said_by_when_it_closed_today_without_the_date_and_beyond_the_year_with_it():
    east = timezone(timedelta(hours=2))
    opened = [BAR - hours * HOUR for hours in (0, 10, 11, 24 * 366)]
    shown = [figures.closed_in_short(each, "1h", east, now_ms=BAR + HOUR, newest_ms=BAR) for each in opened]
    assert shown == ["11:00", "01:00", "00:00", "2024-10-22 11:00"]
    yesterday = [figures.closed_in_short(BAR, "1h", UTC, now_ms=BAR + 24 * HOUR, newest_ms=BAR)]
    assert yesterday == ["10-23 09:00"]
    assert figures.closed_in_short(None, "1h", UTC, now_ms=BAR, newest_ms=BAR) == "-"


def test_bars_of_days_are_said_by_the_last_date_that_they_hold():
    midnight = BAR - 8 * HOUR
    day, week = (
        figures.closed_in_short(midnight, timeframe, UTC, now_ms=BAR, newest_ms=BAR) for timeframe in ("1d", "1w")
    )
    assert (day, week) == ("2025-10-23", "2025-10-29")
    assert figures.closed(midnight, "1d", UTC, now_ms=BAR) == "2025-10-23"


def test_the_close_of_the_newest_bar_has_its_zone_and_a_date_where_that_is_not_today():
    west = timezone(timedelta(hours=-3, minutes=-30))
    assert figures.closed(BAR, "1h", UTC, now_ms=BAR + HOUR) == "09:00 UTC"
    assert figures.closed(BAR, "1h", west, now_ms=BAR + 24 * HOUR) == "2025-10-23 05:30 UTC-03:30"
