"""The benchmark: to buy and hold."""

import math

import numpy as np

from atc_cli.domain.tape import Floats, Tape


def first_signal(tape: Tape, symbol: int) -> int | None:
    """The row, of its own, of the first bar of a symbol that has a signal."""
    signal = tape.column("signal", symbol)
    if not len(signal) or not math.isnan(signal[0]):
        return 0 if len(signal) else None
    known = ~np.isnan(signal)
    first = int(known.argmax())
    return first if known[first] else None


def hold(tape: Tape, capital: float) -> Floats:
    """Equity [T] of capital / N in each of the N symbols, without costs.

    Each is bought at the open of the bar after its first one with a signal and valued at its closes, at the last one
    before where it has no bar; after its last bar that is cash.
    """
    equity = np.zeros(len(tape.axis_ms))
    for symbol in range(len(tape)):
        share = capital / len(tape)
        first = first_signal(tape, symbol)
        at = tape.at[tape.rows(symbol)]
        if first is None or first + 1 == len(at):
            equity += share
            continue
        at, close = at[first + 1 :], tape.column("close", symbol)[first + 1 :]
        values = share / tape.column("open", symbol)[first + 1] * close
        equity[: at[0]] += share
        if int(at[-1]) - int(at[0]) + 1 > len(at):
            values = np.repeat(values, np.diff(at, append=at[-1] + 1))
        equity[at[0] : at[-1] + 1] += values
        equity[at[-1] + 1 :] += values[-1]
    return equity


def hold_return(tape: Tape, symbol: int) -> float:
    """last close / open of the bar after the first one with a signal - 1; 0 where there is no such bar."""
    first, close = first_signal(tape, symbol), tape.column("close", symbol)
    if first is None or first + 1 == len(close):
        return 0.0
    return float(close[-1] / tape.column("open", symbol)[first + 1]) - 1
