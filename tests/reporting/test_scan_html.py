"""The page, read by a parser that is not ours: what it says, that it is whole, that nothing in it leads elsewhere."""

import json
import math
import re
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from atc_cli.domain.measures.table import MEASURES, SPARK_CLOSES
from atc_cli.reporting.columns import default_columns
from atc_cli.reporting.scan_documents import scan_json
from atc_cli.reporting.scan_html import scan_html
from atc_cli.reporting.text import hidden, printable
from tests.helpers.pages import Cell, Page, digest_of, policy_of
from tests.helpers.reported import HOSTILE, ROW, market, result, row

TAGS = {
    *("html", "head", "meta", "link", "title", "style", "body", "header", "h1", "p", "ul", "li", "span", "b", "svg"),
    *(
        "rect",
        "path",
        "div",
        "input",
        "select",
        "option",
        "output",
        "label",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ),
    *("footer", "details", "summary", "dl", "dt", "dd", "script"),
}
ATTRIBUTES = {
    *(
        "lang",
        "charset",
        "name",
        "content",
        "http-equiv",
        "rel",
        "href",
        "class",
        "id",
        "type",
        "placeholder",
        "hidden",
    ),
    *(
        "aria-label",
        "aria-hidden",
        "value",
        "for",
        "tabindex",
        "scope",
        "title",
        "data-sort",
        "data-largest",
        "data-find",
    ),
    *("viewbox", "preserveaspectratio", "x", "width", "height", "d"),
}
MARKUP = ("<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "</table></script>", "&lt;&amp;")


def rows_of(page: Page) -> list[list[Cell]]:
    return page.tables[0][1:]


def titles(page: Page) -> list[str]:
    return [cell.text for cell in page.tables[0][0]]


def title_of(key: str) -> str:
    (measure,) = [each for each in MEASURES if each.key == key]
    return measure.title or measure.name.upper().replace("_", " ")


def column(page: Page, key: str) -> list[Cell]:
    place = titles(page).index(title_of(key))
    return [cells[place] for cells in rows_of(page)]


ODD = row(8, "ODD", 0.1 + 0.2, price=1e-8, quote_volume=math.nan, change_24h_frac=-math.inf, grid=None,
          families={"ema": -0.0}, weights={"ema": 5e-324}, flipped_at_ms=None, age_bars=None, rank_before=None,
          new=None)  # fmt: skip
SCAN = result((*market(), ODD))


@pytest.mark.parametrize("measure", MEASURES, ids=[each.key for each in MEASURES])
def test_every_measure_is_a_column_and_its_figures_are_those_of_json(measure) -> None:
    cells = column(Page(scan_html(SCAN)), measure.key)
    assert len(cells) == len(SCAN.rows)
    for cell, document in zip(cells, json.loads(scan_json(SCAN))["rows"], strict=True):
        value = document.get(measure.name)
        said = cell.title or cell.text.strip()
        if measure.type == "families":
            assert cell.title == ", ".join(f"{name} {figure!r}" for name, figure in value.items())
        elif measure.type == "closes":
            assert cell.parts
        elif value is None:
            assert (cell.title, cell.text.strip()) in (("", "-"), ("", "none"), ("", "NEW"), ("", ""))
        elif measure.type == "text":
            assert said.endswith(printable(value))
        elif measure.type in ("whole", "number"):
            assert float(said) == value
        elif measure.type in ("time", "flag"):
            assert said == (value if measure.type == "time" else str(value).lower())
        else:
            assert json.loads(cell.title or "null") == (value or None)


def test_the_default_columns_are_first_and_alone_at_first_and_the_others_a_click_away() -> None:
    for asked in (None, ("symbol", "was", "price")):
        text = scan_html(SCAN, columns=asked)
        keys = asked or default_columns(SCAN)
        page = Page(text)
        assert titles(page)[: len(keys)] == [title_of(key) for key in keys]
        assert len(set(titles(page))) == len(titles(page)) == len(MEASURES)
        assert f"#all:not(:checked)~.scroll tr>:nth-child(n+{len(keys) + 1}){{display:none}}" in text
        assert ("input", "all") in [(tag, given.get("id")) for tag, given in page.tags]


def test_it_is_whole_and_made_of_known_tags_and_leads_nowhere() -> None:
    text = scan_html(SCAN)
    page = Page(text)
    assert page.stack == []
    assert {tag for tag, _ in page.tags} <= TAGS
    assert {name for _, given in page.tags for name in given} <= ATTRIBUTES
    assert {given["href"] for _, given in page.tags if "href" in given} == {"data:,"}
    assert not re.search(r"//\w|url\(|@import|src=|fetch\(|XMLHttp", text.replace("// null", ""))


def test_its_own_style_and_script_may_run_and_no_other() -> None:
    for scan in (SCAN, result((row(1, MARKUP[0]),))):
        page = Page(scan_html(scan, columns=("symbol",)))
        allowed = policy_of(page)
        assert allowed["default-src"] == ["'none'"]
        for kind in ("style", "script"):
            assert allowed[f"{kind}-src"] == [digest_of(content) for content in page.texts[kind]]
            assert len(page.texts[kind]) == 1


@pytest.mark.parametrize("name", [*HOSTILE, *MARKUP])
def test_a_hostile_name_is_text_wherever_it_stands(name: str) -> None:
    skips = tuple(replace(skip, symbol=name, detail=name, exchange=name) for skip in result().skipped)
    named = {"exchange": name, "market": name, "preset": name, "modified": (name,), "warnings": (name,)}
    scan = result((row(1, name, exchange=name), row(2, "B")), skipped=skips, hidden={name: 3}, **named)
    text = scan_html(scan)
    page = Page(text)
    assert {tag for tag, _ in page.tags} <= TAGS
    assert {attribute for _, given in page.tags for attribute in given} <= ATTRIBUTES
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 1
    assert page.stack == []
    assert column(page, "symbol")[0].text == column(page, "exchange")[0].text == printable(name)
    (_, skipped, *_) = page.tables[1]
    assert [cell.text.strip() for cell in skipped] == [
        each.strip() for each in (printable(name), "too few bars", printable(name), printable(name))
    ]
    assert f"warning: {printable(name)}" in page.texts["p"]
    assert not any(hidden(char) for char in text if char not in "\n\u00a0")
    text.encode()


def test_what_makes_the_signals_these_signals_is_said() -> None:
    loud = Page(scan_html(result(simulated=True, include_open=True, interrupted=True, modified=("ema_len",))))
    words = "\n".join(each for texts in loud.texts.values() for each in texts)
    for part in (
        "SIMULATED MARKET", "includes the forming bar", "interrupted", "preset intraday (with other ema_len)",
        "binanceusdm swap 1h", "1500 bars", "dialect lts", ", 4 min old", "made 2025-10-23T09:04:00+00:00",
        "▲ 4 LONG", "▼ 5 SHORT", "91 NEUTRAL", "hidden: 90 NEUTRAL, 3 --top", "3 skipped: 1 too few bars", "ab" * 32,
    ):  # fmt: skip
        assert part in words, part
    plain = scan_html(result(data_age_ms=None))
    assert "SIMULATED" not in plain
    assert "min old" not in plain


def test_shown_times_are_of_the_zone_and_exact_ones_of_utc() -> None:
    there, here = (Page(scan_html(SCAN, zone=zone)) for zone in (UTC, ZoneInfo("Europe/Berlin")))
    (utc, *_), (berlin, *_) = column(there, "flipped"), column(here, "flipped")
    assert utc.title == berlin.title == "2025-10-23T05:00:00+00:00"
    assert int(berlin.text[:2]) - int(utc.text[:2]) == 2


def points(parts: list[dict[str, str]]) -> list[list[tuple[int, int]]]:
    """The corners of each line of a sparkline."""
    lines = []
    for part in parts:
        start, steps = re.fullmatch(r"M(\d+ \d+)l(.*)", part["d"]).groups()
        numbers = [int(each) for each in re.findall(r"-?\d+", steps)]
        (x, y), line = map(int, start.split()), []
        line.append((x, y))
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            line.append((x, y))
        lines.append(line)
    return lines


@pytest.mark.parametrize(("bars", "age"), [(40, 3), (40, 0), (40, None), (40, 900), (11, 4), (2, 1), (90, 7)])
def test_a_sparkline_goes_through_the_closes_and_changes_colour_at_the_flip(bars: int, age: int | None) -> None:
    closes = tuple(100 + 10 * math.sin(i / 5) + i % 3 for i in range(bars))
    (cell,) = column(Page(scan_html(result((replace(ROW, closes=closes, age_bars=age),)))), "spark")
    lines = points(cell.parts)
    drawn = [*lines[0], *(point for line in lines[1:] for point in line[1:])]
    shown = closes[-SPARK_CLOSES:]
    low, high = min(shown), max(shown)
    assert [y for _, y in drawn] == [round((high - close) / (high - low) * 15) for close in shown]
    assert [x for x, _ in drawn] == [3 * i for i in range(len(shown))]
    assert len(lines) == (1 if age is None or age >= len(shown) - 1 else 2)
    if len(lines) == 2:
        assert cell.parts[0]["class"] == "q"
        assert len(lines[1]) - 1 == max(age, 1)
        assert lines[0][-1] == lines[1][0]


def test_closes_that_never_moved_and_a_single_close_are_drawn_without_fuss() -> None:
    flat, lone = (replace(ROW, closes=closes) for closes in ((1.0,) * 40, (1.0,)))
    cells = column(Page(scan_html(result((flat, lone)))), "spark")
    assert {y for line in points(cells[0].parts) for _, y in line} == {7}
    assert cells[1].parts == []


def test_a_scan_without_rows_is_a_page() -> None:
    page = Page(scan_html(result((), skipped=(), hidden={}, breadth={}, bar_time_ms=None)))
    assert rows_of(page) == []
    assert len(page.tables) == 1
    assert page.stack == []


def test_a_thousand_rows_stay_below_two_megabytes() -> None:
    """Of figures of all digits, as a real universe has them."""
    names = [measure.name for measure in MEASURES if measure.window is not None]
    every = tuple(
        replace(
            ROW,
            rank=i,
            symbol=f"COIN{i}/USDT:USDT",
            price=math.exp(math.sin(i) * 9),
            signal=math.sin(i),
            families={name: math.sin(i + place) for place, name in enumerate(ROW.families)},
            weights={name: 1 + math.sin(i * place) for place, name in enumerate(ROW.families)},
            closes=tuple(math.sin(i * k) for k in range(40)),
            measured={name: math.exp(math.cos(i + k) * 5) for k, name in enumerate(names)},
        )
        for i in range(1000)
    )
    assert len(scan_html(result(every)).encode()) < 2_000_000
