"""The page of a backtest, read by a parser that is not ours: what it says, that it is whole and small."""

import hashlib
import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from atc_cli.reporting import backtest_figures as chosen
from atc_cli.reporting.backtest_curves import POINTS, TRADES, charts
from atc_cli.reporting.backtest_html import backtest_html
from atc_cli.reporting.backtest_symbols import SYMBOL_COLUMNS
from atc_cli.reporting.text import hidden, printable
from tests.conftest import ROOT
from tests.helpers.backtests import backtest, hostile, split, without_trades
from tests.helpers.pages import Page, digest_of, policy_of
from tests.helpers.reported import HOSTILE

RESULT = backtest()
LARGE = backtest(symbols=200, bars=8760, trades_each=40)
CHARTS = ROOT / "atc_cli" / "reporting" / "lightweight_charts"
# Of js/lightweight-charts.js in lightweight_charts-2.1-py3-none-any.whl.
PINNED = "a7d4221516c7ea0bb0cc17d605df8848c1c748517a2ca43c2ce1a95ddb159006"
TRADINGVIEW = "https://www.tradingview.com/"


def data_of(page: Page) -> dict:
    (data,) = [text for text in page.texts["script"] if text.startswith("{")]
    return json.loads(data)


def words_of(page: Page) -> str:
    return "\n".join(each for tag, texts in page.texts.items() if tag not in ("script", "style") for each in texts)


def test_the_script_of_the_charts_is_the_one_that_was_published():
    script = (CHARTS / "lightweight-charts.js").read_bytes()
    assert hashlib.sha256(script).hexdigest() == PINNED
    assert b"Lightweight Charts\xe2\x84\xa2 v4.1.3" in script
    assert "Apache License" in (CHARTS / "LICENSE").read_text()
    assert TRADINGVIEW in (CHARTS / "NOTICE").read_text()


def test_the_page_names_who_made_the_charts_as_their_notice_asks():
    page = Page(backtest_html(RESULT))
    (said,) = [each for each in page.texts["p"] if "TradingView Lightweight Charts" in each]
    assert "Copyright" in said
    assert "Apache License 2.0" in said
    assert page.texts["a"] == [TRADINGVIEW]


def test_its_own_style_and_scripts_may_run_and_nothing_is_asked_for():
    text = backtest_html(RESULT)
    page = Page(text)
    allowed = policy_of(page)
    assert allowed["default-src"] == ["'none'"]
    assert allowed["style-src"] == [digest_of(each) for each in page.texts["style"]]
    scripts = [each for each in page.texts["script"] if not each.startswith("{")]
    assert allowed["script-src"] == [digest_of(each) for each in scripts]
    assert {given["href"] for _, given in page.tags if "href" in given} == {"data:,", TRADINGVIEW}
    assert not [given for _, given in page.tags if "src" in given or "style" in given]
    assert not re.search(r"url\(|@import|\bfetch\(|XMLHttp|WebSocket|import\(", text)
    addresses = set(re.findall(r"\w+://[^\s\"'<)]+", text))
    assert addresses == {TRADINGVIEW, "https://www.apache.org/licenses/LICENSE-2.0"}


@pytest.mark.parametrize("name", ["usual", "split", "none", "hostile"])
def test_it_is_whole(name: str):
    result = {"usual": RESULT, "split": split(RESULT), "none": without_trades(), "hostile": hostile()}[name]
    text = backtest_html(result)
    assert Page(text).stack == []
    assert not any(hidden(char) for char in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL) if char != "\n")
    text.encode()


def test_a_hostile_name_is_text_wherever_it_stands():
    result = hostile()
    page = Page(backtest_html(result))
    assert "b" in page.texts
    assert not [given for tag, given in page.tags if tag == "img" or any(name.startswith("on") for name in given)]
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 3
    symbols = [row[0].text for row in table_of(page, "SYMBOL")[1:]]
    assert set(symbols) == set(map(printable, HOSTILE))
    assert {each["name"] for each in data_of(page)["symbols"]} == set(map(printable, HOSTILE))
    assert "</script><b>hold" in words_of(page)


def table_of(page: Page, head: str) -> list:
    (table,) = [each for each in page.tables if each[0][0].text == head]
    return table


def test_every_symbol_has_a_row_whose_figures_are_exact():
    page = Page(backtest_html(LARGE))
    heads, *rows = table_of(page, "SYMBOL")
    assert [each.text for each in heads] == [each.head for each in SYMBOL_COLUMNS]
    assert len(rows) == 200
    profit, trades, hold = ([each.head for each in SYMBOL_COLUMNS].index(head) for head in ("PROFIT", "TRADES", "HOLD"))
    by_name = {each.symbol: each for each in LARGE.symbols}
    for row in rows:
        symbol = by_name[row[0].text]
        assert float(row[profit].title) == symbol.pnl
        assert float(row[hold].title) == symbol.hold_return_frac
        assert int(row[trades].text) == symbol.trades
    assert [each.pnl for each in LARGE.symbols] != sorted((each.pnl for each in LARGE.symbols), reverse=True)
    assert [by_name[row[0].text].pnl for row in rows] == sorted((each.pnl for each in LARGE.symbols), reverse=True)


def test_what_was_tested_what_it_cost_and_what_to_doubt_is_said():
    said = words_of(Page(backtest_html(split(backtest(simulated=True, interrupted=True, trades_each=4)))))
    for part in (
        "SIMULATED MARKET", "interrupted", "binanceusdm swap 1h", "2024-01-01 .. 2024-04-09",
        "enters when the side flips", "3 ATR against it", RESULT.anchor_words, *RESULT.costs.said,
        RESULT.benchmark_title, *RESULT.notes,
        "look-ahead: the past is identical", "not run: warm-up", "fewer than 30", "3 entries found no room",
        "2 skipped: 1 too few bars", "first 60%", "last 40%", "params_hash", "ab" * 32,
        *(each.title for each in RESULT.whole.metrics.values()),
    ):  # fmt: skip
        assert part in said, part


def test_every_metric_and_every_month_stands_there_exactly():
    page = Page(backtest_html(RESULT))
    (every,) = [table[1:] for table in page.tables if table[0][-1].text == "of"]
    for (title, cell, _), metric in zip(every, RESULT.whole.metrics.values(), strict=True):
        assert title.text == metric.title
        assert cell.text == chosen.shown(chosen.Chosen(metric.key, ""), metric)
        assert not cell.title or float(cell.title) == metric.value
    (months,) = [table for table in page.tables if any(cell.text == "Jan" for cell in table[0])]
    found = [float(cell.title) for cell in months[1][1:] if cell.title]
    assert found == [frac for _, _, frac in RESULT.whole.months]


def test_the_charts_hold_the_extremes_and_the_end_of_a_long_curve():
    curve, account = charts(LARGE)["curve"], LARGE.account
    assert len(curve["equity"]) <= POINTS + 1
    assert len(curve["equity"]) == len(curve["benchmark"]) == len(curve["drawdown"])
    assert max(curve["equity"]) == pytest.approx(account.equity.max(), rel=1e-6)
    assert curve["equity"][-1] == pytest.approx(account.equity[-1], rel=1e-6)
    below = LARGE.whole.metrics["max_drawdown_frac"].value
    assert min(curve["drawdown"]) == pytest.approx(below * 100, rel=1e-5)


def test_candles_are_of_the_symbols_that_moved_most_and_trades_lie_on_them():
    symbols = charts(LARGE)["symbols"]
    pnl = {each.symbol: abs(each.pnl) for each in LARGE.symbols}
    moved = sorted((each.symbol for each in LARGE.candles), key=lambda name: -pnl[name])
    assert [each["name"] for each in symbols] == moved[:12]
    trades = LARGE.account.trades
    for each in symbols:
        number = [symbol.symbol for symbol in LARGE.symbols].index(each["name"])
        assert each["of"] == (trades.symbol == number).sum() == len(each["trades"]) <= TRADES
        candles = len(each["candles"]) // 4
        assert all(0 <= entry <= end < candles for entry, end, *_ in each["trades"])
        shown = sorted(profit for *_, profit, _ in each["trades"])
        assert shown == pytest.approx(sorted(trades.pnl[trades.symbol == number]), rel=1e-4, abs=1e-4)


def test_a_backtest_without_trades_or_candles_is_a_page():
    page = Page(backtest_html(without_trades()))
    data = data_of(page)
    assert data["symbols"] == []
    assert data["curve"]["equity"]
    assert "price" not in {given.get("id") for _, given in page.tags}


def test_two_hundred_symbols_over_a_year_of_hours_stay_below_their_size():
    assert len(backtest_html(LARGE).encode()) < 1_200_000


def test_a_symbol_with_thousands_of_trades_shows_the_last_of_them():
    busy = backtest(symbols=1, bars=8760, trades_each=2000)
    (symbol,) = charts(busy)["symbols"]
    assert (symbol["of"], len(symbol["trades"])) == (2000, TRADES)
    assert max(end for _, end, *_ in symbol["trades"]) == len(symbol["candles"]) // 4 - 1


def test_the_assets_of_the_page_are_no_sources_of_ours():
    """They go into the wheel as they are: nothing rewrites them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["tool"]["maturin"]["python-packages"] == ["atc_cli"]
    assert {each.suffix for each in CHARTS.iterdir()} == {".js", ""}
    assert not [each for each in (ROOT / ".gitignore").read_text().split() if Path(each).suffix in (".js", ".css")]


def test_a_part_without_a_metric_has_a_dash():
    result = split(RESULT)
    first, second = result.parts
    page = Page(backtest_html(replace(result, parts=(first, replace(second, metrics={})))))
    (table,) = [each for each in page.tables if len(each[0]) == 4 and "first 60%" in each[0][2].text]
    assert {row[3].text.strip() for row in table[1:]} == {"-"}
