"""The account of a backtest: worked out by hand, and what must hold of every one."""

from dataclasses import fields, replace

import numpy as np
import pytest

from atc_cli.domain.account import follow
from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Enter, Exits, Fill, Reason, Rules, SizeBy
from atc_cli.domain.tape import Tape
from tests.helpers.tapes import ages, ragged, recomputed, tape_of

FREE = Costs(fee_frac=0.0, slippage_frac=0.0)
DEAR = Costs(fee_frac=0.001, slippage_frac=0.01)

# Of each bar: place, open, high, low, close, signal, age, ATR, funding.
A = [
    (0, 99, 101, 98, 100, 0.5, 0, 5.0, 0.0),
    (1, 100, 105, 95, 104, 0.5, 1, 5.0, 0.5),
    (2, 104, 110, 99, 108, 0.5, 2, 5.0, 0.001),
    (3, 108, 112, 90, 92, 0.5, 3, 5.0, 0.0),
    (4, 92, 96, 91, 95, -0.5, 0, 5.0, 0.0),
    (5, 95, 97, 90, 91, -0.5, 1, 5.0, 0.5),
    (6, 78, 83, 77, 82, -0.5, 2, 5.0, 0.002),
    (7, 82, 83, 79, 80, 0.5, 0, 5.0, 0.0),
    (8, 80, 96, 70, 75, -0.6, 0, 5.0, 0.0),
    (9, 75, 76, 73, 74, -0.6, 1, 5.0, 0.0),
]
B = [
    (0, 51, 52, 49, 50, -0.5, 0, 20.0, 0.0),
    (1, 50, 51, 48, 48, -0.5, 1, 20.0, 0.0),
    (2, 48, 49, 46, 47, -0.5, 2, 20.0, 0.0),
    # no bar at place 3
    (4, 46, 47, 44, 44, 0.5, 0, 20.0, 0.001),
    (5, 45, 46, 44, 46, 0.5, 1, 20.0, 0.0),
    (6, 46, 48, 45, 47, 0.5, 2, 20.0, -0.002),
]
NAMES = ("at", "open", "high", "low", "close", "signal", "age", "atr", "funding")


def by_hand() -> Tape:
    return tape_of([dict(zip(NAMES, zip(*rows, strict=True), strict=True)) for rows in (A, B)])


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-12, abs=1e-12)


def reasons(account: Account) -> list[str]:
    return [tuple(Reason)[reason] for reason in account.trades.reason]


def test_ten_bars_by_hand() -> None:
    rules = Rules(max_positions=2, exits=Exits(flip=True, stop_atr=2.0, target_atr=3.0))
    account = follow(by_hand(), rules, DEAR, 1000.0)

    # 0: both are decided, A long and B short, each for 1000 / 2.
    equity = [1000.0]
    # 1: A is bought at 100 * 1.01 for 500, fee 0.5 (its funding of 0.5 was due before). Room is left for
    #    999.5 - 500 = 499.5 of B, sold at 50 * 0.99, fee 0.4995.
    a = 500 / 101
    b = 499.5 / 49.5
    cash = 1000 - 500 - 0.5 + 499.5 - 0.4995
    equity.append(cash + a * 104 - b * 48)
    # 2: A pays 0.001 of a * 104.
    funding_a1 = a * 104 * 0.001
    cash -= funding_a1
    equity.append(cash + a * 108 - b * 47)
    # 3: A's low of 90 is below its stop of 101 - 2 * 5 = 91: sold at 91 * 0.99. B has no bar: worth its last close.
    cash += a * 90.09 - 0.001 * a * 90.09
    equity.append(cash - b * 47)
    # 4: B receives 0.001 of b * 46. At the close A is to be sold; B flips: to be bought back and bought.
    funding_b1 = -b * 46 * 0.001
    cash -= funding_b1
    equity.append(cash - b * 44)
    half = equity[4] / 2
    # 5: B first: bought back at 45 * 1.01. Then A short for half at 95 * 0.99 and B long at 45.45: both for less than
    #    the equity, and what is left of it is the room of B.
    cash -= b * 45.45 + 0.001 * b * 45.45
    now = cash
    a2 = half / 94.05
    cash += half - 0.001 * half
    room = now - 0.001 * half - half
    assert room < half
    b2 = room / 45.45
    cash -= room + 0.001 * room
    equity.append(cash - a2 * 91 + b2 * 46)
    # 6: A receives 0.002 of a2 * 78, B too (its rate is below 0) of b2 * 46. A opens at 78, below its target of
    #    94.05 - 3 * 5 = 79.05: bought back at 78 * 1.01. B ends here: sold at its close, 47 * 0.99.
    funding_a2, funding_b2 = -a2 * 78 * 0.002, -b2 * 46 * 0.002
    cash -= funding_a2 + funding_b2
    cash -= a2 * 78.78 + 0.001 * a2 * 78.78
    cash += b2 * 46.53 - 0.001 * b2 * 46.53
    equity.append(cash)
    # 7: A is decided, long, for half.
    equity.append(cash)
    half = cash / 2
    # 8: bought at 80 * 1.01; the bar touches the stop of 70.8 and the target of 95.8: sold at 70.8 * 0.99.
    #    Decided short.
    a3 = half / 80.8
    cash -= half + 0.001 * half
    cash += a3 * 70.092 - 0.001 * a3 * 70.092
    equity.append(cash)
    half = cash / 2
    # 9: sold at 75 * 0.99, open at the end.
    a4 = half / 74.25
    cash += half - 0.001 * half
    equity.append(cash - a4 * 74)

    np.testing.assert_allclose(account.equity, equity, rtol=1e-12)
    trades = account.trades
    assert reasons(account) == ["stop", "flip", "target", "delisted", "stop", "open"]
    assert trades.symbol.tolist() == [0, 1, 0, 1, 0, 0]
    assert trades.side.tolist() == [1, -1, -1, 1, 1, -1]
    assert trades.decided.tolist() == [0, 0, 4, 4, 7, 8]
    assert trades.entry.tolist() == [1, 1, 5, 5, 8, 9]
    assert trades.exit.tolist() == [3, 5, 6, 6, 8, 9]
    assert trades.entry_price == near([101.0, 49.5, 94.05, 45.45, 80.8, 74.25])
    assert trades.exit_price == near([90.09, 45.45, 78.78, 46.53, 70.092, 74.0])
    assert trades.quantity == near([a, b, a2, b2, a3, a4])
    assert trades.signal.tolist() == [0.5, -0.5, -0.5, 0.5, 0.5, -0.6]
    assert trades.funding == near([funding_a1, funding_b1, funding_a2, funding_b2, 0.0, 0.0])
    assert trades.fees == near(
        [
            0.5 + a * 0.09009,
            0.4995 + b * 0.04545,
            a2 * (0.09405 + 0.07878),
            b2 * (0.04545 + 0.04653),
            a3 * (0.0808 + 0.070092),
            a4 * 0.07425,
        ]
    )
    assert trades.pnl[0] == near(a * (90.09 - 101) - 0.5 - a * 0.09009 - funding_a1)
    assert trades.pnl[5] == near(a4 * (74.25 - 74) - a4 * 0.07425)
    # Of the bars held whole, and the price of the exit: A at 90.09 after a high of 110; B between 51 and 44; A from
    # 97 to 78.78; B up to 48, down to 44; A only at its exit; A up to 76, down to 73.
    assert trades.mae_frac == near(
        [90.09 / 101 - 1, 1 - 51 / 49.5, 1 - 97 / 94.05, 44 / 45.45 - 1, 70.092 / 80.8 - 1, 1 - 76 / 74.25]
    )
    assert trades.mfe_frac == near(
        [110 / 101 - 1, 1 - 44 / 49.5, 1 - 78.78 / 94.05, 48 / 45.45 - 1, 0.0, 1 - 73 / 74.25]
    )
    assert trades.held_bars.tolist() == [2, 3, 1, 2, 0, 1]
    assert account.fees == near(trades.fees.sum())
    assert account.funding == near(trades.funding.sum())
    assert account.held.tolist() == [0, 2, 2, 1, 1, 2, 0, 0, 0, 1]
    assert account.gross[:3] == near([0.0, a * 104 + b * 48, a * 108 + b * 47])
    assert account.net[:3] == near([0.0, a * 104 - b * 48, a * 108 - b * 47])
    assert account.turnover[[0, 1, 2, 3, 5]] == near([0.0, 999.5, 0.0, a * 90.09, b * 45.45 + equity[4] / 2 + room])
    np.testing.assert_allclose(account.cash + account.net, account.equity, rtol=1e-12)
    # At place 6 B has its last bar: it is still to be held, so nothing is ordered; A's exit of place 8 was its stop.
    assert (account.rejected, account.unfilled, account.ruined_at) == (0, 0, -1)


def columns(close: list[float], signal: list[float], **more: list[float]) -> dict[str, list[float]]:
    """Bars that open at the close before and reach no further."""
    opened = [close[0], *close[:-1]]
    return {
        "at": list(range(len(close))),
        "open": opened,
        "high": [max(pair) for pair in zip(opened, close, strict=True)],
        "low": [min(pair) for pair in zip(opened, close, strict=True)],
        "close": close,
        "signal": signal,
        "age": ages(np.array(signal)).tolist(),
        **more,
    }


STAY = Rules(enter=Enter.HOLD, exits=Exits(flip=False))
WALKS = [(seed, fill, max_positions) for seed in range(4) for fill in Fill for max_positions in (None, 3)]


@pytest.mark.parametrize("fill", Fill)
def test_buy_and_hold_is_the_capital_times_the_close_over_the_first_price(fill: Fill) -> None:
    tape = ragged(3, 1, 400, columns=())
    account = follow(tape, replace(STAY, side="long", fill=fill), FREE, 5000.0)
    (entry,) = account.trades.entry
    price = (tape.open if fill is Fill.NEXT_OPEN else tape.close)[entry]
    held = 5000.0 * tape.close[entry:] / price
    np.testing.assert_allclose(account.equity[entry:], held, rtol=1e-12)
    assert (account.equity[:entry] == 5000.0).all()


@pytest.mark.parametrize(("seed", "fill", "max_positions"), WALKS)
def test_cash_and_positions_balance_at_every_bar(seed: int, fill: Fill, max_positions: int | None) -> None:
    """Sum of fills, fees and funding is the change of equity: worked out anew from the trades."""
    exits = Exits(flip=True, neutral=seed % 2 == 1, stop_atr=2.0, target_atr=4.0, bars=30)
    rules = Rules(enter=Enter.HOLD, exits=exits, fill=fill, max_positions=max_positions, leverage=2.0)
    tape = ragged(seed, 7, 250)
    account = follow(tape, rules, DEAR, 1000.0)
    assert len(account.trades) > 30
    np.testing.assert_allclose(account.equity, recomputed(tape, account, DEAR), rtol=1e-9)
    np.testing.assert_allclose(account.cash + account.net, account.equity, rtol=1e-12)
    assert account.trades.pnl.sum() == pytest.approx(account.equity[-1] - 1000.0, rel=1e-9)
    assert account.fees == pytest.approx(account.trades.fees.sum())
    assert account.funding == pytest.approx(account.trades.funding.sum())
    # Every fill costs as much of its value, but none of what is left open.
    assert account.turnover.sum() * DEAR.fee_frac == pytest.approx(account.fees)


@pytest.mark.parametrize(("seed", "fill", "max_positions"), WALKS)
def test_no_fill_comes_before_the_bar_after_its_signal(seed: int, fill: Fill, max_positions: int | None) -> None:
    rules = Rules(enter=Enter.HOLD, fill=fill, max_positions=max_positions, exits=Exits(flip=True, bars=9))
    tape = ragged(seed, 7, 250)
    trades = follow(tape, rules, DEAR, 1000.0).trades
    named = [tuple(Reason)[reason] for reason in trades.reason]
    for i, reason in enumerate(named):
        rows = tape.rows(int(trades.symbol[i]))
        at = tape.at[rows].tolist()
        decided = at.index(trades.decided[i])
        assert tape.signal[rows][decided] == trades.signal[i]
        assert at.index(trades.entry[i]) == decided + 1
        if reason == Reason.FLIP:
            before = tape.signal[rows][at.index(trades.exit[i]) - 1]
            assert before * trades.side[i] < 0
    assert {Reason.FLIP, Reason.BARS, Reason.DELISTED} <= set(named)


def test_what_is_decided_does_not_know_what_comes() -> None:
    """Cut anywhere, the curve up to there is the same but for what a last bar means."""
    tape = ragged(5, 1, 200)
    rules = Rules(enter=Enter.HOLD, exits=Exits(stop_atr=1.0, target_atr=2.0))
    whole = follow(tape, rules, DEAR, 1000.0).equity
    for end in (1, 30, 31, 77, 199):
        cut = {
            field.name: column[:end] if field.name not in ("symbols", "offsets") and len(column) else column
            for field in fields(tape)
            for column in [getattr(tape, field.name)]
            if field.name != "alive_from"
        } | {"alive_from": end - 1}
        part = follow(Tape(**cut | {"offsets": np.array([0, end])}), rules, DEAR, 1000.0).equity
        assert part.tobytes() == whole[:end].tobytes()


def test_a_symbol_that_ends_is_closed_at_its_last_bar_and_its_orders_are_unfilled() -> None:
    ends = columns([10.0, 10.0, 12.0, 12.0], [0.5, 0.5, 0.5, -0.5])
    stays = columns([20.0] * 6, [0.0] * 6)
    account = follow(tape_of([ends, stays]), replace(STAY, side="both"), FREE, 1000.0)
    assert reasons(account) == ["delisted"]
    assert account.trades.exit.tolist() == [3]
    assert account.trades.exit_price.tolist() == [12.0]
    assert account.held.tolist() == [0, 1, 1, 0, 0, 0]
    # The short that its last close decides is for a bar that never comes.
    assert account.unfilled == 1
    assert account.equity[-1] == near(1000.0 + 500.0 / 10.0 * 2.0)


def test_a_symbol_that_may_go_on_stays_open_at_its_last_close_and_pays_nothing_for_it() -> None:
    ends = columns([10.0, 10.0, 12.0, 12.0], [0.5, 0.5, 0.5, -0.5])
    stays = columns([20.0] * 6, [0.0] * 6)
    tape = replace(tape_of([ends, stays]), alive_from=3)
    account = follow(tape, replace(STAY, side="both", exits=Exits(flip=True)), DEAR, 1000.0)
    assert reasons(account) == ["open"]
    assert (account.trades.exit.tolist(), account.trades.exit_price.tolist()) == ([5], [12.0])
    assert account.held.tolist() == [0, 1, 1, 1, 1, 1]
    # To leave the long and to go short, decided by its last close.
    assert account.unfilled == 2
    assert account.equity[3:].tolist() == [account.equity[2]] * 3


def test_a_gap_is_waited_through_and_valued_at_the_last_close() -> None:
    gappy = columns([10.0, 10.0, 12.0, 15.0], [0.5, 0.5, 0.5, 0.5]) | {"at": [0, 3, 4, 7]}
    other = columns([20.0] * 8, [0.0] * 8)
    account = follow(tape_of([gappy, other]), STAY, FREE, 1000.0)
    assert account.trades.decided.tolist() == [0]
    assert account.trades.entry.tolist() == [3]
    worth = 500.0 / 10.0
    assert account.equity == near([1000.0] * 4 + [500.0 + worth * 12.0] * 3 + [500.0 + worth * 15.0])


def test_a_ruined_account_closes_everything_and_trades_no_more() -> None:
    soars = columns([10.0, 10.0, 10.0, 35.0, 10.0, 10.0, 10.0], [-0.5, -0.5, -0.5, -0.5, 0.5, -0.5, -0.5])
    flat = columns([10.0] * 7, [0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0])
    rules = Rules(max_positions=1, leverage=1.0, enter=Enter.HOLD, exits=Exits(flip=True))
    account = follow(tape_of([soars, flat]), rules, DEAR, 1000.0)
    # Sold at 9.9 for 1000, fee 1; worth 35 at the close of place 3, so that it is bought back at 35.35, fee included.
    left = 1000.0 + 1000.0 - 1.0 - 1000.0 / 9.9 * 35.35 * 1.001
    assert account.ruined_at == 3
    assert reasons(account) == ["ruined"]
    assert account.equity[3:] == near([left] * 4)
    assert account.cash[3:] == near([left] * 4)
    assert account.held.tolist() == [0, 1, 1, 0, 0, 0, 0]
    assert account.gross[3:].tolist() == [*account.turnover[4:].tolist(), 0.0]


def test_a_gap_beyond_the_stop_fills_at_the_open_and_a_stop_at_both_comes_first() -> None:
    atr = {"atr": [1.0] * 5}
    tape = tape_of([columns([100.0] * 5, [0.5] * 5, **atr)])
    rules = Rules(enter=Enter.HOLD, side="long", exits=Exits(flip=False, stop_atr=2.0, target_atr=2.0))

    def ended(opened: float, high: float, low: float) -> tuple[str, float]:
        bars = {name: getattr(tape, name).copy() for name in ("open", "high", "low")}
        for name, value in zip(bars, (opened, high, low), strict=True):
            bars[name][2] = value
        account = follow(replace(tape, **bars), rules, FREE, 1000.0)
        return reasons(account)[0], float(account.trades.exit_price[0])

    assert ended(100.0, 101.0, 98.5) == ("open", 100.0)
    assert ended(100.0, 101.0, 98.0) == ("stop", 98.0)
    assert ended(100.0, 102.0, 99.0) == ("target", 102.0)
    assert ended(100.0, 103.0, 97.0) == ("stop", 98.0)
    assert ended(95.0, 96.0, 94.0) == ("stop", 95.0)
    assert ended(105.0, 106.0, 104.0) == ("target", 105.0)


def test_an_entry_at_the_open_can_be_stopped_in_its_own_bar_and_one_at_the_close_cannot() -> None:
    bars = columns([100.0, 100.0, 100.0], [0.5, 0.5, 0.5], atr=[1.0] * 3) | {"low": [100.0, 90.0, 100.0]}
    rules = replace(STAY, exits=Exits(flip=False, stop_atr=2.0))
    for fill, expected in ((Fill.NEXT_OPEN, ["stop", "open"]), (Fill.NEXT_CLOSE, ["open"])):
        account = follow(tape_of([bars]), replace(rules, fill=fill), FREE, 1000.0)
        assert reasons(account) == expected
    assert account.trades.mae_frac.tolist() == [0.0]


def test_bars_are_those_held_and_neutral_is_any_other_side() -> None:
    tape = tape_of([columns([100.0] * 8, [0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0])])
    for fill in Fill:
        bars = follow(tape, Rules(fill=fill, enter=Enter.HOLD, exits=Exits(bars=2)), FREE, 1000.0)
        assert bars.trades.held_bars.tolist()[:2] == [2, 2]
        assert reasons(bars) == ["bars"] * 3
        neutral = follow(tape, Rules(fill=fill, enter=Enter.HOLD, exits=Exits(neutral=True)), FREE, 1000.0)
        assert reasons(neutral) == ["neutral"]
        assert neutral.trades.exit.tolist() == [6]


def test_the_first_of_the_ranks_get_the_free_slots() -> None:
    signals, keys, volumes = [0.5, 0.9, -0.9, 0.9, -0.9], [0.0, 2.0, 1.0, 1.0, 1.0], [9.0, 9.0, 5.0, np.nan, 7.0]
    parts = [
        columns([100.0] * 3, [signal] * 3, key=[key] * 3, volume=[volume] * 3)
        for signal, key, volume in zip(signals, keys, volumes, strict=True)
    ]
    for count, first in enumerate([4, 2, 3, 1, 0], start=1):
        account = follow(tape_of(parts), replace(STAY, max_positions=count), FREE, 1000.0)
        assert account.held[-1] == count
        assert account.trades.symbol[-1] == max([4, 2, 3, 1, 0][:count])
        assert first in account.trades.symbol


def test_filters_keep_symbols_out() -> None:
    steady = columns(
        [100.0] * 5, [0.0, 0.4, 0.4, 0.4, 0.4], atr=[np.nan] * 3 + [1.0] * 2, volume=[1.0, 1.0, 1.0, 1.0, 5.0]
    )
    tape = tape_of([steady])

    def decided(**rules: object) -> list[int]:
        return follow(tape, replace(STAY, **rules), FREE, 1000.0).trades.decided.tolist()

    assert decided() == [1]
    assert decided(min_signal=0.5) == []
    assert decided(side="short") == []
    assert decided(max_age_bars=0) == [1]
    assert decided(enter=Enter.FLIP) == [1]
    assert decided(size=SizeBy.ATR) == [3]
    assert decided(exits=Exits(flip=False, stop_atr=1.0)) == [3]
    # Decided at the last bar: unfilled.
    assert decided(min_volume=5.0) == []
    assert follow(tape, replace(STAY, min_volume=5.0), FREE, 1000.0).unfilled == 1


def test_sizes_and_the_room_below_the_leverage() -> None:
    tape = tape_of([columns([100.0] * 4, [0.4] * 4, atr=[2.0] * 4), columns([50.0] * 4, [-0.8] * 4, atr=[0.1] * 4)])

    def values(**rules: object) -> list[float]:
        trades = follow(tape, replace(STAY, **rules), FREE, 1000.0).trades
        return (trades.quantity * trades.entry_price).tolist()

    assert values() == near([500.0, 500.0])
    assert values(leverage=3.0) == near([1500.0, 1500.0])
    assert values(max_positions=4) == near([250.0, 250.0])
    assert values(size=SizeBy.SIGNAL) == near([200.0, 400.0])
    # 1% of 1000 for each 2% of an ATR of 2 at 100: 500; for 0.2%: 5000, of which there is room for the first in rank.
    assert values(size=SizeBy.ATR) == near([1000.0])
    assert follow(tape, replace(STAY, size=SizeBy.ATR), FREE, 1000.0).rejected == 3
    assert values(size=SizeBy.ATR, leverage=9.0) == near([500.0, 5000.0])
    assert values(size=SizeBy.ATR, leverage=9.0, exits=Exits(flip=False, stop_atr=2.0)) == near([250.0, 2500.0])


def test_a_rebalance_resizes_what_stays_ends_what_goes_and_enters_what_comes() -> None:
    a = columns([100.0, 100.0, 100.0, 200.0, 200.0, 200.0], [0.9, 0.9, 0.9, 0.9, 0.9, 0.9])
    b = columns([100.0] * 6, [0.8, 0.8, 0.8, 0.3, 0.3, 0.3])
    c = columns([100.0] * 6, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
    rules = replace(STAY, max_positions=2, rebalance_bars=3)
    account = follow(tape_of([a, b, c]), rules, replace(DEAR, slippage_frac=0.0), 1000.0)
    # 0: A and B for 500; B finds room for 499.5 after A's fee. 3: A doubled, so that the equity is 1499.0005.
    held = 1000.0 - 0.5 - 0.4995 + 500.0
    assert account.equity[3] == near(held)
    half = held / 2
    # 4: B ends, A is worth 1000 and is to be worth half of it; C is entered, in the room that is left.
    cost = 0.001 * (499.5 + 1000.0 - half)
    room = min(half, held - cost - half)
    assert account.turnover[4] == near(499.5 + (1000.0 - half) + room)
    assert account.equity[4] == near(held - cost - 0.001 * room)
    assert reasons(account) == ["rebalance", "open", "open"]
    assert account.trades.quantity == near([4.995, 5.0, room / 100.0])
    assert account.trades.entry_price.tolist() == [100.0, 100.0, 100.0]
    assert account.trades.pnl.sum() == near(account.equity[-1] - 1000.0)


def test_what_a_rebalance_adds_makes_the_entry_price_a_mean() -> None:
    a = columns([100.0, 100.0, 50.0, 50.0, 50.0], [0.9] * 5)
    b = columns([100.0, 100.0, 200.0, 200.0, 200.0], [0.8] * 5)
    account = follow(tape_of([a, b]), replace(STAY, max_positions=2, rebalance_bars=2), FREE, 1000.0)
    # At 2: 250 and 1000, to be 625 each: A adds 375 at 50 to its 5 at 100, which makes 12.5 units; B sells 375 at 200.
    assert account.trades.quantity == near([12.5, 5.0])
    assert account.trades.entry_price == near([(500.0 + 375.0) / 12.5, 100.0])
    assert account.trades.pnl == near([-250.0, 500.0])
    assert account.gross[3] == near(1250.0)


def test_no_symbols_no_bars_no_trades() -> None:
    empty = Tape(
        symbols=(),
        axis_ms=np.empty(0, np.int64),
        alive_from=0,
        offsets=np.zeros(1, np.int64),
        at=np.empty(0, np.int32),
        age=np.empty(0, np.int32),
        **{name: np.empty(0) for name in ("open", "high", "low", "close", "signal")},
    )
    account = follow(empty, Rules(), DEAR, 1000.0)
    assert len(account.equity) == len(account.trades) == 0
