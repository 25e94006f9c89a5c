"""What a cost may be, what a window does, and which checks were run."""

from dataclasses import replace

import numpy as np
import pytest

from atc_cli.backtest import checks
from atc_cli.backtest.metrics import figures
from atc_cli.domain.account import follow
from atc_cli.domain.catalog import Want
from atc_cli.domain.params import Params
from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Enter, Exits, Rules
from atc_cli.domain.tape import Tape
from tests.helpers.accounts import COSTS, account_of, axis_of
from tests.helpers.backends import HOUR_MS, backend, compute, per_family, tick_walk
from tests.helpers.tapes import foreseeing, tape_of, walk

PARAMS = Params(lengths=per_family(10))
RULES = Rules(enter=Enter.HOLD, exits=Exits(bars=4))


def prophetic() -> Tape:
    return foreseeing(np.random.default_rng(3), 100)


def costs_of(tape: Tape, paid: Costs, rules: Rules = RULES) -> checks.Check:
    return checks.costs(lambda each: follow(tape, rules, each, 1000.0), paid)


def total(account: Account) -> float:
    return float(account.equity[-1]) / account.capital - 1


def test_at_the_break_even_cost_nothing_is_earned() -> None:
    tape = prophetic()
    found = costs_of(tape, COSTS)
    at = found.figures["break_even_bps"]
    assert 1 < at < 1000
    below, above = (
        total(follow(tape, RULES, Costs(fee_frac=(at + d) / 1e4, slippage_frac=0), 1e3)) for d in (-1e-3, 1e-3)
    )
    assert below > 0 > above
    assert found.figures["paid_bps"] == 12
    assert found.passed is (at > 12)
    assert found.words == f"earns nothing at {at:.1f} bps a side, fee and slippage together; 12 are paid"


def test_returns_at_some_costs_are_those_of_accounts_that_pay_them() -> None:
    tape = prophetic()
    found = {each["cost_bps"]: each["return_total_frac"] for each in costs_of(tape, COSTS).figures["returns"]}
    assert list(found) == [0, 1, 2, 5, 10]
    assert found[5] == total(follow(tape, RULES, Costs(fee_frac=0.0005, slippage_frac=0), 1000.0))
    assert sorted(found.values(), reverse=True) == list(found.values())


def test_what_loses_without_costs_and_what_earns_at_any_have_no_break_even() -> None:
    tape = prophetic()
    losing = costs_of(replace(tape, signal=-tape.signal), COSTS)
    assert (losing.passed, losing.figures["break_even_bps"]) == (False, None)
    assert losing.words.endswith("% without any costs already")
    rising = tape_of([walk(np.random.default_rng(0), np.arange(50))])
    rising = replace(rising, **{name: np.linspace(1, 100, 50) for name in ("open", "high", "low", "close")})
    rising = replace(rising, signal=np.ones(50), age=np.arange(50, dtype=np.int32), funding=np.zeros(50))
    holding = costs_of(rising, COSTS, Rules(exits=Exits(flip=False)))
    assert (holding.passed, holding.figures["break_even_bps"]) == (True, None)
    assert holding.words == "earns even at 1000 bps a side"


def test_costs_of_nothing_have_no_verdict() -> None:
    found = costs_of(prophetic(), COSTS, replace(RULES, min_signal=9.0))
    assert (found.ran, found.passed, found.words) == (True, None, "nothing was traded")


def test_other_windows_are_compared_symbol_by_symbol() -> None:
    signals = np.array([0.5, -0.5, 0.0, np.nan, 0.3])
    others = {
        500: np.array([0.5, 0.2, 0.0, 0.1, 0.4]),  # one of four changes
        1000: np.array([0.4, -0.5, 0.0, np.nan, 0.05]),  # one of four
        3000: np.array([0.6, np.nan, np.nan, np.nan, np.nan]),  # none of one
        6000: np.full(5, np.nan),
    }
    found = checks.warmup(signals, others.__getitem__, window_bars=1500, cuts=(0.1, -0.1))
    assert [each["window_bars"] for each in found.figures["windows"]] == [500, 1000, 3000]
    assert [each["symbols"] for each in found.figures["windows"]] == [4, 4, 1]
    assert [each["side_changed"] for each in found.figures["windows"]] == [1, 1, 0]
    assert [each["difference_median"] for each in found.figures["windows"]] == pytest.approx([0.05, 0.05, 0.1])
    assert found.words == (
        "symbols whose newest side is another than with 1500 bars: "
        "1 of 4 with 500 bars, 1 of 4 with 1000 bars, 0 of 1 with 3000 bars"
    )
    assert found.passed is None


def test_without_longer_histories_no_window_is_compared() -> None:
    found = checks.warmup(np.ones(2), lambda _: np.full(2, np.nan), window_bars=400, cuts=(0.1, -0.1))
    assert found.words == "no symbol has bars for another window"


def test_newest_signals_are_those_of_the_last_bars_alone() -> None:
    series = [tick_walk(120, 1), tick_walk(60, 2), tick_walk(200, 3)]
    got = checks.newest_signals(series, backend("rust-scalar"), PARAMS, 100)
    alone = [compute("reference", [each.tail(100)], PARAMS, Want.LAST).average[0] for each in (series[0], series[2])]
    assert np.isnan(got[1])
    assert got[[0, 2]].tolist() == alone
    assert np.isnan(checks.newest_signals(series, backend("rust-scalar"), PARAMS, 500)).all()


def test_every_check_is_named_whether_it_was_run_or_not() -> None:
    found = checks.complete([checks.result(checks.RANDOM, "better"), checks.result(checks.LOOKAHEAD, "same")])
    assert [check.name for check in found] == ["lookahead", "warmup", "costs", "random", "split"]
    assert [check.ran for check in found] == [True, False, False, True, False]
    assert all(check.title for check in found)


def test_a_split_says_what_each_part_returned() -> None:
    equity = np.concatenate((np.linspace(1000, 1500, 60), np.linspace(1500, 1200, 40)))
    axis = axis_of(100)
    parts = [
        figures(account_of(equity), axis, HOUR_MS, equity, 365.0, costs=COSTS, title=title, first=first, stop=stop)
        for title, first, stop in (("first 60%", 0, 60), ("rest", 60, 100))
    ]
    assert checks.split(parts).words == "first 60%: +50.0%, rest: -20.0%"
    assert checks.split(parts).figures["returns_total_frac"] == pytest.approx([0.5, -0.2])
