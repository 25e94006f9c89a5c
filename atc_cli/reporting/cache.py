"""What `atc cache` tells: a table and JSON of what is stored, and candles as files."""

import re
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from atc_cli.domain.panel import COLUMNS, Candles
from atc_cli.domain.results.stored import Entry, Missing, StoredShelf, StoredWindows
from atc_cli.domain.timeframe import iso
from atc_cli.libraries import arrow
from atc_cli.reporting.documents import Document, dumps, parquet_bytes, time_or_none
from atc_cli.reporting.layout import fitting, gone, plain_table
from atc_cli.reporting.summary import many
from atc_cli.reporting.text import printable, safe_filename

CACHE_SCHEMA = "atc.cache/1"
_GAPS = ("NO TRADES", "NOT ASKED", "FAILED")
_FIGURES = ("SYMBOLS", "BARS", "MB", *_GAPS)
_SPAN = "FROM .. TO"
_NAMES = ("EXCHANGE", "MARKET", "TIMEFRAME")
_HEADS = (*_NAMES, *_FIGURES, _SPAN)
_LEAST_NEEDED = (*_GAPS, "MB", _SPAN)
_HARMLESS = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,60}")  # capitals: distinct also where file names ignore case


def cache_table(shelves: Sequence[StoredShelf], windows: StoredWindows, *, width: int | None) -> list[Table | Text]:
    """A line per exchange, market and timeframe: symbols, candles, megabytes, missing bars by reason, the span.

    Columns that do not fit into `width` terminal cells (None: not a terminal) go, and are named. What is kept of the
    values of windows stands below.
    """
    kept = [_windows_line(windows)] if windows.files else []
    if not shelves:
        return [Text("nothing is stored", "dim"), *kept]
    lines = [_line(shelf) for shelf in shelves]
    table = fitting(_HEADS, _LEAST_NEEDED, lambda heads: plain_table(lines, heads, left=(*_NAMES, _SPAN)), width)
    damaged = sum(shelf.damaged for shelf in shelves)
    aside = [Text(f"{many(damaged, 'damaged file')}: `atc cache prune` throws away what is damaged", "yellow")]
    return [table, *(aside if damaged else []), *kept, *gone(_HEADS, table, width)]


def _windows_line(windows: StoredWindows) -> Text:
    kept = f"values of windows of {windows.files:,} series, {windows.size_bytes / 1e6:.1f} MB"
    return Text(f"{kept}: `atc cache prune --signals` throws them away", "dim")


def _line(shelf: StoredShelf) -> dict[str, str]:
    missing = [shelf.missing_bars(each) for each in shelf.entries]
    counts = [len(shelf.entries), sum(each.bars for each in shelf.entries)]
    gaps = [sum(each[why] for each in missing) for why in Missing]
    cells = [
        *(printable(each) for each in (_source(shelf), shelf.market, shelf.timeframe)),
        *(f"{each:,}" for each in counts),
        f"{shelf.size_bytes / 1e6:.1f}",
        *(f"{each:,}" for each in gaps),
        _span(shelf),
    ]
    return dict(zip(_HEADS, cells, strict=True))


def _source(shelf: StoredShelf) -> str:
    return f"{shelf.exchange}@{shelf.host}" if shelf.host else shelf.exchange


def _span(shelf: StoredShelf) -> str:
    held = [each for each in shelf.entries if each.bars]
    if not held:
        return "-"
    return f"{iso(min(each.first_ms for each in held))[:16]} .. {iso(max(each.last_ms for each in held))[:16]}"


def cache_json(shelves: Sequence[StoredShelf], windows: StoredWindows) -> str:
    """One document, schema atc.cache/1; of each missing bar that nobody answered for it says which and why."""
    kept = {"files": windows.files, "size_bytes": windows.size_bytes}
    listed = [
        {
            "exchange": shelf.exchange,
            "host": shelf.host or None,
            "market": shelf.market,
            "timeframe": shelf.timeframe,
            "size_bytes": shelf.size_bytes,
            "damaged_files": shelf.damaged,
            "symbols": [_symbol(shelf, each) for each in shelf.entries],
        }
        for shelf in shelves
    ]
    return dumps({"schema": CACHE_SCHEMA, "shelves": listed, "windows": kept}, indent=2) + "\n"


def _symbol(shelf: StoredShelf, entry: Entry) -> Document:
    holes = [
        {
            "from": iso(hole.from_ms),
            "to": iso(hole.last_ms),
            "why": hole.why.value,
            "retry": time_or_none(hole.retry_ms),
        }
        for hole in entry.holes
    ]
    return {
        "symbol": entry.symbol,
        "native": entry.native,
        "bars": entry.bars,
        "first": iso(entry.first_ms) if entry.bars else None,
        "last": iso(entry.last_ms) if entry.bars else None,
        "complete": entry.complete,
        "used": time_or_none(entry.used_ms or None),
        "missing_bars": {why.value: bars for why, bars in shelf.missing_bars(entry).items()},
        "holes": holes,
    }


def candles_filename(candles: Candles) -> str:
    """The name that `--data` reads; a name that could be a path or hide another is made harmless."""
    name = candles.symbol if _HARMLESS.fullmatch(candles.symbol) else safe_filename(candles.symbol)
    return f"{name}-{candles.timeframe}.parquet"


def candles_parquet(candles: Candles) -> bytes:
    """timestamp as int64 UTC ms, then open, high, low, close, volume as float64: what `--data` reads back."""
    pa = arrow()

    columns = [pa.array(candles.timestamp, pa.int64()), *(pa.array(each, pa.float64()) for each in candles.values)]
    return parquet_bytes(pa.Table.from_arrays(columns, names=["timestamp", *COLUMNS]))
