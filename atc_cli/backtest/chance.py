"""Whether trades are better than chance: the same trades at random times."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from atc_cli.backtest.checks import RANDOM, result
from atc_cli.backtest.hold import first_signal
from atc_cli.backtest.outcomes import net_fracs
from atc_cli.domain.results.backtest import Account, Check
from atc_cli.domain.rules import Costs, Fill, Reason
from atc_cli.domain.tape import Floats, Ints, Tape

DRAWS = 1000
CHANCE_MAX_FRAC = 0.05
# Trades that are drawn at once.
_CHUNK = 250_000
# Of a mean: less is no difference.
_ROUNDING = 1e-12
_ORDERED = (Reason.FLIP, Reason.NEUTRAL, Reason.BARS, Reason.REBALANCE)
_ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True, slots=True)
class _Trades:
    """Trades that ended, as they can be drawn: rows of the tape, one entry a trade.

    `lowest`: the first row at which it may begin, `choices` how many there are, `hold` the rows until it ends, the
    first `like_entries` of them at one of `prices`, as entries, the others at a close. `group`: those of one are moved
    together, each `within` bars after the first of them.
    """

    prices: Floats
    lowest: Ints
    choices: Ints
    hold: Ints
    side: Ints
    group: Ints
    within: Ints
    like_entries: int


def random_entries(
    tape: Tape, account: Account, costs: Costs, fill: Fill, *, draws: int = DRAWS, seed: int = 0
) -> Check:
    """Draw the trades that ended anew at random times, and see how many draws earn as much as they did.

    Each keeps its symbol, side and bars held, and pays the same costs; it begins at a random bar of its symbol after
    the first with a signal. Those that began within one mean hold are moved together: symbols rise and fall together,
    and drawn apart they would be so many independent trades, beside which luck looks like skill. Draws and result are
    compared by the mean net return of a trade.
    """
    ended = int(np.count_nonzero(account.trades.ended))
    if not ended:
        return result(RANDOM, "no trade ended", draws=0)
    mean = float(net_fracs(account.trades)[:ended].mean())
    means = np.concatenate(list(_drawn(tape, _trades(tape, account, fill, ended), costs, draws, seed)))
    as_good = int(np.count_nonzero(means >= mean - _ROUNDING))
    below = draws - as_good
    return result(
        RANDOM,
        _words(below, as_good),
        passed=(as_good + 1) / (draws + 1) <= CHANCE_MAX_FRAC,
        draws=draws,
        trades=ended,
        below_frac=below / draws,
        mean_return_frac=mean,
        random_mean_return_frac=float(means.mean()),
        random_deviation_frac=float(means.std()),
    )


def _trades(tape: Tape, account: Account, fill: Fill, ended: int) -> _Trades:
    trades, length = account.trades, len(tape.axis_ms)
    symbol = trades.symbol[:ended]
    keys = np.repeat(np.arange(len(tape)) * length, np.diff(tape.offsets)) + tape.at
    entry = np.searchsorted(keys, symbol * length + trades.entry[:ended])
    hold = np.searchsorted(keys, symbol * length + trades.exit[:ended], side="right") - 1 - entry
    begins = np.array([first_signal(tape, each) or 0 for each in range(len(tape))]) + tape.offsets[:-1] + 1
    last = tape.offsets[1:] - 1
    ordered = np.isin(trades.reason[:ended], [tuple(Reason).index(each) for each in _ORDERED])
    like_entries = ordered | (fill is Fill.NEXT_CLOSE)
    order = np.argsort(~like_entries, kind="stable")
    lowest, together = begins[symbol], max(int(hold.mean()), 1)
    group, within = np.divmod(trades.entry[:ended], together)
    return _Trades(
        prices=tape.open if fill is Fill.NEXT_OPEN else tape.close,
        lowest=lowest[order],
        choices=(last[symbol] - hold - lowest + 1)[order],
        hold=hold[order],
        side=trades.side[:ended][order],
        group=np.unique(group, return_inverse=True)[1][order],
        within=within[order],
        like_entries=int(np.count_nonzero(like_entries)),
    )


def _drawn(tape: Tape, trades: _Trades, costs: Costs, draws: int, seed: int) -> Iterator[Floats]:
    """Mean net return of the trades of each draw, some draws at a time."""
    random = np.random.default_rng(seed)
    funding = np.cumsum(tape.open * tape.funding) if len(tape.funding) else None
    groups = int(trades.group.max()) + 1
    at_once = max(_CHUNK // len(trades.hold), 1)
    for first in range(0, draws, at_once):
        shape = (min(at_once, draws - first), len(trades.hold))
        moved = random.random((shape[0], groups))[:, trades.group]
        begin = trades.lowest + ((moved * trades.choices).astype(np.int64) + trades.within) % trades.choices
        end = begin + trades.hold
        entry = trades.prices[begin] * (1 + trades.side * costs.slippage_frac)
        left = np.empty(shape)
        left[:, : trades.like_entries] = trades.prices[end[:, : trades.like_entries]]
        left[:, trades.like_entries :] = tape.close[end[:, trades.like_entries :]]
        left *= (1 - trades.side * costs.slippage_frac) / entry
        net = trades.side * (left - 1) - costs.fee_frac * (1 + left)
        if funding is not None:
            net -= trades.side * (funding[end] - funding[begin]) / entry
        yield np.add.reduce(net, axis=1) / len(trades.hold)


def _words(below: int, as_good: int) -> str:
    """In plain language."""
    draws = below + as_good
    alike = f"of {draws} random entries with the same symbols, sides and holds"
    if not as_good:
        return f"better than all {alike}"
    share = f"better than {int(100 * below / draws)}% {alike}"
    if 2 * as_good > draws:
        return f"{share}: chance alone mostly does as well"
    return f"{share}: chance alone does that every {_ordinal(round(draws / as_good))} time"


def _ordinal(number: int) -> str:
    """second, third, .. tenth, 11th, 12th, 21st."""
    if number <= len(_ORDINALS) + 1:
        return _ORDINALS[number - 2]
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
