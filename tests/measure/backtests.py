"""`python -m tests.measure.backtests`: the account of a backtest beside RaptorBT and vectorbt, on the same signals.

They are installed into an environment of their own, for this once or with --python; all run there, one after the other.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from atc_cli.domain.results.backtest import Account
from atc_cli.domain.rules import Costs, Rules
from atc_cli.domain.tape import Floats, Tape
from atc_cli.engine.account import follow
from tests.helpers.tapes import ages, tape_of

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("raptorbt==0.13.4", "vectorbt[rust]==1.2.0")
COSTS = Costs(fee_frac=5e-4, slippage_frac=2e-4)
FREE = Costs(fee_frac=0.0, slippage_frac=0.0)
CAPITAL = 1e6


def main() -> None:
    """Print for each workload and engine the time per bar and symbol, and how far its equity is from ours."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure.backtests", description=__doc__)
    parser.add_argument("--python", metavar="FILE", help="of an environment that has raptorbt and vectorbt[rust]")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="the median of so many counts")
    parser.add_argument("--here", action="store_true", help="measure in this process")
    given = parser.parse_args()
    if given.here:
        _measure(given.runs)
    elif given.python:
        _measure_by(given.python, given.runs)
    else:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            python = str(Path(folder) / "bin" / "python")
            subprocess.run([python, "-m", "pip", "install", "--quiet", *OTHERS], check=True)
            _measure_by(python, given.runs)


def _measure_by(python: str, runs: int) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    command = [python, "-m", "tests.measure.backtests", "--here", "--runs", str(runs)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


def market(symbols: int, bars: int, flip_frac: float) -> Tape:
    """Random walks whose side flips at random."""
    rng = np.random.default_rng(12)

    def part() -> dict[str, Any]:
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, bars)))
        opened = np.concatenate(([100.0], close[:-1])) * np.exp(rng.normal(0, 0.001, bars))
        side = np.where(np.cumsum(rng.random(bars) < flip_frac) % 2, 1.0, -1.0)
        signal = side * rng.uniform(0.2, 1.0, bars)
        reach = np.maximum(opened, close) * 1.003, np.minimum(opened, close) * 0.997
        return {
            "at": np.arange(bars),
            "open": opened,
            "high": reach[0],
            "low": reach[1],
            "close": close,
            "signal": signal,
            "age": ages(signal),
        }

    return tape_of([part() for _ in range(symbols)])


def _measure(runs: int) -> None:
    for symbols, bars, flip_frac in ((100, 20_000, 0.025), (1, 10_000, 0.02)):
        tape = market(symbols, bars, flip_frac)
        # With half of the equity at work cash never runs short, which vectorbt would answer with smaller orders.
        rules = Rules(leverage=0.5)
        account, ours = _timed(lambda: follow(tape, rules, COSTS, CAPITAL), runs)  # noqa: B023
        sys.stdout.write(f"{symbols} symbols x {bars} bars, {len(account.trades)} trades, CPU time, median of {runs}\n")
        _say("atc, fills + equity + trades", ours, len(tape.close))
        for engine in ("rust", "numba"):
            _vectorbt(tape, account, engine, runs)
        _raptorbt(tape, runs)


def _timed(call: Callable[[], Any], runs: int) -> tuple[Any, float]:
    """What the last call returned, and the median of the seconds; the first call is not counted."""
    took = []
    found = call()
    for _ in range(runs):
        began = process_time()
        found = call()
        took.append(process_time() - began)
    return found, statistics.median(took)


def _say(what: str, seconds: float, bars: int, difference: float | None = None) -> None:
    agrees = "" if difference is None else f", equity differs by {difference:.1e}"
    sys.stdout.write(f"  {what:<44} {seconds * 1e3:9.2f} ms {seconds / bars * 1e9:9.1f} ns per bar{agrees}\n")


def _vectorbt(tape: Tape, account: Account, engine: str, runs: int) -> None:
    """Our quantities at our fills: signals moved on by a bar, prices of the opens."""
    import vectorbt

    trades, shape = account.trades, (len(tape), len(tape.axis_ms))
    size = np.zeros(shape)
    size[trades.symbol, trades.entry] = trades.quantity
    entries = [np.zeros(shape, np.bool_) for _ in range(2)]
    for wanted, side in zip(entries, (1, -1), strict=True):
        of = trades.side == side
        wanted[trades.symbol[of], trades.entry[of]] = True
    close, opened = (column.reshape(shape).T.copy() for column in (tape.close, tape.open))

    def simulate() -> Any:
        return vectorbt.Portfolio.from_signals(
            close,
            entries=entries[0].T,
            short_entries=entries[1].T,
            size=size.T,
            price=opened,
            fees=COSTS.fee_frac,
            slippage=COSTS.slippage_frac,
            init_cash=CAPITAL,
            cash_sharing=True,
            group_by=True,
            freq="1h",
            engine=engine,
        )

    found, fills = _timed(simulate, runs)
    _say(f"vectorbt, {engine}: fills ({len(found.orders.records)} orders)", fills, len(tape.close))
    value, both = _timed(lambda: np.ravel(simulate().value()), runs)
    _say(f"vectorbt, {engine}: fills + equity", both, len(tape.close), _apart(value, account.equity))


def _raptorbt(tape: Tape, runs: int) -> None:
    """Long only, and without costs: it takes fees from what an entry is worth, where ours come on top."""
    import raptorbt

    rules = Rules(side="long", max_positions=len(tape))
    account, ours = _timed(lambda: follow(tape, rules, FREE, CAPITAL), runs)
    _say("atc, long only, no costs", ours, len(tape.close))
    config = raptorbt.BacktestConfig(initial_capital=CAPITAL, fees=0.0, slippage=0.0, fill_timing="next_bar_open")
    times, volume = tape.axis_ms * 1_000_000, np.ones(len(tape.axis_ms))
    instruments = []
    for symbol in range(len(tape)):
        prices = [tape.column(name, symbol) for name in ("open", "high", "low", "close")]
        signal, flips = tape.column("signal", symbol), tape.age[tape.rows(symbol)] == 0
        signals = flips & (signal > 0), flips & (signal < 0)
        instruments.append((times, *prices, volume, *signals, 1, 1.0, tape.symbols[symbol]))
    if len(tape) == 1:
        (only,) = instruments
        found, took = _timed(lambda: raptorbt.run_single_backtest(*only, config), runs)
        _say(
            "RaptorBT, the same, with its metrics", took, len(tape.close), _apart(found.equity_curve(), account.equity)
        )
    else:
        _, took = _timed(lambda: raptorbt.run_portfolio_backtest(instruments, config), runs)
        _say("RaptorBT, long only, its own sizes and metrics", took, len(tape.close))


def _apart(found: Floats, expected: Floats) -> float:
    return float(np.abs(found / expected - 1).max())


if __name__ == "__main__":
    main()
