"""Figures of a backtest against another library's, and against the textbook in plain Python."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from statistics import NormalDist, fmean

import numpy as np
import pytest

from atc_cli.backtest.checks import costs
from atc_cli.backtest.metrics import METRICS, figures
from atc_cli.backtest.periods import year_days_of
from atc_cli.domain.account import follow
from atc_cli.domain.results.backtest import Figures, Metric
from atc_cli.domain.rules import Costs, Enter, Exits, Reason, Rules
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS
from tests.conftest import ROOT
from tests.helpers.accounts import COSTS, START_MS, account_of, axis_of, trades_of, walk
from tests.helpers.metric_cases import CASES, ReturnsCase, golden
from tests.helpers.tapes import foreseeing

GOLDEN = golden()


def weekdays(count: int) -> np.ndarray:
    """Days on which a stock exchange is open, were there no holidays."""
    days = START_MS + DAY_MS * np.arange(count * 2 + 7)
    return days[(days // DAY_MS + 3) % 7 < 5][:count]


def of_curve(equity, bar_ms=HOUR_MS, benchmark=None, year_days=365.0, axis=None, trades=None, **given) -> Figures:
    equity = np.asarray(equity, float)
    axis = axis_of(len(equity), bar_ms) if axis is None else axis
    benchmark = equity if benchmark is None else benchmark
    account = account_of(equity, trades, **{key: given.pop(key) for key in ("ruined_at", "turnover") if key in given})
    return figures(account, axis, bar_ms, benchmark, year_days, **{"costs": COSTS, "title": "all"} | given)


def values(found: Figures) -> dict[str, float | None]:
    return {key: metric.value for key, metric in found.metrics.items()}


@pytest.fixture(scope="module")
def hourly() -> Figures:
    rng = np.random.default_rng(5)
    equity = walk(rng, 4000, step=0.004)
    return of_curve(equity, benchmark=walk(rng, 4000), trades=trades_of(rng, 200, 4000, still_open=3))


@pytest.mark.parametrize("case", CASES, ids=[case.label for case in CASES])
def test_figures_are_those_of_empyrical(case: ReturnsCase) -> None:
    own, benchmark = (1000 * np.cumprod(1 + np.array(each)) for each in case.returns())
    axis = axis_of(case.count, DAY_MS) if case.year_days == 365 else weekdays(case.count)
    got = values(of_curve(own, DAY_MS, benchmark, case.year_days, axis))
    expected = GOLDEN["cases"][case.label]
    assert len(expected) == 14
    assert {key: got[key] for key in expected} == {
        key: value if value is None else pytest.approx(value, rel=1e-9, abs=1e-12) for key, value in expected.items()
    }


def test_returns_of_hours_are_taken_by_days_of_utc() -> None:
    """Which begin within a day here, and have a day without a bar."""
    rng = np.random.default_rng(1)
    equity, benchmark = walk(rng, 24 * 90), walk(rng, 24 * 90)
    axis = axis_of(24 * 90, start_ms=START_MS + 5 * HOUR_MS)
    kept = axis // DAY_MS != START_MS // DAY_MS + 40
    equity, benchmark, axis = equity[kept], benchmark[kept], axis[kept]
    closes, other = {}, {}
    for time_ms, own, market in zip(axis.tolist(), equity, benchmark, strict=True):
        closes[time_ms // DAY_MS], other[time_ms // DAY_MS] = own, market
    days = list(range(min(closes), max(closes) + 1))
    assert len(days) == 91
    filled = [[curve.get(day, curve.get(day - 1)) for day in days] for curve in (closes, other)]
    daily = values(of_curve(filled[0], DAY_MS, np.array(filled[1])))
    got = values(of_curve(equity, HOUR_MS, benchmark, axis=axis))
    keys = [row.key for row in METRICS if "returns" in row.period or row.key == "return_annual_frac"]
    assert len(keys) == 10
    assert {key: got[key] for key in keys} == pytest.approx({key: daily[key] for key in keys}, rel=1e-12)
    assert got["returns_count"] == 91


def test_longer_bars_are_periods_themselves() -> None:
    found = of_curve(walk(np.random.default_rng(0), 300), 7 * DAY_MS)
    assert found.metrics["sharpe_annual"].period == "annual, of weekly returns"
    weekly = found.metrics["volatility_annual_frac"].value
    daily = of_curve(walk(np.random.default_rng(0), 300), DAY_MS).metrics["volatility_annual_frac"].value
    assert weekly == pytest.approx(daily / math.sqrt(7))


def test_probability_of_the_sharpe_ratio_is_the_formula_of_the_paper(hourly: Figures) -> None:
    rng = np.random.default_rng(3)
    equity = 1000 * np.cumprod(1 + rng.standard_t(4, 250) * 0.01 + 0.0004)
    levels = [1000.0, *equity.tolist()]
    returns = [after / before - 1 for before, after in pairwise(levels)]
    count, middle = len(returns), fmean(returns)
    ratio = middle / math.sqrt(sum((each - middle) ** 2 for each in returns) / (count - 1))
    spread = math.sqrt(fmean((each - middle) ** 2 for each in returns))
    skew = fmean(((each - middle) / spread) ** 3 for each in returns)
    kurtosis = fmean(((each - middle) / spread) ** 4 for each in returns)
    z = ratio * math.sqrt(count - 1) / math.sqrt(1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2)
    got = values(of_curve(equity, DAY_MS))
    assert got["probabilistic_sharpe_frac"] == pytest.approx(NormalDist().cdf(z), abs=1e-9)
    assert got["returns_count"] == 250


def under_water(equity: list[float], capital: float = 1000.0) -> tuple[float, float, float, bool]:
    """(share of bars, days of the deepest, days of the longest, recovered) by walking along bars of a day."""
    peak, since, depth, deepest_since, below = capital, 0, 0.0, 0, 0
    longest, deepest_days, open_deepest = 0, 0, False
    for bar, level in enumerate(equity, start=1):
        if level >= peak:
            if open_deepest:
                deepest_days, open_deepest = bar - since, False
            if bar - since > 1:
                longest = max(longest, bar - since)
            peak, since = level, bar
        else:
            below += 1
            longest = max(longest, bar - since)
            if level / peak - 1 < depth:
                depth, open_deepest, deepest_since = level / peak - 1, True, since
    days = len(equity) - deepest_since if open_deepest else deepest_days
    return below / len(equity), days, longest, not open_deepest


@pytest.mark.parametrize("seed", range(40))
def test_length_of_drawdowns_is_that_of_a_walk_along_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    equity = np.round(1000 * np.cumprod(1 + rng.normal(0.001, 0.03, rng.integers(1, 60))), seed % 3 - 1)
    found = of_curve(equity, DAY_MS)
    got, recovered = values(found), not found.metrics["max_drawdown_days"].warning
    expected = under_water(equity.tolist())
    keys = ("under_water_frac", "max_drawdown_days", "under_water_longest_days")
    assert (*(got[key] for key in keys), recovered) == (*(pytest.approx(each) for each in expected[:3]), expected[3])


def test_a_drawdown_that_begins_with_the_first_bar_is_counted_from_the_capital() -> None:
    got = values(of_curve([900, 800, 950, 1000, 1010], DAY_MS))
    assert got["max_drawdown_frac"] == pytest.approx(-0.2)
    assert (got["max_drawdown_days"], got["under_water_frac"]) == (4, 0.6)


def test_trades_are_told_as_plain_sums_tell_them() -> None:
    rng = np.random.default_rng(11)
    trades = trades_of(rng, 300, 2000, still_open=4)
    got = values(of_curve(walk(rng, 2000), trades=trades))
    pnl, side = trades.pnl[:-4].tolist(), trades.side[:-4].tolist()
    worth = (trades.entry_price * trades.quantity)[:-4].tolist()
    for name, chosen in (
        ("", pnl),
        ("long_", [each for each, way in zip(pnl, side, strict=True) if way > 0]),
        ("short_", [each for each, way in zip(pnl, side, strict=True) if way < 0]),
    ):
        won, lost = sum(each for each in chosen if each > 0), -sum(each for each in chosen if each < 0)
        assert got[f"{name}profit_factor"] == pytest.approx(won / lost, rel=1e-9)
        assert got[f"{name}win_rate_frac"] == sum(each > 0 for each in chosen) / len(chosen)
    fracs = [each / value for each, value in zip(pnl, worth, strict=True)]
    assert got["expectancy_frac"] == pytest.approx(fmean(fracs), rel=1e-9)
    assert got["expectancy_cash"] == pytest.approx(fmean(pnl), rel=1e-9)
    assert (got["trade_best_frac"], got["trade_worst_frac"]) == (pytest.approx(max(fracs)), pytest.approx(min(fracs)))
    assert got["hold_mean_bars"] == pytest.approx(fmean(trades.held_bars[:-4].tolist()))
    assert got["mae_mean_frac"] == pytest.approx(fmean(trades.mae_frac[:-4].tolist()))
    assert got["mfe_mean_frac"] == pytest.approx(fmean(trades.mfe_frac[:-4].tolist()))
    assert (got["trades"], got["trades_open"]) == (300, 4)
    assert got["long_trades"] + got["short_trades"] == 300
    assert got["long_profit_cash"] + got["short_profit_cash"] == pytest.approx(sum(trades.pnl.tolist()))
    assert got["fees_cash"] == pytest.approx(sum(trades.fees.tolist()))


def test_exposure_turnover_and_break_even_by_hand() -> None:
    """Half of the equity at every other bar, a tenth of it traded at bars 0 and 5."""
    equity = np.array([1000.0, 1010, 1020, 1030, 1040, 1050, 1060, 1070, 1080, 1100])
    got = values(of_curve(equity, DAY_MS, costs=Costs(fee_frac=0.001, slippage_frac=0.0005)))
    assert (got["exposure_time_frac"], got["exposure_gross_frac"]) == (0.5, 0.25)
    traded = 0.1 * (1000 + 1050)
    assert got["turnover_annual"] == pytest.approx(traded / equity.mean() * 36.5)
    assert got["break_even_bps"] == pytest.approx(10 + 5 + math.log(1.1) / 0.2 * 1e4)
    assert got["profit_cash"] == 100


def test_break_even_is_near_the_cost_at_which_the_rules_earn_nothing() -> None:
    """Where profits are put to work again, too."""
    tape = foreseeing(np.random.default_rng(3), 400)
    rules = Rules(enter=Enter.HOLD, exits=Exits(bars=4))
    account = follow(tape, rules, COSTS, 1000.0)
    found = figures(account, tape.axis_ms, HOUR_MS, account.equity, 365.0, costs=COSTS, title="all").metrics
    exact = costs(lambda paid: follow(tape, rules, paid, 1000.0), COSTS).figures["break_even_bps"]
    assert found["return_total_frac"].value > 0.5
    assert found["break_even_bps"].value == pytest.approx(exact, rel=0.02)


def test_months_multiply_to_the_whole() -> None:
    found = of_curve(walk(np.random.default_rng(2), 24 * 100), axis=axis_of(2400, start_ms=START_MS + 20 * DAY_MS))
    assert [each[:2] for each in found.months] == [(2020, month) for month in range(1, 5)]
    assert math.prod(1 + each[2] for each in found.months) == pytest.approx(
        1 + found.metrics["return_total_frac"].value
    )


def test_a_month_is_what_its_days_made() -> None:
    equity = walk(np.random.default_rng(2), 100)
    axis = axis_of(100, DAY_MS, START_MS + 20 * DAY_MS)
    last = {(at.year, at.month): level for at, level in zip(map(_utc, axis.tolist()), equity, strict=True)}
    levels = [1000.0, *last.values()]
    expected = [after / before - 1 for before, after in pairwise(levels)]
    assert [each[2] for each in of_curve(equity, DAY_MS, axis=axis).months] == pytest.approx(expected)


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def test_parts_follow_one_another_and_share_out_the_trades(hourly: Figures) -> None:
    rng = np.random.default_rng(5)
    equity = walk(rng, 4000, step=0.004)
    given = {"benchmark": walk(rng, 4000), "trades": trades_of(rng, 200, 4000, still_open=3)}
    parts = [of_curve(equity, **given, first=first, stop=stop) for first, stop in ((0, 2400), (2400, 4000))]
    whole = values(hourly)
    for key in ("return_total_frac", "benchmark_return_total_frac"):
        assert math.prod(1 + values(part)[key] for part in parts) == pytest.approx(1 + whole[key])
    for key in ("trades", "trades_open", "fees_cash", "profit_cash", "long_trades", "short_trades"):
        assert sum(values(part)[key] for part in parts) == pytest.approx(whole[key])
    assert parts[0].end_ms == parts[1].start_ms
    assert (parts[0].start_ms, parts[1].end_ms) == (hourly.start_ms, hourly.end_ms)


def weak(found: Figures) -> set[str]:
    return {key for key, metric in found.metrics.items() if metric.warning}


def test_few_trades_and_few_days_are_said() -> None:
    rng = np.random.default_rng(8)
    many = of_curve(walk(rng, 24 * 90), trades=trades_of(rng, 100, 2000))
    few = of_curve(walk(rng, 24 * 89), trades=trades_of(rng, 30, 2000, still_open=1))
    assert weak(many) <= {"max_drawdown_days"}
    assert few.metrics["win_rate_frac"].warning == "from 29 trades, fewer than 30"
    assert few.metrics["sharpe_annual"].warning == "from 89 days, fewer than 90"
    assert {row.key for row in METRICS if row.sample in ("trades", "returns", "longs", "shorts")} <= weak(few)
    assert not few.metrics["trades"].warning


def test_what_is_not_defined_is_none_and_has_no_warning() -> None:
    """Nothing traded, nothing moved."""
    found = of_curve(np.full(100, 1000.0), turnover=np.zeros(100))
    undefined = {key for key, value in values(found).items() if value is None}
    assert undefined == {
        *("sharpe_annual", "sortino_annual", "calmar_annual", "probabilistic_sharpe_frac", "tail_ratio", "beta"),
        *("alpha_annual_frac", "benchmark_sharpe_annual", "break_even_bps", "win_rate_frac", "profit_factor"),
        *("expectancy_frac", "expectancy_cash", "hold_mean_bars", "trade_best_frac", "trade_worst_frac"),
        *("mae_mean_frac", "mfe_mean_frac", "long_win_rate_frac", "long_profit_factor", "long_expectancy_frac"),
        *("short_win_rate_frac", "short_profit_factor", "short_expectancy_frac"),
    }
    assert not undefined & weak(found)


def finite(metrics: Mapping[str, Metric]) -> bool:
    return all(metric.value is None or math.isfinite(metric.value) for metric in metrics.values())


@pytest.mark.parametrize("level", [0.0, -25.0])
def test_a_ruined_account_has_lost_everything_and_nothing_is_infinite(level: float) -> None:
    equity = np.concatenate((np.linspace(1000, 10, 500), np.full(500, level)))
    found = of_curve(equity, ruined_at=500, benchmark=walk(np.random.default_rng(0), 1000))
    assert finite(found.metrics)
    got = values(found)
    assert got["return_annual_frac"] == -1
    assert got["return_total_frac"] == level / 1000 - 1
    assert math.isfinite(math.prod(1 + each[2] for each in found.months))
    after = of_curve(equity, ruined_at=500, first=600)
    assert finite(after.metrics)
    assert (after.metrics["return_total_frac"].value, after.metrics["trades"].value) == (None, 0)


@pytest.mark.parametrize("bars", [1, 2, 25])
@pytest.mark.parametrize("seed", range(5))
def test_short_and_wild_curves_have_finite_figures(bars: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    equity = 1000 * np.cumprod(1 + rng.uniform(-0.9, 20, bars))
    found = of_curve(equity, DAY_MS if seed % 2 else HOUR_MS, trades=trades_of(rng, seed, bars))
    assert finite(found.metrics)


def test_keys_are_the_tables_in_its_order(hourly: Figures) -> None:
    assert list(hourly.metrics) == [row.key for row in METRICS]
    assert len(set(hourly.metrics)) == len(METRICS)
    units = {"frac", "ratio", "bars", "days", "count", "cash", "bps"}
    assert {metric.unit for metric in hourly.metrics.values()} <= units
    assert not [key for key, metric in hourly.metrics.items() if "{" in metric.period or not metric.title]


def test_the_page_says_what_every_figure_is() -> None:
    text = (ROOT / "README.md").read_text()
    table = text.partition("### Figures of a backtest")[2].partition("\n### ")[0]
    assert re.findall(r"`([a-z_]+)`", table) == [row.key for row in METRICS]


def test_a_stretch_without_bars_is_refused() -> None:
    with pytest.raises(ValueError, match="bars 5 to 5 of 10"):
        of_curve(np.full(10, 1000.0), first=5, stop=5)


def test_a_market_that_never_closes_has_365_days() -> None:
    axis = axis_of(24 * 60)
    assert year_days_of(axis, HOUR_MS) == 365
    rng = np.random.default_rng(0)
    assert year_days_of(axis[rng.random(len(axis)) < 0.02], HOUR_MS) == 365
    assert year_days_of(axis_of(5), HOUR_MS) == 365
    assert year_days_of(weekdays(100)[::5], 7 * DAY_MS) == 365


def test_a_market_that_closes_at_weekends_and_holidays_has_the_days_it_shows() -> None:
    days = weekdays(2609)  # ten years
    assert year_days_of(days, DAY_MS) == pytest.approx(260.9, abs=0.1)
    assert year_days_of(days[3:15], DAY_MS) == pytest.approx(260.9, abs=0.1)
    holidays = np.random.default_rng(0).random(len(days)) < 9 / 260
    assert 250 < year_days_of(days[~holidays], DAY_MS) < 254
    hours = (days[:200, None] + HOUR_MS * np.arange(14, 21)).ravel()
    assert year_days_of(hours, HOUR_MS) == pytest.approx(260.9, abs=0.1)


def test_reasons_put_open_trades_last() -> None:
    """What slices of trades that ended rely on."""
    trades = trades_of(np.random.default_rng(0), 5, 100, still_open=2)
    assert trades.ended.tolist() == [True, True, True, False, False]
    assert tuple(Reason)[-1] is Reason.OPEN
    assert len(replace(trades)) == 5
