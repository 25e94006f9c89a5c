"""Every bar of one symbol, written so that it reads back to the same bits."""

import csv
import io
from math import isnan

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.results.explain import Series
from atc_cli.domain.results.scan import Header
from atc_cli.libraries import arrow
from atc_cli.reporting.documents import Document, dumps, header_document, parquet_bytes

SERIES_SCHEMA = "atc.series/1"


def series_csv(series: Series, symbol: str = "", header: Header | None = None) -> str:  # noqa: ARG001
    """timestamp (UTC ms) and the columns; floats as Python's repr, an empty cell where a value is undefined.

    pandas reads the same bits with float_precision="round_trip", pyarrow as it is. A plain table has no
    place for symbol and header; they are taken so that the three formats are called alike.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["timestamp", *series.columns])
    floats = [["" if isnan(value) else repr(value) for value in column.tolist()] for column in _columns(series)]
    writer.writerows(zip(series.timestamp.tolist(), *floats, strict=True))
    return out.getvalue()


def series_json(series: Series, symbol: str, header: Header | None = None) -> str:
    """One document, schema atc.series/1: columns by name, timestamp in UTC ms, null where a value is undefined."""
    columns = {name: column.tolist() for name, column in zip(series.columns, _columns(series), strict=True)}
    document = {
        **_identity(symbol, header),
        "columns": {"timestamp": series.timestamp.tolist(), **columns},
    }
    return dumps(document) + "\n"


def series_parquet(series: Series, symbol: str, header: Header | None = None) -> bytes:
    """timestamp as int64 UTC ms, float64 columns, NaN where undefined; the header is JSON under key `atc.series`."""
    pa = arrow()

    times = pa.array(series.timestamp, pa.int64())
    floats = [pa.array(column, pa.float64()) for column in _columns(series)]
    table = pa.Table.from_arrays([times, *floats], names=["timestamp", *series.columns])
    return parquet_bytes(table.replace_schema_metadata({"atc.series": dumps(_identity(symbol, header))}))


def _identity(symbol: str, header: Header | None) -> Document:
    return {"schema": SERIES_SCHEMA, "symbol": symbol, **(header_document(header) if header else {})}


def _columns(series: Series) -> list[NDArray[np.float64]]:
    return [np.asarray(column, np.float64) for column in series.columns.values()]
