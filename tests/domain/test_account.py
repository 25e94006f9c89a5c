"""The account of a backtest: worked out by hand, and what must hold of every one."""

import numpy as np
import pytest

from atc_cli.domain.account import follow
from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Exits, Reason, Rules
from atc_cli.domain.tape import Tape
from tests.helpers.tapes import tape_of

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
    # 3: A's low of 90 is below its stop of 101 - 2 * 5 = 91: sold at 91 * 0.99. B has no bar and is worth its last close.
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
    # 8: bought at 80 * 1.01; the bar touches the stop of 70.8 and the target of 95.8: sold at 70.8 * 0.99. Decided short.
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
