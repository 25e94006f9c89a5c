"""When a backtest trades, how much, and what it pays. Imported for --help: no numpy here."""

from dataclasses import dataclass
from enum import StrEnum

# What --check takes, and what each is called: the checks of a backtest against self-deception.
CHECKS = {
    "lookahead": "look-ahead",
    "warmup": "warm-up",
    "costs": "costs",
    "random": "random entries",
}


class Enter(StrEnum):
    """What opens a position: the bar at which the side flips, or any bar of the side."""

    FLIP = "flip"
    HOLD = "hold"


class Fill(StrEnum):
    """The price of what was decided at the close of a bar: of the symbol's next bar."""

    NEXT_OPEN = "next-open"
    NEXT_CLOSE = "next-close"


class SizeBy(StrEnum):
    """What a position is worth: a like share of the equity, that x |signal|, or a like risk in ATR."""

    EQUAL = "equal"
    SIGNAL = "signal"
    ATR = "atr"


class Reason(StrEnum):
    """Why a trade ended. Their order is the number that kernels give."""

    FLIP = "flip"
    NEUTRAL = "neutral"
    STOP = "stop"
    TARGET = "target"
    BARS = "bars"
    REBALANCE = "rebalance"
    DELISTED = "delisted"
    RUINED = "ruined"
    OPEN = "open"  # it did not: marked at the last close


@dataclass(frozen=True, kw_only=True)
class Exits:
    """What closes a position; several may, the first that comes does.

    `flip`: the side is the opposite one. `neutral`: the side is not the position's. `stop_atr`, `target_atr`: the price
    moves so many ATR(100) of the deciding bar against it, or in its favour, from the price of the fill. `bars`: so many
    bars of its symbol after the bar of the fill.
    """

    flip: bool = True
    neutral: bool = False
    stop_atr: float | None = None
    target_atr: float | None = None
    bars: int | None = None


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The trade rule. `side` is long, short or both; `max_positions` None: no limit but the universe.

    `rebalance_bars`: at every so many bars the positions become the first `max_positions` of the ranks, in the sizes
    of that moment. `risk_frac`: with SizeBy.ATR, what of the equity an adverse move of `stop_atr` (1 without a stop)
    ATR costs. `leverage`: what all positions together may be worth at most, in equities, when one is opened.
    `long_threshold` and `short_threshold` are those of the indicator: they make sides of signals.
    """

    side: str = "both"
    enter: Enter = Enter.FLIP
    exits: Exits = Exits()
    fill: Fill = Fill.NEXT_OPEN
    min_signal: float = 0.0
    max_age_bars: int | None = None
    min_volume: float | None = None
    max_positions: int | None = None
    rebalance_bars: int | None = None
    size: SizeBy = SizeBy.EQUAL
    risk_frac: float = 0.01
    leverage: float = 1.0
    long_threshold: float = 0.1
    short_threshold: float = -0.1


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What is paid: of the value of every fill, and of the value held at every 8 h (a short receives it).

    Slippage makes every fill worse by that fraction of its price. The words say where each comes from.
    """

    fee_frac: float
    slippage_frac: float
    funding_frac_per_8h: float = 0.0
    said: tuple[str, ...] = ()
