"""The candles in one Parquet or CSV file, as they stand there."""

import csv
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.data.files.names import TIME, Names, names_of, without_header
from atc_cli.domain.panel import COLUMNS, Floats
from atc_cli.libraries import arrow

_MISSING = ("", "nan", "NaN", "NAN", "null", "NULL", "None", "NA", "N/A")
# Arrow keeps what it once had for later: of a million bars 70 MB, of usual files nothing to speak of.
_LARGE_BYTES = 1 << 22
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FileFaultError(Exception):
    """One file cannot be read as candles: becomes a Skipped."""


def read_candles(path: Path, *, say: Callable[[str], object] = str) -> tuple[Floats, Floats]:
    """Timestamps [bars] and open, high, low, close, volume [bars, 5] of one file, as they stand there.

    Each column lies in one piece, as candles keep them: of a million bars every copy is 40 MB. Timestamps are numbers
    as given, or UTC ms where the file spells times; what is missing is NaN. `say` hears what was taken for what, where
    columns are not called as ours are.
    Errors: FileFaultError, one line, naming row (the first after the header is 1) and value if possible.
    """
    pa = arrow()
    content = _bytes(path)
    read = _parquet if path.suffix.lower() == ".parquet" else _csv
    try:
        names, columns = read(content)
        timestamp = _timestamps(columns.pop(TIME), names.held[TIME])
        values = np.full((len(COLUMNS), len(timestamp)), np.nan)
        for row, name in zip(values, COLUMNS, strict=True):
            if name in columns:
                row[:] = _numbers(columns.pop(name), name)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileFaultError(_one_line(str(error))) from error
    if len(content) > _LARGE_BYTES:
        pa.default_memory_pool().release_unused()
    if names.taken:
        say(names.taken)
    return timestamp, values.T


def read_columns(path: Path, wanted: Sequence[str]) -> dict[str, NDArray[Any]]:
    """The first of `wanted` as text, the second as times, the others as numbers; FileFaultError names what is wrong."""
    pa = arrow()
    content = _bytes(path)
    text, time = wanted[:2]
    try:
        table = _table(content, path.suffix.lower())
        missing = [name for name in wanted if name not in table.column_names]
        if missing:
            raise FileFaultError(f"no column {missing[0]!r}; it has: {', '.join(table.column_names)}")
        held = {name: table.column(name) for name in wanted}
        columns = {name: _numbers(held[name], name) for name in wanted[2:]}
        names = np.asarray(held[text].cast(pa.string()).to_pylist(), dtype=object)
        return {text: names, time: _timestamps(held[time], time), **columns}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileFaultError(_one_line(str(error))) from error


def _table(content: bytes, suffix: str) -> Any:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    if suffix == ".parquet":
        return parquet.read_table(pa.BufferReader(content), use_threads=False)
    types = dict.fromkeys(_first_line(content), pa.string())
    return arrow_csv.read_csv(
        pa.BufferReader(content),
        read_options=arrow_csv.ReadOptions(use_threads=False),
        convert_options=arrow_csv.ConvertOptions(column_types=types),
    )


def _bytes(path: Path) -> bytes:
    """The content of a regular file of the folder: a link out of it is not followed."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise FileFaultError("not a regular file")
        if not path.resolve().is_relative_to(path.parent.resolve()):
            raise FileFaultError("a link that leaves the folder")
        return path.read_bytes()
    except OSError as error:
        raise FileFaultError(f"cannot be opened: {error.strerror}") from error


def _parquet(content: bytes) -> tuple[Names, dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(pa.BufferReader(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise FileFaultError(f"not a Parquet file: {_one_line(str(error))}") from error
    names = names_of(file.schema_arrow.names)
    return names, _columns(file.read(columns=list(names.held.values()), use_threads=False), names)


def _csv(content: bytes) -> tuple[Names, dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    first = _first_line(content)
    headless = without_header(first)
    names = headless or names_of(first)
    places = [str(place) for place in range(len(first))] if headless else None
    # Text first: type inference takes a time without offset for UTC.
    types = dict.fromkeys(names.held.values(), pa.string())
    table = arrow_csv.read_csv(
        pa.BufferReader(content),
        read_options=arrow_csv.ReadOptions(use_threads=False, column_names=places),
        convert_options=arrow_csv.ConvertOptions(include_columns=list(types), column_types=types),
    )
    return names, _columns(table, names)


def _columns(table: Any, names: Names) -> dict[str, Any]:
    return {name: table.column(held) for name, held in names.held.items()}


def _first_line(content: bytes) -> list[str]:
    line = content.lstrip(b"\r\n").splitlines()[:1]
    if not line:
        raise FileFaultError("the file is empty")
    try:
        return next(csv.reader([line[0].decode("utf-8-sig")]), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileFaultError("not UTF-8 text") from error


def _numbers(column: Any, name: str) -> Floats:
    """A column as float64, what is missing as NaN; text is read to the nearest float."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
        return _floats(column.cast(pa.float64(), safe=False))
    if pa.types.is_decimal(kind) or _is_text(kind):
        return _parsed(column, name, _number)
    raise FileFaultError(f"column {name!r} holds {kind}, not numbers")


def _floats(column: Any) -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _parsed(column: Any, name: str, parse: Callable[[str], float]) -> Floats:
    """Text as numbers; through `parse`, value by value, where some are not."""
    import pyarrow as pa
    from pyarrow import compute

    text = column.cast(pa.string())
    missing = compute.is_in(text, value_set=pa.array(_MISSING, pa.string()))
    text = compute.if_else(missing, pa.scalar(None, pa.string()), text)
    try:
        return _floats(text.cast(pa.float64()))
    except pa.ArrowInvalid:
        return _each(text, name, parse)


def _each(text: Any, name: str, parse: Callable[[str], float]) -> Floats:
    """Every value through `parse`: slow, and able to say which row is wrong."""
    numbers = np.full(len(text), np.nan)
    for row, value in enumerate(text.to_pylist()):
        if value is None or not value.strip():
            continue
        try:
            numbers[row] = parse(value.strip())
        except (ValueError, FileFaultError) as error:
            reason = str(error) if isinstance(error, FileFaultError) else "is not a number"
            raise FileFaultError(f"row {row + 1}: {name} {value[:40]!r} {reason}") from error
    return numbers


def _timestamps(column: Any, name: str) -> Floats:
    """Numbers as they are; times with an offset as UTC ms. The file calls the column `name`."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz:
        return _floats(column.cast(pa.timestamp("ms", kind.tz)).cast(pa.int64()).cast(pa.float64()))
    if pa.types.is_temporal(kind):
        raise FileFaultError(f"column {name!r} holds {kind}: it has no UTC offset")
    shown = TIME if name.isdigit() else name.strip()
    return _parsed(column, shown, _number_or_iso_ms) if _is_text(kind) else _numbers(column, shown)


def _number(text: str) -> float:
    return float(text.replace("_", "?"))  # float() takes 1_000 for a thousand


def _number_or_iso_ms(text: str) -> float:
    with suppress(ValueError):
        return _number(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise FileFaultError("is neither a number nor ISO 8601") from error
    if moment.tzinfo is None:
        raise FileFaultError("has no UTC offset")
    return (moment - _EPOCH) / timedelta(milliseconds=1)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:157] + "..."
