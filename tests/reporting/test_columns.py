from datetime import UTC

import pytest

from atc_cli.errors import UsageError
from atc_cli.reporting.cells import family_mark
from atc_cli.reporting.columns import (
    COLUMNS,
    DROP_ORDER,
    Scene,
    checked_columns,
    default_columns,
)
from tests.helpers.reported import BAR, HOUR, PLAIN_FAMILIES, ROW, result, row

USUAL = (
    "rank",
    "symbol",
    "side",
    "signal",
    "stretch",
    "families",
    "price",
    "change",
    "volume",
    "age",
    "flipped",
    "spark",
)


def test_the_usual_columns_are_shown_where_rows_do_not_differ():
    assert default_columns(result()) == USUAL


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"exchange": "okx"}, "exchange"),
        ({"cautions": ("jump",)}, "cautions"),
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
    assert marks == ["▲ ▲ ▴ · ▾ ▼" + " ·" * PLAIN_FAMILIES, "▴ ▴ ▴ · ▾ ▼" + " ·" * PLAIN_FAMILIES]


def test_a_family_that_takes_no_part_is_blank():
    some = row(1, "A", families={"ema": 0.5, "kama": -0.5})
    cell = COLUMNS["families"].cell(some, Scene.of(result((some,)), UTC))
    assert "".join(text for text, _ in cell) == "▲         ▼" + "  " * PLAIN_FAMILIES


def test_a_flip_on_the_forming_bar_is_when_it_closes_like_the_others():
    forming = row(1, "A", forming=True, bar_time_ms=BAR + HOUR, flipped_at_ms=BAR + HOUR, age_bars=0)
    scene = Scene.of(result((forming,), include_open=True), UTC)
    assert COLUMNS["flipped"].cell(forming, scene)[0][0] == "10:00"


def test_a_neutral_signal_is_quiet_whatever_its_sign():
    scene = Scene.of(result(), UTC)
    styles = [COLUMNS["signal"].cell(row(1, "A", signal), scene)[0][1] for signal in (0.5, -0.5, 0.05, -0.05)]
    assert styles == ["bold green", "bold red", "dim", "dim"]


def test_closes_since_the_flip_have_the_colour_of_the_side():
    before, since = COLUMNS["spark"].cell(ROW, Scene.of(result(), UTC))
    assert (len(before[0]), before[1]) == (36, "dim")
    assert (len(since[0]), since[1]) == (4, "green")
