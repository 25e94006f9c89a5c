"""The metrics of a backtest as a person reads them, and those that are read first."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from atc_cli.domain.results.backtest import Figures, Metric
from atc_cli.domain.results.scan import Side
from atc_cli.reporting import figures
from atc_cli.reporting.cells import QUIET, direction_style

WEAK_MARK = "*"
_SIGNED = ("return", "alpha", "expectancy", "drawdown_frac", "trade_best", "trade_worst", "mae_", "mfe_")
_JUDGED = ("return", "alpha", "expectancy", "profit_cash", "sharpe_annual", "sortino", "calmar")
_LARGE_CASH, _LARGE_RATIO = 1e9, 1e3


class Chosen(NamedTuple):
    """A metric among those that are read first: its key, what it is called there, and a second one that explains it."""

    key: str
    title: str
    beside: str = ""
    beside_as: str = "{}"
    shown_as: str = "{}"


FIRST = (
    Chosen("return_total_frac", "total return"),
    Chosen("return_annual_frac", "annual return"),
    Chosen("max_drawdown_frac", "max drawdown", "max_drawdown_days"),
    Chosen("sharpe_annual", "Sharpe", "probabilistic_sharpe_frac", "{} > 0"),
    Chosen("exposure_time_frac", "exposure"),
    Chosen("turnover_annual", "turnover", shown_as="{}x/yr"),
    Chosen("trades", "trades", "trades_open", "{} open"),
    Chosen("win_rate_frac", "win rate"),
    Chosen("profit_factor", "profit factor"),
    Chosen("fees_cash", "fees paid", "funding_cash", "{} funding"),
    Chosen("break_even_bps", "break-even"),
)
"""The ten figures that matter, fees beside them."""

APART = ("trades", "win_rate_frac", "profit_factor", "expectancy_frac", "profit_cash")
"""What is told of longs and of shorts."""


def amount(value: float | None) -> str:
    """Money with its thousands apart: 12,345.67; from a thousand million on 1.23B."""
    if not figures.known(value):
        return figures.NOTHING
    return f"{value:,.2f}" if abs(value) < _LARGE_CASH else figures.human(value)


def words(metric: Metric) -> str:
    """The value with its unit: +12.3%, 1.42, 41 days, 12,345.67."""
    value = metric.value
    if not figures.known(value):
        return figures.NOTHING
    if metric.unit == "frac":
        directed = any(part in metric.key for part in _SIGNED)
        return figures.percent(value) if directed else figures.share(value)
    return {
        "count": lambda: f"{value:,.0f}",
        "cash": lambda: amount(value),
        "bars": lambda: f"{value:,.1f} bars",
        "days": lambda: f"{value:,.0f} day{'' if round(value) == 1 else 's'}",
        "bps": lambda: f"{value:.1f} bps",
    }.get(metric.unit, lambda: f"{value:,.2f}" if abs(value) < _LARGE_RATIO else f"{value:,.0f}")()


def style(metric: Metric) -> str:
    """Green and red for what is won and lost, dim for what is not defined."""
    if not figures.known(metric.value):
        return QUIET
    judged = any(part in metric.key for part in _JUDGED) and metric.unit != "count" and "benchmark" not in metric.key
    return direction_style(metric.value) if judged else ""


def first(part: Figures) -> list[Chosen]:
    """Those of FIRST that were computed; where they are few, others fill up in the order of the table of metrics."""
    found = [each for each in FIRST if each.key in part.metrics]
    named = {key for each in found for key in (each.key, each.beside)}
    rest = [Chosen(key, each.title) for key, each in part.metrics.items() if key not in named]
    return found + rest[: max(len(FIRST) - 1 - len(found), 0)]


def shown(chosen: Chosen, metric: Metric) -> str:
    """The figure as it stands among the first; a star says that a warning goes with it."""
    if not figures.known(metric.value):
        return figures.NOTHING
    return chosen.shown_as.format(words(metric)) + (WEAK_MARK if metric.warning else "")


def beside(chosen: Chosen, metrics: Mapping[str, Metric]) -> str:
    """What explains a figure, where it is known."""
    other = metrics.get(chosen.beside)
    if other is None or other.value is None or (other.unit in ("count", "cash") and other.value == 0):
        return ""
    return chosen.beside_as.format(words(other)) + (WEAK_MARK if other.warning else "")


def of_side(side: Side, key: str) -> str:
    """The key of a metric of the trades of one side."""
    return f"{side.value.lower()}_{key}"


def has_sides(metrics: Iterable[str]) -> bool:
    """Whether longs and shorts are told apart."""
    return not {of_side(side, key) for side in (Side.LONG, Side.SHORT) for key in APART}.isdisjoint(metrics)
