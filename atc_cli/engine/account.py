"""The account of a backtest: by the compiled kernels; the same bits without them."""

from dataclasses import dataclass

import numpy as np

from atc_cli.domain import account
from atc_cli.domain.results.backtest import Account, Floats, Ints, Trades
from atc_cli.domain.rules import Costs, Enter, Fill, Rules
from atc_cli.domain.tape import Tape
from atc_cli.engine import rust


@dataclass(slots=True, kw_only=True)
class Terms:
    """Rules, costs and capital as numbers and names."""

    long: bool
    short: bool
    hold: bool
    at_close: bool
    flip: bool
    neutral: bool
    stop_atr: float | None
    target_atr: float | None
    bars: int | None
    min_signal: float
    max_age_bars: int | None
    min_volume: float | None
    max_positions: int | None
    rebalance_bars: int | None
    size: str
    risk_frac: float
    leverage: float
    long_threshold: float
    short_threshold: float
    fee_frac: float
    slippage_frac: float
    capital: float

    @classmethod
    def of(cls, rules: Rules, costs: Costs, capital: float) -> "Terms":
        """What the kernel asks for."""
        exits = rules.exits
        return cls(
            long=rules.side != "short",
            short=rules.side != "long",
            hold=rules.enter is Enter.HOLD,
            at_close=rules.fill is Fill.NEXT_CLOSE,
            flip=exits.flip,
            neutral=exits.neutral,
            stop_atr=exits.stop_atr,
            target_atr=exits.target_atr,
            bars=exits.bars,
            min_signal=rules.min_signal,
            max_age_bars=rules.max_age_bars,
            min_volume=rules.min_volume,
            max_positions=rules.max_positions,
            rebalance_bars=rules.rebalance_bars,
            size=rules.size.value,
            risk_frac=rules.risk_frac,
            leverage=rules.leverage,
            long_threshold=rules.long_threshold,
            short_threshold=rules.short_threshold,
            fee_frac=costs.fee_frac,
            slippage_frac=costs.slippage_frac,
            capital=capital,
        )


@dataclass(slots=True, kw_only=True)
class Curves:
    """The account at every place, to be written."""

    equity: Floats
    cash: Floats
    gross: Floats
    net: Floats
    turnover: Floats
    held: Ints

    @classmethod
    def empty(cls, places: int) -> "Curves":
        """For an axis of so many."""
        equity, cash, gross, net, turnover = np.empty((5, places))
        held = np.empty(places, np.int64)
        return cls(equity=equity, cash=cash, gross=gross, net=net, turnover=turnover, held=held)


def follow(tape: Tape, rules: Rules, costs: Costs, capital: float) -> Account:
    """See domain.account."""
    curves = Curves.empty(len(tape.axis_ms))
    try:
        trades, (fees, funding), counts = rust.follow(tape, Terms.of(rules, costs, capital), curves)
    except ImportError:
        return account.follow(tape, rules, costs, capital)
    return Account(
        capital=capital,
        equity=curves.equity,
        cash=curves.cash,
        gross=curves.gross,
        net=curves.net,
        held=curves.held,
        turnover=curves.turnover,
        trades=Trades.of(trades.reshape(len(Trades.__slots__), -1)),
        fees=fees,
        funding=funding,
        rejected=counts[0],
        unfilled=counts[1],
        ruined_at=counts[2],
    )
