from datetime import UTC

import pytest

from atc_cli.domain.results.scan import Side
from atc_cli.errors import UsageError
from atc_cli.reporting.columns import (
    COLUMNS,
    DROP_ORDER,
    SORT_KEYS,
    Scene,
    checked_columns,
    default_columns,
    family_mark,
    sort_rows,
)
from tests.helpers.reported import BAR, HOUR, ROW, market, result, row

USUAL = ("rank", "symbol", "side", "signal", "families", "price", "change", "volume", "age", "flipped", "spark")


def test_the_usual_columns_are_shown_where_rows_do_not_differ():
    assert default_columns(result()) == USUAL


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"exchange": "okx"}, "exchange"),
        ({"bars": 700}, "bars"),
        ({"gap_bars": 2}, "gaps"),
        ({"bar_time_ms": BAR - HOUR}, "time"),
    ],
)
def test_a_column_appears_where_rows_differ_in_it(changes, column):
    shown = default_columns(result((ROW, row(2, "ETH", **changes))))
    assert set(shown) == {*USUAL, column}
    assert list(shown) == [key for key in COLUMNS if key in shown]


def test_the_exchange_is_a_column_where_several_were_scanned():
    folder = row(1, "A", exchange="files")
    assert "exchange" not in default_columns(result((folder,), exchange="binance-usdm-1h"))
    assert "exchange" in default_columns(result((folder,), exchange="okx,files"))


def test_all_columns_but_symbol_side_and_signal_can_go():
    assert set(DROP_ORDER) == set(COLUMNS) - {"symbol", "side", "signal"}


def test_an_unknown_column_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="unknown column 'pirce'") as error:
        checked_columns(["rank", "pirce"])
    assert "did you mean 'price'?" in error.value.hint


@pytest.mark.parametrize(
    ("signal", "mark"),
    [
        (0.11, "▲"),
        (0.1, "▴"),
        (0.01, "▴"),
        (0.0, "·"),
        (-0.0, "·"),
        (-0.1, "▾"),
        (-0.11, "▼"),
        (None, "·"),
        (float("nan"), "·"),
    ],
)
def test_a_family_mark_is_large_beyond_the_cut(signal, mark):
    assert family_mark(signal, (0.1, -0.1))[0] == mark


def test_families_are_marked_by_the_cuts_in_use():
    marks = [
        "".join(text for text, _ in COLUMNS["families"].cell(ROW, Scene.of(result((ROW,), cuts=cuts), UTC)))
        for cuts in ((0.1, -0.1), (0.49, -0.49))
    ]
    assert marks == ["▲ ▲ ▴ · ▾ ▼", "▴ ▴ ▴ · ▾ ▼"]


def test_a_family_that_takes_no_part_is_blank():
    some = row(1, "A", families={"ema": 0.5, "kama": -0.5})
    cell = COLUMNS["families"].cell(some, Scene.of(result((some,)), UTC))
    assert "".join(text for text, _ in cell) == "▲         ▼"


def test_a_flip_on_the_forming_bar_is_a_time_like_the_others():
    forming = row(1, "A", forming=True, bar_time_ms=BAR + HOUR, flipped_at_ms=BAR + HOUR, age_bars=0)
    scene = Scene.of(result((forming,), include_open=True), UTC)
    assert COLUMNS["flipped"].cell(forming, scene)[0][0] == "09:00"


def test_a_neutral_signal_is_quiet_whatever_its_sign():
    scene = Scene.of(result(), UTC)
    styles = [COLUMNS["signal"].cell(row(1, "A", signal), scene)[0][1] for signal in (0.5, -0.5, 0.05, -0.05)]
    assert styles == ["bold green", "bold red", "dim", "dim"]


def test_closes_since_the_flip_have_the_colour_of_the_side():
    before, since = COLUMNS["spark"].cell(ROW, Scene.of(result(), UTC))
    assert (len(before[0]), before[1]) == (36, "dim")
    assert (len(since[0]), since[1]) == (4, "green")


def test_the_default_order_is_the_ranking():
    assert sort_rows(market(), "signal") == market()
    assert sort_rows(market(), "-signal") == market()[::-1]


@pytest.mark.parametrize(
    ("key", "ranks"),
    [
        ("symbol", [2, 1, 6, 3, 5, 7, 4]),
        ("side", [1, 3, 5, 2, 4, 6, 7]),
        ("-side", [7, 2, 4, 6, 1, 3, 5]),
        ("change", [6, 3, 1, 5, 4, 2, 7]),
        ("-change", [2, 4, 5, 1, 3, 6, 7]),
        ("volume", [1, 3, 4, 2, 6, 7, 5]),
        ("-volume", [7, 6, 2, 4, 3, 1, 5]),
        ("age", [2, 1, 4, 3, 5, 6, 7]),
        ("price", [1, 6, 7, 4, 2, 3, 5]),
    ],
)
def test_sorting_keeps_ranks_and_puts_rows_without_a_value_last(key, ranks):
    assert [each.rank for each in sort_rows(market(), key)] == ranks


def test_sorting_is_stable_both_ways():
    tied = tuple(row(rank, f"S{rank}", price=1.0) for rank in range(1, 6))
    for key in ("price", "-price", "side", "age", "-age"):
        assert sort_rows(tied, key) == tied
    assert {each.side for each in tied} == {Side.LONG}


def test_every_sort_key_works_and_another_is_refused():
    for key in SORT_KEYS:
        assert len(sort_rows(market(), key)) == len(market())
    with pytest.raises(UsageError, match="unknown sort key"):
        sort_rows(market(), "--age")
