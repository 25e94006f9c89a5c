import json
from dataclasses import replace
from datetime import UTC

import pytest
from rich.cells import cell_len

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS
from atc_cli.domain.results.explain import FamilyView
from atc_cli.reporting.explain import explain_json, explain_table
from atc_cli.reporting.text import hidden
from tests.helpers.reported import CHINESE, HEADER, HOSTILE, LONGEST, PLAIN_FAMILIES, explained, row
from tests.helpers.terminal import lines_of

TRADINGVIEW = replace(HEADER, dialect="tradingview", cuts=(0.49, -0.49))


def plain(result):
    return lines_of(explain_table(result, zone=UTC), 80)


def test_the_weight_table_has_a_line_per_member_and_the_family_sums():
    lines = plain(explained())
    top = next(i for i, line in enumerate(lines) if "EMA" in line)
    assert lines[top].split() == [family.title for family in FAMILIES]
    assert [line[:4].strip() for line in lines[top + 2 : top + 11]] == [
        "n",
        "n+1",
        "n+2",
        "n+4",
        "n+6",
        "n-1",
        "n-2",
        "n-4",
        "n-6",
    ]
    assert lines[top + 2].split()[1:5] == ["28", "▲12.25", "28", "▼56.58"]
    assert [line.split() for line in lines[top + 12 : top + 15]] == [
        ["X", "▲+0.42", "▲+0.11", "▴+0.10", "·", "0.00", "▾-0.07", "▼-0.90", *["·", "0.00"] * PLAIN_FAMILIES],
        ["X_S", "1.250", "0.250", "1.000", "1.100", "0.300", "2.000", *["1.000"] * PLAIN_FAMILIES],
        ["adds", "+0.212", "+0.042", "0.000", "0.000", "0.000", "-0.339", *["0.000"] * PLAIN_FAMILIES],
    ]


def test_the_verdict_names_symbol_side_signal_and_age():
    text = "\n".join(plain(explained()))
    assert "BTC/USDT:USDT · ▲ LONG · Average_Signal +1.0000" in text
    assert "bar closed 09:00 UTC" in text
    assert "flipped 3 bars ago, 06:00 UTC" in text


@pytest.mark.parametrize("symbol", [LONGEST, CHINESE, "A" * 300, *HOSTILE])
@pytest.mark.parametrize("lengths", [28, 200, 4990])
def test_it_fits_eighty_columns_and_nothing_hostile_comes_through(symbol, lengths):
    young = row(1, symbol, -0.5, bars=700, gap_bars=12, grid=None)
    lines = plain(explained(1.5, lengths, row=young))
    assert max(cell_len(line) for line in lines) <= 80
    assert not any(hidden(char) for line in lines for char in line)


@pytest.mark.parametrize(
    ("multiplier", "words"), [(1.1, None), (1.11, "rather steep"), (1.25, "rather steep"), (1.26, "far too steep")]
)
def test_a_steep_growth_is_explained_above_its_two_marks(multiplier, words):
    text = " ".join(plain(explained(multiplier)))
    assert f"growth multiplier x{multiplier:.4g} at the last bar" in text
    assert ("steep" in text) == (words is not None)
    if words:
        assert words in text
        assert all(way in text for way in ("--lambda", "--bars", "--cutout"))


@pytest.mark.parametrize(("direction", "word"), [(1, "LONG"), (-1, "SHORT"), (None, "none yet")])
def test_tradingview_shows_its_direction_and_lts_has_none(direction, word):
    line = next(
        line for line in plain(explained(header=TRADINGVIEW, direction=direction)) if line.startswith("direction")
    )
    assert word in line
    assert not any(line.startswith("direction") for line in plain(explained()))


def test_values_that_are_undefined_are_dashes():
    undefined = [replace(view, weight=None, signal=None, contribution=None) for view in explained().families]
    lines = plain(explained(families=tuple(undefined)))
    assert [line.split() for line in lines if line.startswith(("X", "adds"))] == [
        ["X", *["·", "-"] * len(FAMILIES)],
        ["X_S", *["-"] * len(FAMILIES)],
        ["adds", *["-"] * len(FAMILIES)],
    ]


@pytest.mark.parametrize("lengths", [28, 200, 4990])
def test_the_numbers_of_a_family_stand_under_each_other(lengths):
    lines = plain(explained(lengths=lengths))
    top = next(i for i, line in enumerate(lines) if "EMA" in line)
    rows = [lines[top], *lines[top + 2 : top + 11], *lines[top + 12 : top + 15]]
    assert len({len(line) for line in rows}) == 1


def test_a_subset_of_families_and_undefined_values_are_shown():
    (first, *_) = explained().families
    bare = FamilyView(
        id="ema",
        title="EMA",
        members=tuple(replace(member, equity=None) for member in first.members),
        signal=None,
        weight=None,
        contribution=None,
    )
    text = "\n".join(plain(explained(families=(bare,), row=row(1, "A", 0.0, age_bars=None, flipped_at_ms=None))))
    assert "HMA" not in text
    assert "flipped" not in text


def test_the_json_document_carries_the_members():
    document = json.loads(explain_json(explained(direction=-1)))
    assert document["schema"] == "atc.explain/1"
    assert document["row"]["symbol"] == "BTC/USDT:USDT"
    assert (document["multiplier"], document["direction"]) == (1.03, -1)
    assert [each["id"] for each in document["families"]] == list(FAMILY_IDS)
    assert document["families"][4]["weight"].hex() == (0.1 + 0.2).hex()
    assert document["families"][0]["contribution"] == pytest.approx(1.25 / 5.9)
    assert list(document["families"][0]["members"][0]) == ["length", "sign", "equity"]
    assert len(document["families"][0]["members"]) == 9
