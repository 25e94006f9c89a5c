"""What --data DIR promises: names, columns, times, and a named reason for every file that cannot be read."""

import csv
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from atc_cli.data.files.candle_file import read_candles
from atc_cli.data.files.folder import FolderMarket, split_name
from atc_cli.domain.panel import Candles, RawCandles, check
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.window import Window
from atc_cli.errors import ExitCode, NoDataError, UnavailableError, UsageError

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
START_MS = 1_700_006_400_000
HEADER = "timestamp,open,high,low,close,volume"
LINES = ["1700006400000,1,2,0.5,1.5,10", "1700010000000,1.5,2.5,1,2,20"]

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded candles are not beside this checkout")


def write_csv(folder: Path, name: str, lines: Sequence[str] = LINES, header: str = HEADER) -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def sound_columns(bars: int = 2) -> dict[str, Any]:
    prices = np.array([[1, 2, 0.5, 1.5, 10], [1.5, 2.5, 1, 2, 20]])[:bars]
    names = ("open", "high", "low", "close", "volume")
    return {"timestamp": [START_MS, START_MS + 3_600_000][:bars]} | dict(zip(names, prices.T, strict=True))


def write_parquet(folder: Path, name: str, columns: Mapping[str, Any]) -> Path:
    path = folder / name
    parquet.write_table(pa.table(dict(columns)), path)
    return path


def symbols(folder: Path, timeframe: str = "1h", quote: str | None = None) -> list[str]:
    return [each.symbol for each in FolderMarket(folder, timeframe).listings(quote=quote, tickers=True)]


def fetched(folder: Path, timeframe: str = "1h", bars: int = 1500) -> dict[str, RawCandles | Skipped]:
    market = FolderMarket(folder, timeframe)
    arrived: list[RawCandles | Skipped] = []
    market.fetch(
        market.listings(quote=None, tickers=False), Window(timeframe=timeframe, now_ms=0, bars=bars), arrived.append
    )
    assert len({each.symbol for each in arrived}) == len(arrived)
    assert {each.exchange for each in arrived} == {market.name}
    return {each.symbol: each for each in arrived}


def only(folder: Path) -> RawCandles:
    (raw,) = fetched(folder).values()
    assert isinstance(raw, RawCandles), raw
    return raw


def refusal(folder: Path) -> str:
    """The detail of the folder's only file, which must be UNREADABLE, in one line."""
    (skipped,) = fetched(folder).values()
    assert isinstance(skipped, Skipped)
    assert skipped.reason is SkipReason.UNREADABLE
    assert "\n" not in skipped.detail
    assert 0 < len(skipped.detail) <= 260
    return skipped.detail


def is_the_sound_pair(raw: RawCandles) -> bool:
    columns = sound_columns()
    expected = np.column_stack([columns[name] for name in ("open", "high", "low", "close", "volume")])
    return raw.timestamp.tolist() == columns["timestamp"] and np.array_equal(raw.values, expected)


# Names and listings


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("BTCUSDT-1h.parquet", ("BTCUSDT", "1h")),
        ("BTC-USDT-15m.csv", ("BTC-USDT", "15m")),
        ("BTC_USDT-1d.CSV", ("BTC_USDT", "1d")),
        ("币安人生USDT-1h.parquet", ("币安人生USDT", "1h")),
        ("BRK.B-1w.csv", ("BRK.B", "1w")),
        ("A--1h.csv", ("A-", "1h")),
        ("BTCUSDT-1h.txt", None),
        ("BTCUSDT-1H.csv", None),
        ("BTCUSDT-7h.csv", None),
        ("-1h.csv", None),
        ("1h.csv", None),
        (".BTCUSDT-1h.csv", None),
        ("BTCUSDT-1h", None),
        ("BTCUSDT-1h.csv.part", None),
        ("index.csv", None),
    ],
)
def test_a_name_is_split_at_its_last_dash(name: str, parts: tuple[str, str] | None) -> None:
    assert split_name(name) == parts


@given(st.text(min_size=1).filter(lambda text: text[0] != "."), st.sampled_from(["1m", "1h", "1w"]))
def test_any_symbol_survives_its_file_name(symbol: str, timeframe: str) -> None:
    assert split_name(f"{symbol}-{timeframe}.parquet") == (symbol, timeframe)


def test_listings_are_the_files_of_the_timeframe_by_symbol(tmp_path: Path) -> None:
    for name in ("B-1h.csv", "A-1h.csv", "C-1d.csv", "notes.txt", "index.csv"):
        write_csv(tmp_path, name)
    market = FolderMarket(tmp_path, "1h")
    listings = market.listings(quote=None, tickers=True)
    assert [each.symbol for each in listings] == ["A", "B"]
    assert {each.exchange for each in listings} == {"files"}
    assert all(each.change_24h_frac is None and each.quote_volume is None for each in listings)
    assert (market.name, market.title, market.simulated, market.live) == ("files", tmp_path.name, False, False)


def test_a_quote_keeps_the_symbols_that_end_in_it_whatever_their_case(tmp_path: Path) -> None:
    for symbol in ("BTCUSDT", "BTC_USDT", "BTC-USDT", "ethusdt", "BTCUSD", "USDTRY"):
        write_csv(tmp_path, f"{symbol}-1h.csv")
    assert symbols(tmp_path, quote="usdt") == ["BTC-USDT", "BTCUSDT", "BTC_USDT", "ethusdt"]
    assert symbols(tmp_path, quote="XYZ") == []
    assert len(symbols(tmp_path)) == 6


def test_control_characters_in_a_name_stay_data(tmp_path: Path) -> None:
    name = "A\x1b[31m\n[bold]"
    write_csv(tmp_path, f"{name}-1h.csv")
    assert symbols(tmp_path) == [name]
    assert isinstance(fetched(tmp_path)[name], RawCandles)


def test_a_name_that_is_no_text_can_be_read(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/A\xff-1h.csv"
    try:
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write("\n".join([HEADER, *LINES]))
    except OSError:
        pytest.skip("this file system holds text names only")
    assert is_the_sound_pair(only(tmp_path))


@pytest.mark.parametrize("second", ["A-1h.parquet", "A-1h.CSV"])
def test_a_symbol_in_two_files_costs_itself_and_names_both(tmp_path: Path, second: str) -> None:
    write_csv(tmp_path, "A-1h.csv")
    write_csv(tmp_path, second)
    write_csv(tmp_path, "B-1h.csv")
    if len(list(tmp_path.iterdir())) == 2:
        pytest.skip("this file system does not tell cases apart")
    found = fetched(tmp_path)
    assert isinstance(found["B"], RawCandles)
    twice = found["A"]
    assert isinstance(twice, Skipped)
    assert twice.reason is SkipReason.CONFLICTING_DUPLICATES
    assert "'A-1h.csv'" in twice.detail
    assert repr(second) in twice.detail


def test_one_symbol_in_two_timeframes_is_no_conflict(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv")
    write_csv(tmp_path, "A-1d.csv")
    assert symbols(tmp_path) == ["A"]


def test_a_folder_that_does_not_exist_is_a_usage_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere") as caught:
        symbols(tmp_path / "nowhere")
    assert caught.value.code is ExitCode.USAGE
    assert caught.value.hint


def test_a_file_in_place_of_the_folder_is_a_usage_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"A-1h\.csv"):
        symbols(write_csv(tmp_path, "A-1h.csv"))


def test_a_folder_without_candles_is_no_data_and_says_how_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(NoDataError) as caught:
        symbols(tmp_path)
    assert caught.value.code is ExitCode.NO_DATA
    assert tmp_path.name in str(caught.value)
    assert "<SYMBOL>-<timeframe>" in str(caught.value.hint)


def test_another_timeframe_is_no_data_and_counts_what_there_is(tmp_path: Path) -> None:
    for name in ("A-1h.csv", "B-1h.csv", "A-1d.csv"):
        write_csv(tmp_path, name)
    with pytest.raises(NoDataError, match="'15m'") as caught:
        symbols(tmp_path, "15m")
    assert "1h (2), 1d (1)" in str(caught.value.hint)
    assert "--timeframe" in str(caught.value.hint)


# What is delivered


def test_csv_and_parquet_give_the_same_candles(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv")
    write_parquet(tmp_path, "B-1h.parquet", sound_columns())
    both = fetched(tmp_path)
    assert all(isinstance(raw, RawCandles) and is_the_sound_pair(raw) for raw in both.values())


def test_only_the_listings_asked_for_are_delivered_in_their_order(tmp_path: Path) -> None:
    for symbol in "ABC":
        write_csv(tmp_path, f"{symbol}-1h.csv")
    market = FolderMarket(tmp_path, "1h")
    a, _, c = market.listings(quote=None, tickers=False)
    arrived: list[RawCandles | Skipped] = []
    market.fetch([c, a], Window(timeframe="1h", now_ms=0, bars=10), arrived.append)
    assert [each.symbol for each in arrived] == ["C", "A"]


def test_a_file_that_is_gone_since_is_no_candles(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv")
    gone = write_csv(tmp_path, "B-1h.csv")
    market = FolderMarket(tmp_path, "1h")
    listings = market.listings(quote=None, tickers=False)
    gone.unlink()
    arrived: list[RawCandles | Skipped] = []
    market.fetch(listings, Window(timeframe="1h", now_ms=0, bars=10), arrived.append)
    assert isinstance(arrived[1], Skipped)
    assert arrived[1].reason is SkipReason.NO_CANDLES


def test_a_file_is_delivered_whole_whatever_the_window(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv")
    assert [len(raw.timestamp) for raw in fetched(tmp_path, bars=1).values() if isinstance(raw, RawCandles)] == [2]


def test_a_header_without_rows_has_no_candles(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", [])
    write_parquet(tmp_path, "B-1h.parquet", sound_columns(bars=0))
    for raw in fetched(tmp_path).values():
        assert isinstance(raw, RawCandles)
        assert raw.values.shape == (0, 5)
        checked = check(raw)
        assert isinstance(checked, Skipped)
        assert checked.reason is SkipReason.NO_CANDLES


def test_columns_are_found_in_any_case_and_order_among_others(tmp_path: Path) -> None:
    header = 'Close,note,TIMESTAMP, High ,LOW,"Open",Volume,symbol'
    rows = ["1.5,x,1700006400000,2,0.5,1,10,A", '2,"a,b",1700010000000,2.5,1,1.5,20,A']
    write_csv(tmp_path, "A-1h.csv", rows, header)
    assert is_the_sound_pair(only(tmp_path))


def test_a_byte_order_mark_and_dos_line_ends_change_nothing(tmp_path: Path) -> None:
    text = "\ufeff" + "\r\n".join([HEADER, *LINES]) + "\r\n"
    (tmp_path / "A-1h.csv").write_bytes(text.encode())
    assert is_the_sound_pair(only(tmp_path))


def test_a_missing_volume_column_is_nan_and_passes_the_check(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", [line.rpartition(",")[0] for line in LINES], "timestamp,open,high,low,close")
    raw = only(tmp_path)
    assert np.isnan(raw.values[:, 4]).all()
    assert isinstance(check(raw), Candles)


@pytest.mark.parametrize("missing", ["", "NaN", "nan", "NULL", "null"])
def test_a_missing_price_is_nan_so_that_the_check_names_its_row(tmp_path: Path, missing: str) -> None:
    write_csv(tmp_path, "A-1h.csv", [LINES[0], f"1700010000000,1.5,2.5,1,{missing},20"])
    checked = check(only(tmp_path))
    assert isinstance(checked, Skipped)
    assert (checked.reason, "row 2" in checked.detail) == (SkipReason.NOT_A_NUMBER, True)


def test_nulls_in_parquet_are_nan(tmp_path: Path) -> None:
    write_parquet(tmp_path, "A-1h.parquet", sound_columns() | {"close": [1.5, None], "volume": [None, None]})
    raw = only(tmp_path)
    assert np.isnan(raw.values[:, 4]).all()
    assert np.isnan(raw.values[1, 3])
    assert raw.values[0, 3] == 1.5


@given(prices=st.lists(st.floats(min_value=1e-12, max_value=1e12), min_size=1, max_size=20))
def test_floats_in_csv_read_back_to_the_same_bits(
    tmp_path_factory: pytest.TempPathFactory, prices: list[float]
) -> None:
    folder = tmp_path_factory.mktemp("bits")
    rows = [f"{START_MS + i},{p!r},{p!r},{p!r},{p!r},{p!r}" for i, p in enumerate(prices)]
    timestamp, values = read_candles(write_csv(folder, "A-1h.csv", rows))
    assert values[:, 3].tolist() == prices
    assert timestamp.tolist() == [START_MS + i for i in range(len(prices))]


@pytest.mark.parametrize(
    "convert",
    [
        lambda x: pa.array([str(v) for v in x]),
        lambda x: pa.array([str(v) for v in x]).dictionary_encode(),
        lambda x: pa.array([str(v) for v in x], pa.large_string()),
        lambda x: pa.array([Decimal(str(v)) for v in x], pa.decimal128(20, 8)),
        lambda x: pa.array(x, pa.float32()),
    ],
    ids=["text", "dictionary", "large text", "decimal", "float32"],
)
def test_numbers_are_read_from_whatever_type_holds_them(tmp_path: Path, convert: Callable[[Any], Any]) -> None:
    columns = sound_columns()
    columns |= {name: convert(values) for name, values in columns.items() if name != "timestamp"}
    write_parquet(tmp_path, "A-1h.parquet", columns)
    assert is_the_sound_pair(only(tmp_path))


def test_decimals_are_rounded_once(tmp_path: Path) -> None:
    exact = pa.array([Decimal("0.000000123456789012"), Decimal("98765.432109876543")], pa.decimal128(38, 18))
    write_parquet(tmp_path, "A-1h.parquet", sound_columns() | {"close": exact})
    assert only(tmp_path).values[:, 3].tolist() == [float("0.000000123456789012"), float("98765.432109876543")]


# Time


@pytest.mark.parametrize(
    ("first", "second", "factor"),
    [
        ("1700006400000", "1700010000000", 1),
        ("1700006400", "1700010000", 1000),
        ("1700006400.0", "1700010000.0", 1000),
        ("2023-11-15T00:00:00Z", "2023-11-15T01:00:00Z", 1),
        ("2023-11-15 03:00:00+03:00", "2023-11-15 04:00:00+03:00", 1),
        ("2023-11-14T19:00:00.000-0500", "2023-11-14T20:00:00.000-0500", 1),
        ("2023-11-15T00:00:00Z", "1700010000000", 1),
    ],
    ids=["ms", "s", "float s", "Z", "+03:00", "-0500", "some spelled, some ms"],
)
def test_times_are_numbers_as_they_are_or_iso_8601_as_utc_ms(
    tmp_path: Path, first: str, second: str, factor: int
) -> None:
    write_csv(tmp_path, "A-1h.csv", [first + ",1,2,0.5,1.5,10", second + ",1.5,2.5,1,2,20"])
    raw = only(tmp_path)
    assert (raw.timestamp * factor).tolist() == [START_MS, START_MS + 3_600_000]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "+03:00"])
def test_arrow_times_with_a_zone_are_utc_ms(tmp_path: Path, unit: str, zone: str) -> None:
    stamps = [datetime.fromtimestamp(START_MS / 1000, UTC) + timedelta(hours=i) for i in range(2)]
    write_parquet(tmp_path, "A-1h.parquet", sound_columns() | {"timestamp": pa.array(stamps, pa.timestamp(unit, zone))})
    assert is_the_sound_pair(only(tmp_path))


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_any_whole_millisecond_is_read_exactly(
    tmp_path_factory: pytest.TempPathFactory, moment: datetime, offset_minutes: int
) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    local = moment.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    folder = tmp_path_factory.mktemp("iso")
    timestamp, _ = read_candles(write_csv(folder, "A-1h.csv", [f"{local.isoformat()},1,2,0.5,1.5,10"]))
    elapsed = local - datetime(1970, 1, 1, tzinfo=UTC)
    assert int(timestamp[0]) == timestamp[0] == elapsed // timedelta(milliseconds=1)


@pytest.mark.parametrize("naive", ["2024-01-01 00:00", "2024-01-01T00:00:00", "2024-01-01"])
def test_a_time_without_offset_is_refused_by_row_and_value(tmp_path: Path, naive: str) -> None:
    write_csv(tmp_path, "A-1h.csv", ["2023-11-15T00:00:00Z,1,2,0.5,1.5,10", naive + ",1.5,2.5,1,2,20"])
    assert refusal(tmp_path) == f"row 2: timestamp {naive!r} has no UTC offset"


def test_a_time_that_is_none_is_refused_by_row_and_value(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", ["yesterday,1,2,0.5,1.5,10"])
    assert refusal(tmp_path) == "row 1: timestamp 'yesterday' is neither a number nor ISO 8601"


def test_a_missing_time_is_left_to_the_check(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", [LINES[0], ",1.5,2.5,1,2,20"])
    checked = check(only(tmp_path))
    assert isinstance(checked, Skipped)
    assert checked.reason is SkipReason.NOT_A_NUMBER


@pytest.mark.parametrize("kind", [pa.timestamp("ms"), pa.timestamp("ns"), pa.date32(), pa.date64()], ids=str)
def test_arrow_times_without_a_zone_are_refused(tmp_path: Path, kind: pa.DataType) -> None:
    stamps = pa.array([datetime(2023, 11, 15), datetime(2023, 11, 16)], kind)  # noqa: DTZ001
    write_parquet(tmp_path, "A-1h.parquet", sound_columns() | {"timestamp": stamps})
    assert "has no UTC offset" in refusal(tmp_path)


# What cannot be read


@pytest.mark.parametrize("column", ["timestamp", "open", "high", "low", "close"])
def test_a_missing_column_is_named_with_those_there_are(tmp_path: Path, column: str) -> None:
    write_csv(tmp_path, "A-1h.csv", header=HEADER.replace(column, "note"))
    detail = refusal(tmp_path)
    assert f"no column '{column}'" in detail
    assert HEADER.replace(column, "note").replace(",", ", ") in detail


def test_a_missing_column_of_a_parquet_file_is_named(tmp_path: Path) -> None:
    write_parquet(tmp_path, "A-1h.parquet", {"timestamp": [1], "open": [1.0]})
    assert refusal(tmp_path) == "no column 'high' (has: timestamp, open)"


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", [LINES[0] + ",3"], HEADER + ",Close")
    assert "two columns 'close'" in refusal(tmp_path)


@pytest.mark.parametrize("column", ["open", "high", "low", "close", "volume"])
def test_text_among_numbers_is_named_by_row_column_and_value(tmp_path: Path, column: str) -> None:
    cells = LINES[1].split(",")
    cells[HEADER.split(",").index(column)] = "halted"
    write_csv(tmp_path, "A-1h.csv", [LINES[0], ",".join(cells)])
    assert refusal(tmp_path) == f"row 2: {column} 'halted' is not a number"


def test_a_thousands_separator_is_not_guessed(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", ['1700006400000,"1,000",2,0.5,1.5,10'])
    assert refusal(tmp_path) == "row 1: open '1,000' is not a number"


def test_python_spellings_of_numbers_are_not_numbers(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", ["1700006400000,1_0,2,0.5,1.5,10"])
    assert refusal(tmp_path) == "row 1: open '1_0' is not a number"


def test_blanks_around_a_number_do_not_matter(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", [line.replace(",", " , ") for line in LINES])
    assert is_the_sound_pair(only(tmp_path))


def test_a_line_with_too_few_cells_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", [LINES[0], "1700010000000,1.5"])
    assert "2" in refusal(tmp_path)


@pytest.mark.parametrize("values", [pa.array([True, False]), pa.array([[1.0], [2.0]]), pa.array([b"1", b"2"])], ids=str)
def test_a_column_of_another_type_is_named(tmp_path: Path, values: pa.Array) -> None:
    write_parquet(tmp_path, "A-1h.parquet", sound_columns() | {"close": values})
    assert "column 'close' holds" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all", b"PAR1" + b"\0" * 40 + b"PAR1"])
def test_what_is_not_parquet_is_called_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "A-1h.parquet").write_bytes(content)
    assert refusal(tmp_path).startswith("not a Parquet file")


def test_a_parquet_column_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path, "A-1h.parquet", sound_columns() | {"mangled": [1, 2]})
    path.write_bytes(path.read_bytes().replace(b"mangled", b"\xe3angled"))
    assert refusal(tmp_path).startswith("not a Parquet file")


@given(cut=st.integers(0, 4000), flip=st.integers(0, 255))
def test_a_damaged_parquet_file_is_refused_or_read_but_never_ends_the_run(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("damage")
    path = write_parquet(folder, "A-1h.parquet", sound_columns())
    content = bytearray(path.read_bytes())
    content[cut % len(content)] ^= flip
    path.write_bytes(content)
    (arrived,) = fetched(folder).values()
    assert isinstance(arrived, RawCandles) or arrived.reason is SkipReason.UNREADABLE


def test_an_empty_csv_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "A-1h.csv").write_bytes(b"")
    assert refusal(tmp_path) == "the file is empty"


@pytest.mark.parametrize("text", [HEADER, HEADER + "\n" + LINES[0]])
def test_text_in_another_encoding_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "A-1h.csv").write_bytes(text.encode("utf-16"))
    assert refusal(tmp_path) == "not UTF-8 text"


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    write_csv(tmp_path, "data.bin")
    (tmp_path / "A-1h.csv").symlink_to("data.bin")
    assert is_the_sound_pair(only(tmp_path))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "A-1h.csv").symlink_to(write_csv(tmp_path, "secret.csv"))
    assert refusal(folder) == "a link that leaves the folder"


@pytest.mark.parametrize("target", ["nowhere", "A-1h.csv"], ids=["to nothing", "to itself"])
def test_a_broken_link_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "A-1h.csv").symlink_to(target)
    assert refusal(tmp_path).startswith("cannot be opened")


def test_a_folder_reached_through_a_link_is_an_ordinary_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    write_csv(folder, "A-1h.csv")
    (tmp_path / "link").symlink_to(folder)
    assert is_the_sound_pair(only(tmp_path / "link"))


def test_what_is_no_regular_file_is_refused_without_opening_it(tmp_path: Path) -> None:
    (tmp_path / "A-1h.csv").mkdir()
    os.mkfifo(tmp_path / "B-1h.parquet")
    details = [each.detail for each in fetched(tmp_path).values() if isinstance(each, Skipped)]
    assert details == ["not a regular file", "not a regular file"]


def test_a_file_without_read_permission_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path, "A-1h.csv")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert refusal(tmp_path).startswith("cannot be opened")


def test_one_bad_file_costs_only_itself(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv", ["x,1,2,3,4,5"])
    write_csv(tmp_path, "B-1h.csv")
    both = fetched(tmp_path)
    assert isinstance(both["A"], Skipped)
    assert isinstance(both["B"], RawCandles)


# Recorded candles, where they are beside the checkout


@needs_shared
@pytest.mark.parametrize(("folder", "timeframe", "files"), [("binance-usdm-1h", "1h", 217), ("stocks-1d", "1d", 10)])
def test_every_recorded_file_is_read_and_passes_the_check(folder: str, timeframe: str, files: int) -> None:
    checked = [
        check(each) if isinstance(each, RawCandles) else each for each in fetched(SHARED / folder, timeframe).values()
    ]
    assert [each for each in checked if isinstance(each, Skipped)] == []
    assert len(checked) == files


UGLY: dict[str, tuple[str, SkipReason | tuple[int, int]]] = {
    "binance_BTTCUSDT_1h_part.csv": ("1h", (6999, 0)),
    "binance_LUNAUSDT_1h_part.csv": ("1h", (6500, 437)),
    "binance_NFPUSDT_1h.csv": ("1h", (84, 0)),
    "binance_PEPEUSDT_1h_part.csv": ("1h", (2499, 0)),
    "binance_USDCUSDT_1h_part.csv": ("1h", (8500, 3996)),
    "binance_usdm_BTCUSDT_1h_part.csv": ("1h", (1499, 0)),
    "binance_usdm_NEWTUSDT_1m.csv": ("1m", (4711, 0)),
    "binance_usdm_TROYUSDT_1m.csv": ("1m", (8641, 0)),
    "bittrex_BTT_BTC-5m.csv": ("5m", (7712, 2934)),
    "bittrex_DOGE_BTC-5m.csv": ("5m", (7590, 3053)),
    "bittrex_SPY_BTC-5m.csv": ("5m", (3831, 6690)),
    "bybit_BCHUSDT_1d.csv": ("1d", SkipReason.BAD_PRICE),
    "cdd_Poloniex_BTCUSDT_1h_part.csv": ("1h", SkipReason.OUT_OF_ORDER),
    "freqtrade_XRP_ETH-1m.csv": ("1m", (2469, 1091)),
    "mixed_SKHYNIX_USDT_1h.csv": ("1h", (127, 0)),
}


def converted(source: Path, folder: Path, timeframe: str) -> Path:
    """The same rows with a `timestamp` column: numbers as they are, naive times as UTC."""
    with source.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    stamp = next(i for i, name in enumerate(header) if name in ("timestamp", "unix", "date", "time", "open_time"))
    header[stamp] = "timestamp"
    for row in rows:
        row[stamp] += "" if row[stamp].isdigit() else "Z"
    return write_csv(folder, f"{source.stem}-{timeframe}.csv", [",".join(row) for row in rows], ",".join(header))


@needs_shared
@pytest.mark.parametrize("name", UGLY)
def test_a_recorded_oddity_gets_its_documented_reason_or_its_gaps_counted(tmp_path: Path, name: str) -> None:
    timeframe, expected = UGLY[name]
    converted(SHARED / "ugly" / name, tmp_path, timeframe)
    (raw,) = fetched(tmp_path, timeframe).values()
    assert isinstance(raw, RawCandles), raw
    checked = check(raw)
    found = checked.reason if isinstance(checked, Skipped) else (len(checked), checked.gap_bars)
    assert found == expected


@needs_shared
def test_every_recorded_oddity_is_accounted_for() -> None:
    assert {path.name for path in (SHARED / "ugly").glob("*.csv")} - {"index.csv"} == set(UGLY)


def test_files_that_a_machine_does_not_have_are_no_skips_but_the_end(tmp_path: Path) -> None:
    write_csv(tmp_path, "A-1h.csv")
    market = FolderMarket(tmp_path, "1h")
    window = Window(timeframe="1h", now_ms=1_760_000_000_000, bars=10)
    files, listings = market.shared(market.listings(quote=None, tickers=False), window)
    arrived: list[object] = []
    files.read(listings, window, arrived.append)
    assert (len(arrived), files.mark() != "") == (1, True)
    elsewhere = replace(files, path=tmp_path / "elsewhere")
    with pytest.raises(UnavailableError, match=r"finds none of 1 files of candles in '.*elsewhere'"):
        elsewhere.read(listings, window, arrived.append)
    assert (len(arrived), elsewhere.mark()) == (1, "")


def test_who_appends_to_files_sees_the_same_candles_and_who_has_others_does_not(tmp_path: Path) -> None:
    marks = []
    for name, price in (("here", 1.5), ("there", 1.5), ("other", 1.6)):
        (tmp_path / name).mkdir()
        write_csv(tmp_path / name, "A-1h.csv", [f"1700006400000,1,2,0.5,{price},10"])
        market = FolderMarket(tmp_path / name, "1h")
        window = Window(timeframe="1h", now_ms=1_760_000_000_000, bars=10)
        marks.append(market.shared(market.listings(quote=None, tickers=False), window)[0].mark())
    assert marks[0] == marks[1] != marks[2]
