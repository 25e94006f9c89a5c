"""The backtest for people, in the terminal: what was tested, the curve, the figures that matter, what to doubt."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from rich.table import Table
from rich.text import Text

from atc_cli.domain.results.backtest import BacktestResult, Figures, Floats
from atc_cli.domain.results.scan import Side
from atc_cli.reporting import backtest_figures as chosen
from atc_cli.reporting import backtest_words as words
from atc_cli.reporting import figures
from atc_cli.reporting.backtest_detail import details
from atc_cli.reporting.backtest_figures import APART, WEAK_MARK, Chosen, of_side
from atc_cli.reporting.backtest_rows import drawdown
from atc_cli.reporting.cells import DOWN, ODD, QUIET, SIDE_MARKS, STRONG, UP, Cell, Span, direction_style
from atc_cli.reporting.curves import Line, curves, lowest_of_each
from atc_cli.reporting.layout import GAP, flow, natural_width, ruled_table
from atc_cli.reporting.text import printable, sparkline_of

_LABEL, _MARK = 10, 2
_WIDE, _NARROW, _ROWS = 96, 24, 5
_DATE, _NAME = 10, 13
_MARKS = {"✔": UP, "✘": f"bold {DOWN}", "•": "", "·": QUIET}


def backtest_table(result: BacktestResult, *, width: int | None, verbose: bool = False) -> list[Text | Table]:
    """The backtest as what Rich prints; `width` in terminal cells, None off a terminal: then nothing is cut.

    `verbose` adds every figure, the months and a line per symbol.
    """
    return [
        *(Text(f" {printable(each)} ", "bold black on yellow") for each in words.loud(result)),
        *_tested(result, width),
        Text(),
        *_curves(result, width),
        Text(),
        *_figures(result, width),
        *_apart(result),
        *_parts(result),
        Text(),
        *_marked("checks", _checks(result), width),
        *_marked(
            "notes", [((WEAK_MARK if weak else "!", ODD), (said, ODD)) for said, weak in words.warnings(result)], width
        ),
        *(details(result, width=width) if verbose else []),
    ]


def _labelled(label: str, items: Iterable[Cell], width: int | None) -> list[Text]:
    """A label and what flows beside it."""
    room = None if width is None else max(width - _LABEL, _LABEL)
    lines = flow(items, room)
    heads = (label, *[""] * (len(lines) - 1))
    return [Text.assemble((f"{head:<{_LABEL}}", QUIET), line) for head, line in zip(heads, lines, strict=False)]


def _plain(texts: Iterable[str], style: str = "") -> list[Cell]:
    return [((printable(each), style),) for each in texts]


def _tested(result: BacktestResult, width: int | None) -> list[Text]:
    first, *others = words.tested(result)
    source: Cell = ((printable(first), "bold cyan"),)
    paid = _plain(words.costs(result.costs), ODD if words.free(result.costs) else "")
    return [
        *_labelled("tested", [source, *_plain(others)], width),
        *_labelled("period", _plain(words.period(result), STRONG), width),
        *_labelled("signals", _plain([words.signals(result)]), width),
        *_labelled("rule", _plain(words.rule(result.rules)), width),
        *_labelled("costs", paid, width),
        *_labelled("benchmark", _plain([result.benchmark_title]), width),
    ]


def _curves(result: BacktestResult, width: int | None) -> list[Text]:
    """Equity and benchmark as lines on one scale, under them how far the equity is below its highest, and the dates."""
    equity = result.account.equity
    if not len(equity):
        return []
    gained = direction_style(float(equity[-1] - result.account.capital))
    lines = (Line(equity, gained or STRONG), Line(result.benchmark, "", dotted=True))
    beside = _beside(result, gained)
    room = _WIDE if width is None else width - _LABEL - GAP - max(each.cell_len for each in beside)
    cells = max(min(room, _WIDE), _NARROW)
    low, high = _scale(lines)
    pictures = [
        *curves(lines, low, high, cells=cells, rows=_ROWS),
        _depths(drawdown(result), cells),
        Text(f"{words.day(result.whole.start_ms):<{cells - _DATE}}{words.last_day(result.whole)}", QUIET),
    ]
    labels = [_cash(high), *[""] * (_ROWS - 2), _cash(low), "drawdown", ""]
    return [
        Text.assemble((f"{label:<{_LABEL}}", QUIET), picture, " " * (cells - picture.cell_len + GAP), said)
        for label, picture, said in zip(labels, pictures, beside, strict=True)
    ]


def _scale(lines: Iterable[Line]) -> tuple[float, float]:
    ends = [(float(each.values.min()), float(each.values.max())) for each in lines]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _depths(below: Floats, cells: int) -> Text:
    """How far below its highest, the deeper the taller."""
    depths = -lowest_of_each(below, cells)
    return Text(sparkline_of(depths.tolist(), 0.0, float(depths.max()) or 1.0), DOWN)


def _beside(result: BacktestResult, gained: str) -> list[Text]:
    """What stands beside each line of the picture: what the lines are, and how they ended."""
    account, metrics = result.account, result.whole.metrics
    rows = [
        ("⠤⠤ equity", _cash(float(account.equity[-1])), metrics.get("return_total_frac"), gained),
        ("⠄⠄ benchmark", _cash(float(result.benchmark[-1])), metrics.get("benchmark_return_total_frac"), ""),
    ]
    found = [
        Text.assemble(
            (f"{name:<{_NAME}}", style), (f"{end:>10}", style), (f" {chosen.words(gain) if gain else '':>8}", style)
        )
        for name, end, gain, style in rows
    ]
    worst = metrics.get("max_drawdown_frac")
    below = Text(f"{'':<{_NAME + 10}} {chosen.words(worst) if worst else '':>8}", DOWN)
    return [Text(f"from {_cash(account.capital)}", QUIET), *found, *[Text()] * (_ROWS - 3), below, Text()]


def _cash(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"


def _figures(result: BacktestResult, width: int | None) -> Iterator[Text]:
    """The figures that matter in two columns, in one where the terminal is narrow."""
    part = result.whole
    every = chosen.first(part)
    half = -(-len(every) // 2)
    left, right = _aligned(every[:half], part), _aligned(every[half:], part)
    wide, beside = (max((each.cell_len for each in column), default=0) for column in (left, right))
    gap = 2 * GAP if width is None else min(width - wide - beside, 2 * GAP)
    if gap < GAP:
        yield from _aligned(every, part)
        return
    for one, other in zip_longest(left, right, fillvalue=Text()):
        yield Text.assemble(one, " " * (wide + gap - one.cell_len), other)


def _aligned(several: Sequence[Chosen], part: Figures) -> list[Text]:
    """A line for each: what it is, the figure, and what explains it."""
    shown = [chosen.shown(each, part.metrics[each.key]) for each in several]
    titles, values = max([len(each.title) for each in several], default=0), max(map(len, shown), default=0)
    return [
        Text.assemble(
            (f"{each.title:<{titles}}", QUIET),
            (f"  {value:>{values}}", f"bold {chosen.style(part.metrics[each.key])}".strip()),
            (f"  {chosen.beside(each, part.metrics)}".rstrip(), QUIET),
        )
        for each, value in zip(several, shown, strict=True)
    ]


def _apart(result: BacktestResult) -> list[Text | Table]:
    """Longs and shorts, each on a line."""
    metrics = result.whole.metrics
    if not chosen.has_sides(metrics):
        return []
    keys = [key for key in APART if key in metrics]
    table = ruled_table()
    table.add_column(no_wrap=True)
    for key in keys:
        table.add_column(metrics[key].title.upper(), justify="right", no_wrap=True)
    for side in (Side.LONG, Side.SHORT):
        mark, style = SIDE_MARKS[side]
        cells = [_cell(result.whole, Chosen(of_side(side, key), "")) for key in keys]
        table.add_row(Text(f"{mark} {side.value}", style), *cells)
    table.width = natural_width(table)
    return [Text(), table]


def _parts(result: BacktestResult) -> list[Text | Table]:
    """The stretches of a split side by side, and the whole beside them."""
    if not result.parts:
        return []
    stretches = (result.whole, *result.parts)
    table = ruled_table()
    table.add_column(no_wrap=True)
    for each in stretches:
        title = "\n.. ".join((printable(each.title).upper(), *words.span(each).split(" .. ")))
        table.add_column(title.replace("\n.. ", "\n", 1), justify="right", no_wrap=True)
    for first in chosen.first(result.whole):
        table.add_row(Text(first.title, QUIET), *(_cell(part, first) for part in stretches))
    table.width = natural_width(table)
    return [Text(), table]


def _cell(part: Figures, each: Chosen) -> Text:
    metric = part.metrics.get(each.key)
    return Text(figures.NOTHING, QUIET) if metric is None else Text(chosen.shown(each, metric), chosen.style(metric))


def _checks(result: BacktestResult) -> list[tuple[Span, Span]]:
    """Each check that there is, run or not."""
    return [((mark, _MARKS[mark]), (said, QUIET if mark == "·" else "")) for mark, said in words.checks(result)]


def _marked(label: str, lines: Iterable[tuple[Span, Span]], width: int | None) -> list[Text]:
    """A label and lines beside it, each behind its mark."""
    found: list[Text] = []
    room = None if width is None else max(width - _LABEL - _MARK, _LABEL)
    for (mark, mark_style), (said, style) in lines:
        for place, line in enumerate(flow([((printable(said), style),)], room)):
            head, behind = "" if found else label, "" if place else mark
            found.append(Text.assemble((f"{head:<{_LABEL}}", QUIET), (f"{behind:<{_MARK}}", mark_style), line))
    return found
