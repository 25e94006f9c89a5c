"""A backtest that never was: prices that wander, trades on them, an account that balances."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from atc_cli.backtest.metrics import figures
from atc_cli.domain.results.backtest import (
    Account,
    BacktestResult,
    Check,
    Figures,
    Priced,
    SymbolFigures,
    Trades,
)
from atc_cli.domain.results.scan import Header, Skipped, SkipReason
from atc_cli.domain.rules import Costs, Exits, Reason, Rules
from tests.helpers.reported import HEADER, HOSTILE, HOUR

START = 1_704_067_200_000  # 2024-01-01T00:00:00Z
CAPITAL = 10_000.0
FEE = 0.0005
REASONS = tuple(Reason)
RULES = Rules(exits=Exits(flip=True, stop_atr=3.0), max_positions=10)
COSTS = Costs(
    fee_frac=FEE,
    slippage_frac=0.0002,
    funding_frac_per_8h=0.0001,
    said=("fee 5 bps: Binance USD-M taker", "slippage 2 bps: assumed", "funding 1 bps per 8 h: assumed"),
)
NOTES = ("survivorship: only symbols that are listed today are in it, those delisted before are not",)
SKIPPED = (
    Skipped("NEW/USDT:USDT", SkipReason.TOO_FEW_BARS, "needs 1500 bars, has 312", "binanceusdm"),
    Skipped(
        "BAD/USDT:USDT", SkipReason.HIGH_LOW, "the high is below the low at 2024-03-01T00:00:00+00:00", "binanceusdm"
    ),
)
CHECKS = (
    Check(name="lookahead", title="look-ahead", ran=True, passed=True, words="the past is identical, cut at 40 bars",
          figures={"truncations": 40, "differing": 0}),
    Check(name="warmup", title="warm-up", ran=False),
    Check(name="costs", title="costs", ran=True, words="breaks even at 9.1 bps per fill, it pays 7.0",
          figures={"break_even_bps": 9.1}),
    Check(name="random", title="random entries", ran=True, passed=False,
          words="better than 71% of 1000 runs with as many trades at random times", figures={"quantile_frac": 0.71}),
)  # fmt: skip
NAMES = ("BTC/USDT:USDT", "ETH/USDT:USDT", "1000000BABYDOGE/USDT:USDT", "币安人生/USDT:USDT", "PEPE/USDT:USDT")


def _figures(account: Account, axis: np.ndarray, hold: np.ndarray, **stretch: object) -> Figures:
    return figures(account, axis, HOUR, hold, 365.0, costs=COSTS, **stretch)


class _Market(NamedTuple):
    """Candles of every symbol [4, bars], and who they are of."""

    names: tuple[str, ...]
    candles: list[np.ndarray]


def backtest(
    symbols: int = 5, bars: int = 2_400, trades_each: int = 25, seed: int = 7, drift: float = 1.0, **changes: object
) -> BacktestResult:
    """A result with everything in it; changes go to the header where it has such a field, else to the result."""
    rng = np.random.default_rng(seed)
    market = _market(rng, symbols, bars)
    axis = START + np.arange(bars, dtype=np.int64) * HOUR
    trades = _trades(rng, market, bars, trades_each, drift)
    account = _account(market, trades, bars)
    hold = np.mean([candles[3] / candles[3][0] for candles in market.candles], axis=0) * CAPITAL
    wide = {name: changes.pop(name) for name in list(changes) if name in Header.__dataclass_fields__}
    result = BacktestResult(
        header=replace(HEADER, **({"bar_time_ms": int(axis[-1]), "generated_at_ms": int(axis[-1]) + 2 * HOUR} | wide)),
        anchor="rolling",
        anchor_words="every signal is of the 1500 bars before it, as a scan at that bar would have shown it",
        rules=RULES,
        costs=COSTS,
        bar_ms=HOUR,
        year_days=365.0,
        axis_ms=axis,
        account=account,
        benchmark=hold,
        benchmark_title=f"holding {symbols} symbols in like shares",
        whole=_figures(account, axis, hold, title="whole"),
        symbols=tuple(_of_symbol(market, place, trades, axis) for place in range(symbols)),
        checks=CHECKS,
        candles=tuple(
            Priced(symbol=name, timestamp=axis, values=candles)
            for name, candles in list(zip(market.names, market.candles, strict=True))[:12]
        ),
        skipped=SKIPPED,
        notes=NOTES,
    )
    return replace(result, **changes)


def split(result: BacktestResult, share: float = 0.6) -> BacktestResult:
    """The same with its two parts side by side."""
    cut = int(len(result.axis_ms) * share)
    given = (result.account, result.axis_ms, result.benchmark)
    return replace(
        result, parts=(_figures(*given, title="first 60%", stop=cut), _figures(*given, title="last 40%", first=cut))
    )


def without_trades(**changes: object) -> BacktestResult:
    """Nothing was bought: a flat line, and most metrics are not defined."""
    return replace(backtest(symbols=2, bars=300, trades_each=0, **changes), checks=(), candles=())


def hostile() -> BacktestResult:
    """The same with names that would do harm, wherever a name or words stand."""
    result = backtest(symbols=len(HOSTILE), bars=600, trades_each=4)
    return replace(
        result,
        symbols=tuple(replace(each, symbol=name) for each, name in zip(result.symbols, HOSTILE, strict=True)),
        candles=tuple(replace(each, symbol=name) for each, name in zip(result.candles, HOSTILE, strict=True)),
        skipped=tuple(
            Skipped(f"{name}<img src=x onerror=alert(1)>", SkipReason.FETCH_FAILED, name) for name in HOSTILE
        ),
        notes=("</script><script>alert(1)</script>", "\x1b[31mred"),
        benchmark_title="</script><b>hold",
    )


def _market(rng: np.random.Generator, symbols: int, bars: int) -> _Market:
    names = tuple(NAMES[place] if place < len(NAMES) else f"COIN{place:03d}/USDT:USDT" for place in range(symbols))
    candles = []
    for _ in range(symbols):
        steps = rng.normal(3e-5, 0.006, bars) + rng.normal(0, 0.0015)
        close = 10 ** rng.uniform(-4, 4) * np.exp(np.cumsum(steps - steps.mean() * 0.9))
        opening = np.concatenate((close[:1], close[:-1]))
        reach = np.abs(rng.normal(0, 0.003, (2, bars)))
        high, low = np.maximum(opening, close) * (1 + reach[0]), np.minimum(opening, close) * (1 - reach[1])
        candles.append(np.stack((opening, high, low, close)))
    return _Market(names, candles)


def _trades(rng: np.random.Generator, market: _Market, bars: int, each: int, drift: float) -> Trades:
    """Trades one after the other in every symbol, rather more often on the right side of it."""
    rows = []
    for place, candles in enumerate(market.candles):
        bounds = np.sort(rng.choice(np.arange(2, bars - 1), 2 * each, replace=False)) if each else np.empty(0, int)
        for entry, end in bounds.reshape(-1, 2):
            moved = candles[3, end] / candles[0, entry] - 1
            side = 1 if moved + rng.normal(0, abs(moved) / max(drift, 1e-9) + 0.09) > 0 else -1
            last = end > bars - 10
            rows.append((bars - 1 if last else end, place, side, entry, REASONS.index(Reason.OPEN) if last else 0))
    rows.sort(key=lambda row: (row[0], row[1]))
    ends, symbol, side, entry, reason = (
        (np.array(each, np.int64) for each in zip(*rows, strict=True)) if rows else (np.empty(0, np.int64),) * 5
    )
    opened = np.array([market.candles[s][0, e] for s, e in zip(symbol, entry, strict=True)])
    closed = np.array([market.candles[s][3, e] for s, e in zip(symbol, ends, strict=True)])
    quantity = CAPITAL / max(10, len(market.candles)) / opened if len(opened) else opened
    fees = FEE * quantity * (opened + closed)
    reason = np.where((reason == 0) & (side * (closed - opened) < -0.03 * opened), REASONS.index(Reason.STOP), reason)
    moves = side * (closed / opened - 1) if len(opened) else opened
    return Trades(
        symbol=symbol, side=side, decided=entry - 1, entry=entry, exit=ends, entry_price=opened, exit_price=closed,
        quantity=quantity, pnl=side * quantity * (closed - opened) - fees, fees=fees, funding=np.zeros(len(fees)),
        mae_frac=np.minimum(moves, 0) - 0.004, mfe_frac=np.maximum(moves, 0) + 0.004, held_bars=ends - entry + 1,
        signal=side * rng.uniform(0.1, 1.0, len(fees)), reason=reason,
    )  # fmt: skip


def _account(market: _Market, trades: Trades, bars: int) -> Account:
    """Equity by the closes, fees paid half at the entry and half at the exit."""
    change, gross, net = np.zeros(bars), np.zeros(bars), np.zeros(bars)
    held, turnover = np.zeros(bars, np.int64), np.zeros(bars)
    for place in range(len(trades)):
        symbol, side, quantity = int(trades.symbol[place]), int(trades.side[place]), float(trades.quantity[place])
        entry, end = int(trades.entry[place]), int(trades.exit[place])
        close = market.candles[symbol][3]
        marks = np.concatenate(
            (trades.entry_price[place : place + 1], close[entry:end], trades.exit_price[place : place + 1])
        )
        change[entry : end + 1] += side * quantity * np.diff(marks)
        value = quantity * close[entry:end]
        gross[entry:end] += value
        net[entry:end] += side * value
        held[entry:end] += 1
        for at, price in ((entry, marks[0]), (end, marks[-1])):
            turnover[at] += quantity * price
            change[at] -= trades.fees[place] / 2
    equity = CAPITAL + np.cumsum(change)
    return Account(
        capital=CAPITAL, equity=equity, cash=equity - net, gross=gross, net=net, held=held, turnover=turnover,
        trades=trades, fees=float(trades.fees.sum()), funding=0.0, rejected=3, unfilled=0, ruined_at=-1,
    )  # fmt: skip


def _of_symbol(market: _Market, place: int, trades: Trades, axis: np.ndarray) -> SymbolFigures:
    own = trades.symbol == place
    pnl, count = trades.pnl[own], int(own.sum())
    moves = trades.side[own] * (trades.exit_price[own] / trades.entry_price[own] - 1)
    close = market.candles[place][3]
    return SymbolFigures(
        symbol=market.names[place], bars=len(axis), first_ms=int(axis[0]), last_ms=int(axis[-1]), gap_bars=place % 3,
        delisted=place % 17 == 11, trades=count, win_rate_frac=float((pnl > 0).mean()) if count else None,
        pnl=float(pnl.sum()), fees=float(trades.fees[own].sum()), funding=0.0,
        best_frac=float(moves.max()) if count else None, worst_frac=float(moves.min()) if count else None,
        hold_return_frac=float(close[-1] / close[0] - 1),
    )  # fmt: skip
