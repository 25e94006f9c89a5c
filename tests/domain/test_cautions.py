"""Cautions by hand: where each begins, and that a row without the figure has none."""

from dataclasses import replace

import pytest

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.cautions import BY_NAME, CAUTIONS, Bounds, cautions_of, jumps, that_occur
from atc_cli.domain.results.scan import Side
from tests.helpers.reported import row

CALM = Bounds.of({Side.LONG: 10, Side.SHORT: 10, Side.NEUTRAL: 10}, 10.0, Dialect.LTS)


def holding(bounds: Bounds = CALM, signal: float = 1.0, **figures: float | None) -> tuple[str, ...]:
    return cautions_of(row(1, "A", signal, **figures), bounds)


@pytest.mark.parametrize(
    ("long", "short", "neutral", "warned"),
    [
        (10, 11, 0, "LONG"),
        (10, 10, 0, ""),
        (9, 11, 2, ""),
        (9, 12, 2, "LONG"),
        (11, 10, 0, "SHORT"),
        (0, 1, 0, "LONG"),
        (0, 0, 9, ""),
    ],
)
def test_against_the_crowd_is_with_less_than_half_of_all_rows_neutral_ones_among_them(
    long: int, short: int, neutral: int, warned: str
) -> None:
    bounds = Bounds.of({Side.LONG: long, Side.SHORT: short, Side.NEUTRAL: neutral}, 10.0, Dialect.LTS)
    for side, signal in (("LONG", 1.0), ("SHORT", -1.0), ("NEUTRAL", 0.0)):
        assert holding(bounds, signal) == (("against_the_crowd",) if side == warned else ())


@pytest.mark.parametrize(
    ("name", "figures", "holds"),
    [
        ("stretched", {"stretch": 5.0}, False),
        ("stretched", {"stretch": 5.001}, True),
        ("stretched", {"stretch": -6.0}, False),
        ("stretched", {"stretch": None}, False),
        ("volume_burst", {"volume_burst": 3.0}, False),
        ("volume_burst", {"volume_burst": 3.001}, True),
        ("volume_burst", {"volume_burst": None}, False),
        ("jump", {"jump": 10.0}, True),
        ("jump", {"jump": 9.999}, False),
        ("jump", {"jump": 0.1}, True),
        ("jump", {"jump": 0.1001}, False),
        ("jump", {"jump": None}, False),
    ],
)
def test_a_caution_begins_at_its_bound(name: str, figures: dict[str, float | None], holds: bool) -> None:
    assert holding(**figures) == ((name,) if holds else ())


def test_the_bound_of_a_jump_is_the_callers() -> None:
    assert jumps(row(1, "A", jump=2.5), 2.5)
    assert jumps(row(1, "A", jump=0.4), 2.5)
    assert not jumps(row(1, "A", jump=2.4), 2.5)


def test_a_row_off_the_grid_is_marked_where_a_grid_was_looked_for() -> None:
    off = replace(row(1, "A"), grid=None)
    assert cautions_of(off, CALM) == ("off_grid",)
    assert cautions_of(replace(off, grid=0), CALM) == ()
    assert cautions_of(off, replace(CALM, dialect=Dialect.TRADINGVIEW)) == ()


def test_several_cautions_come_in_the_order_of_the_table() -> None:
    crowd = Bounds.of({Side.SHORT: 1}, 10.0, Dialect.LTS)
    odd = replace(row(1, "A", 1.0, jump=1e5, volume_burst=9.0, stretch=8.0), grid=None)
    everything = cautions_of(odd, crowd)
    assert everything == tuple(each.name for each in CAUTIONS) == tuple(BY_NAME)
    assert len({each.mark for each in CAUTIONS}) == len(CAUTIONS) == 5


def test_those_that_occur_are_told_once() -> None:
    rows = [row(1, "A", cautions=("jump",)), row(2, "B", cautions=("stretched", "jump")), row(3, "C")]
    assert [each.name for each in that_occur(rows)] == ["stretched", "jump"]
    assert that_occur([row(1, "A")]) == ()
