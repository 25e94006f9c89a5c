"""The page of a backtest as a browser shows it; additional, where one is installed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from atc_cli.reporting.backtest_html import backtest_html
from tests.helpers.backtests import backtest, hostile, split, without_trades
from tests.helpers.browser import BROWSER, Tab, asked, complaints, tab_or_skip

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no browser is installed"),
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
]
RESULT = split(backtest(symbols=14, bars=3000, trades_each=20))
ROWS = "[...document.querySelectorAll('#symbols tbody tr')]"
# How many colours a chart has drawn with: an empty one has that of the paper alone.
COLOURS = """(id => {
  const [canvas] = [...document.querySelectorAll(`#${id} canvas`)].sort((a, b) => b.width - a.width);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
})"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Tab, Path]]:
    folder = tmp_path_factory.mktemp("page")
    for name, result in (("usual", RESULT), ("hostile", hostile()), ("none", without_trades())):
        (folder / f"{name}.html").write_text(backtest_html(result), encoding="utf-8")
    with tab_or_skip(folder / "profile") as opened:
        yield opened, folder


def settled(opened: Tab) -> None:
    """Charts are drawn in the frame after next."""
    opened.eval("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1280, False)])
def test_it_draws_its_charts_without_an_error_or_a_request(page, width: int, dark: bool) -> None:
    opened, folder = page
    opened.open(folder / "usual.html", width=width, dark=dark)
    settled(opened)
    assert opened.eval("document.querySelector('.tools').hidden") is False, "the script did not run"
    assert complaints(opened) == []
    assert asked(opened) == {(folder / "usual.html").as_uri()}
    assert opened.eval("document.documentElement.scrollWidth <= innerWidth")
    for chart in ("equity", "drawdown", "price"):
        assert opened.eval(f"{COLOURS}('{chart}')") > 5, chart
    told = opened.eval("document.querySelector('[data-of=equity]').textContent")
    assert float(told.replace(",", "")) == pytest.approx(RESULT.account.equity[-1], rel=1e-5)
    lightness = opened.eval("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")
    assert (lightness < 80) is dark


@pytest.mark.parametrize("name", ["hostile", "none"])
def test_what_is_odd_is_drawn_without_an_error(page, name: str) -> None:
    opened, folder = page
    opened.open(folder / f"{name}.html")
    settled(opened)
    assert opened.eval("document.querySelector('.tools').hidden") is False, "the script did not run"
    assert complaints(opened) == []


def test_a_symbol_can_be_chosen_a_stretch_a_scale_and_an_order(page) -> None:
    opened, folder = page
    opened.open(folder / "usual.html", width=800)
    assert opened.eval("symbol.options.length") == 12
    said = set()
    for place in (11, 3):
        opened.eval(f"symbol.selectedIndex = {place}; symbol.dispatchEvent(new Event('change'))")
        said.add(opened.eval("merged.textContent"))
    assert all("20 trades, a candle is 2 bars" in each for each in said)
    opened.eval("['log', 'logprice'].forEach(each => document.getElementById(each).click())")
    opened.eval("[...document.querySelectorAll('button[data-days]')].forEach(each => each.click())")
    settled(opened)
    pnl = {each.symbol: each.pnl for each in RESULT.symbols}
    for largest in (True, False):
        opened.eval("[...document.querySelectorAll('#symbols th')].find(h => h.textContent === 'PROFIT').click()")
        shown = [pnl[name] for name in opened.eval(f"{ROWS}.map(r => r.cells[0].textContent)")]
        assert shown == sorted(shown, reverse=largest)
    assert complaints(opened) == []


def test_the_charts_turn_dark_with_the_page(page) -> None:
    opened, folder = page
    opened.open(folder / "none.html", width=600)
    opened("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    settled(opened)
    pixel = "[...document.querySelector('#equity canvas').getContext('2d').getImageData(2, 2, 1, 1).data]"
    assert max(opened.eval(pixel)[:3]) < 80
    assert complaints(opened) == []
