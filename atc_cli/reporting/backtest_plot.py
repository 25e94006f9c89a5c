"""The backtest as a picture: equity against its benchmark, below it the drawdown. Drawn by matplotlib."""

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from atc_cli.domain.results.backtest import BacktestResult, Floats, Ints
from atc_cli.reporting import backtest_figures as chosen
from atc_cli.reporting import backtest_words as words
from atc_cli.reporting.backtest_rows import drawdown
from atc_cli.reporting.cells import DOWN, UP
from atc_cli.reporting.text import printable
from atc_cli.reporting.thinned import Thinning

PLOT_FORMATS = ("png", "svg")
_INCHES, _DPI, _POINTS = (12, 7), 150, 4_000
_INK, _QUIET, _LINE = "#1b1f24", "#6b7480", "#e4e8ec"
_EQUITY, _HOLD, _SINK, _ODD = "#1a6ed8", "#9aa3ad", "#c8323c", "#8a5a00"
_COLOURS = {UP: "#15803d", DOWN: _SINK}
_SHOWN = ("return_total_frac", "return_annual_frac", "max_drawdown_frac", "sharpe_annual", "trades", "win_rate_frac")
_LOGARITHMIC_FROM = 8  # highest / lowest: beyond it the beginning of a curve would be a flat line
_LONGEST, _LONGEST_TITLE = 150, 66


def backtest_plot(result: BacktestResult, format: str) -> bytes:  # noqa: A002
    """The picture as PNG (1800 x 1050) or SVG. Needs matplotlib, and nothing of its settings or of a screen."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    content = io.BytesIO()
    with mpl.rc_context({**mpl.rcParamsDefault, "svg.hashsalt": "atc", "text.parse_math": False}):
        figure = Figure(figsize=_INCHES, dpi=_DPI, facecolor="white")
        top, low = figure.subplots(
            2,
            sharex=True,
            height_ratios=(3.2, 1),
            gridspec_kw={"left": 0.035, "right": 0.87, "top": 0.755, "bottom": 0.1},
        )
        figure.subplots_adjust(hspace=0.08)
        _head(figure, result)
        _draw(top, low, result)
        with warnings.catch_warnings():  # a name of a symbol may have letters that the font lacks
            warnings.filterwarnings("ignore", "Glyph")
            figure.savefig(content, format=format, metadata={"Date": None} if format == "svg" else None)
    return content.getvalue()


def _head(figure: Any, result: BacktestResult) -> None:
    """What was tested and how, and the figures that are read first; at the foot what to doubt."""
    name, timeframe, universe, *_ = words.tested(result)
    figure.text(
        0.035, 0.945, _short(f"{name} {timeframe}, {universe}", _LONGEST_TITLE), size=17, weight="bold", color=_INK
    )
    side, enters, leaves, *_ = words.rule(result.rules)
    lines = (
        " · ".join((*words.period(result), f"{result.anchor} windows of {result.header.bars} bars", side)),
        " · ".join((enters, leaves)),
        " · ".join(words.costs(result.costs)),
    )
    for place, line in enumerate(lines):
        figure.text(0.035, 0.915 - place * 0.026, _short(line), size=9.5, color=_QUIET)
    shown = [each for each in chosen.FIRST if each.key in _SHOWN and each.key in result.whole.metrics]
    for place, each in enumerate(shown):
        metric = result.whole.metrics[each.key]
        at = 0.035 + place * 0.14
        figure.text(at, 0.815, each.title, size=9.5, color=_QUIET)
        colour = _COLOURS.get(chosen.style(metric), _INK)
        figure.text(at, 0.782, chosen.shown(each, metric), size=15, weight="bold", color=colour)
    for place, (line, colour) in enumerate(_doubts(result)):
        figure.text(0.035, 0.038 - place * 0.022, _short(line), size=8.5, color=colour)


def _doubts(result: BacktestResult) -> Sequence[tuple[str, str]]:
    loud = [(each, _SINK) for each in words.loud(result)]
    return [*loud, *((said, _ODD) for said, _ in words.warnings(result))][:2]


def _short(line: str, most: int = _LONGEST) -> str:
    line = printable(line)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _draw(top: Any, low: Any, result: BacktestResult) -> None:
    thinning = Thinning.to(len(result.axis_ms), _POINTS)
    times = _times(result.axis_ms[thinning.places()] + result.bar_ms)
    equity, hold = (thinning.values(each) for each in (result.account.equity, result.benchmark))
    _dress(top, low)
    for axes in (top, low):
        axes.margins(x=0)
    top.axhline(result.account.capital, color=_LINE, linewidth=1.2, zorder=1)
    top.plot(times, hold, color=_HOLD, linewidth=1.2, zorder=2)
    top.plot(times, equity, color=_EQUITY, linewidth=2.0, zorder=3, solid_joinstyle="round")
    lowest, highest = min(equity.min(), hold.min()), max(equity.max(), hold.max())
    if lowest > 0 and highest / lowest > _LOGARITHMIC_FROM:
        top.set_yscale("log")
        top.text(0.004, 0.965, "logarithmic", transform=top.transAxes, size=8.5, color=_QUIET)
    top.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if highest >= 100 else f"{value:,.4g}")
    top.yaxis.set_minor_formatter("")
    _ends(top, [("equity", float(equity[-1]), _EQUITY), ("benchmark", float(hold[-1]), _QUIET)])
    _sink(low, times, thinning.values(drawdown(result)) * 100)


def _dress(top: Any, low: Any) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    for axes in (top, low):
        axes.grid(axis="y", color=_LINE, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[:].set_visible(False)
        axes.yaxis.tick_right()
        axes.tick_params(axis="y", length=0, labelsize=9, labelcolor=_QUIET, pad=6)
        axes.tick_params(axis="x", length=0, labelsize=9, labelcolor=_QUIET, pad=6)
    top.tick_params(axis="x", labelbottom=False)
    locator = AutoDateLocator(minticks=5, maxticks=10)
    low.xaxis.set_major_locator(locator)
    low.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))


def _ends(axes: Any, lines: Sequence[tuple[str, float, str]]) -> None:
    """The name and the last value of each line beside its end, one above the other where they end close together."""
    axes.get_ylim()  # only then are the limits those of the lines
    low, high = axes.transAxes.inverted().transform(axes.transData.transform([(0, value) for _, value, _ in lines]))[
        :, 1
    ]
    room = 0.1
    places = [low, high] if abs(low - high) >= room else _apart(low, high, room)
    for (name, value, colour), place in zip(lines, places, strict=True):
        said = f"{name}\n{value:,.0f}" if abs(value) >= 100 else f"{name}\n{value:,.4g}"
        axes.text(1.06, place, said, transform=axes.transAxes, va="center", size=9.5, weight="bold", color=colour)


def _apart(first: float, second: float, room: float) -> list[float]:
    middle, half = (first + second) / 2, room / 2
    return [middle + half, middle - half] if first >= second else [middle - half, middle + half]


def _sink(axes: Any, times: Any, below: Floats) -> None:
    """The drawdown, its deepest point named."""
    axes.fill_between(times, below, 0, color=_SINK, alpha=0.18, linewidth=0)
    axes.plot(times, below, color=_SINK, linewidth=0.9)
    deepest = int(below.argmin())
    if below[deepest] < 0:
        axes.plot(times[deepest], below[deepest], "o", color=_SINK, markersize=4)
        left = deepest > len(below) * 0.8
        place = {"xytext": (-7 if left else 7, -1), "textcoords": "offset points", "va": "center"}
        look = {"ha": "right" if left else "left", "size": 9, "weight": "bold", "color": _SINK}
        axes.annotate(f"{below[deepest]:.1f}%", (times[deepest], below[deepest]), **place, **look)
    axes.set_ylim(float(below.min()) * 1.12 or -1.0, 0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.3g}%")
    axes.text(0.004, 0.06, "drawdown", transform=axes.transAxes, size=9.5, color=_QUIET)


def _times(times_ms: Ints) -> Any:
    return times_ms.astype("datetime64[ms]") if len(times_ms) else np.empty(0, "datetime64[ms]")
