"""The workbook, read as the XML that it is."""

import csv
import io
import json
import math
import re
import zipfile
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest

from atc_cli.domain.measures.table import MEASURES
from atc_cli.reporting.scan_documents import scan_csv, scan_json
from atc_cli.reporting.text import printable
from tests.helpers.reported import ESCAPE, HOSTILE, market, result, row

pytest.importorskip("xlsxwriter", reason="the extra xlsx is not installed")
from atc_cli.reporting.scan_xlsx import scan_xlsx

NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
ODD = row(8, "ODD", 0.1 + 0.2, price=1e-8, quote_volume=math.nan, change_24h_frac=-math.inf, families={"ema": -0.5},
          weights={"ema": 5e-300}, flipped_at_ms=-3_000_000_000_000, age_bars=None, grid=None)  # fmt: skip
SCAN = result((*market(), ODD))
Cell = tuple[str, str]  # type, value
TIMES = {each.name for each in MEASURES if each.type == "time"}


class Book:
    """Sheets by name: their cells by place, and the code of the format that shows each."""

    def __init__(self, content: bytes) -> None:
        self.files = zipfile.ZipFile(io.BytesIO(content))
        names = [each.get("name") for each in self.xml("xl/workbook.xml").iterfind(".//m:sheet", NS)]
        shared = ["".join(each.itertext()) for each in self.xml("xl/sharedStrings.xml").iterfind("m:si", NS)]
        self.texts = [re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), each) for each in shared]
        self.sheets = {name: self.xml(f"xl/worksheets/sheet{i}.xml") for i, name in enumerate(names, start=1)}

    def xml(self, name: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.files.read(name))

    def rows(self, sheet: str) -> list[dict[int, Cell]]:
        return [dict(map(self._cell, each)) for each in self.sheets[sheet].iterfind(".//m:row", NS)]

    def _cell(self, cell: ElementTree.Element) -> tuple[int, Cell]:
        letters = re.match("[A-Z]+", cell.get("r", ""))[0]
        place = 0
        for letter in letters:
            place = place * 26 + ord(letter) - 64
        kind, value = cell.get("t", "n"), cell.findtext("m:v", namespaces=NS) or ""
        return place - 1, (kind, self.texts[int(value)] if kind == "s" else value)

    def format_of(self, sheet: str, reference: str) -> str:
        styles = self.xml("xl/styles.xml")
        codes = {each.get("numFmtId"): each.get("formatCode") for each in styles.iterfind(".//m:numFmt", NS)}
        used = [each.get("numFmtId") for each in styles.find("m:cellXfs", NS)]
        (cell,) = [each for each in self.sheets[sheet].iterfind(".//m:c", NS) if each.get("r") == reference]
        return codes.get(used[int(cell.get("s", "0"))], "General")


def test_rows_are_those_of_csv_with_types() -> None:
    head, *rows = Book(scan_xlsx(SCAN)).rows("scan")
    names = [text for _, text in head.values()]
    written = list(csv.DictReader(io.StringIO(scan_csv(SCAN))))
    assert names == list(written[0])
    assert len(rows) == len(written)
    seen = set()
    for cells, texts in zip(rows, written, strict=True):
        for place, name in enumerate(names):
            kind, value = cells.get(place, ("", ""))
            seen.add(kind)
            if kind == "n" and name in TIMES:
                found = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=float(value))
                assert abs(found - datetime.fromisoformat(texts[name])) < timedelta(milliseconds=1)
            elif kind == "n":
                assert float(value) == pytest.approx(float(texts[name]), rel=1e-15, abs=0)
            elif kind == "b":
                assert value == str(int(texts[name] == "true"))
            elif name in TIMES and kind == "s":
                assert texts[name].startswith(value.replace(" ", "T"))
            else:
                assert value == texts[name].replace("-inf", ""), name
    assert seen == {"n", "s", "b", ""}


@pytest.mark.parametrize("name", [*HOSTILE, "=1+1", "+SUM(A1)", "@x", "-2", "https://x.y", "0123", "_x0041_", "1e5"])
def test_a_name_is_text_whatever_it_begins_with(name: str) -> None:
    book = Book(scan_xlsx(result((row(1, name, exchange=name),), market=name, warnings=(name,))))
    cells = [cell for cells in book.rows("scan")[1:] for cell in cells.values()]
    assert cells.count(("s", printable(name))) == 3
    sheets = [book.files.read(each) for each in book.files.namelist() if "sheet" in each]
    assert not any(b"<f>" in each or b"hyperlink" in each for each in sheets)


def test_dates_and_numbers_are_shown_as_such() -> None:
    book = Book(scan_xlsx(SCAN))
    (head, *_) = book.rows("scan")
    place = {name: chr(65 + number) if number < 26 else f"A{chr(39 + number)}" for number, (_, name) in head.items()}
    shown = {
        name: book.format_of("scan", f"{place[name]}2") for name in ("bar_time", "signal", "change_24h_frac", "rank")
    }
    assert shown["bar_time"] == "yyyy-mm-dd hh:mm"
    assert "%" in shown["change_24h_frac"]
    assert shown["signal"].startswith("+0.000")
    assert shown["rank"] == "General"


def test_the_head_stays_in_sight_and_filters() -> None:
    book = Book(scan_xlsx(SCAN))
    for sheet in book.sheets.values():
        pane = sheet.find(".//m:pane", NS)
        assert pane is not None
        assert (pane.get("state"), pane.get("topLeftCell")) == ("frozen", "A2")
        assert sheet.find("m:autoFilter", NS) is not None


def test_what_was_computed_and_what_was_skipped_have_sheets_of_their_own() -> None:
    book = Book(scan_xlsx(SCAN))
    document = json.loads(scan_json(SCAN))
    about = {name: value for (_, name), (_, value) in (cells.values() for cells in book.rows("about")[1:])}
    for name in ("exchange", "market", "timeframe", "generated_at", "params_hash", "bar_time"):
        assert about[name] == document[name]
    assert json.loads(about["params"]) == document["params"]
    skipped = [[text for _, text in cells.values()] for cells in book.rows("skipped")[1:]]
    assert [each[:2] for each in skipped] == [
        [printable(skip["symbol"]), skip["reason"]] for skip in document["skipped"]
    ]
    assert skipped[2][0] == printable(ESCAPE)


def test_an_answer_of_a_whole_page_and_a_scan_without_rows_are_no_trouble() -> None:
    long = Book(scan_xlsx(result((row(1, "A" * 40_000),))))
    assert len(long.rows("scan")[1][3][1]) == 32_767
    empty = Book(scan_xlsx(result((), skipped=(), hidden={}, bar_time_ms=None)))
    assert len(empty.rows("scan")) == 1


def test_the_same_scan_is_the_same_file() -> None:
    assert scan_xlsx(SCAN) == scan_xlsx(SCAN)
