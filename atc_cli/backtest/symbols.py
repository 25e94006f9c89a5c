"""What each symbol did in a backtest."""

import numpy as np

from atc_cli.backtest.hold import first_signal, hold_return
from atc_cli.backtest.outcomes import net_fracs
from atc_cli.backtest.periods import CRYPTO_YEAR_DAYS, year_days_of
from atc_cli.domain.results.backtest import Account, SymbolFigures
from atc_cli.domain.tape import Floats, Tape


def symbol_figures(account: Account, tape: Tape, bar_ms: int) -> tuple[SymbolFigures, ...]:
    """Every symbol of the tape, in its order; bars are those from its first signal on.

    Rates and best and worst are of trades that ended, sums of all. Bars are missing where the timeframe has one, and in
    a market that closes, where another symbol has one. A symbol whose last bar is before `alive_from` was delisted.
    """
    trades, count = account.trades, len(tape)
    ended = int(np.count_nonzero(trades.ended))
    over, pnl = trades.symbol[:ended], trades.pnl[:ended]
    number = np.bincount(trades.symbol, minlength=count).tolist()
    finished = np.bincount(over, minlength=count).tolist()
    won = np.bincount(over[pnl > 0], minlength=count).tolist()
    sums = [np.bincount(trades.symbol, each, count).tolist() for each in (trades.pnl, trades.fees, trades.funding)]
    best, worst = _extremes(over, net_fracs(trades)[:ended], count)
    closes = year_days_of(tape.axis_ms, bar_ms) < CRYPTO_YEAR_DAYS
    found = []
    for symbol, name in enumerate(tape.symbols):
        first = first_signal(tape, symbol) or 0
        at = tape.at[tape.rows(symbol)][first:]
        first_ms, last_ms = (int(tape.axis_ms[place]) for place in (at[0], at[-1]))
        due = int(at[-1]) - int(at[0]) + 1 if closes else (last_ms - first_ms) // bar_ms + 1
        found.append(
            SymbolFigures(
                symbol=name,
                bars=len(at),
                first_ms=first_ms,
                last_ms=last_ms,
                gap_bars=due - len(at),
                delisted=int(at[-1]) < tape.alive_from,
                trades=number[symbol],
                win_rate_frac=won[symbol] / finished[symbol] if finished[symbol] else None,
                pnl=sums[0][symbol],
                fees=sums[1][symbol],
                funding=sums[2][symbol],
                best_frac=float(best[symbol]) if finished[symbol] else None,
                worst_frac=float(worst[symbol]) if finished[symbol] else None,
                hold_return_frac=hold_return(tape, symbol),
            )
        )
    return tuple(found)


def _extremes(
    symbols: "np.ndarray[tuple[int], np.dtype[np.int64]]", values: Floats, count: int
) -> tuple[Floats, Floats]:
    """Largest and smallest value of each symbol."""
    best, worst = np.full(count, -np.inf), np.full(count, np.inf)
    np.maximum.at(best, symbols, values)
    np.minimum.at(worst, symbols, values)
    return best, worst
