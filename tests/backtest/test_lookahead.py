"""Whatever peeks is caught: in the replay, in a figure beside it, in the account."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from atc_cli.backtest.align import Columns, Needed, Rates, part_of
from atc_cli.backtest.lookahead import lookahead, until, whole_places
from atc_cli.backtest.replay import replay
from atc_cli.domain.account import follow
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.replayed import Replayed
from atc_cli.domain.results.backtest import Account, Check
from atc_cli.domain.rules import Costs, Enter, Exits, Rules
from atc_cli.domain.tape import Tape
from tests.helpers import tapes
from tests.helpers.backends import HOUR_MS, backend, per_family, tick_walk
from tests.helpers.tapes import ragged

PARAMS = Params(lengths=per_family(10))
NEEDED = Needed(atr=True, tie="stretch", volume=True, funding=False)
RULES = Rules(enter=Enter.HOLD, exits=Exits(neutral=True, stop_atr=2.0))
COSTS = Costs(fee_frac=0.0005, slippage_frac=0.0001)
SERIES = [tick_walk(260, seed) for seed in (1, 2)]
Replays = Callable[[Candles], Replayed]


def honest(candles: Candles, anchor: str = "rolling") -> Replayed:
    (found,) = replay(
        [candles], backend("rust-scalar"), PARAMS, Anchor.parse(anchor), bars=60, first_ms=0, least_bars=60
    )
    return found


def peeking(candles: Candles) -> Replayed:
    """A replay that knows the next bar."""
    seen = honest(candles)
    return Replayed(np.append(seen.average[1:], seen.average[-1]), seen.age)


def centred(candles: Candles) -> Replayed:
    """One that takes off the mean of the whole history."""
    seen = honest(candles)
    return Replayed(seen.average - np.nanmean(seen.average), seen.age)


def columns_of(candles: Candles, replays: Replays) -> Mapping[str, Any]:
    part = part_of(candles, replays(candles), NEEDED, first_ms=0, cuts=(0.1, -0.1), rates=Rates())
    assert part is not None
    return part.columns


def tape_of(replays: Replays) -> Tape:
    columns = Columns(HOUR_MS)
    for candles in SERIES:
        part = part_of(candles, replays(candles), NEEDED, first_ms=0, cuts=(0.1, -0.1), rates=Rates())
        assert part is not None
        columns.add(part)
    return columns.tape()


def account_of(tape: Tape) -> Account:
    return follow(tape, RULES, COSTS, 1000.0)


def checked(replays: Replays, accounts: Callable[[Tape], Account] = account_of, seed: int = 0) -> Check:
    tape = tape_of(replays)
    return lookahead(
        tape,
        accounts(tape),
        SERIES.__getitem__,
        lambda candles: columns_of(candles, replays),
        accounts,
        cuts=6,
        seed=seed,
    )


@pytest.mark.parametrize("anchor", ["rolling", "rolling:7", "origin"])
def test_the_replay_does_not_look_ahead(anchor: str) -> None:
    found = checked(lambda candles: honest(candles, anchor))
    assert (found.ran, found.passed) == (True, True)
    assert found.figures["cuts"] == found.figures["account_cuts"] == 6
    assert found.figures["values_compared"] > 1000
    assert found.words == "cut at 6 bars, signals before are the same; at 6, so is the equity"


@pytest.mark.parametrize("replays", [peeking, centred])
@pytest.mark.parametrize("seed", range(3))
def test_a_replay_that_peeks_is_caught(replays: Replays, seed: int) -> None:
    found = checked(replays, seed=seed)
    assert found.passed is False
    assert found.words.startswith("it looks ahead: signal of W")
    assert found.figures["first_difference"]["of"].startswith("signal of W")


def test_an_account_that_peeks_is_caught() -> None:
    def prophetic(tape: Tape) -> Account:
        ahead = tape.signal.copy()
        for symbol in range(len(tape)):
            rows = tape.rows(symbol)
            ahead[rows] = np.append(tape.signal[rows][1:], 0.0)
        return account_of(replace(tape, signal=ahead))

    found = checked(honest, prophetic)
    assert found.passed is False
    assert found.figures["first_difference"]["of"] == "equity"
    assert found.words.startswith("it looks ahead: equity at 2023-")


def test_a_figure_beside_the_signal_that_peeks_is_caught() -> None:
    tape = tape_of(honest)
    tape = replace(tape, atr=np.append(tape.atr[1:], tape.atr[-1]))
    found = lookahead(
        tape, account_of(tape), SERIES.__getitem__, lambda candles: columns_of(candles, honest), account_of, cuts=6
    )
    assert found.passed is False
    assert found.words.startswith("it looks ahead: atr of W")


@pytest.mark.parametrize("seed", range(4))
def test_an_honest_account_of_symbols_with_holes_that_come_and_go_passes(seed: int) -> None:
    tape = ragged(seed, 5, 50)
    account = account_of(tape)
    places = whole_places(tape)
    assert len(places)
    for place in places.tolist():
        cut = account_of(until(tape, place))
        assert cut.equity.tobytes() == account.equity[: place + 1].tobytes()


def test_places_at_which_a_symbol_ends_or_has_a_hole_are_left_out() -> None:
    tape = ragged(1, 2, 30)
    expected = []
    for place in range(29):
        alive = [tape.at[tape.rows(symbol)] for symbol in range(2)]
        going = [at for at in alive if len(at) and at[0] <= place < at[-1]]
        ended = any(len(at) and at[-1] == place for at in alive)
        if all(place in at for at in going) and not ended:
            expected.append(place)
    assert 0 < len(expected) < 29
    assert whole_places(tape).tolist() == expected


def test_the_newest_bars_are_enough() -> None:
    """Whoever computes anew may compute a few bars only."""
    tape = tape_of(peeking)
    few = lookahead(
        tape,
        account_of(tape),
        SERIES.__getitem__,
        lambda candles: {"signal": honest(candles).average[-3:]},
        account_of,
        cuts=6,
    )
    assert few.passed is False


def test_a_signal_that_is_not_there_without_later_bars_is_caught() -> None:
    tape = tape_of(honest)
    found = lookahead(tape, account_of(tape), SERIES.__getitem__, lambda _: {}, account_of, cuts=6)
    assert found.passed is False
    assert found.words.endswith("without later bars nan")


def test_an_equity_that_was_not_compared_is_not_called_the_same() -> None:
    """A tape of one bar has no place before its last."""
    signal = np.full(1, 0.5)
    tape = tapes.tape_of([{**tapes.walk(np.random.default_rng(0), [0]), "signal": signal}])
    found = lookahead(tape, account_of(tape), SERIES.__getitem__, lambda _: {"signal": signal}, account_of)
    assert found.words == "cut at 1 bars, signals before are the same; no place to compare the equity at"
