"""A backtest as columns that every flat format and the page share: one row per bar, one per trade."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.results.backtest import BacktestResult
from atc_cli.domain.results.scan import Side
from atc_cli.domain.rules import Reason

Column = NDArray[np.float64] | NDArray[np.int64] | list[str]

TIME, WHOLE, NUMBER, TEXT = "time", "whole", "number", "text"
_SIDES = {1: Side.LONG.value, -1: Side.SHORT.value}
_REASONS = tuple(Reason)


def drawdown(result: BacktestResult) -> NDArray[np.float64]:
    """Equity / its highest so far - 1, the capital among them: <= 0, at every bar of the axis."""
    return below_the_top(result.account.equity, result.account.capital)


def below_the_top(values: NDArray[np.float64], start: float) -> NDArray[np.float64]:
    """How far each value is below the highest so far, the start among them."""
    top = np.maximum(np.maximum.accumulate(values), start) if len(values) else values
    fractions: NDArray[np.float64] = values / top - 1
    return fractions


def bar_columns(result: BacktestResult) -> Iterator[tuple[str, str, Column]]:
    """(name, type, values) of each bar of the axis: when it opened, and the account at its close."""
    account = result.account
    yield "bar_time", TIME, result.axis_ms
    yield "equity", NUMBER, account.equity
    yield "cash", NUMBER, account.cash
    yield "gross", NUMBER, account.gross
    yield "net", NUMBER, account.net
    yield "held", WHOLE, account.held
    yield "turnover", NUMBER, account.turnover
    yield "drawdown_frac", NUMBER, drawdown(result)
    yield "benchmark", NUMBER, result.benchmark


def trade_columns(result: BacktestResult) -> Iterator[tuple[str, str, Column]]:
    """(name, type, values) of each trade, in the order in which they ended; times are of bars when they open."""
    trades, axis = result.account.trades, result.axis_ms
    names = [each.symbol for each in result.symbols]
    yield "symbol", TEXT, [names[place] for place in trades.symbol.tolist()]
    yield "side", TEXT, [_SIDES[side] for side in trades.side.tolist()]
    yield "decided_bar_time", TIME, axis[trades.decided]
    yield "entry_bar_time", TIME, axis[trades.entry]
    yield "exit_bar_time", TIME, axis[trades.exit]
    for name in ("entry_price", "exit_price", "quantity", "pnl", "fees", "funding", "mae_frac", "mfe_frac"):
        yield name, NUMBER, getattr(trades, name)
    yield "held_bars", WHOLE, trades.held_bars
    yield "signal", NUMBER, trades.signal
    yield "reason", TEXT, [_REASONS[place].value for place in trades.reason.tolist()]
