"""The scan as a workbook: rows with types, what was computed on what, what was skipped. Needs XlsxWriter."""

import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from atc_cli.domain.measures.measure import Type
from atc_cli.domain.results.scan import ScanResult
from atc_cli.reporting.documents import Document, header_document, plain, skip_document
from atc_cli.reporting.scan_documents import Field, flat_fields
from atc_cli.reporting.text import printable

# No text becomes a formula or a link, whatever it begins with.
_AS_IT_IS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
_CHARACTERS_MAX = 32_767  # of a cell
_FIRST_MS = -2_208_988_800_000  # 1900-01-01: there are no dates before
_WIDEST = 60
_WIDTHS: dict[Type, int] = {"whole": 8, "number": 11, "flag": 9, "time": 17}
# By look, by unit, by type, whichever is known first. A price has as many digits as it has.
_SHOWN = {
    "price": "General",
    "amount": "#,##0",
    "fraction": "+0.00%;-0.00%;0.00%",
    "number": "+0.000;-0.000;0.000",
    "time": "yyyy-mm-dd hh:mm",
}


def scan_xlsx(result: ScanResult) -> bytes:
    """Three sheets. Times are dates in UTC, numbers keep 16 digits; what is not known is an empty cell."""
    import xlsxwriter

    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, _AS_IT_IS)
    book.set_properties({"created": _moment(result.header.generated_at_ms)})
    _rows(book, result)
    about = {**header_document(result.header), "scanned": result.scanned, "hidden": result.hidden}
    _texts(book, "about", ("what", "value"), [(name, _words(value)) for name, value in about.items()])
    _texts(book, "skipped", ("symbol", "reason", "detail", "exchange"), _skipped(result))
    book.close()
    return content.getvalue()


def _rows(book: Any, result: ScanResult) -> None:
    fields = flat_fields(result.header)
    sheet = _sheet(book, "scan", [each.name for each in fields], len(result.rows))
    formats = {name: book.add_format({"num_format": code}) for name, code in _SHOWN.items()}
    for place, field in enumerate(fields):
        values = [field.read(row) for row in result.rows]
        shown = next((formats[each] for each in (field.look, field.unit, field.type) if each in formats), None)
        sheet.set_column(place, place, _width(field, values))
        write = _WRITERS[field.type]
        for line, value in enumerate(values, start=1):
            if value is not None:
                write(sheet, line, place, value, shown)


def _texts(book: Any, name: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    sheet = _sheet(book, name, head, len(lines))
    for place in range(len(head)):
        sheet.set_column(place, place, min(max([12, *(len(line[place]) + 2 for line in lines)]), _WIDEST))
    for number, line in enumerate(lines, start=1):
        for place, text in enumerate(line):
            _text(sheet, number, place, text)


def _sheet(book: Any, name: str, head: Sequence[str], lines: int) -> Any:
    """A sheet whose head stays in sight and filters what is below."""
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, head, book.add_format({"bold": True, "bottom": 1}))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, lines, len(head) - 1)
    return sheet


def _width(field: Field, values: Iterable[object]) -> int:
    texts = map(str, values) if field.type == "text" else ()
    return min(max([len(field.name) + 4, _WIDTHS.get(field.type, 0), *(len(each) + 2 for each in texts)]), _WIDEST)


def _text(sheet: Any, line: int, place: int, value: object, shown: Any = None) -> None:
    sheet.write_string(line, place, printable(str(value))[:_CHARACTERS_MAX], shown)


def _number(sheet: Any, line: int, place: int, value: float, shown: Any) -> None:
    if math.isfinite(value):
        sheet.write_number(line, place, value, shown)


def _time(sheet: Any, line: int, place: int, value: int, shown: Any) -> None:
    if value >= _FIRST_MS:
        sheet.write_datetime(line, place, _moment(value), shown)
    else:
        _text(sheet, line, place, _moment(value).isoformat(" ", "minutes"))


def _flag(sheet: Any, line: int, place: int, value: bool, shown: Any) -> None:
    sheet.write_boolean(line, place, value, shown)


_WRITERS: dict[Type, Callable[[Any, int, int, Any, Any], None]] = {
    "text": _text,
    "whole": _number,
    "number": _number,
    "flag": _flag,
    "time": _time,
}


def _moment(time_ms: int) -> datetime:
    """UTC without a word of it: a workbook knows no zones."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).replace(tzinfo=None)


def _words(value: object) -> str:
    plainly = plain(value)
    return plainly if isinstance(plainly, str) else json.dumps(plainly, ensure_ascii=False)


def _skipped(result: ScanResult) -> list[Sequence[str]]:
    documents: list[Document] = [skip_document(each) for each in result.skipped]
    return [[str(value or "") for value in each.values()] for each in documents]
