"""Every golden case, every column, to the last bit: the reference, each backend, and the command itself."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from atc_cli import _kernels
from atc_cli.domain import reference
from atc_cli.domain.catalog import FAMILIES, Dialect, Want
from atc_cli.domain.classify import directions
from atc_cli.engine.backend import Values
from atc_cli.engine.packing import Lent, PlainParams
from tests.conftest import Atc
from tests.helpers.backends import backend
from tests.helpers.goldens import Case, cases, same

CASES = cases()
each_case = pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])


def assert_columns(got: dict[str, np.ndarray], case: Case, *, recorded: bool = False) -> None:
    """Every column to the last bit; weights and averages to 1e-12 where the growth table is not the `recorded` one."""
    expected = case.columns()
    assert set(got) == set(expected) | case.unused
    assert all(np.isnan(got[name]).all() for name in case.unused)
    to_the_bit = recorded or case.rounded_alike
    for name, column in expected.items():
        weighted = name.endswith("_S") or name == "Average_Signal"
        equal = same(got[name], column)
        if weighted and not to_the_bit:
            equal |= np.isclose(got[name], column, rtol=1e-12, atol=0)
        assert equal.all(), f"{name}: {int((~equal).sum())} differ, first at bar {int(np.argmax(~equal))}"


def test_there_are_cases_of_both_dialects_on_and_off_the_grid() -> None:
    assert {case.dialect for case in CASES} == set(Dialect)
    assert {"none", 12, 0} <= {case.grid for case in CASES}
    assert len(CASES) >= 80


@each_case
@pytest.mark.parametrize("name", ["reference", "rust", "numba"])
def test_backend_equals_golden_to_the_last_bit(name: str, case: Case) -> None:
    if name == "numba":  # with its own growth: that it has the bits of rust, test_parity shows
        values = backend(name).compute(case.panel(), case.params(), Want.LAYERS)
        assert_columns(columns(case, values.average[0], values.families[0], values.weights[0]), case)
        return
    average, families, weights, decimals = (slow if name == "reference" else fast)(case)
    assert_columns(columns(case, average, families, weights), case, recorded=True)
    if case.dialect is Dialect.LTS:
        assert decimals == (None if case.grid == "none" else case.grid)


def slow(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, int | None]:
    """The reference on the recorded growth."""
    result = reference.compute(case.candles().values, case.params(), case.recorded_growth())
    return result.average, result.families, result.weights, result.decimals


def fast(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray, int | None]:
    """The compiled kernels on the recorded growth."""
    panel = case.panel()
    values = Values.empty(1, panel.width, Want.LAYERS)
    lent = Lent.of(panel, case.params(), case.recorded_growth())
    _kernels.compute(lent, PlainParams.of(case.params()), values, Want.LAYERS.value, "auto", 1)
    decimals = int(values.grid[0])
    return values.average[0], values.families[0], values.weights[0], decimals if decimals >= 0 else None


def test_goldens_are_off_by_a_bit_only_where_pow_was_another() -> None:
    assert {case.dialect for case in CASES if not case.rounded_alike} == {Dialect.TRADINGVIEW}


def columns(case: Case, average: np.ndarray, families: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Results by the names of the golden columns."""
    got = {f"{family.title}_Signal": families[i] for i, family in enumerate(FAMILIES)}
    got |= {f"{family.title}_S": weights[i] for i, family in enumerate(FAMILIES)}
    got["Average_Signal"] = average
    if case.dialect is Dialect.TRADINGVIEW:
        got |= dict(zip(("direction", "long", "short"), directions(average, case.params()), strict=True))
    return got


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
