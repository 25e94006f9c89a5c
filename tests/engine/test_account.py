"""The compiled account is the slow definition's, to the bit."""

import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.data.files.folder import FolderMarket
from atc_cli.data.load import Needs, load
from atc_cli.domain import account as slow
from atc_cli.domain.catalog import Want
from atc_cli.domain.features import Features
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Enter, Exits, Fill, Reason, Rules, SizeBy
from atc_cli.domain.tape import Tape
from atc_cli.domain.window import Window
from atc_cli.engine.account import follow
from atc_cli.engine.features import all_features
from atc_cli.engine.rust import RustBackend
from atc_cli.reporting.progress import SilentProgress
from tests.conftest import SHARED, needs_shared
from tests.helpers.tapes import OPTIONAL, ages, ragged, recomputed, tape_of, walk

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


@settings(max_examples=100)
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


def test_every_rule_was_met_in_such_examples() -> None:
    """The comparison above is of accounts in which something happens."""
    rules = Rules(enter=Enter.HOLD, exits=Exits(neutral=True, stop_atr=1.5, target_atr=3.0, bars=9), max_positions=4)
    met = {}
    for each in (rules, replace(rules, rebalance_bars=9, size=SizeBy.ATR, risk_frac=0.05)):
        account = follow(ragged(7, 9, 300), each, Costs(fee_frac=0.001, slippage_frac=0.002), 1000.0)
        met[each.rebalance_bars] = {tuple(Reason)[reason] for reason in account.trades.reason}
    ruined = follow(
        ragged(1, 9, 300, 0.3), replace(rules, leverage=5.0), Costs(fee_frac=0.0, slippage_frac=0.0), 1000.0
    )
    assert met[9] - met[None] == {Reason.REBALANCE}
    assert met[None] | met[9] | {Reason.RUINED, Reason.FLIP} == set(Reason)
    assert account.rejected
    assert account.unfilled
    assert ruined.ruined_at > 0


def test_without_the_extension_the_account_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, costs = ragged(11, 5, 200), Costs(fee_frac=0.001, slippage_frac=0.001)
    with_it = follow(tape, Rules(), costs, 1000.0)
    monkeypatch.setitem(sys.modules, "atc_cli._kernels", None)
    assert_same_bits(follow(tape, Rules(), costs, 1000.0), with_it)


def test_columns_may_be_mapped_from_a_file(tmp_path: Path) -> None:
    tape = ragged(12, 5, 200)
    tape.close.tofile(tmp_path / "close")
    mapped = replace(tape, close=np.memmap(tmp_path / "close", dtype=np.float64, mode="r"))
    costs = Costs(fee_frac=0.001, slippage_frac=0.001)
    assert_same_bits(follow(mapped, Rules(), costs, 1000.0), follow(tape, Rules(), costs, 1000.0))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"high": np.ones(3)}, "high has 3 entries, it must have as many as close, 9"),
        ({"atr": np.ones(3)}, "atr has 3 entries, it must have as many as close, 9"),
        ({"offsets": np.array([0, 8])}, "offsets must rise from 0 to the entries of close, 9"),
        ({"offsets": np.array([0, 10, 9])}, "offsets must rise from 0 to the entries of close, 9"),
        ({"at": np.zeros(9, np.int32)}, r"the places of symbol 0 must rise within 0\.\.9"),
        ({"at": np.arange(1, 10, dtype=np.int32)}, r"the places of symbol 0 must rise within 0\.\.9"),
        ({"close": np.ones(18)[::2]}, "close is not C-contiguous"),
    ],
)
def test_what_is_wrong_with_a_tape_is_said(changed: dict[str, Any], said: str) -> None:
    tape = tape_of([{**walk(np.random.default_rng(1), range(9))}])
    with pytest.raises(ValueError, match=f"^{said}"):
        follow(replace(tape, **changed), Rules(), Costs(fee_frac=0.0, slippage_frac=0.0), 1000.0)


def recorded(step: int) -> Tape:
    """Every so many of the recorded perpetuals, with the signals of one run over each."""
    market = FolderMarket(SHARED / "data" / "binance-usdm-1h", "1h")
    window = Window(timeframe="1h", now_ms=market.now_ms(), bars=1500)
    needs = Needs(warmup_bars=1, min_bars=0, cutout_bars=0, max_lag_bars=None)
    listings = market.listings(quote=None, tickers=False)[::step]
    panel = Panel.of(load(market, listings, window, needs, SilentProgress()).candles)
    average = RustBackend().compute(panel, Params(), Want.AVERAGE).average
    opens_ms = sorted({int(each) for candles in panel.series for each in candles.timestamp})
    parts = []
    for candles, row in zip(panel.series, average, strict=True):
        prices = dict(zip(("open", "high", "low", "close"), candles.values, strict=False))
        signal, atr = row[len(row) - len(candles) :], all_features(candles)[Features._fields.index("atr")]
        at = np.searchsorted(opens_ms, candles.timestamp)
        parts.append({"at": at, **prices, "signal": signal, "age": ages(signal), "atr": atr})
    return tape_of(parts, len(opens_ms))


@needs_shared
def test_the_equity_on_recorded_candles_is_what_the_trades_alone_say() -> None:
    """An independent recomputation in NumPy, from fills and closes."""
    tape = recorded(8)
    rules = Rules(enter=Enter.HOLD, exits=Exits(stop_atr=3.0, bars=48), max_positions=4, fill=Fill.NEXT_OPEN)
    costs = Costs(fee_frac=5e-4, slippage_frac=2e-4)
    account = follow(tape, rules, costs, 10_000.0)
    assert len(account.trades) > 100
    np.testing.assert_allclose(account.equity, recomputed(tape, account, costs), rtol=1e-9)
