"""The columns of the table of symbols, which the terminal and the page go through."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from atc_cli.domain.results.backtest import SymbolFigures
from atc_cli.reporting import figures
from atc_cli.reporting.backtest_figures import amount
from atc_cli.reporting.backtest_words import day
from atc_cli.reporting.cells import ODD, QUIET, STRONG, Span, direction_style
from atc_cli.reporting.documents import time_or_none
from atc_cli.reporting.text import printable


class SymbolColumn(NamedTuple):
    """A column: its head, what it tells, how a symbol fills it, and what of it is exact (what sorts)."""

    head: str
    told: str
    kind: Literal["text", "number", "time"]
    read: Callable[[SymbolFigures], Any]
    words: Callable[[Any], str]
    style: Callable[[SymbolFigures], str] = lambda _: ""

    def cell(self, symbol: SymbolFigures) -> Span:
        """The text and its style."""
        return self.words(self.read(symbol)), self.style(symbol)

    def exact(self, symbol: SymbolFigures) -> str:
        """The value as JSON has it; nothing where the words say all."""
        value = self.read(symbol)
        if value is None or self.kind == "text":
            return ""
        return time_or_none(value) or "" if self.kind == "time" else repr(value)


def _directed(name: str) -> Callable[[SymbolFigures], str]:
    read = attrgetter(name)
    return lambda symbol: direction_style(read(symbol))


def _same(style: str) -> Callable[[SymbolFigures], str]:
    return lambda _: style


def _odd(name: str) -> Callable[[SymbolFigures], str]:
    read = attrgetter(name)
    return lambda symbol: ODD if read(symbol) else QUIET


def _yes(given: bool) -> str:
    return "yes" if given else ""


SYMBOL_COLUMNS = (
    SymbolColumn("SYMBOL", "symbol", "text", attrgetter("symbol"), printable, _same(STRONG)),
    SymbolColumn("PROFIT", "profit, net of costs", "number", attrgetter("pnl"), amount, _directed("pnl")),
    SymbolColumn("TRADES", "trades", "number", attrgetter("trades"), str),
    SymbolColumn("WIN", "trades that won", "number", attrgetter("win_rate_frac"), figures.share),
    SymbolColumn("BEST", "best trade", "number", attrgetter("best_frac"), figures.percent, _directed("best_frac")),
    SymbolColumn("WORST", "worst trade", "number", attrgetter("worst_frac"), figures.percent, _directed("worst_frac")),
    SymbolColumn(
        "HOLD",
        "what holding it returned",
        "number",
        attrgetter("hold_return_frac"),
        figures.percent,
        _directed("hold_return_frac"),
    ),
    SymbolColumn("FEES", "fees paid", "number", attrgetter("fees"), amount),
    SymbolColumn("FUNDING", "funding paid", "number", attrgetter("funding"), amount),
    SymbolColumn("BARS", "bars in the universe", "number", attrgetter("bars"), str, _same(QUIET)),
    SymbolColumn("GAPS", "bars missing inside", "number", attrgetter("gap_bars"), str, _odd("gap_bars")),
    SymbolColumn("FIRST", "first bar", "time", attrgetter("first_ms"), day, _same(QUIET)),
    SymbolColumn("LAST", "last bar", "time", attrgetter("last_ms"), day, _odd("delisted")),
    SymbolColumn("ENDED", "delisted, closed at its last bar", "text", attrgetter("delisted"), _yes, _same(ODD)),
)  # fmt: skip

LEAST_NEEDED = ("FUNDING", "ENDED", "GAPS", "LAST", "FIRST", "BARS", "FEES", "WORST", "BEST", "HOLD", "WIN")
"""What goes first where the terminal is narrow."""


def best_first(symbols: Sequence[SymbolFigures]) -> list[SymbolFigures]:
    """In the order of their profit."""
    return sorted(symbols, key=attrgetter("pnl"), reverse=True)
