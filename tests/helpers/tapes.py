"""Tapes to trade along, and the account of trades worked out anew, from nothing but the trades."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Reason
from atc_cli.domain.tape import Floats, Tape

Columns = Mapping[str, Any]
HOUR_MS = 3_600_000
OPTIONAL = ("atr", "key", "volume", "funding")
TYPES = {"at": np.int32, "age": np.int32}


def tape_of(parts: Sequence[Columns], places: int | None = None) -> Tape:
    """Symbols A, B, .. with these columns; the axis ends with their last bar, or after so many places.

    Those without a bar at the last place were delisted.
    """
    names = list(parts[0])
    joined: dict[str, Any] = {
        name: np.concatenate([np.asarray(part[name], TYPES.get(name, np.float64)) for part in parts]) for name in names
    }
    offsets = np.concatenate(([0], np.cumsum([len(part["at"]) for part in parts])))
    axis_ms = np.arange(places if places is not None else joined["at"].max() + 1) * HOUR_MS
    symbols = tuple(f"{'ABCDEFGHIJ'[i // 10 % 10]}{i}" for i in range(len(parts)))
    return Tape(
        symbols=symbols,
        axis_ms=axis_ms.astype(np.int64),
        alive_from=max(len(axis_ms) - 1, 0),
        offsets=offsets.astype(np.int64),
        **joined,
    )


def ages(signal: Floats, bound: float = 0.1) -> Floats:
    """Bars since the side of a signal changed, -1: never."""
    stand = (signal > bound).astype(int) - (signal < -bound)
    changed = np.flatnonzero(np.diff(stand)) + 1
    since = np.full(len(signal), -1)
    for bar in changed:
        since[bar:] = np.arange(len(signal) - bar)
    return since


def walk(rng: np.random.Generator, at: Sequence[int], volatility: float = 0.01, warmup: int = 0) -> Columns:
    """A random walk of prices with a signal that wanders; every column, some of their values unknown."""
    bars = len(at)
    close = 100 * np.exp(np.cumsum(rng.normal(0, volatility, bars)))
    opened = np.concatenate(([100.0], close[:-1]))[:bars] * np.exp(rng.normal(0, volatility / 2, bars))
    reach = 1 + np.abs(rng.normal(0, volatility, (2, bars)))
    signal = np.clip(np.cumsum(rng.normal(0, 0.15, bars)), -1, 1)
    signal[:warmup] = np.nan
    atr = close * volatility * rng.uniform(0.5, 1.5, bars)
    atr[: warmup + 1] = np.nan
    return {
        "at": at,
        "open": opened,
        "high": np.maximum(opened, close) * reach[0],
        "low": np.minimum(opened, close) / reach[1],
        "close": close,
        "signal": np.where(rng.random(bars) < 0.02, np.nan, signal),
        "age": ages(signal),
        "atr": atr,
        "key": np.round(rng.normal(0, 1, bars), 0),
        "volume": np.where(rng.random(bars) < 0.1, np.nan, np.round(rng.gamma(2.0, 1e6, bars), -6)),
        "funding": np.where(rng.random(bars) < 0.3, rng.normal(0, 1e-3, bars), 0.0),
    }


def foreseeing(rng: np.random.Generator, bars: int, ahead: int = 4) -> Tape:
    """A symbol whose signal is the side on which its close will move in so many bars."""
    part = {**walk(rng, range(bars))}
    later = part["close"][ahead:] / part["close"][:-ahead] - 1
    part |= {"signal": np.sign(np.append(later, np.zeros(ahead))), "age": np.zeros(bars)}
    return tape_of([{name: part[name] for name in part if name not in OPTIONAL}])


def ragged(seed: int, symbols: int, places: int, volatility: float = 0.01, columns: Sequence[str] = OPTIONAL) -> Tape:
    """Symbols that begin late, end early and miss bars, one of them without any where there are three."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(symbols):
        first, last = (0, places) if number == 0 else sorted(rng.integers(0, places + 1, 2).tolist())
        at = np.arange(first, last if number != 2 else first)
        gaps = rng.random() * 0.3 * (number % 2)
        at = at[rng.random(len(at)) >= gaps]
        part = walk(rng, at.tolist(), volatility, warmup=int(rng.integers(0, 5)))
        parts.append({name: part[name] for name in part if name not in OPTIONAL or name in columns})
    return tape_of(parts, places)


def recomputed(tape: Tape, account: Account, costs: Costs) -> Floats:
    """The equity at every place, from the trades alone; for accounts in which no position was resized."""
    trades, equity = account.trades, np.full(len(tape.axis_ms), account.capital)
    for i in range(len(trades)):
        symbol, entry, left = (int(column[i]) for column in (trades.symbol, trades.entry, trades.exit))
        is_open = trades.reason[i] == list(Reason).index(Reason.OPEN)
        rows = tape.rows(symbol)
        at = tape.at[rows]
        quantity = trades.side[i] * trades.quantity[i]
        paid = quantity * trades.entry_price[i] + costs.fee_frac * abs(quantity * trades.entry_price[i])
        held = np.arange(entry, left + 1 if is_open else left)
        close = tape.close[rows][np.searchsorted(at, held, side="right") - 1]
        equity[held] += quantity * close - paid
        if not is_open:
            equity[left:] += trades.pnl[i]
        if len(tape.funding):
            pays = (at > entry) & (at < left + is_open)
            rates = quantity * tape.open[rows][pays] * tape.funding[rows][pays]
            equity[held] -= np.array([rates[at[pays] <= place].sum() for place in held])
    return equity
