"""The scan for scripts, spreadsheets and notebooks."""

import csv
import io
from collections.abc import Callable, Iterable
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.measures.measure import Measure, Type
from atc_cli.domain.measures.table import IN_FLAT_FILES
from atc_cli.domain.results.earlier import Earlier
from atc_cli.domain.results.scan import Header, ScanResult, ScanRow, Side
from atc_cli.domain.timeframe import iso
from atc_cli.libraries import arrow
from atc_cli.reporting.documents import (
    Document,
    dumps,
    header_document,
    parquet_bytes,
    row_document,
    skip_document,
    time_or_none,
)
from atc_cli.reporting.prefilter import prefilter_document
from atc_cli.reporting.text import printable

if TYPE_CHECKING:
    from atc_cli.domain.results.hits import Hits

SCAN_SCHEMA = "atc.scan/1"
ROW_SCHEMA = "atc.scan-row/1"


def scan_json(result: ScanResult) -> str:
    """One document, schema atc.scan/1: the contract for scripts."""
    return dumps(scan_document(result), indent=2) + "\n"


def scan_document(result: ScanResult) -> Document:
    """The same as plain values."""
    cache = result.remembered
    return {
        "schema": SCAN_SCHEMA,
        **header_document(result.header),
        "scanned": result.scanned,
        "hidden": result.hidden,
        "breadth": {side.value: result.breadth.get(side, 0) for side in Side},
        "interrupted": result.interrupted,
        "rows": [row_document(row) for row in result.rows],
        "skipped": [skip_document(skip) for skip in result.skipped],
        "timings_ms": {**result.header.timings_ms, "stages": result.stages_ms},
        "signals_cache": None if cache is None else {"hits": cache.hits, "misses": cache.misses},
        "prefilter": prefilter_document(result.prefiltered),
        "compared_with": _compared(result.earlier),
        "hits": _hits(result.hits),
    }


def _compared(earlier: Earlier | None) -> Document | None:
    """Where rank_before and new come from."""
    if earlier is None:
        return None
    return {"bar_time": iso(earlier.bar_time_ms), "generated_at": iso(earlier.generated_at_ms)}


def _hits(hits: "Hits | None") -> Document | None:
    """How often flips of these candles paid."""
    if hits is None:
        return None
    from atc_cli.reporting.hits import hits_document

    return hits_document(hits)


def scan_jsonl(result: ScanResult) -> str:
    """One line per row, schema atc.scan-row/1; each says by itself what was computed on what."""
    header = result.header
    common: Document = {
        "schema": ROW_SCHEMA,
        "generated_at": iso(header.generated_at_ms),
        "market": header.market,
        "simulated": header.simulated,
        "timeframe": header.timeframe,
        "dialect": header.dialect,
        "params_hash": header.params_hash,
    }
    return "".join(dumps({**common, **row_document(row)}) + "\n" for row in result.rows)


class Field(NamedTuple):
    """A column of a flat file: its name, the type of its values, what takes them from a row, their unit and look."""

    name: str
    type: Type
    read: Callable[[ScanRow], Any]
    unit: str = ""
    look: str | None = None


def flat_fields(header: Header) -> list[Field]:
    """A row without nesting, and what makes its signal this signal; the market stands behind the exchange."""
    fields = [each for measure in IN_FLAT_FILES for each in _fields_of(measure, header)]
    behind = [each.name for each in fields].index("exchange") + 1
    fields.insert(behind, _same("market", header.market))
    return [
        *fields,
        _same("timeframe", header.timeframe),
        _same("dialect", header.dialect),
        _same("params_hash", header.params_hash),
        Field("simulated", "flag", lambda _: header.simulated),
    ]


def _same(name: str, text: str) -> Field:
    return Field(name, "text", lambda _: text)


def _fields_of(measure: Measure, header: Header) -> list[Field]:
    """The measure's own column, texts joined by ;; of a figure per family one each, empty where it takes no part."""
    if measure.type == "sides":
        return [each for timeframe in header.others for each in _of_timeframe(timeframe)]
    if measure.type == "families":
        return [Field(f"{family}_{measure.part}", "number", _of_family(measure, family)) for family in FAMILY_IDS]
    if measure.type == "texts":
        return [Field(measure.name, "text", _joined(measure))]
    return [Field(measure.name, measure.type, measure.read, measure.unit, measure.look)]


def _joined(measure: Measure) -> Callable[[ScanRow], str]:
    read = measure.read
    return lambda row: ";".join(read(row))


def _of_family(measure: Measure, family: str) -> Callable[[ScanRow], float | None]:
    read = measure.read
    return lambda row: read(row).get(family)


def _of_timeframe(timeframe: str) -> list[Field]:
    return [
        Field(f"{timeframe}_side", "text", lambda row: each.side.value if (each := row.others[timeframe]) else None),
        Field(f"{timeframe}_signal", "number", lambda row: each.signal if (each := row.others[timeframe]) else None),
    ]


def scan_csv(result: ScanResult) -> str:
    """A header line and a line per row; floats read back to the same bits, nothing is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    fields = flat_fields(result.header)
    writer.writerow([each.name for each in fields])
    columns = [map(_CSV[each.type], map(each.read, result.rows)) for each in fields]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue()


def _csv_number(value: float | None) -> str:
    return "" if value is None or isnan(value) else repr(float(value))


def _csv_flag(value: bool | None) -> str:
    return "" if value is None else str(value).lower()


def _csv_whole(value: int | None) -> str:
    return "" if value is None else str(value)


_CSV: dict[Type, Callable[[Any], str]] = {
    "text": lambda text: "" if text is None else printable(text),
    "whole": _csv_whole,
    "number": _csv_number,
    "flag": _csv_flag,
    "time": lambda time_ms: time_or_none(time_ms) or "",
}


def scan_symbols(result: ScanResult) -> str:
    """One symbol a line, for --watchlist -."""
    return "".join(printable(row.symbol) + "\n" for row in result.rows)


def scan_parquet(result: ScanResult) -> bytes:
    """The columns of scan_csv with types: times are UTC milliseconds; the header is JSON under the key `atc.scan`."""
    pa = arrow()

    fields = flat_fields(result.header)
    types = {**_ARROW, "time": pa.timestamp("ms", tz="UTC")}
    schema = [pa.field(each.name, types[each.type]) for each in fields]
    arrays = [
        pa.array(utf8(map(each.read, result.rows)), type=kind.type) for each, kind in zip(fields, schema, strict=True)
    ]
    header = {"schema": SCAN_SCHEMA, **header_document(result.header), "timings_ms": result.header.timings_ms}
    return parquet_bytes(pa.Table.from_arrays(arrays, schema=pa.schema(schema, {"atc.scan": dumps(header)})))


_ARROW: dict[Type, Any] = {"text": "string", "whole": "int64", "number": "float64", "flag": "bool"}


def utf8(values: Iterable[object]) -> list[object]:
    """Names from damaged bytes hold lone surrogates, which no UTF-8 column takes."""
    return [value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value for value in values]
