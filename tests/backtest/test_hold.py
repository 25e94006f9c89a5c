"""Buying and holding, and what each symbol did, against walks along single bars."""

import math
from dataclasses import replace

import numpy as np
import pytest

from atc_cli.backtest.hold import hold, hold_return
from atc_cli.backtest.symbols import symbol_figures
from atc_cli.domain.account import follow
from atc_cli.domain.rules import Costs, Exits, Rules
from atc_cli.domain.tape import Tape
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS
from tests.helpers.accounts import account_of, axis_of, trades_of
from tests.helpers.tapes import tape_of, walk

NOTHING = Costs(fee_frac=0.0, slippage_frac=0.0)


def walked(tape: Tape, capital: float) -> np.ndarray:
    """Bar by bar, in plain Python."""
    equity = []
    held: dict[int, tuple[float, float]] = {}  # units and last price
    waiting: set[int] = set()
    for place in range(len(tape.axis_ms)):
        total = 0.0
        for symbol in range(len(tape)):
            found = np.flatnonzero(tape.column("at", symbol) == place)
            for row in found.tolist():
                if symbol in waiting and symbol not in held:
                    held[symbol] = (capital / len(tape) / tape.column("open", symbol)[row], math.nan)
                if symbol in held:
                    held[symbol] = (held[symbol][0], tape.column("close", symbol)[row])
                if not math.isnan(tape.column("signal", symbol)[row]):
                    waiting.add(symbol)
            total += math.prod(held[symbol]) if symbol in held else capital / len(tape)
        equity.append(total)
    return np.array(equity)


def holed() -> Tape:
    """Symbols that begin late, end early, have holes, one bar after a signal, and no signal."""
    rng = np.random.default_rng(4)
    spans = [(0, 60), (10, 60), (5, 40), (0, 60), (20, 23), (30, 32)]
    parts = [{**walk(rng, np.arange(*span), warmup=2)} for span in spans]
    for part, (start, stop) in zip(parts, spans, strict=True):
        part["signal"] = np.where(np.arange(stop - start) < 2, np.nan, 0.5)
    kept = ~np.isin(np.arange(60), [0, 7, 8, 9, 30, 58])
    parts[3] = {name: column[kept] for name, column in parts[3].items()}
    return tape_of(parts)


def test_holding_is_worth_what_a_walk_along_the_bars_says() -> None:
    tape = holed()
    assert hold(tape, 1000) == pytest.approx(walked(tape, 1000), rel=1e-12)


def test_holding_one_symbol_is_what_an_account_that_never_sells_earns() -> None:
    tape = tape_of([walk(np.random.default_rng(1), np.arange(50)) | {"funding": np.zeros(50)}])
    tape.signal[:2], tape.signal[2:] = np.nan, 1.0
    tape.age[2:] = np.arange(48)
    account = follow(tape, Rules(exits=Exits(flip=False)), NOTHING, 1000)
    assert hold(tape, 1000) == pytest.approx(account.equity, rel=1e-9)
    assert hold_return(tape, 0) == pytest.approx(account.equity[-1] / 1000 - 1, rel=1e-9)


def test_a_symbol_tells_its_bars_holes_and_end() -> None:
    tape = holed()
    found = symbol_figures(account_of(np.full(60, 1000.0)), tape, HOUR_MS)
    assert [each.bars for each in found] == [58, 48, 33, 53, 1, 2]
    assert [each.gap_bars for each in found] == [0, 0, 0, 5, 0, 0]
    assert [each.delisted for each in found] == [False, False, True, False, True, True]
    assert [each.first_ms for each in found[:3]] == [int(tape.axis_ms[place]) for place in (2, 12, 7)]
    assert found[2].last_ms == int(tape.axis_ms[39])
    assert {each.best_frac for each in found} == {None}


def test_nights_of_a_market_that_closes_are_no_holes() -> None:
    days = np.arange(60)
    tape = tape_of([walk(np.random.default_rng(seed), np.arange(43)) for seed in range(2)])
    tape = replace(tape, axis_ms=axis_of(60, DAY_MS)[(days + 2) % 7 < 5])
    assert [each.gap_bars for each in symbol_figures(account_of(np.full(43, 1.0)), tape, DAY_MS)] == [0, 0]


def test_trades_of_each_symbol_are_summed() -> None:
    rng = np.random.default_rng(3)
    tape = tape_of([walk(rng, np.arange(500)) for _ in range(5)])
    trades = trades_of(rng, 200, 500, symbols=4, still_open=3)
    found = symbol_figures(account_of(np.full(500, 1000.0), trades), tape, HOUR_MS)
    fracs = trades.pnl / (trades.entry_price * trades.quantity)
    for number, each in enumerate(found[:4]):
        mine = trades.symbol == number
        over = mine & trades.ended
        assert each.trades == mine.sum()
        assert (each.pnl, each.fees) == (pytest.approx(trades.pnl[mine].sum()), pytest.approx(trades.fees[mine].sum()))
        assert each.win_rate_frac == (trades.pnl[over] > 0).sum() / over.sum()
        assert (each.best_frac, each.worst_frac) == (fracs[over].max(), fracs[over].min())
    assert (found[4].trades, found[4].win_rate_frac, found[4].pnl) == (0, None, 0)
