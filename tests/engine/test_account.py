"""The compiled account is the slow definition's, to the bit."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.domain import account as slow
from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Enter, Exits, Fill, Rules, SizeBy
from atc_cli.engine.account import follow
from tests.helpers.tapes import OPTIONAL, ragged

SOME_ATR = st.sampled_from([0.5, 1.5, 3.0])


def maybe(some: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | some


RULES = st.builds(
    Rules,
    side=st.sampled_from(["both", "both", "long", "short"]),
    enter=st.sampled_from(Enter),
    exits=st.builds(
        Exits,
        flip=st.booleans(),
        neutral=st.booleans(),
        stop_atr=maybe(SOME_ATR),
        target_atr=maybe(SOME_ATR),
        bars=maybe(st.integers(1, 9)),
    ),
    fill=st.sampled_from(Fill),
    min_signal=st.sampled_from([0.0, 0.3]),
    max_age_bars=maybe(st.integers(0, 5)),
    min_volume=maybe(st.just(1e6)),
    max_positions=maybe(st.integers(1, 5)),
    rebalance_bars=maybe(st.integers(1, 20)),
    size=st.sampled_from(SizeBy),
    risk_frac=st.sampled_from([0.001, 0.05]),
    leverage=st.sampled_from([1.0, 0.5, 5.0]),
)
COSTS = st.builds(Costs, fee_frac=st.sampled_from([0.0, 0.001]), slippage_frac=st.sampled_from([0.0, 0.002]))


def assert_same_bits(found: Account, expected: Account) -> None:
    for name in (field.name for field in fields(Account) if field.name != "trades"):
        one, other = np.asarray(getattr(found, name)), np.asarray(getattr(expected, name))
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes(), name
    for name in (field.name for field in fields(expected.trades)):
        one, other = getattr(found.trades, name), getattr(expected.trades, name)
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes(), name


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    symbols=st.sampled_from([1, 2, 5, 9, 70]),
    places=st.sampled_from([1, 2, 63, 64, 65, 150]),
    volatility=st.sampled_from([0.01, 0.01, 0.3]),
    columns=st.sets(st.sampled_from(OPTIONAL)),
    ended_frac=st.sampled_from([1.0, 1.0, 0.5]),
    rules=RULES,
    costs=COSTS,
)
def test_the_compiled_account_is_that_of_the_definition(
    seed: int,
    symbols: int,
    places: int,
    volatility: float,
    columns: set[str],
    ended_frac: float,
    rules: Rules,
    costs: Costs,
) -> None:
    tape = ragged(seed, symbols, min(places, 65) if symbols > 9 else places, volatility, tuple(columns))
    tape = replace(tape, alive_from=int(tape.alive_from * ended_frac))
    assert_same_bits(follow(tape, rules, costs, 1000.0), slow.follow(tape, rules, costs, 1000.0))
