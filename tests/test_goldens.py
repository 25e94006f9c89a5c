"""Every golden case, every column, to the last bit: the reference, each backend, and the command itself."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from atc_cli.domain.catalog import FAMILIES, Dialect, Want
from atc_cli.domain.classify import directions
from tests.conftest import Atc
from tests.helpers.backends import backend
from tests.helpers.goldens import Case, cases, same

CASES = cases()
each_case = pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])


def assert_columns(got: dict[str, np.ndarray], case: Case) -> None:
    expected = case.columns()
    assert set(got) == set(expected) | case.unused
    assert all(np.isnan(got[name]).all() for name in case.unused)
    for name, column in expected.items():
        equal = same(got[name], column)
        assert equal.all(), f"{name}: {int((~equal).sum())} differ, first at bar {int(np.argmax(~equal))}"


def test_there_are_cases_of_both_dialects_on_and_off_the_grid() -> None:
    assert {case.dialect for case in CASES} == set(Dialect)
    assert {"none", 12, 0} <= {case.grid for case in CASES}
    assert len(CASES) >= 80


@each_case
@pytest.mark.parametrize("name", ["reference", "rust", "numba"])
def test_backend_equals_golden_to_the_last_bit(name: str, case: Case) -> None:
    params = case.params()
    values = backend(name).compute(case.panel(), params, Want.LAYERS)
    got = {f"{family.title}_Signal": values.families[0, i] for i, family in enumerate(FAMILIES)}
    got |= {f"{family.title}_S": values.weights[0, i] for i, family in enumerate(FAMILIES)}
    got["Average_Signal"] = values.average[0]
    if case.dialect is Dialect.TRADINGVIEW:
        got |= dict(zip(("direction", "long", "short"), directions(values.average[0], params), strict=True))
    assert_columns(got, case)
    if case.dialect is Dialect.LTS:
        assert values.grid[0] == (-1 if case.grid == "none" else case.grid)


@each_case
def test_explain_series_prints_the_golden_columns_to_the_last_bit(atc: Atc, case: Case, tmp_path: Path) -> None:
    (tmp_path / f"GOLD-{case.timeframe}.parquet").write_bytes((case.folder / case.data).read_bytes())
    bars = len(pq.read_table(case.folder / case.data))
    flags = ["--data", str(tmp_path), "--timeframe", case.timeframe, f"--bars={bars}", *case.flags()]
    done = atc("explain", "GOLD", "--series", *flags)
    assert done.code == 0, done.err
    table = pacsv.read_csv(io.BytesIO(done.out.encode()))
    got = {name: table[name].to_numpy().astype(np.float64) for name in table.column_names if name != "timestamp"}
    assert_columns(got, case)


def test_a_changed_decay_is_noticed_by_the_comparison() -> None:
    case = CASES[0]
    params = dataclasses.replace(case.params(), decay=case.params().decay + 1e-9)
    values = backend("rust").compute(case.panel(), params, Want.LAYERS)
    assert not same(values.weights[0, 0], case.columns()["EMA_S"]).all()
