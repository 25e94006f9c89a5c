"""The metrics of a backtest: one table, which the terminal, documents and pages go through."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter

from atc_cli.backtest.periods import months
from atc_cli.backtest.stretch import Stretch
from atc_cli.domain.results.backtest import Account, Figures, Metric
from atc_cli.domain.rules import Costs
from atc_cli.domain.tape import Floats, Ints
from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS

TRADES_MIN = 30
RETURNS_MIN = 30
DAYS_MIN = 90

RETURNS = "{returns}"
ANNUAL = "annual, of {returns}"
CLOSES = "at closes of {bar} bars"
TRADE = "per trade that ended"

Value = float | int | None


@dataclass(frozen=True, slots=True)
class Row:
    """How one metric is found, and how it is called. `sample`: a key of SAMPLES, what it says little without."""

    key: str
    title: str
    unit: str
    of: Callable[[Stretch], Value]
    period: str = ""
    sample: str = ""


def _recovery(stretch: Stretch) -> str:
    return "" if stretch.own.dives.recovered else "not recovered by the end"


def _few_trades(group: str) -> Callable[[Stretch], str]:
    ended = attrgetter(f"{group}.ended")

    def words(stretch: Stretch) -> str:
        count = ended(stretch)
        return f"from {count} trade{'s' * (count != 1)}, fewer than {TRADES_MIN}" if count < TRADES_MIN else ""

    return words


def _few_returns(stretch: Stretch) -> str:
    count = len(stretch.periods.ends)
    days = (int(stretch.times_ms[-1]) + stretch.bar_ms - int(stretch.times_ms[0])) / DAY_MS
    if days < DAYS_MIN:
        return f"from {days:.0f} days, fewer than {DAYS_MIN}"
    return f"from {count} returns, fewer than {RETURNS_MIN}" if count < RETURNS_MIN else ""


SAMPLES: dict[str, Callable[[Stretch], str]] = {
    "": lambda _: "",
    "returns": _few_returns,
    "recovery": _recovery,
    "trades": _few_trades("outcomes"),
    "longs": _few_trades("longs"),
    "shorts": _few_trades("shorts"),
}


def _apart(side: str, title: str) -> tuple[Row, ...]:
    """What is told of the trades of one side."""
    group, of = f"{side}s", attrgetter
    return (
        Row(f"{side}_trades", f"{title} trades", "count", lambda stretch: len(getattr(stretch, group))),
        Row(f"{side}_win_rate_frac", f"{title} win rate", "frac", of(f"{group}.win_rate"), "", group),
        Row(f"{side}_profit_cash", f"{title} profit", "cash", of(f"{group}.profit")),
        Row(f"{side}_profit_factor", f"{title} profit factor", "ratio", of(f"{group}.profit_factor"), "", group),
        Row(f"{side}_expectancy_frac", f"{title} expectancy", "frac", of(f"{group}.expectancy_frac"), TRADE, group),
    )


# Keys are part of the schema atc.backtest/1: what a key means never changes.
METRICS: tuple[Row, ...] = (
    Row("profit_cash", "Profit", "cash", attrgetter("profit")),
    Row("return_total_frac", "Total return", "frac", attrgetter("own.total")),
    Row("return_annual_frac", "Annual return", "frac", attrgetter("own.annual"), "annual, compounded", "returns"),
    Row("volatility_annual_frac", "Volatility", "frac", attrgetter("own.volatility"), ANNUAL, "returns"),
    Row("sharpe_annual", "Sharpe ratio", "ratio", attrgetter("own.sharpe"), ANNUAL, "returns"),
    Row("sortino_annual", "Sortino ratio", "ratio", attrgetter("own.sortino"), ANNUAL, "returns"),
    Row("calmar_annual", "Calmar ratio", "ratio", attrgetter("own.calmar"), "annual", "returns"),
    Row("max_drawdown_frac", "Largest drawdown", "frac", attrgetter("own.dives.depth"), CLOSES),
    Row(
        "max_drawdown_days",
        "Length of the largest drawdown",
        "days",
        attrgetter("own.dives.deepest_days"),
        CLOSES,
        "recovery",
    ),
    Row("under_water_frac", "Time under water", "frac", attrgetter("own.dives.share"), CLOSES),
    Row("under_water_longest_days", "Longest under water", "days", attrgetter("own.dives.longest_days"), CLOSES),
    Row(
        "probabilistic_sharpe_frac",
        "Probability of a Sharpe ratio above 0",
        "frac",
        attrgetter("own.probabilistic_sharpe"),
        RETURNS,
        "returns",
    ),
    Row("returns_count", "Returns counted", "count", lambda stretch: len(stretch.periods.ends), RETURNS),
    Row("tail_ratio", "Tail ratio", "ratio", attrgetter("own.tail_ratio"), RETURNS, "returns"),
    Row("beta", "Beta to the benchmark", "ratio", lambda it: it.beta_and_alpha[0], RETURNS, "returns"),
    Row(
        "alpha_annual_frac",
        "Alpha to the benchmark",
        "frac",
        lambda it: it.beta_and_alpha[1],
        ANNUAL,
        "returns",
    ),
    Row("benchmark_return_total_frac", "Benchmark's total return", "frac", attrgetter("benchmark.total")),
    Row(
        "benchmark_return_annual_frac",
        "Benchmark's annual return",
        "frac",
        attrgetter("benchmark.annual"),
        "annual, compounded",
        "returns",
    ),
    Row(
        "benchmark_sharpe_annual",
        "Benchmark's Sharpe ratio",
        "ratio",
        attrgetter("benchmark.sharpe"),
        ANNUAL,
        "returns",
    ),
    Row("benchmark_max_drawdown_frac", "Benchmark's drawdown", "frac", attrgetter("benchmark.drawdown"), CLOSES),
    Row("exposure_time_frac", "Time in the market", "frac", attrgetter("held_share"), CLOSES),
    Row("exposure_gross_frac", "Mean exposure", "frac", attrgetter("gross_share"), CLOSES),
    Row("turnover_annual", "Turnover", "ratio", attrgetter("turnover"), "per year, in equities", "returns"),
    Row("fees_cash", "Fees", "cash", attrgetter("fees")),
    Row("funding_cash", "Funding", "cash", attrgetter("funding")),
    Row("break_even_bps", "Break-even cost", "bps", attrgetter("break_even_bps"), "per side", "trades"),
    Row("trades", "Trades", "count", lambda stretch: len(stretch.outcomes)),
    Row("trades_open", "Still open", "count", lambda stretch: len(stretch.outcomes) - stretch.outcomes.ended),
    Row("win_rate_frac", "Win rate", "frac", attrgetter("outcomes.win_rate"), "", "trades"),
    Row("profit_factor", "Profit factor", "ratio", attrgetter("outcomes.profit_factor"), "", "trades"),
    Row("expectancy_frac", "Expectancy", "frac", attrgetter("outcomes.expectancy_frac"), TRADE, "trades"),
    Row("expectancy_cash", "Expectancy", "cash", attrgetter("outcomes.expectancy"), TRADE, "trades"),
    Row("hold_mean_bars", "Average hold", "bars", attrgetter("hold_bars"), TRADE, "trades"),
    Row("trade_best_frac", "Best trade", "frac", attrgetter("outcomes.best"), "", "trades"),
    Row("trade_worst_frac", "Worst trade", "frac", attrgetter("outcomes.worst"), "", "trades"),
    Row("mae_mean_frac", "Mean adverse move", "frac", attrgetter("mae"), TRADE, "trades"),
    Row("mfe_mean_frac", "Mean favourable move", "frac", attrgetter("mfe"), TRADE, "trades"),
    *_apart("long", "Long"),
    *_apart("short", "Short"),
)

# Sums, defined even where nothing was left to earn with.
_SUMS = ("cash", "count")


def figures(
    account: Account,
    axis_ms: Ints,
    bar_ms: int,
    benchmark: Floats,
    year_days: float,
    *,
    costs: Costs,
    title: str,
    first: int = 0,
    stop: int | None = None,
) -> Figures:
    """Every metric of bars first..stop-1 and of the trades that began there; see METRICS and Stretch for formulas.

    `benchmark` [T] began with the same capital. Nothing is NaN or infinite: what is not defined is None. Raises
    ValueError for a stretch without bars.
    """
    stop = len(axis_ms) if stop is None else stop
    if not 0 <= first < stop <= len(axis_ms):
        raise ValueError(f"bars {first} to {stop} of {len(axis_ms)} are no stretch")
    stretch = Stretch(account, axis_ms, bar_ms, benchmark, year_days, costs, first, stop)
    alive = stretch.own.base > 0 and stretch.benchmark.base > 0
    warnings = {key: words(stretch) if alive else "" for key, words in SAMPLES.items()}
    metrics = {}
    for row, period in _periods(stretch.periods.name, bar_ms):
        value = _plain(row.of(stretch)) if alive or row.unit in _SUMS else None
        metrics[row.key] = Metric(
            key=row.key,
            title=row.title,
            unit=row.unit,
            value=value,
            period=period,
            warning="" if value is None else warnings[row.sample],
        )
    times_ms = stretch.times_ms
    return Figures(
        title=title,
        start_ms=int(times_ms[0]),
        end_ms=int(times_ms[-1]) + bar_ms,
        metrics=metrics,
        months=months(stretch.own.levels, stretch.periods.opens_ms) if alive else (),
    )


def _plain(value: Value) -> float | None:
    """None for what no document can hold."""
    return value if value is not None and math.isfinite(value) else None


@cache
def _periods(returns: str, bar_ms: int) -> tuple[tuple[Row, str], ...]:
    """Every row with the words of its period."""
    bar = next((name for name, step_ms in TIMEFRAMES_MS.items() if step_ms == bar_ms), f"{bar_ms} ms")
    return tuple((row, row.period.format(returns=returns, bar=bar)) for row in METRICS)
