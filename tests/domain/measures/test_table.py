"""What holds for every row of the table of measures, whatever it is of."""

import csv
import io
import itertools
import json
import math
import re
import subprocess
import sys
from datetime import UTC, datetime
from typing import get_args

import pyarrow.parquet as pq
import pytest

from atc_cli.cli.command import completion
from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.classify import sort_rows
from atc_cli.domain.measures.measure import LAST, Look, Measure
from atc_cli.domain.measures.table import COLUMNS, IN_FLAT_FILES, IN_JSON, MEASURES, SORTS, measured
from atc_cli.domain.results.scan import Elsewhere, ScanRow, Side
from atc_cli.reporting import columns, scan_documents
from atc_cli.reporting.scan_markdown import scan_markdown
from atc_cli.settings.option import options
from atc_cli.settings.sections import Settings
from tests.conftest import ROOT
from tests.helpers.backends import tick_walk
from tests.helpers.measured import row_data
from tests.helpers.reported import market, result, row

OPTIONS = {option.key: option for option in options(Settings)}
OF_WINDOW = [each.name for each in MEASURES if each.window is not None]
TIMES = [each.name for each in MEASURES if each.window is not None and each.type == "time"]
# A value of every measure, of no two the same.
OTHERS = {"1h": Elsewhere(Side.LONG, 0.1 + 0.3), "4h": None}
ROW = row(
    7, "A/B", 0.1 + 0.2, forming=True, gap_bars=3, bars=1499, age_bars=11, grid=5, others=OTHERS,
    stop_frac=-0.07, cautions=("stretched", "jump"),
    **{name: 0.1 * (place + 3) for place, name in enumerate(OF_WINDOW)} | dict.fromkeys(TIMES, 1_761_000_000_000),
)  # fmt: skip
PARQUET = {
    "text": "string",
    "texts": "string",
    "whole": "int64",
    "number": "double",
    "flag": "bool",
    "time": "timestamp[ms, tz=UTC]",
}

each_measure = pytest.mark.parametrize("measure", MEASURES, ids=[each.key for each in MEASURES])
each_written = pytest.mark.parametrize("measure", IN_JSON, ids=[each.key for each in IN_JSON])
each_column = pytest.mark.parametrize("measure", COLUMNS.values(), ids=list(COLUMNS))
each_sort = pytest.mark.parametrize("measure", SORTS.values(), ids=list(SORTS))


def in_text(measure: Measure, value: object) -> object:
    """The value as JSON holds it."""
    return datetime.fromtimestamp(value / 1000, UTC).isoformat() if measure.type == "time" and value else value


@each_measure
def test_a_measure_reads_a_row_or_is_computed_from_the_row_data(measure: Measure) -> None:
    assert (measure.of is None) == (measure.window is not None)
    assert measure.read(ROW) is not None
    assert bool(measure.name) or measure.look is not None, "it is nowhere to be seen"
    assert (measure.look is not None) == bool(measure.title)
    assert measure.told is None or measure.window is not None


def test_keys_names_and_places_are_those_of_one_measure_each() -> None:
    for of in ("key", "title", "name", "part", "json_place", "flat_place", "sort_place"):
        given = [getattr(each, of) for each in MEASURES]
        used = [value for value in given if value not in ("", LAST)]
        assert len(set(used)) == len(used) > 1, of


@each_written
def test_a_name_says_its_unit(measure: Measure) -> None:
    said = {"fraction": "_frac", "bars": "bars"}.get(measure.unit, "")
    assert measure.name.endswith(said)


def test_a_row_carries_what_is_computed_from_the_window() -> None:
    found = measured(row_data(tick_walk(300, 1), flipped=150))
    assert list(found) == OF_WINDOW
    assert all(type(value) is (int if name in TIMES else float) for name, value in found.items()), "numpy is no JSON"


@each_written
def test_json_and_jsonl_hold_it_as_it_is(measure: Measure) -> None:
    (whole,) = json.loads(scan_documents.scan_json(result((ROW,))))["rows"]
    line = json.loads(scan_documents.scan_jsonl(result((ROW,))))
    value = in_text(measure, measure.read(ROW))
    assert whole[measure.name] == line[measure.name] == (list(value) if measure.type == "texts" else value)
    assert list(whole) == [each.name for each in IN_JSON]


@pytest.mark.parametrize("measure", IN_FLAT_FILES, ids=[each.key for each in IN_FLAT_FILES])
def test_csv_and_parquet_hold_it_to_the_bit(measure: Measure) -> None:
    value = ";".join(measure.read(ROW)) if measure.type == "texts" else measure.read(ROW)
    wanted = {measure.name: value}
    kind = PARQUET.get(measure.type, "double")
    if measure.type == "families":
        wanted = {f"{family}_{measure.part}": value.get(family) for family in FAMILY_IDS}
    if measure.type == "sides":
        wanted, kind = {"1h_signal": 0.1 + 0.3, "4h_signal": None}, "double"
    scan = result((ROW,), others=tuple(OTHERS))
    (cells,) = csv.DictReader(io.StringIO(scan_documents.scan_csv(scan)))
    table = pq.read_table(io.BytesIO(scan_documents.scan_parquet(scan)))
    for name, each in wanted.items():
        (held,) = table.column(name).to_pylist()
        assert str(table.schema.field(name).type) == kind
        assert held == (datetime.fromtimestamp(each / 1000, UTC) if measure.type == "time" else each)
        text = "" if each is None else str(in_text(measure, each))
        assert cells[name] == (text.lower() if measure.type == "flag" else text)


@each_column
def test_a_column_is_offered_and_shown_where_it_is_asked_for(measure: Measure) -> None:
    option = OPTIONS["columns"]
    complete = completion(option.choices, several=True)
    assert complete is not None
    assert measure.key in complete(measure.key)
    assert f"rank,{measure.key}" in complete(f"rank,{measure.key}") or measure.key == "rank"
    assert option.parse(measure.key) == (measure.key,)
    assert re.search(rf"\b{measure.key}\b", option.help)
    head = scan_markdown(result((ROW,)), columns=(measure.key,)).splitlines()[2]
    assert head == f"| {measure.title} |"


@each_column
def test_a_column_is_among_the_usual_ones_if_it_says_so(measure: Measure) -> None:
    alike = result((ROW, row(8, "C/D", bars=ROW.bars)), bars=ROW.bars)
    assert not measure.usual or measure.key in columns.default_columns(alike)
    assert measure.key in columns.DROP_ORDER or measure.usual


def test_every_look_is_drawn_and_every_column_can_be_narrow() -> None:
    assert {each.look for each in COLUMNS.values()} == set(get_args(Look))
    assert list(columns.COLUMNS) == list(COLUMNS)
    assert len(columns.DROP_ORDER) == len(set(columns.DROP_ORDER)) == len(COLUMNS) - 3


@each_sort
def test_a_measure_sorts_as_it_says_and_turned_round(measure: Measure) -> None:
    option = OPTIONS["sort"]
    complete = completion(option.choices, several=False)
    assert complete is not None
    read = measure.sort_by or measure.read
    figures = (*ODD, 2.0, -1.0, 3.0, 2.0, 1e300)
    extra = tuple(
        row(20 + i, f"X{i}", others=dict.fromkeys("abc"[: i % 4], Elsewhere(Side.LONG, 1.0)),
            **dict.fromkeys(OF_WINDOW, value))
        for i, value in enumerate((*figures, *figures))
    )  # fmt: skip
    for key, largest in ((measure.key, measure.sort == "largest"), (f"-{measure.key}", measure.sort == "smallest")):
        assert key in complete(key)
        assert option.parse(key) == key
        ordered = sort_rows((*market(), *extra), key)
        known = [read(each) for each in ordered if usable(read(each))]
        assert all((a >= b) if largest else (a <= b) for a, b in itertools.pairwise(known))
        assert len(known) > 5
        assert not any(usable(read(each)) for each in ordered[len(known) :])
    assert re.search(rf"\b{measure.key}\b", option.help)


ODD = (math.nan, None, -math.inf, -0.0, 5e-324)


def usable(value: object) -> bool:
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


@each_measure
def test_what_does_not_sort_is_no_choice_of_sort(measure: Measure) -> None:
    assert (measure.key in OPTIONS["sort"].choices) == (measure.sort is not None)


def test_a_row_without_a_figure_is_a_row() -> None:
    bare = row(1, "A", **dict.fromkeys(OF_WINDOW, None))
    for name in OF_WINDOW:
        assert json.loads(scan_documents.scan_jsonl(result((bare,))))[name] is None
    assert isinstance(bare, ScanRow)
    assert all(columns.COLUMNS[key].cell(bare, columns.Scene.of(result((bare,)), UTC)) for key in COLUMNS)


def test_the_readme_lists_the_keys_of_a_row() -> None:
    readme = (ROOT / "README.md").read_text()
    (listed,) = re.findall(r'"rows": \[\{(.*?)\}\],\n "skipped"', readme, flags=re.DOTALL)
    assert re.findall(r'"(\w+)"', re.sub(r"\{.*?\}", "", listed)) == [each.name for each in IN_JSON]


def test_the_table_costs_help_no_numpy() -> None:
    code = "import sys, atc_cli.domain.measures.table; assert not {'numpy', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
