"""The rows that scans printed: one file that only grows, a line of JSON for each result.

A line is written at once, under a lock, and is whole where it is JSON with every field: what a crash tore is left out,
counted, and costs no other line. Times are ISO 8601 with offset, so that other programs can read it.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from atc_cli.disk.lock import locked_file
from atc_cli.disk.regular import content_of
from atc_cli.domain.catalog import Dialect
from atc_cli.domain.results.printed import Printed, PrintedRow
from atc_cli.domain.results.scan import Side
from atc_cli.domain.timeframe import TIMEFRAMES_MS, iso

_SCHEMA = "atc.log/1"
_TEXTS = ("exchange", "market", "place", "timeframe", "dialect", "params_hash")
_TAIL_BYTES = 1 << 20


class Log:
    """The file; it is made when something is appended."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def append(self, results: Iterable[Printed]) -> int:
        """Append rows that the end of the file (1 MiB) does not hold already; the number of bytes in it then.

        Raises OSError where it cannot be written: then nothing of them is in it.
        """
        with locked_file(self.file) as file:
            end = file.seek(0, os.SEEK_END)
            tail = _tail(file, end)
            kept, _ = _read(tail.splitlines())
            content = b"".join(map(_line, _new(results, kept)))
            if content:
                # A line that a crash tore must not swallow the next one.
                content = (b"" if not tail or tail.endswith(b"\n") else b"\n") + content
                _write(file, content, end)
            return end + len(content)

    def read(self) -> tuple[list[Printed], int]:
        """Every result, each row once, and how many lines are damaged. Raises OSError where it cannot be read."""
        try:
            lines = content_of(self.file).splitlines()
        except FileNotFoundError:
            return [], 0
        results, damaged = _read(lines)
        return list(_new(results, [])), damaged


def _tail(file: IO[bytes], end: int) -> bytes:
    """The end of the file from the beginning of a line."""
    first = max(end - _TAIL_BYTES, 0)
    file.seek(first)
    tail = file.read(end - first)
    return tail if first == 0 else tail[tail.find(b"\n") + 1 :]


def _write(file: IO[bytes], content: bytes, end: int) -> None:
    """All of it, or nothing."""
    left = memoryview(content)
    try:
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except OSError:
        file.truncate(end)
        raise


def _new(results: Iterable[Printed], kept: Sequence[Printed]) -> Iterator[Printed]:
    """What of the results is neither kept nor said before, without those that say nothing new."""
    said: dict[tuple[object, ...], set[str]] = {}
    for each in kept:
        said.setdefault(each.of, set()).update(row.symbol for row in each.rows)
    for each in results:
        before = said.setdefault(each.of, set())
        rows = tuple(row for row in each.rows if row.symbol not in before)
        before.update(row.symbol for row in rows)
        if rows:
            yield replace(each, rows=rows)


def _line(printed: Printed) -> bytes:
    document = {
        "schema": _SCHEMA,
        "time": iso(printed.generated_at_ms),
        "bar_close_time": iso(printed.bar_close_ms),
        **{name: getattr(printed, name) for name in _TEXTS},
        "columns": PrintedRow._fields,
        "rows": printed.rows,
    }
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _read(lines: Iterable[bytes]) -> tuple[list[Printed], int]:
    """What the lines say, and how many of them say nothing that was ever written."""
    results = []
    damaged = 0
    for line in lines:
        try:
            results.append(_printed(json.loads(line)))
        except (ValueError, TypeError, KeyError, OverflowError):
            damaged += 1
    return results, damaged


def _printed(document: Any) -> Printed:
    """Raises ValueError, TypeError, KeyError or OverflowError where it is not what `_line` writes."""
    texts = {name: document[name] for name in _TEXTS}
    if document["schema"] != _SCHEMA or not all(isinstance(each, str) for each in texts.values()):
        raise ValueError("it is in another form")
    step_ms = TIMEFRAMES_MS[texts["timeframe"]]
    Dialect(texts["dialect"])
    rows = tuple(
        PrintedRow(str(symbol), Side(side), float(signal), int(rank), float(price))
        for symbol, side, signal, rank, price in document["rows"]
    )
    closed_ms = _ms(document["bar_close_time"])
    if closed_ms < step_ms:
        raise ValueError("no bar closed then")
    return Printed(generated_at_ms=_ms(document["time"]), bar_close_ms=closed_ms, rows=rows, **texts)


def _ms(written: str) -> int:
    return round(datetime.fromisoformat(written).timestamp() * 1000)
