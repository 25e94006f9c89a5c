"""The flags of `atc backtest`, and what they mean together."""

from pathlib import Path

from atc_cli.domain.anchor import Anchor
from atc_cli.domain.rules import CHECKS, Enter, Exits, Fill, Rules, SizeBy
from atc_cli.domain.timeframe import iso
from atc_cli.errors import UsageError
from atc_cli.settings.names import BACKTEST_OUTPUTS
from atc_cli.settings.option import section, setting
from atc_cli.settings.own import CommonRun, File, Own
from atc_cli.settings.parse import Several, choice, moment, number, outfile, path, text, whole
from atc_cli.settings.sections import OUTPUT, Settings

FLIP, NEUTRAL, STOP, TARGET, BARS = "flip", "neutral", "stop-atr", "target-atr", "bars"
_ATR_RANGE = (0.1, 100.0)
_RISK_RANGE = (1e-6, 1.0)
_TRADE = "When it trades, and how much"
_COSTS = "What it pays"


def _exit(raw: object) -> str:
    """One exit; ValueError says what is allowed."""
    name, colon, amount = str(raw).strip().casefold().partition(":")
    if name in (FLIP, NEUTRAL) and not colon:
        return name
    if name in (STOP, TARGET, BARS) and not amount:
        raise ValueError(f"{raw!r} lacks its number, allowed: {name}:{'N' if name == BARS else 'K'}")
    if name in (STOP, TARGET):
        return f"{name}:{number(*_ATR_RANGE)(amount)!r}"
    if name == BARS:
        return f"{name}:{whole(1)(amount)}"
    return str(choice("exit", (FLIP, NEUTRAL, f"{STOP}:K", f"{TARGET}:K", f"{BARS}:N"))(raw))


def _size(raw: object) -> str:
    name, colon, risk = str(raw).strip().casefold().partition(":")
    if name == SizeBy.ATR and colon:
        return f"{name}:{number(*_RISK_RANGE)(risk)!r}"
    return str(choice("size", (SizeBy.EQUAL, SizeBy.SIGNAL, f"{SizeBy.ATR}:RISK"))(raw))


def _rebalance(raw: object) -> int:
    name, colon, bars = str(raw).strip().casefold().partition(":")
    if name != BARS or not colon:
        raise ValueError(f"{raw!r} is no rebalancing, allowed: {BARS}:N")
    return int(whole(1)(bars))


def _anchor(raw: object) -> Anchor:
    return Anchor.parse(text(raw))


@section
class Stretch(Own):
    """Which time is tested, and which windows."""

    title = "What is tested"

    start: int | None = setting(
        "first bar, as 2025-01-31; the candles before it that signals need are fetched too [a year before --end; all "
        "that files and stored candles allow]",
        moment,
        default=None,
        metavar="TIME",
    )
    end: int | None = setting("bars that closed by then [now]", moment, default=None, metavar="TIME")
    anchor: Anchor = setting(
        "rolling: the scan at every bar; rolling:N: anchored again every N bars; fixed: at the first bar of the first "
        "window; origin: at the first bar there is",
        _anchor,
        default=Anchor.parse("rolling"),
        metavar="rolling[:N]|fixed|origin",
    )
    split: float | None = setting(
        "show the first part of the time, a fraction, and the rest side by side",
        number(0.05, 0.95),
        default=None,
        metavar="X",
    )
    check: tuple[str, ...] = setting(
        "checks against self-deception, all for all of them: " + ", ".join(CHECKS),
        Several(choice("check", (*CHECKS, "all"))),
        default=(),
        metavar="LIST",
    )


@section
class Trade(Own):
    """The trade rule."""

    title = _TRADE

    enter: Enter = setting(
        "flip: at the bar at which the side flips; hold: wherever the side stands",
        choice("entry", Enter),
        default=Enter.FLIP,
    )
    exit: tuple[str, ...] = setting(
        "flip: the side turns; neutral: or ends; stop-atr:K and target-atr:K: the price moves K ATR(100); bars:N",
        Several(_exit),
        default=(FLIP,),
        metavar="RULE[,RULE]",
    )
    fill: Fill = setting(
        "price at which the symbol's next bar fills what a close decided", choice("fill", Fill), default=Fill.NEXT_OPEN
    )
    max_positions: int | None = setting(
        "at most N positions, the first as a scan ranks them", whole(1), default=None, metavar="N"
    )
    rebalance: int | None = setting(
        "every N bars hold the first --max-positions, in the sizes of that moment",
        _rebalance,
        default=None,
        metavar="bars:N",
    )
    size: str = setting(
        "equal shares of the equity, these x |signal|, or a like loss of RISK x equity at the stop (1 ATR without one)",
        _size,
        default=SizeBy.EQUAL,
        metavar="equal|signal|atr:RISK",
    )
    leverage: float = setting("positions together, in equities", number(0.01, 125), default=1.0, metavar="X")
    capital: float = setting("equity at the start", number(0.01), default=10_000.0, metavar="X")


@section
class Paid(Own):
    """Costs."""

    title = _COSTS

    fee_bps: float | None = setting(
        "of every fill [the exchange's taker fee where one is known, else 10]",
        number(0, 1000),
        default=None,
        metavar="X",
    )
    slippage_bps: float | None = setting(
        "every fill is worse by this much [2]", number(0, 1000), default=None, metavar="X"
    )
    funding_bps_per_8h: float | None = setting(
        "what a long pays every 8 h, and a short receives [1 on swaps]", number(-1000, 1000), default=None, metavar="X"
    )
    funding: Path | None = setting(
        "rates in place of that: csv or parquet with symbol, timestamp, rate (a fraction)",
        path,
        default=None,
        metavar="FILE",
    )


@section
class Told(File):
    """What is written."""

    title = OUTPUT

    output: str | None = setting(
        "format; table unless said otherwise", choice("output", BACKTEST_OUTPUTS), default=None
    )
    benchmark: str = setting("hold: every symbol alike; or one SYMBOL", text, default="hold", metavar="hold|SYMBOL")
    trades: Path | None = setting("every trade as .csv or .parquet", outfile, default=None, metavar="FILE")
    plot: Path | None = setting("equity and drawdown as .png or .svg", outfile, default=None, metavar="FILE")


@section
class BacktestRun(Stretch, Trade, Paid, Told, CommonRun):
    """How one backtest goes."""


def rules_of(settings: Settings, own: BacktestRun) -> Rules:
    """The trade rule; UsageError names what contradicts what."""
    if own.rebalance is not None and own.max_positions is None:
        raise UsageError("--rebalance needs --max-positions: it holds the first so many", "add --max-positions N")
    if own.end is not None and own.start is not None and own.start >= own.end:
        raise UsageError(f"--start is not before --end: {iso(own.start)}, {iso(own.end)}", "an earlier --start")
    if own.funding is not None and own.funding_bps_per_8h is not None:
        raise UsageError("--funding and --funding-bps-per-8h are two answers to one question", "keep one")
    size, _, risk = own.size.partition(":")
    params = settings.params()
    return Rules(
        side=settings.side,
        enter=own.enter,
        exits=exits_of(own.exit),
        fill=own.fill,
        min_signal=settings.min_signal,
        max_age_bars=settings.max_age,
        min_volume=settings.min_volume,
        max_positions=own.max_positions,
        rebalance_bars=own.rebalance,
        size=SizeBy(size),
        risk_frac=float(risk) if risk else 0.01,
        leverage=own.leverage,
        long_threshold=params.long_threshold,
        short_threshold=params.short_threshold,
    )


def exits_of(given: tuple[str, ...]) -> Exits:
    """What closes a position; UsageError where one rule is given twice."""
    amounts: dict[str, str] = {}
    for each in given:
        name, _, amount = each.partition(":")
        if name in amounts:
            raise UsageError(f"--exit: {name} is given twice: {amounts[name]} and {amount}", "keep one")
        amounts[name] = amount
    return Exits(
        flip=FLIP in amounts,
        neutral=NEUTRAL in amounts,
        stop_atr=float(amounts[STOP]) if STOP in amounts else None,
        target_atr=float(amounts[TARGET]) if TARGET in amounts else None,
        bars=int(amounts[BARS]) if BARS in amounts else None,
    )
