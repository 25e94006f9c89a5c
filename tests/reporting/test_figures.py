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


def test_ages_are_words():
    words = [figures.lasting(ms) for ms in (59_000, 720_000, 3 * HOUR, 24 * HOUR, 292 * 24 * HOUR)]
    assert words == ["under a minute", "12 min", "3 h", "1 day", "292 days"]


def test_a_flip_is_a_time_within_a_day_then_a_date_then_a_year():
    east = timezone(timedelta(hours=2))
    ago = [0, 24, 25, 24 * 366]
    shown = [figures.short_moment(BAR - hours * HOUR, BAR, "1h", east) for hours in ago]
    assert shown == ["10:00", "10-22 10:00", "10-22 09:00", "2024-10-22"]
    assert figures.short_moment(BAR - HOUR, BAR, "1d", UTC) == "2025-10-23"
    assert figures.short_moment(None, BAR, "1h", UTC) == "-"


def test_moments_state_their_offset():
    assert figures.moment(BAR, timezone(timedelta(hours=-3, minutes=-30))) == "2025-10-23 04:30-03:30"
