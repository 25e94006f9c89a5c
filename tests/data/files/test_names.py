"""Column names that the world writes: read where they can mean one thing only, and what was taken for what is said."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from atc_cli.data.files.folder import FolderMarket
from atc_cli.domain.panel import COLUMNS, RawCandles
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.window import Window
from tests.conftest import Atc

START_MS = 1_700_006_400_000
ROWS = [[1.0, 2, 0.5, 1.5, 10], [1.5, 2.5, 1, 2, 20]]
STAMPS = [START_MS, START_MS + 3_600_000]
PRICES = "open,high,low,close,volume"


def read(folder: Path) -> tuple[RawCandles | Skipped, list[str]]:
    market = FolderMarket(folder, "1h")
    arrived: list[RawCandles | Skipped] = []
    listings = market.listings(quote=None, tickers=False)
    market.fetch(listings, Window(timeframe="1h", now_ms=0, bars=10), arrived.append)
    return arrived[0], list(market.notes)


def csv(folder: Path, header: str | None, *, extra: str = "", stamps: list[object] | None = None) -> None:
    lines = [f"{stamp},{','.join(map(str, row))}{extra}" for stamp, row in zip(stamps or STAMPS, ROWS, strict=True)]
    (folder / "A-1h.csv").write_text("\n".join([*([header] if header else []), *lines, ""]))


def is_sound(raw: RawCandles | Skipped) -> bool:
    assert isinstance(raw, RawCandles), raw
    return raw.timestamp.tolist() == STAMPS and np.array_equal(raw.values, ROWS)


@pytest.mark.parametrize("name", ["date", "Time", "DATETIME", "open_time", "Open Time", "unix", "Unix"])
def test_a_time_by_another_name_is_taken_and_said(tmp_path: Path, name: str) -> None:
    csv(tmp_path, f"{name},{PRICES.title()}")
    raw, notes = read(tmp_path)
    assert is_sound(raw)
    assert notes == [f"columns taken: {name!r} as timestamp (1 of the files)"]


def test_the_same_in_parquet(tmp_path: Path) -> None:
    columns = dict(zip(map(str.upper, COLUMNS), np.array(ROWS).T, strict=True))
    parquet.write_table(pa.table({"Date": STAMPS, **columns}), tmp_path / "A-1h.parquet")
    raw, notes = read(tmp_path)
    assert (is_sound(raw), len(notes)) == (True, 1)


def test_our_own_names_are_not_worth_a_word(tmp_path: Path) -> None:
    csv(tmp_path, f"Timestamp,{PRICES.upper()},date", extra=",2023-11-15")
    raw, notes = read(tmp_path)
    assert (is_sound(raw), notes) == (True, [])


def test_an_epoch_goes_before_a_date_that_repeats_it(tmp_path: Path) -> None:
    csv(tmp_path, f"unix,{PRICES},date", extra=",2023-11-15 00:00:00")
    raw, notes = read(tmp_path)
    assert (is_sound(raw), "'unix' as timestamp" in notes[0]) == (True, True)


@pytest.mark.parametrize("extra", ["", ",1700009999999,1,2,3,4,0"], ids=["tohlcv", "as Binance writes them"])
def test_candles_without_a_header_are_taken_by_their_places(tmp_path: Path, extra: str) -> None:
    csv(tmp_path, None, extra=extra)
    raw, notes = read(tmp_path)
    assert is_sound(raw)
    assert "no header: columns 1 to 6 as timestamp, open, high, low, close, volume" in notes[0]


def test_spelled_times_without_a_header_are_taken_with_an_offset_only(tmp_path: Path) -> None:
    csv(tmp_path, None, stamps=["2023-11-15T00:00:00Z", "2023-11-15T01:00:00Z"])
    assert is_sound(read(tmp_path)[0])
    csv(tmp_path, None, stamps=["2023-11-15 00:00:00", "2023-11-15 01:00:00"])
    assert "no column 'timestamp'" in refusal(tmp_path)


def refusal(folder: Path) -> str:
    raw, notes = read(folder)
    assert isinstance(raw, Skipped)
    assert raw.reason is SkipReason.UNREADABLE
    assert not notes
    return raw.detail


AMBIGUOUS = [
    (f"date,{PRICES},time", ",1", ["'date' and 'time'", "call one of them 'timestamp'"]),
    (f"unix,{PRICES},open_time", ",1", ["'unix' and 'open_time'"]),
    (f"date,{PRICES},Date", ",1", ["'date' and 'Date'"]),
    (f"tmestamp,{PRICES}", "", ["no column 'timestamp'", "is it 'tmestamp'?"]),
    ("date,open,hihg,low,close,volume", "", ["no column 'high'", "is it 'hihg'?"]),
    (f"day,{PRICES}", "", ["no column 'timestamp'", "has: day, open"]),
]


@pytest.mark.parametrize(("header", "extra", "words"), AMBIGUOUS, ids=[each[0] for each in AMBIGUOUS])
def test_what_could_be_two_things_is_refused_by_name(tmp_path: Path, header: str, extra: str, words: list[str]) -> None:
    csv(tmp_path, header, extra=extra)
    detail = refusal(tmp_path)
    for each in words:
        assert each in detail


@pytest.mark.parametrize("columns", [5, 7, 8])
def test_without_a_header_another_number_of_columns_is_not_guessed(tmp_path: Path, columns: int) -> None:
    (tmp_path / "A-1h.csv").write_text(",".join([str(START_MS), "1", "2", "0.5", "1.5", "10", "1", "2"][:columns]))
    assert "no column 'timestamp'" in refusal(tmp_path)


def test_a_date_without_an_offset_is_refused_as_the_column_is_called(tmp_path: Path) -> None:
    csv(tmp_path, f"Date,{PRICES}", stamps=["2023-11-15 00:00:00", "2023-11-15 01:00:00"])
    assert refusal(tmp_path) == "row 1: Date '2023-11-15 00:00:00' has no UTC offset"


def test_scan_and_import_say_what_was_taken_for_what(atc: Atc, tmp_path: Path) -> None:
    folder = tmp_path / "here" / "data"
    folder.mkdir()
    csv(folder, f"open_time,{PRICES}")
    for command in (
        ("scan", "--data", "data", "--timeframe", "1h"),
        ("cache", "import", "data", "--exchange", "binance", "--market", "swap"),
    ):
        assert "columns taken: 'open_time' as timestamp" in atc(*command).err
