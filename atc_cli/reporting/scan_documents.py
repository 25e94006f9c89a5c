"""The scan for scripts, spreadsheets and notebooks."""

import csv
import io
import re
from datetime import UTC, tzinfo
from math import isnan

from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.results.scan import Header, ScanResult, ScanRow, Side
from atc_cli.domain.timeframe import iso
from atc_cli.libraries import arrow
from atc_cli.reporting import figures
from atc_cli.reporting.columns import COLUMNS, FORMING, SIMULATED, Scene, checked_columns, default_columns
from atc_cli.reporting.documents import Document, dumps, header_document, row_document, skip_document
from atc_cli.reporting.text import printable, with_other

SCAN_SCHEMA = "atc.scan/1"
ROW_SCHEMA = "atc.scan-row/1"
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~&#])")


def scan_json(result: ScanResult) -> str:
    """One document, schema atc.scan/1: the contract for scripts."""
    cache = result.remembered
    document = {
        "schema": SCAN_SCHEMA,
        **header_document(result.header),
        "scanned": result.scanned,
        "hidden": result.hidden,
        "breadth": {side.value: result.breadth.get(side, 0) for side in Side},
        "interrupted": result.interrupted,
        "rows": [row_document(row) for row in result.rows],
        "skipped": [skip_document(skip) for skip in result.skipped],
        "timings_ms": result.header.timings_ms,
        "signals_cache": None if cache is None else {"hits": cache.hits, "misses": cache.misses},
    }
    return dumps(document, indent=2) + "\n"


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


def scan_csv(result: ScanResult) -> str:
    """A header line and a line per row; floats read back to the same bits, nothing is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_flat_names())
    for row in result.rows:
        writer.writerow([_csv_cell(value) for value in _flat(result, row).values()])
    return out.getvalue()


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return "" if isnan(value) else repr(float(value))
    return str(value).lower() if isinstance(value, bool) else printable(str(value))


def _flat_names() -> list[str]:
    return [
        *("rank", "exchange", "market", "symbol", "side", "signal", "trend", "price", "change_24h_frac"),
        *("quote_volume", "flipped_at", "age_bars", "bars", "gap_bars", "grid", "bar_time", "forming"),
        *(f"{family}_signal" for family in FAMILY_IDS),
        *(f"{family}_weight" for family in FAMILY_IDS),
        *("timeframe", "dialect", "params_hash", "simulated"),
    ]


def _flat(result: ScanResult, row: ScanRow) -> Document:
    """A row without nesting: every family has its columns, empty where it takes no part."""
    header = result.header
    values: Document = {
        **row_document(row),
        **{f"{family}_signal": row.families.get(family) for family in FAMILY_IDS},
        **{f"{family}_weight": row.weights.get(family) for family in FAMILY_IDS},
        "market": header.market,
        "timeframe": header.timeframe,
        "dialect": header.dialect,
        "params_hash": header.params_hash,
        "simulated": header.simulated,
    }
    return {name: values[name] for name in _flat_names()}


def scan_markdown(result: ScanResult, *, columns: tuple[str, ...] | None = None, zone: tzinfo = UTC) -> str:
    """A GitHub table under one line that says what was computed; every default column, or those asked for."""
    keys = checked_columns(columns) if columns else default_columns(result)
    scene = Scene.of(result, zone)
    rules = ["---:" if COLUMNS[key].justify == "right" else "---" for key in keys]
    above = [_markdown_row([COLUMNS[key].title for key in keys]), _markdown_row(rules)]
    rows = [_markdown_row([_markdown_cell(key, row, scene) for key in keys]) for row in result.rows]
    return "\n".join([_markdown_said(result.header, zone), "", *above, *rows, ""])


def _markdown_said(header: Header, zone: tzinfo) -> str:
    said = [header.exchange, header.market, header.timeframe, f"{header.bars} bars", header.dialect]
    said.append(header.preset + with_other(header.modified))
    said += [f"last closed bar {figures.moment(header.bar_time_ms, zone)}"] if header.bar_time_ms is not None else []
    said += [f"{figures.lasting(header.data_age_ms)} old"] if header.data_age_ms is not None else []
    said += [FORMING] if header.include_open else []
    warning = [f"**{SIMULATED}**"] if header.simulated else []
    return " · ".join([*warning, *(_escaped(printable(each)) for each in said)])


def _markdown_cell(key: str, row: ScanRow, scene: Scene) -> str:
    """The table's cell; blanks between family marks stay, so that a mark stays under its letter."""
    text = "".join(part for part, _ in COLUMNS[key].cell(row, scene))
    return text.replace(" ", "\u00a0") if key == "families" else _escaped(text.strip())


def _markdown_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def scan_symbols(result: ScanResult) -> str:
    """One symbol a line, for --watchlist -."""
    return "".join(printable(row.symbol) + "\n" for row in result.rows)


def scan_parquet(result: ScanResult) -> bytes:
    """The columns of scan_csv with types: times are UTC milliseconds; the header is JSON under the key `atc.scan`."""
    pa = arrow()
    import pyarrow.parquet as pq

    flat = [_flat(result, row) for row in result.rows]
    columns = {name: [values[name] for values in flat] for name in _flat_names()}
    columns["flipped_at"] = [row.flipped_at_ms for row in result.rows]
    columns["bar_time"] = [row.bar_time_ms for row in result.rows]
    types = {**_TYPES, **dict.fromkeys(_TIMES, pa.timestamp("ms", tz="UTC"))}
    fields = [pa.field(name, types.get(name, "float64")) for name in columns]
    arrays = [pa.array(_utf8(values), type=field.type) for values, field in zip(columns.values(), fields, strict=True)]
    header = {"schema": SCAN_SCHEMA, **header_document(result.header), "timings_ms": result.header.timings_ms}
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields, {"atc.scan": dumps(header)})), sink)
    return sink.getvalue()


_TIMES = ("flipped_at", "bar_time")
_TYPES = {
    **dict.fromkeys(("exchange", "market", "symbol", "side", "timeframe", "dialect", "params_hash"), "string"),
    **dict.fromkeys(("rank", "trend", "age_bars", "bars", "gap_bars", "grid"), "int64"),
    **dict.fromkeys(("forming", "simulated"), "bool"),
}


def _utf8(values: list[object]) -> list[object]:
    """Names from damaged bytes hold lone surrogates, which no UTF-8 column takes."""
    return [value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value for value in values]
