"""The choices of the cost model as a table and as JSON."""

import json

import pytest

from atc_cli.domain.results.routes import RouteRow, RoutesResult
from atc_cli.reporting.routes import routes_json, routes_table
from tests.helpers.terminal import lines_of

ROWS = (
    RouteRow(
        workload="99 x 1500 last", chosen="rust avx2", estimates_ms={"rust avx2": 5.0, "numba": 60.0, "reference": 9e4},
        measured_ms={"rust avx2": 6.0, "numba": 48.0}, least_ms={"rust avx2": 5.5, "numba": 44.0},
        skipped=("reference",),
    ),
    RouteRow(
        workload="1 x 200 last", chosen="numba", estimates_ms={"numba": 0.1, "rust avx2": 0.2},
        measured_ms={"numba": 0.5, "rust avx2": 0.25}, least_ms={"numba": 0.4, "rust avx2": 0.2},
    ),
)  # fmt: skip
RESULT = RoutesResult(machine={"cpu": "EPYC \x1b", "logical_cpus": 2}, coefficients="as shipped", rows=ROWS)


def test_the_ratio_is_that_of_the_chosen_to_the_fastest() -> None:
    assert [(row.fastest, row.ratio) for row in ROWS] == [("rust avx2", 1.0), ("rust avx2", 2.0)]
    assert RESULT.within_20_frac == 0.5


def test_a_line_per_workload_and_how_many_were_right() -> None:
    lines = lines_of(routes_table(RESULT, width=None))
    assert lines[0].startswith("EPYC \\x1b")
    (first,) = [line for line in lines if line.startswith("99 x 1500")]
    assert first.split()[4:] == ["rust", "avx2", "5", "ms", "6", "ms", "rust", "avx2", "6", "ms", "1.00"]
    assert lines[-1].startswith("within 20% of the fastest: 50.0% of 2 workloads; 1 way not measured")


def test_json_is_the_contract() -> None:
    document = json.loads(routes_json(RESULT))
    assert list(document) == ["schema", "machine", "coefficients", "rows", "within_20_frac"]
    assert document["schema"] == "atc.routes/1"
    assert document["rows"][1]["ratio"] == 2.0
    assert list(document["rows"][0]) == [
        "workload", "chosen", "fastest", "ratio", "estimates_ms", "measured_ms", "least_ms", "skipped",
    ]  # fmt: skip


@pytest.mark.parametrize("width", [30, 50, 60, 80])
def test_a_narrow_terminal_loses_columns_and_no_figure_is_cut(width: int) -> None:
    lines = lines_of(routes_table(RESULT, width=width), width)
    assert not any("…" in line for line in lines)
    assert any("RATIO" in line for line in lines)
