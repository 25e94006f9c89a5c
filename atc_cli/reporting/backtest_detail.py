"""What `-v` adds to the backtest in the terminal: every figure, the months as a heat map, a line per symbol."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from atc_cli.domain.results.backtest import BacktestResult, Figures, SymbolFigures
from atc_cli.reporting import backtest_figures as chosen
from atc_cli.reporting import figures
from atc_cli.reporting.backtest_symbols import LEAST_NEEDED, SYMBOL_COLUMNS, best_first
from atc_cli.reporting.cells import ODD, QUIET, STRONG
from atc_cli.reporting.layout import TITLE, fitting, gone, ruled_table
from atc_cli.reporting.text import printable

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CELLS = 6
# From faint to strong; both colours of a cell are set, so that it can be read on any terminal.
_GAIN = ("white on #16402b", "white on #1b6140", "bold white on #1f8554")
_LOSS = ("white on #4d1f24", "white on #7d2730", "bold white on #b02f3b")

_OF = "OF"
_SYMBOL, _GAPS = "SYMBOL", "GAPS"
_HEADS = (
    _SYMBOL,
    "PROFIT",
    "TRADES",
    "WIN",
    "BEST",
    "WORST",
    "HOLD",
    "FEES",
    "FUNDING",
    "BARS",
    _GAPS,
    "FIRST",
    "LAST",
)
_LEAST_NEEDED = ("FUNDING", _GAPS, "LAST", "FIRST", "BARS", "FEES", "WORST", "BEST", "HOLD", "WIN")


def details(result: BacktestResult, *, width: int | None) -> list[Text | Table]:
    """Every figure, the months, the symbols; those that earned most first."""
    return [
        *_every_figure(result, width),
        *_months(result.whole),
        *_symbols(result.symbols, width),
    ]


def _every_figure(result: BacktestResult, width: int | None) -> Iterator[Text | Table]:
    stretches = (result.whole, *result.parts)
    heads = ["EVERY FIGURE", *(printable(each.title).upper() for each in stretches), _OF]

    def table_of(shown: Sequence[str]) -> Table:
        table = ruled_table()
        for head in shown:
            table.add_column(head, justify="left" if head in (heads[0], _OF) else "right", no_wrap=True)
        for key, metric in result.whole.metrics.items():
            said = ", ".join(filter(None, (metric.period, metric.warning)))
            of = [Text(said, ODD if metric.warning else QUIET)] if _OF in shown else []
            table.add_row(Text(metric.title), *(_value(part, key) for part in stretches), *of)
        return table

    table = fitting(heads, (_OF,), table_of, width)
    yield Text()
    yield table
    yield from gone(heads, table, width)


def _value(part: Figures, key: str) -> Text:
    metric = part.metrics.get(key)
    return Text(figures.NOTHING, QUIET) if metric is None else Text(chosen.words(metric), chosen.style(metric))


def _months(part: Figures) -> Iterator[Text]:
    """A line per year, a cell per month, the stronger the colour the more was won or lost."""
    if not part.months:
        return
    found = {(year, month): frac for year, month, frac in part.months}
    largest = max(map(abs, found.values()))
    yield Text()
    yield Text(f"{'MONTHS':<{_CELLS}}" + "".join(f"{each:>{_CELLS}}" for each in MONTHS), TITLE)
    for year in sorted({year for year, _ in found}):
        line = Text(f"{year:<{_CELLS}}", STRONG)
        for month in range(1, 13):
            frac = found.get((year, month))
            line.append(f"{'' if frac is None else month_words(frac):>{_CELLS - 1}} ", heat(frac, largest))
        yield line
    yield Text("percent of the equity at the end of the month before", QUIET)


def month_words(frac: float) -> str:
    """Percent in at most five cells: +1.2, -12.4, +230."""
    return figures.signed(frac * 100, 1 if abs(frac) < 0.9995 else 0)


def heat(frac: float | None, largest: float) -> str:
    """The style of a month among months of which the largest move is `largest`."""
    strong = strength(frac, largest, len(_GAIN))
    return (*_GAIN, *_LOSS[::-1])[strong - 1 if strong > 0 else strong] if strong else ""


def strength(frac: float | None, largest: float, most: int) -> int:
    """How strongly a month is coloured: 1 to `most` where it was won, -1 to -most where it was lost."""
    if frac is None or not figures.known(frac) or frac == 0 or not largest:
        return 0
    strong = min(int(abs(frac) / largest * most) + 1, most)
    return strong if frac > 0 else -strong


def _symbols(symbols: Sequence[SymbolFigures], width: int | None) -> list[Text | Table]:
    if not symbols:
        return []
    ranked = best_first(symbols)
    heads = [each.head for each in SYMBOL_COLUMNS]

    def table_of(shown: Sequence[str]) -> Table:
        columns = [each for each in SYMBOL_COLUMNS if each.head in shown]
        table = ruled_table()
        for column in columns:
            table.add_column(column.head, justify="left" if column.kind == "text" else "right", no_wrap=True)
        for each in ranked:
            table.add_row(*(Text(*column.cell(each)) for column in columns))
        return table

    table = fitting(heads, LEAST_NEEDED, table_of, width)
    return [Text(), table, *gone(heads, table, width)]
