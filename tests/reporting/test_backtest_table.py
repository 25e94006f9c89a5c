import re
from dataclasses import replace

import numpy as np
import pytest
from rich.cells import cell_len

from atc_cli.backtest.metrics import METRICS
from atc_cli.domain.results.scan import Side
from atc_cli.domain.rules import Costs, Enter, Exits, Fill, Rules, SizeBy
from atc_cli.reporting import backtest_words as words
from atc_cli.reporting.backtest_detail import heat
from atc_cli.reporting.backtest_figures import APART, FIRST, of_side
from atc_cli.reporting.backtest_table import backtest_table
from atc_cli.reporting.curves import Line, curves
from atc_cli.reporting.text import hidden
from tests.helpers.backtests import NOTES, backtest, hostile, split, without_trades
from tests.helpers.terminal import lines_of, printed

RESULT = backtest()
WIDTHS = (60, 80, 120, 160)
RESULTS = {"usual": RESULT, "split": split(RESULT), "none": without_trades(), "hostile": hostile()}


def text(result, width=None, **options):
    return "\n".join(lines_of(backtest_table(result, width=width, **options), width))


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("verbose", [False, True])
def test_no_line_is_wider_than_the_terminal_but_for_a_figure_that_would_be_cut(name: str, width: int, verbose: bool):
    lines = lines_of(backtest_table(RESULTS[name], width=width, verbose=verbose), width)
    widest = 80 if width == 60 else width  # tables of figures are not cut
    assert max(map(cell_len, lines)) <= widest
    assert "…" not in "\n".join(lines)


def test_off_a_terminal_nothing_is_cut_and_nothing_is_coloured():
    plain = printed(backtest_table(RESULT, width=None, verbose=True))
    assert "\x1b" not in plain
    for each in RESULT.symbols:
        assert each.symbol in plain
    assert not [char for char in plain if hidden(char) and char != "\n"]


def test_it_says_what_was_tested_and_what_is_paid_before_what_came_of_it():
    said = text(RESULT)
    order = [
        "binanceusdm swap", "5 symbols", "2024-01-01 .. 2024-04-09", RESULT.anchor_words, "enters when the side flips",
        "3 ATR against it", "fee 5 bps: Binance USD-M taker", "⠤⠤ equity", "⠄⠄ benchmark", "total return", "▲ LONG",
        "▼ SHORT", "look-ahead: the past", "not run: warm-up", NOTES[0],
    ]  # fmt: skip
    places = [said.index(each) for each in order]
    assert places == sorted(places)


def test_the_figures_that_matter_are_those_of_the_metrics():
    said, metrics = text(RESULT, 80), RESULT.whole.metrics
    for title, key, scale, digits in (
        ("total return", "return_total_frac", 100, 2),
        ("max drawdown", "max_drawdown_frac", 100, 2),
        ("win rate", "win_rate_frac", 100, 2),
        ("profit factor", "profit_factor", 1, 2),
        ("trades", "trades", 1, 0),
        ("break-even", "break_even_bps", 1, 1),
    ):
        shown = re.search(rf"{title} +([-+\d.,]+)", said)[1]
        assert float(shown.replace(",", "")) == round(metrics[key].value * scale, digits), title


def test_eighty_columns_hold_the_figures_side_by_side_with_what_explains_them():
    metrics = RESULT.whole.metrics
    large = {"turnover_annual": 1_871.35, "fees_cash": 12_093.43, "funding_cash": 1_115.73, "trades_open": 11.0}
    changed = metrics | {key: replace(metrics[key], value=value) for key, value in large.items()}
    said = text(replace(RESULT, whole=replace(RESULT.whole, metrics=changed)), 80)
    assert re.search(r"^total return .* trades ", said, flags=re.MULTILINE)
    assert re.search(r"^max drawdown .* days\*? +profit factor ", said, flags=re.MULTILINE)
    assert re.search(r"fees paid +12,093.43  1,115.73 funding$", said, flags=re.MULTILINE)


def test_what_is_shown_first_and_of_each_side_is_in_the_table_of_metrics():
    keys = {each.key for each in METRICS}
    assert {key for each in FIRST for key in (each.key, each.beside) if key} <= keys
    assert {of_side(side, key) for side in (Side.LONG, Side.SHORT) for key in APART} <= keys


def test_a_metric_that_was_not_computed_is_replaced_by_the_next_of_the_table():
    metrics = {key: each for key, each in RESULT.whole.metrics.items() if key not in ("sharpe_annual", "win_rate_frac")}
    said = text(replace(RESULT, whole=replace(RESULT.whole, metrics=metrics)))
    assert re.search(r"(^| )Profit +[\d.,]+", said, flags=re.MULTILINE)
    assert "Sharpe " not in said
    assert text(replace(RESULT, whole=replace(RESULT.whole, metrics={}))).count("LONG") == 0


def test_a_figure_from_few_trades_has_a_star_and_the_star_is_explained():
    said = text(backtest(trades_each=4))
    assert re.search(r"win rate +[\d.]+%\*", said)
    assert re.search(r"\* .*Win rate, .* and \d+ more: from 20 trades, fewer than 30", said)
    many = text(backtest(trades_each=60))
    assert re.findall(r".*\*.*", many) == re.findall(r".*(?:days\*|not recovered).*", many)


def test_what_is_weak_in_a_part_alone_is_said_of_that_part():
    result = split(backtest(trades_each=60))
    first, second = result.parts
    few = {
        key: replace(each, warning="from 9 trades") for key, each in second.metrics.items() if key == "profit_factor"
    }
    said = text(replace(result, parts=(first, replace(second, metrics=second.metrics | few))))
    assert "* last 40%: Profit factor: from 9 trades" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"simulated": True}, "SIMULATED MARKET"),
        ({"interrupted": True}, "interrupted"),
        ({"warnings": ("the clock is wrong",)}, "! the clock is wrong"),
    ],
)
def test_what_must_not_be_missed_is_said(changes, said: str):
    assert said in text(backtest(**changes))


def test_ruin_is_said_before_anything_else():
    ruined = replace(RESULT, account=replace(RESULT.account, ruined_at=100))
    assert text(ruined).startswith(" RUINED 2024-01-05: the whole capital was lost")


def test_verbose_adds_every_figure_every_month_and_every_symbol_the_best_first():
    said = text(RESULT, 160, verbose=True)
    for each in RESULT.whole.metrics.values():
        assert each.title in said
    assert re.search(r"^2024 +[-+]\d", said, flags=re.MULTILINE)
    ranked = sorted(RESULT.symbols, key=lambda each: -each.pnl)
    places = [said.rindex(f"\n{each.symbol}") for each in ranked]
    assert places == sorted(places)


def test_a_month_is_the_stronger_in_colour_the_more_it_moved():
    assert heat(0.01, 0.1) != heat(0.1, 0.1) != heat(-0.1, 0.1)
    assert heat(0.1, 0.1) == heat(0.09, 0.1)
    assert heat(None, 0.1) == heat(0.0, 0.1) == heat(0.0, 0.0) == ""


def test_the_rule_is_said_in_words():
    every = Rules(
        side="long", enter=Enter.HOLD, exits=Exits(flip=False, neutral=True, target_atr=2.5, bars=24),
        fill=Fill.NEXT_CLOSE, min_signal=0.4, max_age_bars=3, min_volume=1e6, max_positions=1, rebalance_bars=48,
        size=SizeBy.ATR, risk_frac=0.02, leverage=2.5,
    )  # fmt: skip
    assert words.rule(every) == [
        "long only",
        "enters wherever the side stands, |signal| at least 0.4, the flip at most 3 bars old, "
        "24 h volume at least 1.00M",
        "leaves when the side is lost or 2.5 ATR in its favour or after 24 bars",
        "fills at the next close",
        "2.00% of the equity at risk in each, at most 1 position, rebalanced every 48 bars",
        "leverage 2.5x",
    ]


def test_costs_that_nobody_named_are_said_and_none_at_all_stand_out():
    unsaid = Costs(fee_frac=0.0005, slippage_frac=0.0)
    assert words.costs(unsaid) == ["fee 5 bps", "slippage 0 bps", "funding 0 bps per 8 h"]
    assert not words.free(unsaid)
    assert words.free(Costs(fee_frac=0.0, slippage_frac=0.0))


def dots(lines) -> set[tuple[int, int]]:
    """(column, level from below) of every dot."""
    bits = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
    found = set()
    for row, line in enumerate(reversed(lines)):
        for cell, char in enumerate(line.plain):
            value = 0 if char == " " else ord(char) - 0x2800
            found |= {
                (cell * 2 + column, row * 4 + 3 - dot)
                for column in range(2)
                for dot in range(4)
                if value & bits[column][dot]
            }
    return found


def test_a_line_is_drawn_from_the_bottom_to_the_top_without_holes():
    values = np.array([0.0, 7.0, 7.0, 3.0])
    seen = dots(curves([Line(values, "")], 0.0, 7.0, cells=2, rows=2))
    assert seen == {(0, 0), *((1, level) for level in range(1, 8)), (2, 7), *((3, level) for level in range(3, 7))}


def test_a_dotted_line_leaves_every_other_column_free_and_hides_behind_the_first():
    flat = np.full(8, 1.0)
    assert dots(curves([Line(flat, "", dotted=True)], 0.0, 3.0, cells=4, rows=1)) == {(0, 1), (2, 1), (4, 1), (6, 1)}
    both = curves([Line(flat, "red"), Line(flat * 2, "blue", dotted=True)], 0.0, 3.0, cells=4, rows=1)
    assert {level for _, level in dots(both)} == {1}


@pytest.mark.parametrize("bars", [1, 2, 25, 26])
def test_a_few_bars_are_a_picture_too(bars: int):
    account = replace(RESULT.account, **{name: getattr(RESULT.account, name)[:bars] for name in (
        "equity", "cash", "gross", "net", "held", "turnover")})  # fmt: skip
    account = replace(account, trades=without_trades().account.trades)
    result = replace(RESULT, account=account, benchmark=RESULT.benchmark[:bars], axis_ms=RESULT.axis_ms[:bars])
    assert "⠤⠤ equity" in text(result, 80)
