"""Accounts made of random numbers, for what reads them."""

from dataclasses import replace

import numpy as np

from atc_cli.domain.results.backtest import Account, Trades
from atc_cli.domain.rules import Costs, Reason
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS

START_MS = 18_262 * DAY_MS  # 2020-01-01, a Wednesday
COSTS = Costs(fee_frac=0.001, slippage_frac=0.0002)


def axis_of(bars: int, bar_ms: int = HOUR_MS, start_ms: int = START_MS) -> np.ndarray:
    return start_ms + bar_ms * np.arange(bars)


def trades_of(rng: np.random.Generator, count: int, bars: int, *, symbols: int = 1, still_open: int = 0) -> Trades:
    """Of random sizes and results; those still open are the last."""
    entry = rng.integers(1, max(bars - 60, 2), count)
    price = rng.uniform(10, 20, count)
    quantity = rng.uniform(1, 5, count)
    moves = rng.normal(0.003, 0.04, count)
    side = rng.choice([-1, 1], count)
    fees = 0.002 * price * quantity
    reason = np.full(count, tuple(Reason).index(Reason.FLIP))
    reason[count - still_open :] = tuple(Reason).index(Reason.OPEN)
    held = rng.integers(1, 50, count)
    return Trades(
        symbol=rng.integers(0, symbols, count),
        side=side,
        decided=entry - 1,
        entry=entry,
        exit=np.minimum(entry + held, bars - 1),
        entry_price=price,
        exit_price=price * (1 + moves * side),
        quantity=quantity,
        pnl=price * quantity * moves - fees,
        fees=fees,
        funding=np.zeros(count),
        mae_frac=np.minimum(moves, 0) - rng.uniform(0, 0.02, count),
        mfe_frac=np.maximum(moves, 0) + rng.uniform(0, 0.02, count),
        held_bars=held,
        signal=rng.uniform(-1, 1, count),
        reason=reason,
    )


def account_of(equity: np.ndarray, trades: Trades | None = None, capital: float = 1000.0, **changed: object) -> Account:
    """With that equity; half of it is held at every other bar, and a tenth of it is traded at every fifth."""
    bars = len(equity)
    odd = np.arange(bars) % 2
    account = Account(
        capital=capital,
        equity=equity,
        cash=equity * (1 - 0.5 * odd),
        gross=0.5 * equity * odd,
        net=0.5 * equity * odd,
        held=odd.astype(np.int64),
        turnover=0.1 * equity * (np.arange(bars) % 5 == 0),
        trades=trades_of(np.random.default_rng(0), 0, bars) if trades is None else trades,
        fees=0.0,
        funding=0.0,
        rejected=0,
        unfilled=0,
        ruined_at=-1,
    )
    return replace(account, **changed)


def walk(rng: np.random.Generator, bars: int, level: float = 1000.0, step: float = 0.01) -> np.ndarray:
    """A random walk that starts near the level."""
    return level * np.cumprod(1 + rng.normal(0.0003, step, bars))
