import csv
import io
import json
import math
import subprocess
import sys
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.reporting import scan_documents as documents
from atc_cli.reporting.scan_markdown import scan_markdown
from atc_cli.reporting.text import hidden, printable
from tests.helpers.reported import BAR, CHINESE, ESCAPE, HOSTILE, HOUR, ROW, market, result, row

ODD = row(2, "ODD", 0.1 + 0.2, price=1e-8, quote_volume=math.nan, change_24h_frac=-math.inf, families={"ema": -0.0},
          weights={"ema": 5e-324}, flipped_at_ms=None, age_bars=None, grid=None)  # fmt: skip
FORMATS = {
    "json": documents.scan_json,
    "jsonl": documents.scan_jsonl,
    "csv": documents.scan_csv,
    "markdown": scan_markdown,
    "symbols": documents.scan_symbols,
}


def test_the_json_document_has_exactly_these_keys_in_this_order():
    document = json.loads(documents.scan_json(result()))
    assert list(document) == [
        "schema",
        "generated_at",
        "exchange",
        "market",
        "simulated",
        "timeframe",
        "bars",
        "include_open",
        "dialect",
        "preset",
        "modified",
        "params",
        "params_hash",
        "backend",
        "bar_time",
        "bar_close_time",
        "data_age_ms",
        "warnings",
        "scanned",
        "hidden",
        "breadth",
        "interrupted",
        "rows",
        "skipped",
        "timings_ms",
        "signals_cache",
        "prefilter",
        "compared_with",
        "hits",
    ]
    assert list(document["rows"][0])[:18] == [  # what is newer comes behind
        "rank",
        "symbol",
        "side",
        "signal",
        "trend",
        "families",
        "weights",
        "price",
        "change_24h_frac",
        "quote_volume",
        "flipped_at",
        "age_bars",
        "bars",
        "grid",
        "exchange",
        "bar_time",
        "forming",
        "gap_bars",
    ]
    assert list(document["skipped"][0]) == ["symbol", "reason", "detail", "exchange"]
    assert list(document["backend"]) == ["name", "why", "path", "threads", "batch", "estimates_ms", "reasons"]


def test_the_json_document_carries_every_value():
    scan = result((ROW,), simulated=True, include_open=True, interrupted=True, warnings=("slow",))
    document = json.loads(documents.scan_json(scan))
    assert document["schema"] == "atc.scan/1"
    assert document["generated_at"] == "2025-10-23T09:04:00+00:00"
    assert document["params"] == dict(scan.header.params)
    assert document["timings_ms"] == {"fetch": 1234.5, "compute": 31.2, "stages": {}}
    assert (document["simulated"], document["include_open"], document["interrupted"]) == (True, True, True)
    assert (document["scanned"], document["hidden"], document["warnings"]) == (
        97,
        {"NEUTRAL": 90, "--top": 3},
        ["slow"],
    )
    assert document["breadth"] == {"LONG": 4, "SHORT": 5, "NEUTRAL": 91}
    assert document["skipped"][2]["symbol"] == ESCAPE
    assert document["skipped"][0]["reason"] == "too_few_bars"
    (only,) = document["rows"]
    assert only == only | {
        **{"rank": 1, "symbol": "BTC/USDT:USDT", "side": "LONG", "signal": 1.0, "trend": 1},
        **{"families": ROW.families, "weights": ROW.weights, "price": 109876.5, "change_24h_frac": 0.0123},
        **{"quote_volume": 12345678901.0, "flipped_at": "2025-10-23T05:00:00+00:00", "age_bars": 3, "bars": 1500},
        **{"grid": 1, "exchange": "binanceusdm", "bar_time": "2025-10-23T08:00:00+00:00"},
        **{"forming": False, "gap_bars": 0},
    }


def test_numbers_that_are_none_are_null_and_others_keep_their_bits():
    (odd,) = json.loads(documents.scan_json(result((ODD,))))["rows"]
    assert (odd["quote_volume"], odd["change_24h_frac"], odd["flipped_at"], odd["grid"]) == (None,) * 4
    assert odd["signal"].hex() == (0.1 + 0.2).hex()
    assert odd["families"]["ema"].hex() == (-0.0).hex()
    assert odd["weights"]["ema"] == 5e-324


def test_every_line_of_jsonl_stands_alone():
    lines = documents.scan_jsonl(result(simulated=True)).splitlines()
    assert len(lines) == len(market())
    for line, each in zip(lines, market(), strict=True):
        document = json.loads(line)
        assert document["schema"] == "atc.scan-row/1"
        assert (document["symbol"], document["rank"], document["exchange"]) == (each.symbol, each.rank, "binanceusdm")
        assert (document["timeframe"], document["dialect"], document["simulated"]) == ("1h", "lts", True)
        assert document["bar_time"] == "2025-10-23T08:00:00+00:00"
        assert document["params_hash"] == "ab" * 32


def test_csv_reads_back_to_the_same_bits():
    first, odd = csv.DictReader(io.StringIO(documents.scan_csv(result((ROW, ODD)))))
    for family in FAMILY_IDS:
        assert float(first[f"{family}_signal"]).hex() == ROW.families[family].hex()
        assert float(first[f"{family}_weight"]).hex() == ROW.weights[family].hex()
    assert float(odd["signal"]).hex() == (0.1 + 0.2).hex()
    assert float(odd["ema_signal"]).hex() == (-0.0).hex()
    assert (odd["quote_volume"], odd["kama_signal"], odd["flipped_at"], odd["grid"]) == ("", "", "", "")
    assert (first["forming"], first["bar_time"]) == ("false", "2025-10-23T08:00:00+00:00")


def test_parquet_has_types_and_the_header():
    table = pq.read_table(io.BytesIO(documents.scan_parquet(result((ROW, ODD), simulated=True))))
    types = {field.name: str(field.type) for field in table.schema}
    assert (types["signal"], types["rank"], types["symbol"], types["forming"]) == ("double", "int64", "string", "bool")
    assert types["bar_time"] == "timestamp[ms, tz=UTC]"
    first, odd = table.to_pylist()
    assert first["bar_time"].timestamp() * 1000 == BAR
    assert first["flipped_at"].timestamp() * 1000 == BAR - 3 * HOUR
    assert math.copysign(1, odd["ema_signal"]) == -1
    assert (odd["flipped_at"], odd["age_bars"], odd["grid"], odd["kama_weight"]) == (None,) * 4
    header = json.loads(table.schema.metadata[b"atc.scan"])
    assert (header["exchange"], header["simulated"], header["params_hash"]) == ("binanceusdm", True, "ab" * 32)


def test_csv_and_parquet_have_the_same_columns():
    names = documents.scan_csv(result()).splitlines()[0].split(",")
    assert pq.read_table(io.BytesIO(documents.scan_parquet(result()))).column_names == names


def test_markdown_is_a_table_with_escaped_names():
    lines = scan_markdown(result((row(1, "pi|pe`*"),), simulated=True), columns=("symbol", "signal")).splitlines()
    assert lines[0].startswith(
        "**SIMULATED MARKET - not real prices** · binanceusdm · swap · 1h · 1500 bars · lts · intraday"
    )
    assert lines[2:] == ["| SYMBOL | SIGNAL |", "| --- | ---: |", r"| pi\|pe\`\* | +1.000 |"]


def test_markdown_says_what_makes_its_signals_others():
    said = scan_markdown(result(modified=("ema_len",), include_open=True)).splitlines()[0]
    assert r"intraday (with other ema\_len)" in said
    assert said.endswith("includes the forming bar: signals can change until it closes")


def test_symbols_are_one_a_line():
    assert documents.scan_symbols(result()).splitlines() == [each.symbol for each in market()]


@pytest.mark.parametrize("name", [*HOSTILE, CHINESE])
@pytest.mark.parametrize("format_", FORMATS)
def test_a_hostile_name_is_harmless_in_every_text_format(format_, name):
    scan = result((row(1, name, exchange=name),), exchange=name, market=name, preset=name, warnings=(name,))
    text = FORMATS[format_](scan)
    assert not any(hidden(char) for char in text if char not in "\n\u00a0")
    text.encode()
    lines = {"json": None, "jsonl": 1, "csv": 2, "markdown": 5, "symbols": 1}[format_]
    assert lines is None or len(text.splitlines()) == lines


@pytest.mark.parametrize("name", [*HOSTILE, CHINESE])
def test_json_keeps_a_hostile_name_and_parquet_and_csv_keep_it_readable(name):
    scan = result((row(1, name),))
    assert json.loads(documents.scan_json(scan))["rows"][0]["symbol"] == name
    assert json.loads(documents.scan_jsonl(scan))["symbol"] == name
    assert next(csv.DictReader(io.StringIO(documents.scan_csv(scan))))["symbol"] == printable(name)
    (kept,) = pq.read_table(io.BytesIO(documents.scan_parquet(scan))).column("symbol").to_pylist()
    assert kept == name.encode("utf-8", "backslashreplace").decode()


def test_an_empty_scan_is_a_document_in_every_format():
    empty = result((), skipped=(), hidden={}, bar_time_ms=None)
    assert json.loads(documents.scan_json(empty))["rows"] == []
    assert json.loads(documents.scan_json(empty))["bar_time"] is None
    assert documents.scan_jsonl(empty) == documents.scan_symbols(empty) == ""
    assert documents.scan_csv(empty).count("\n") == 1
    assert scan_markdown(empty).count("\n| ---") == 1
    assert pq.read_table(io.BytesIO(documents.scan_parquet(empty))).num_rows == 0


def test_rows_stay_in_the_order_given():
    turned = replace(result(), rows=market()[::-1])
    assert [each["rank"] for each in json.loads(documents.scan_json(turned))["rows"]] == [7, 6, 5, 4, 3, 2, 1]


def test_documents_need_no_rich_and_no_pyarrow():
    code = (
        "import sys; from atc_cli.reporting import scan_documents, scan_markdown, series, summary;"
        "assert not {'rich', 'pyarrow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
