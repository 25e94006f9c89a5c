"""The backtest for scripts, spreadsheets and notebooks."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import lru_cache
from math import isfinite
from typing import Any

from atc_cli.domain.results.backtest import BACKTEST_SCHEMA, BacktestResult, Figures, SymbolFigures
from atc_cli.domain.timeframe import iso
from atc_cli.libraries import arrow
from atc_cli.reporting.backtest_rows import NUMBER, TEXT, TIME, WHOLE, Column, bar_columns, trade_columns
from atc_cli.reporting.documents import Document, dumps, header_document, parquet_bytes, skip_document, time_or_none
from atc_cli.reporting.text import printable

_Columns = Iterable[tuple[str, str, Column]]


def backtest_json(result: BacktestResult) -> str:
    """One document, schema atc.backtest/1, a line for each of its keys, trades and symbols: the contract for scripts.

    What is not defined is null, no number is NaN or infinite.
    """
    document = {
        **_head(result),
        **_findings(result),
        "equity": {name: _values(kind, column) for name, kind, column in bar_columns(result)},
        "trades": list(_records(trade_columns(result))),
        "timings_ms": result.header.timings_ms,
    }
    lines = (f"  {dumps(key)}: {_lines(value)}" for key, value in document.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(value: object) -> str:
    """A list of documents with a line for each, anything else on one."""
    if not isinstance(value, list) or not value:
        return dumps(value)
    return "[\n" + ",\n".join(f"    {dumps(each)}" for each in value) + "\n  ]"


def _head(result: BacktestResult) -> Document:
    """What was tested and how: what makes these figures these figures."""
    return {
        "schema": BACKTEST_SCHEMA,
        **header_document(result.header),
        "interrupted": result.interrupted,
        "start": time_or_none(result.whole.start_ms),
        "end": time_or_none(result.whole.end_ms),
        "bar_ms": result.bar_ms,
        "year_days": result.year_days,
        "anchor": {"name": result.anchor, "words": result.anchor_words},
        "rules": asdict(result.rules),
        "costs": asdict(result.costs),
        "capital": result.account.capital,
        "benchmark": result.benchmark_title,
    }


def _findings(result: BacktestResult) -> Document:
    account = result.account
    ruined = account.ruined_at
    return {
        "figures": _figures(result.whole),
        "parts": [_figures(each) for each in result.parts],
        "account": {
            "fees": account.fees,
            "funding": account.funding,
            "rejected": account.rejected,
            "unfilled": account.unfilled,
            "ruined_bar_time": None if ruined < 0 else iso(int(result.axis_ms[ruined])),
        },
        "checks": [asdict(each) for each in result.checks],
        "coverage": [_coverage(each) for each in result.symbols],
        "symbols": [_symbol(each) for each in result.symbols],
        "notes": result.notes,
        "skipped": [skip_document(each) for each in result.skipped],
    }


def _figures(figures: Figures) -> Document:
    """The metrics by key, each with its unit, period and warning, and the months as fractions."""
    return {
        "title": figures.title,
        "start": time_or_none(figures.start_ms),
        "end": time_or_none(figures.end_ms),
        "metrics": {
            key: {
                "title": each.title,
                "unit": each.unit,
                "value": each.value,
                "period": each.period,
                "warning": each.warning,
            }
            for key, each in figures.metrics.items()
        },
        "months": [{"year": year, "month": month, "return_frac": frac} for year, month, frac in figures.months],
    }


def _coverage(symbol: SymbolFigures) -> Document:
    return {
        "symbol": symbol.symbol,
        "bars": symbol.bars,
        "first_bar_time": time_or_none(symbol.first_ms),
        "last_bar_time": time_or_none(symbol.last_ms),
        "gap_bars": symbol.gap_bars,
        "delisted": symbol.delisted,
    }


def _symbol(symbol: SymbolFigures) -> Document:
    return {
        "symbol": symbol.symbol,
        "trades": symbol.trades,
        "win_rate_frac": symbol.win_rate_frac,
        "pnl": symbol.pnl,
        "fees": symbol.fees,
        "funding": symbol.funding,
        "best_frac": symbol.best_frac,
        "worst_frac": symbol.worst_frac,
        "hold_return_frac": symbol.hold_return_frac,
    }


_iso = lru_cache(maxsize=1 << 16)(iso)


def _values(kind: str, column: Column) -> list[Any]:
    """Plain values; a time as ISO 8601 with its offset."""
    values = column if isinstance(column, list) else column.tolist()
    return [_iso(each) for each in values] if kind == TIME else values


def _records(columns: _Columns) -> Iterator[Document]:
    """A document for each row."""
    named = [(name, _values(kind, column)) for name, kind, column in columns]
    names = [name for name, _ in named]
    for row in zip(*(values for _, values in named), strict=True):
        yield dict(zip(names, row, strict=True))


def backtest_csv(result: BacktestResult) -> str:
    """A header line and a line per bar; floats read back to the same bits, nothing is an empty cell."""
    return _csv(bar_columns(result))


def trades_csv(result: BacktestResult) -> str:
    """A header line and a line per trade, as backtest_csv."""
    return _csv(trade_columns(result))


def _csv(columns: _Columns) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    named = [(name, _cells(kind, column)) for name, kind, column in columns]
    writer.writerow([name for name, _ in named])
    writer.writerows(zip(*(cells for _, cells in named), strict=True))
    return out.getvalue()


def _cells(kind: str, column: Column) -> list[str]:
    values = _values(kind, column)
    if kind == NUMBER:
        return [repr(each) if isfinite(each) else "" for each in values]
    return [printable(each) if kind == TEXT else str(each) for each in values]


def backtest_parquet(result: BacktestResult) -> bytes:
    """The columns of backtest_csv with types: times are UTC milliseconds; the rest is JSON under key `atc.backtest`."""
    return _parquet(bar_columns(result), result)


def trades_parquet(result: BacktestResult) -> bytes:
    """The columns of trades_csv with types, as backtest_parquet."""
    return _parquet(trade_columns(result), result)


def _parquet(columns: _Columns, result: BacktestResult) -> bytes:
    pa = arrow()

    types = {TIME: pa.timestamp("ms", tz="UTC"), WHOLE: pa.int64(), NUMBER: pa.float64(), TEXT: pa.string()}
    fields, arrays = [], []
    for name, kind, column in columns:
        values = [_utf8(each) for each in column] if isinstance(column, list) else column
        fields.append(pa.field(name, types[kind]))
        arrays.append(pa.array(values, type=types[kind]))
    said = dumps({**_head(result), **_findings(result)})
    return parquet_bytes(pa.Table.from_arrays(arrays, schema=pa.schema(fields, {"atc.backtest": said})))


def _utf8(text: str) -> str:
    """A name from damaged bytes holds lone surrogates, which no UTF-8 column takes."""
    return text.encode("utf-8", "backslashreplace").decode()
