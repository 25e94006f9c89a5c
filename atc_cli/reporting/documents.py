"""What every machine-readable format shares: strict JSON, headers and rows as plain documents, Parquet."""

import io
import json
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from atc_cli.domain.measures.measure import Measure
from atc_cli.domain.measures.table import IN_JSON
from atc_cli.domain.results.scan import Decision, Header, ScanRow, Skipped
from atc_cli.domain.timeframe import iso
from atc_cli.reporting.text import hidden

Document = dict[str, object]

_PLAIN = (str, int)


def plain(value: object) -> object:
    """The value with NaN and infinities as None, at any depth."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, _PLAIN):  # most are, and Mapping is slow to ask for
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def dumps(document: object, *, indent: int | None = None) -> str:
    """Strict JSON without NaN; what a terminal would obey or an encoder refuse is escaped, the rest is as it is."""
    text = json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=indent)
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(json.dumps(char)[1:-1] if hidden(char) and char != "\n" else char for char in text)


@lru_cache  # the rows of a scan share their times
def time_or_none(time_ms: int | None) -> str | None:
    """ISO 8601 with offset, in UTC."""
    return None if time_ms is None else iso(time_ms)


def parquet_bytes(table: Any) -> bytes:
    """A table of pyarrow as the bytes of a file."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def header_document(header: Header) -> Document:
    """The header in the order of the contract."""
    return {
        "generated_at": iso(header.generated_at_ms),
        "exchange": header.exchange,
        "market": header.market,
        "simulated": header.simulated,
        "timeframe": header.timeframe,
        "bars": header.bars,
        "include_open": header.include_open,
        "dialect": header.dialect,
        "preset": header.preset,
        "modified": header.modified,
        "params": header.params,
        "params_hash": header.params_hash,
        "backend": decision_document(header.backend),
        "bar_time": time_or_none(header.bar_time_ms),
        "bar_close_time": time_or_none(header.bar_close_ms),
        "data_age_ms": header.data_age_ms,
        "warnings": header.warnings,
    }


def decision_document(decision: Decision) -> Document:
    """What computes, and the numbers behind the choice."""
    return {
        "name": decision.name,
        "why": decision.why,
        "path": decision.path or None,
        "threads": decision.threads,
        "batch": decision.batch,
        "estimates_ms": decision.estimates_ms,
        "reasons": decision.reasons,
    }


def as_written(measure: Measure) -> Callable[[ScanRow], object]:
    """What takes a measure from a row as text formats write it: a time with its offset."""
    read = measure.read
    return (lambda row: time_or_none(read(row))) if measure.type == "time" else read


_OF_A_ROW = [(measure.name, as_written(measure)) for measure in IN_JSON]


def row_document(row: ScanRow) -> Document:
    """A row in the order of the contract, signals in full precision."""
    return {name: value(row) for name, value in _OF_A_ROW}


def skip_document(skip: Skipped) -> Document:
    """A symbol without a row."""
    return {"symbol": skip.symbol, "reason": skip.reason.value, "detail": skip.detail, "exchange": skip.exchange}
