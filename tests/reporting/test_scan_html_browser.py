"""The page as a browser shows it; additional, where one is installed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from atc_cli.domain.results.scan import ScanRow
from atc_cli.reporting.scan_documents import scan_json
from atc_cli.reporting.scan_html import scan_html
from tests.helpers.browser import BROWSER, Tab, asked, complaints, tab_or_skip
from tests.helpers.reported import HOSTILE, market, result, row

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no browser is installed"),
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]
SHOWN = "[...document.querySelectorAll('#rows tbody tr')].filter(r => !r.hidden)"


def rows() -> tuple[ScanRow, ...]:
    hostile = [row(20 + place, f"{name}<img src=x onerror=alert(1)>") for place, name in enumerate(HOSTILE)]
    return (*market(), *hostile, *(replace(each, rank=each.rank + 40, symbol=f"{each.symbol}B") for each in market()))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tab, Path]]:
    folder = tmp_path_factory.mktemp("page")
    file = folder / "scan.html"
    file.write_text(scan_html(result(rows())), encoding="utf-8")
    with tab_or_skip(folder / "profile") as opened:
        yield opened, file


def symbols(opened: Tab) -> list[str]:
    return opened.eval(f"{SHOWN}.map(r => r.cells[1].textContent)")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_loads_without_an_error_or_a_request_and_scrolls_its_table_alone(page, width: int, dark: bool) -> None:
    opened, file = page
    opened.open(file, width=width, dark=dark)
    assert opened.eval("document.querySelector('.tools').hidden") is False, "the script did not run"
    assert complaints(opened) == []
    assert asked(opened) == {file.as_uri()}
    assert opened.eval("document.documentElement.scrollWidth <= innerWidth")
    if width < 600:
        assert opened.eval("(s => s.scrollWidth > s.clientWidth)(document.querySelector('.scroll'))")
    lightness = opened.eval("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")
    assert (lightness < 80) is dark


def test_a_title_sorts_by_exact_values_and_turns_round_and_unknown_ones_stay_last(page) -> None:
    opened, file = page
    opened.open(file)
    documents = json.loads(scan_json(result(rows())))["rows"]
    for title, key, largest in (
        ("24 H", "change_24h_frac", True),
        ("PRICE", "price", True),
        ("AGE", "age_bars", False),
    ):
        for again in (False, True):
            opened.eval(f"[...document.querySelectorAll('th')].find(h => h.textContent === '{title}').click()")
            places = opened.eval("[...document.querySelectorAll('#rows tbody tr')].map(r => r.cells[0].textContent)")
            values = {str(each["rank"]): each[key] for each in documents}
            found = [values[place] for place in places]
            known = [value for value in found if value is not None]
            assert known == sorted(known, reverse=largest is not again), title
            assert set(found[len(known) :]) <= {None}


def test_rows_are_found_by_symbol_and_side(page) -> None:
    opened, file = page
    opened.open(file)
    every = symbols(opened)
    opened.eval("find.value = 'pepe'; find.dispatchEvent(new Event('input'))")
    assert symbols(opened) == [name for name in every if "PEPE" in name] != []
    assert opened.eval("count.textContent") == f"{len(symbols(opened))} of {len(every)} rows"
    opened.eval("find.value = ''; side.value = 'SHORT'; side.dispatchEvent(new Event('change'))")
    sides = opened.eval(f"{SHOWN}.map(r => r.cells[2].textContent)")
    assert set(sides) == {"▼ SHORT"}


def test_every_column_can_be_seen_and_the_symbol_stays_in_sight(page) -> None:
    opened, file = page
    opened.open(file, width=390, dark=True)
    seen = "[...document.querySelectorAll('th')].filter(h => h.offsetWidth > 0).length"
    few = opened.eval(seen)
    opened.eval("document.getElementById('all').click()")
    assert opened.eval(seen) > few
    opened.eval("document.querySelector('.scroll').scrollLeft = 400")
    left = "document.querySelector('#rows tbody tr').cells[1].getBoundingClientRect().left"
    assert opened.eval(left) < 60
