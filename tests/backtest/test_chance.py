"""Trades at random times: against every time there is, in plain Python."""

from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest

from atc_cli.backtest.chance import _ordinal, random_entries
from atc_cli.domain.account import follow
from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Enter, Exits, Fill, Reason, Rules
from atc_cli.domain.tape import Tape
from atc_cli.engine.account import follow as fast_follow
from tests.helpers.tapes import OPTIONAL, ages, foreseeing, ragged, tape_of, walk

COSTS = Costs(fee_frac=0.001, slippage_frac=0.0005)
FREE = Costs(fee_frac=0.0, slippage_frac=0.0)
RULES = Rules(enter=Enter.HOLD, exits=Exits(neutral=True, bars=9))


def every_mean(tape: Tape, account: Account, fill: Fill) -> float:
    """The mean net return of the trades, each over every time at which it fits."""
    trades, means = account.trades, []
    for i in np.flatnonzero(trades.ended).tolist():
        rows, side = tape.rows(int(trades.symbol[i])), int(trades.side[i])
        at, opened, close = tape.at[rows].tolist(), tape.open[rows], tape.close[rows]
        first = int(np.flatnonzero(~np.isnan(tape.signal[rows]))[0])
        hold = at.index(trades.exit[i]) - at.index(trades.entry[i])
        ordered = tuple(Reason)[trades.reason[i]] in (Reason.FLIP, Reason.NEUTRAL, Reason.BARS, Reason.REBALANCE)
        enters = opened if fill is Fill.NEXT_OPEN else close
        leaves = enters if ordered else close
        returns = []
        for row in range(first + 1, len(at) - hold):
            paid = enters[row] * (1 + side * COSTS.slippage_frac)
            got = leaves[row + hold] * (1 - side * COSTS.slippage_frac)
            held = range(row + 1, row + hold + 1) if len(tape.funding) else ()
            rates = sum(opened[each] * tape.funding[rows][each] for each in held)
            returns.append((side * (got - paid) - COSTS.fee_frac * (got + paid) - side * rates) / paid)
        means.append(fmean(returns))
    return fmean(means)


@pytest.mark.parametrize("fill", list(Fill))
@pytest.mark.parametrize("seed", range(3))
def test_draws_are_spread_around_the_mean_of_all_times(fill: Fill, seed: int) -> None:
    rules = replace(RULES, fill=fill, exits=Exits(neutral=True, bars=9, stop_atr=1.5))
    tape = ragged(seed, 4, 150)
    account = follow(tape, rules, COSTS, 1000.0)
    assert account.trades.ended.sum() > 20
    found = random_entries(tape, account, COSTS, fill, seed=seed).figures
    error = found["random_deviation_frac"] / np.sqrt(found["draws"])
    assert abs(found["random_mean_return_frac"] - every_mean(tape, account, fill)) < 4 * error


def one_way(ends: int) -> tuple[Tape, Account]:
    """A symbol bought at its second bar and held to its last one, which is not the last of the axis."""
    part = {**walk(np.random.default_rng(0), np.arange(ends))}
    part["signal"], part["age"] = np.ones(ends), np.arange(ends)
    tape = tape_of([part, walk(np.random.default_rng(1), np.arange(ends + 5))])
    tape.signal[ends:] = 0.0
    return tape, follow(tape, Rules(exits=Exits(flip=False)), COSTS, 1000.0)


def test_what_could_not_be_otherwise_is_not_better_than_chance() -> None:
    """A trade as long as its symbol has one time only: every draw is the trade itself."""
    tape, account = one_way(40)
    assert account.trades.ended.tolist() == [True]
    found = random_entries(tape, account, COSTS, Fill.NEXT_OPEN)
    assert found.figures["random_mean_return_frac"] == pytest.approx(found.figures["mean_return_frac"], rel=1e-9)
    assert (found.passed, found.figures["below_frac"]) == (False, 0)
    assert found.words.endswith("chance alone mostly does as well")


def test_knowing_the_future_is_better_than_chance_and_knowing_nothing_is_not() -> None:
    rng = np.random.default_rng(7)
    tape = foreseeing(rng, 1500, ahead=5)
    rules = Rules(enter=Enter.HOLD, exits=Exits(bars=5))
    found = []
    for signal in (tape.signal, rng.permutation(tape.signal)):
        account = follow(replace(tape, signal=signal), rules, COSTS, 1000.0)
        found.append(random_entries(tape, account, COSTS, Fill.NEXT_OPEN))
    knowing, guessing = found
    assert (knowing.passed, knowing.figures["below_frac"]) == (True, 1.0)
    assert knowing.words == "better than all of 1000 random entries with the same symbols, sides and holds"
    assert guessing.passed is False


def alike(seed: int, symbols: int = 15, bars: int = 400) -> Tape:
    """Symbols that rise and fall as one, with one signal, which knows nothing."""
    rng = np.random.default_rng(seed)
    signal = np.repeat(rng.choice([-0.5, 0.0, 0.5], bars // 10), 10)
    part = {name: each for name, each in walk(rng, np.arange(bars)).items() if name not in OPTIONAL}
    return tape_of([part | {"signal": signal, "age": ages(signal)}] * symbols)


def test_luck_of_symbols_that_move_together_is_no_more_than_chance() -> None:
    """Where nothing is known one result in ten is among the best or the worst twentieth of the draws."""
    below = []
    for seed in range(40):
        tape = alike(seed)
        account = fast_follow(tape, Rules(exits=Exits(neutral=True)), FREE, 1000.0)
        below.append(random_entries(tape, account, FREE, Fill.NEXT_OPEN, draws=100, seed=seed).figures["below_frac"])
    assert sum(not 0.05 < each < 0.95 for each in below) <= 10


def test_draws_repeat_and_do_not_depend_on_how_many_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = ragged(0, 4, 150)
    account = follow(tape, RULES, COSTS, 1000.0)
    once = random_entries(tape, account, COSTS, Fill.NEXT_OPEN, draws=50)
    monkeypatch.setattr("atc_cli.backtest.chance._CHUNK", 100)
    assert random_entries(tape, account, COSTS, Fill.NEXT_OPEN, draws=50).figures == pytest.approx(once.figures)


def test_without_a_trade_there_is_no_verdict() -> None:
    tape = ragged(0, 2, 30)
    account = follow(tape, replace(RULES, min_signal=5.0), COSTS, 1000.0)
    found = random_entries(tape, account, COSTS, Fill.NEXT_OPEN)
    assert (found.ran, found.passed, found.words) == (True, None, "no trade ended")


def test_how_often_is_said_in_words() -> None:
    assert [_ordinal(number) for number in (2, 3, 6, 10, 11, 12, 13, 21, 22, 33, 111, 500)] == [
        *("second", "third", "sixth", "tenth", "11th", "12th", "13th", "21st", "22nd", "33rd", "111th", "500th")
    ]
