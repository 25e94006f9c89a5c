"""A file of funding rates: what is read, and what is refused by row."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from atc_cli.data.files.funding import read_funding
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.errors import UsageError

DAY = "2025-01-01T00:00:00+00:00"
DAY_MS = 1_735_689_600_000


def written(folder: Path, *rows: str, header: str = "symbol,timestamp,rate") -> Path:
    file = folder / "funding.csv"
    file.write_text("\n".join((header, *rows)) + "\n")
    return file


def test_rates_are_by_symbol_in_ms_whatever_way_times_are_written(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        f"A,{DAY},0.0001",
        f"B,{DAY_MS},-0.001",
        f"A,{DAY_MS // 1000 + 28800},0.0002",
        header="symbol,timestamp,rate",
    )
    found = read_funding(file)
    assert found["A"][0].tolist() == [DAY_MS, DAY_MS + 8 * HOUR_MS]
    assert found["A"][1].tolist() == [0.0001, 0.0002]
    assert found["B"][1].tolist() == [-0.001]


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    file = tmp_path / "funding.parquet"
    pq.write_table(pa.table({"symbol": ["A"], "timestamp": [DAY_MS], "rate": [0.0001]}), file)
    times_ms, rates = read_funding(file)["A"]
    assert (times_ms.tolist(), rates.tolist()) == ([DAY_MS], [0.0001])


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([f"A,{DAY_MS},0.1", f"A,{DAY_MS - 1},0.1"], "row 2"),
        ([f"A,{DAY_MS},0.1", f"A,{DAY_MS},0.1"], "row 2"),
        ([f"A,{DAY_MS},0.5"], "row 1: rate 0.5"),
        ([f"A,{DAY_MS},"], "row 1"),
        ([f"A,{DAY_MS},0.1", "A,,0.1"], "row 2: it has no timestamp"),
        ([f"A,{DAY_MS},much"], "row 1: rate 'much'"),
        (["A,2025-01-01T00:00:00,0.1"], "offset"),
        ([], "no rows"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_row(tmp_path: Path, rows: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_funding(written(tmp_path, *rows))


def test_a_column_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no column 'rate'; it has: symbol, timestamp, funding"):
        read_funding(written(tmp_path, f"A,{DAY_MS},0.1", header="symbol,timestamp,funding"))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        read_funding(tmp_path / "none.csv")
