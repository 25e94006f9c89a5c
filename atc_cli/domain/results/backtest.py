"""What `atc backtest` found. Plain values, no behaviour but sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.results.scan import Header, Skipped
from atc_cli.domain.rules import Costs, Reason, Rules

BACKTEST_SCHEMA = "atc.backtest/1"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """Every trade in the order in which they ended, those still open last; one entry per trade in each column.

    `symbol` is a number of the tape, `side` +1 or -1, `entry` and `exit` are places on its axis (of an open trade the
    last), `decided` that of the bar whose close decided the entry. Prices are of the fills, slippage included, the
    entry's as the mean where a rebalance added to it. `quantity` is the largest that was held, in base units.
    `pnl`, `fees` and `funding` are in the quote currency, `pnl` net of both (funding counts what was paid). `mae_frac`
    and `mfe_frac`: the worst and best price while it was held, as a fraction of the entry price against and in favour
    of it, <= 0 and >= 0. `held_bars` counts bars of its symbol, `reason` is the place of its Reason.
    """

    symbol: Ints
    side: Ints
    decided: Ints
    entry: Ints
    exit: Ints
    entry_price: Floats
    exit_price: Floats
    quantity: Floats
    pnl: Floats
    fees: Floats
    funding: Floats
    mae_frac: Floats
    mfe_frac: Floats
    held_bars: Ints
    signal: Floats
    reason: Ints

    @classmethod
    def of(cls, columns: Floats) -> "Trades":
        """From [columns, trades] in the order above, whole numbers as floats."""
        whole = {"symbol", "side", "decided", "entry", "exit", "held_bars", "reason"}
        named: dict[str, Any] = dict(zip(cls.__slots__, columns, strict=True))
        return cls(**named | {name: named[name].astype(np.int64) for name in whole})

    def __len__(self) -> int:
        return len(self.symbol)

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Which of them are over."""
        ended: NDArray[np.bool_] = self.reason != tuple(Reason).index(Reason.OPEN)
        return ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What following the rules did to the capital, at the close of every bar of the axis.

    `equity` = `cash` + the value of what is held; `gross` is the sum of |value|, `net` its signed sum, `held` the
    number
    of positions; `turnover` the value of the fills of that bar, all in the quote currency. `rejected` counts entries
    that found no room below the leverage, `unfilled` orders that no bar followed, `ruined_at` is the place on the axis
    at which the equity was gone, -1: never.
    """

    capital: float
    equity: Floats
    cash: Floats
    gross: Floats
    net: Floats
    held: Ints
    turnover: Floats
    trades: Trades
    fees: float
    funding: float
    rejected: int
    unfilled: int
    ruined_at: int


@dataclass(slots=True, kw_only=True)
class Metric:
    """One figure: None where it is not defined. `warning` says what makes it weak (fewer than 30 trades).

    Not frozen: that takes five times as long to make, and fifty of them are made in 0.3 ms with all else.
    """

    key: str
    title: str
    unit: str  # frac, ratio, bars, days, count, cash, bps
    value: float | None
    period: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The metrics of a stretch of time, by key in the order of their table, and its months as (year, month, frac)."""

    title: str
    start_ms: int
    end_ms: int
    metrics: Mapping[str, Metric]
    months: Sequence[tuple[int, int, float]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolFigures:
    """What one symbol did: bars in the universe, trades and their sums, in the quote currency and fractions."""

    symbol: str
    bars: int
    first_ms: int
    last_ms: int
    gap_bars: int
    delisted: bool
    trades: int
    win_rate_frac: float | None
    pnl: float
    fees: float
    funding: float
    best_frac: float | None
    worst_frac: float | None
    hold_return_frac: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check against self-deception: what it asks, whether it was run, its verdict (None: it gives none), words.

    `figures` are what a program reads, plain JSON values.
    """

    name: str
    title: str
    ran: bool
    passed: bool | None = None
    words: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """Candles of one symbol of the tape that a page may show, closes only where they are many."""

    symbol: str
    timestamp: Ints
    values: Floats  # [4, bars] open, high, low, close


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestResult:
    """A whole backtest. Times in UTC ms; `axis_ms` are opens of bars, each `bar_ms` long; the arrays over it are [T].

    `benchmark` is the equity of holding it with the same capital, without costs, `benchmark_title` what it is.
    `anchor` and `anchor_words` say which window every signal is of. `parts` are the stretches of --split, `notes`
    what must be known to believe the figures (survivorship, warm-up, coverage).
    """

    header: Header
    anchor: str
    anchor_words: str
    rules: Rules
    costs: Costs
    bar_ms: int
    year_days: float
    axis_ms: Ints
    account: Account
    benchmark: Floats
    benchmark_title: str
    whole: Figures
    parts: tuple[Figures, ...] = ()
    symbols: tuple[SymbolFigures, ...] = ()
    checks: tuple[Check, ...] = ()
    candles: tuple[Priced, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False
