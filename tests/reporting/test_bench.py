"""The bench as a table and as JSON."""

import json

import pytest

from atc_cli.domain.results.bench import BenchResult, BenchRow, Parity, Timing
from atc_cli.reporting.bench import bench_json, bench_table
from tests.helpers.reported import ESCAPE
from tests.helpers.terminal import lines_of, printed

ROW = BenchRow(
    backend="rust", simd="avx512", threads=2, dialect="lts", mode="batch", want="average", symbols=99, bars=1500,
    parity=Parity.EQUAL,
    timing=Timing(ms_median=3.0, ms_min=2.5, ms_max=4.0, ns_per_bar=20.2, bars_per_s=49_500_000.0, peak_rss_mb=61.4),
)  # fmt: skip
MACHINE = {"cpu": f"EPYC {ESCAPE}", "logical_cpus": 2, "simd": ["avx2"], "system": "Linux x86_64", "python": "3.11.7",
           "measured_at": "2026-11-20T06:00:00+00:00"}  # fmt: skip


def changed(**changes: object) -> BenchRow:
    import dataclasses

    return dataclasses.replace(ROW, **changes)


def slower(factor: float) -> Timing:
    t = ROW.timing
    return Timing(
        ms_median=t.ms_median * factor, ms_min=t.ms_min * factor, ms_max=t.ms_max * factor,
        ns_per_bar=t.ns_per_bar * factor, bars_per_s=t.bars_per_s / factor, peak_rss_mb=None,
    )  # fmt: skip


RESULT = BenchResult(
    machine=MACHINE,
    rows=(
        ROW,
        changed(backend="numba", simd="", threads=1, timing=slower(2)),
        changed(backend="reference", simd="", threads=1, mode="extrapolated", parity=Parity.ORACLE,
                timing=slower(2500), detail="extrapolated from 2 x 300"),
        changed(backend="cuda", simd="", threads=1, parity=Parity.DIFFERS, timing=None, detail="average[0] is 1"),
        changed(symbols=1),
    ),
)  # fmt: skip


def test_a_line_per_row_with_bars_against_the_fastest_of_its_size() -> None:
    lines = lines_of(bench_table(RESULT, width=None))
    assert lines[0].startswith("EPYC \\x1b")
    assert lines[2].split() == [
        "SIZE",
        "BACKEND",
        "DIALECT",
        "WANT",
        "MS",
        "MIN..MAX",
        "NS/BAR",
        "BARS/S",
        "PEAK",
        "MB",
    ]
    rows = [line for line in lines if "average" in line and "█" in line]
    assert [line.count("█") for line in rows] == [24, 12, 24]
    assert rows[0].split()[:8] == ["99", "x", "1500", "rust", "avx512", "2", "threads", "lts"]
    assert rows[2].startswith("1 x 1500")


def test_the_reference_is_marked_and_explained() -> None:
    text = "\n".join(lines_of(bench_table(RESULT, width=None)))
    assert "reference*" in text
    assert "~7,500" in text
    assert "* reference: extrapolated from 2 x 300" in text


def test_a_wrong_backend_is_a_red_line_without_a_time() -> None:
    text = printed(bench_table(RESULT, width=None), force_terminal=True, color_system="standard")
    wrong = [line for line in text.splitlines() if "cuda" in line]
    assert len(wrong) == 2
    assert all("\x1b[1;31m" in line for line in wrong)
    assert "differs" in wrong[0]
    assert "average[0] is 1" in wrong[1]


def test_on_a_narrow_terminal_the_bars_go_and_nothing_else() -> None:
    lines = lines_of(bench_table(RESULT, width=100), 100)
    assert not any("█" in line for line in lines)
    assert any("61" in line and "49.5M" in line for line in lines)


def test_nothing_measured_is_said() -> None:
    assert "nothing was measured" in lines_of(bench_table(BenchResult(machine=MACHINE, rows=()), width=80))


def test_json_is_the_contract() -> None:
    document = json.loads(bench_json(RESULT))
    assert list(document) == ["schema", "machine", "rows"]
    assert document["schema"] == "atc.bench/1"
    assert all(
        list(row) == [
            "backend", "simd", "threads", "dialect", "mode", "want", "symbols", "bars", "ms_median", "ms_min", "ms_max",
            "ns_per_bar", "bars_per_s", "peak_rss_mb", "parity",
        ]
        for row in document["rows"]
    )  # fmt: skip
    first, wrong = document["rows"][0], document["rows"][3]
    assert (first["ms_median"], first["ns_per_bar"], first["parity"]) == (3.0, 20.2, "equal")
    assert (wrong["ms_median"], wrong["peak_rss_mb"], wrong["parity"]) == (None, None, "differs")


@pytest.mark.parametrize("width", [10, 30, 50, 60, 80])
def test_a_narrow_terminal_loses_columns_and_no_figure_is_cut(width: int) -> None:
    lines = lines_of(bench_table(RESULT, width=width), width)
    assert not any("…" in line for line in lines)
    assert any("NS/BAR" in line and "BACKEND" in line for line in lines)
