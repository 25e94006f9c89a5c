from datetime import UTC, timedelta, timezone

import pytest

from atc_cli.reporting import figures
from tests.reporting.market import BAR, HOUR

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1e-8, "0.00000001"), (1.23e-6, "0.00000123"), (109876.5, "109876.5"), (1.0, "1"), (0.1 + 0.2, "0.3")]
    + [(1e5, "100000"), (123456789.126, "123456789.13"), (1e22, "1" + "0" * 22), (100.0, "100"), (5e-324, "0." + "0" * 323 + "494066")]
    + [(None, "-"), (NAN, "-")],
)  # fmt: skip
def test_a_price_has_no_exponent_and_no_rounding_noise(value, shown):
    assert figures.price(value) == shown if value != 5e-324 else "e" not in figures.price(value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(3, "3"), (999.4, "999"), (999.5, "1.00K"), (999_499, "999K"), (999_950, "1.00M"), (4.2e6, "4.20M"), (55e6, "55.0M")]
    + [(9.994e6, "9.99M"), (9.996e6, "10.0M"), (12_345_678_901, "12.3B"), (3.2e15, "3200T"), (0, "0"), (None, "-")],
)  # fmt: skip
def test_a_volume_has_three_digits_and_a_suffix(value, shown):
    assert figures.human(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0123, "+1.23%"), (-0.0845, "-8.45%"), (0.0, "0.00%"), (-0.0, "0.00%"), (-1e-9, "0.00%"), (12.5, "+1250%")]
    + [(None, "-"), (NAN, "-")],
)
def test_a_change_is_a_signed_percentage(value, shown):
    assert figures.percent(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.25, "0.250"), (9.9996, "10.00"), (99.996, "100.0"), (133.62, "133.6"), (9999.4, "9999"), (45_600, "45.6K")]
    + [(None, "-")],
)
def test_an_equity_takes_five_cells(value, shown):
    assert figures.equity(value) == shown
    assert len(shown) <= 5


def test_signals_get_the_decimals_that_tell_them_apart():
    assert figures.decimals_of([1.0, -1.0, 0.5]) == 2
    assert figures.decimals_of([0.901, 0.904]) == 3
    assert figures.decimals_of([0.9012, 0.9014]) == 4
    assert figures.decimals_of([0.90121, 0.90122, NAN]) == 2
    assert figures.decimals_of([]) == 2


@pytest.mark.parametrize(
    ("ms", "shown"),
    [(0.42, "0.42 ms"), (31.2, "31 ms"), (999.6, "1.0 s"), (1234.5, "1.2 s"), (59_960, "1 min 0 s"), (125_000, "2 min 5 s")],
)  # fmt: skip
def test_durations_carry_into_the_next_unit(ms, shown):
    assert figures.took(ms) == shown


def test_ages_are_words():
    words = [figures.lasting(ms) for ms in (59_000, 720_000, 3 * HOUR, 24 * HOUR, 292 * 24 * HOUR)]
    assert words == ["under a minute", "12 min", "3 h", "1 day", "292 days"]


def test_a_flip_is_a_time_within_a_day_then_a_date_then_a_year():
    east = timezone(timedelta(hours=2))
    ago = [0, 24, 25, 24 * 366]
    shown = [figures.short_moment(BAR - hours * HOUR, BAR, "1h", east) for hours in ago]
    assert shown == ["10:00", "10:00", "10-22 09:00", "2024-10-22"]
    assert figures.short_moment(BAR - HOUR, BAR, "1d", UTC) == "2025-10-23"
    assert figures.short_moment(None, BAR, "1h", UTC) == "-"


def test_moments_state_their_offset():
    assert figures.moment(BAR, timezone(timedelta(hours=-3, minutes=-30))) == "2025-10-23 04:30-03:30"
