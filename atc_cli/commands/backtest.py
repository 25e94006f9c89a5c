"""`atc backtest`: a universe and a stretch of time in, what following the scan would have earned out."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from atc_cli.backtest.metrics import figures
from atc_cli.backtest.periods import year_days_of
from atc_cli.backtest.symbols import symbol_figures
from atc_cli.commands.benchmark import benchmark_of
from atc_cli.commands.checks import Checks
from atc_cli.commands.costs import costs_of
from atc_cli.commands.header import header_of
from atc_cli.commands.history import Past, past_of
from atc_cli.commands.jumps import jump_notes
from atc_cli.commands.ports import Ports
from atc_cli.commands.rates import Funding
from atc_cli.commands.survivors import survivorship
from atc_cli.domain.features import ATR_BARS
from atc_cli.domain.results.backtest import Account, BacktestResult, Figures, Priced
from atc_cli.domain.rules import Costs, Rules
from atc_cli.domain.tape import Floats, Ints, Tape
from atc_cli.domain.timeframe import TIMEFRAMES_MS, iso
from atc_cli.engine.account import follow
from atc_cli.errors import NoDataError, UsageError
from atc_cli.settings.backtest import BacktestRun, rules_of
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

_SHOWN_SYMBOLS = 12
# What a settings file may have for scans, and no rule follows.
_OF_SCANS = ("min_age", "top", "agree")


def run(
    settings: Settings,
    own: BacktestRun,
    ports: Ports,
    *,
    typed: Sequence[str] = (),
    watchlist: Iterable[str] | None = None,
) -> BacktestResult:
    """Follow the scan of the typed and watched symbols, or of all.

    Raises UsageError for contradicting rules, more positions than symbols, and a funding file that does not cover the
    time; NoDataError where no symbol has a signal in it, or ATR or volume that rules need; else as gather and route.
    """
    rules, costs = rules_of(settings, own), costs_of(settings, own)
    checks = Checks(own)
    funding = Funding.read(own, costs)
    found = past_of(settings, own, ports, rules, funding, typed=typed, watchlist=watchlist, keep=checks.keep)
    tape = found.tape
    _check(rules, tape)
    with stage("account"):
        account = follow(tape, rules, costs, own.capital)
        benchmark, benchmark_title = benchmark_of(own.benchmark, ports, found.wanted, tape, own.capital)
    bar_ms = TIMEFRAMES_MS[settings.timeframe]
    with stage("metrics"):
        parts = _Parts(account, tape.axis_ms, bar_ms, benchmark, costs)
        whole = parts.figures("whole", 0, None)
        halves = parts.split(own.split)
    with stage("checks"):
        checked = checks.run(found, ports, account, rules=rules, costs=costs, parts=halves)
    signals = found.signals
    decided, took_ms = signals.decision, signals.compute_ms
    header = header_of(settings, signals.params, ports, found.gathered, decision=decided, compute_ms=took_ms)
    return BacktestResult(
        header=header,
        anchor=str(own.anchor),
        anchor_words=own.anchor.words,
        rules=rules,
        costs=costs,
        bar_ms=bar_ms,
        year_days=parts.year_days,
        axis_ms=tape.axis_ms,
        account=account,
        benchmark=benchmark,
        benchmark_title=benchmark_title,
        whole=whole,
        parts=halves,
        symbols=symbol_figures(account, tape, bar_ms),
        checks=checked,
        candles=_shown(tape, account),
        skipped=found.gathered.skipped,
        notes=tuple(_notes(found, settings, account)),
    )


def _check(rules: Rules, tape: Tape) -> None:
    """Refuse rules that this market could never follow."""
    if rules.max_positions is not None and rules.max_positions > len(tape):
        said = f"--max-positions {rules.max_positions} is more than there are symbols"
        raise UsageError(said, f"allowed: 1 to {len(tape)}")
    if len(tape.atr) and not np.isfinite(tape.atr).any():
        said = f"stop-atr, target-atr and size atr need ATR({ATR_BARS}): no symbol has {ATR_BARS} bars"
        raise NoDataError(said, "longer candles, or --exit bars:N")
    if rules.min_volume is not None and not np.isfinite(tape.volume).any():
        raise NoDataError("--min-volume: these candles tell no volume of 24 h", "drop --min-volume")


class _Parts:
    """Figures of stretches of one account."""

    def __init__(self, account: Account, axis_ms: Ints, bar_ms: int, benchmark: Floats, costs: Costs) -> None:
        self._account, self._axis_ms, self._bar_ms, self._benchmark = account, axis_ms, bar_ms, benchmark
        self._costs = costs
        self.year_days = year_days_of(axis_ms, bar_ms)

    def figures(self, title: str, first: int, stop: int | None) -> Figures:
        """Of these places of the axis."""
        given = (self._account, self._axis_ms, self._bar_ms, self._benchmark, self.year_days)
        return figures(*given, costs=self._costs, title=title, first=first, stop=stop)

    def split(self, at_frac: float | None) -> tuple[Figures, ...]:
        """The first part of the time and the rest, none where nothing is split; UsageError where there is one bar."""
        if at_frac is None:
            return ()
        if len(self._axis_ms) < 2:
            raise UsageError(f"--split {at_frac:g}: a single bar is tested", "an earlier --start, or no --split")
        at = min(max(int(len(self._axis_ms) * at_frac), 1), len(self._axis_ms) - 1)
        return self.figures(f"first {at_frac:.0%}", 0, at), self.figures("rest", at, None)


def _shown(tape: Tape, account: Account) -> tuple[Priced, ...]:
    """Candles of the symbols that won or lost most, for a page."""
    trades = account.trades
    moved = np.abs(np.bincount(trades.symbol, trades.pnl, minlength=len(tape)))
    most = np.argsort(-moved, kind="stable")[:_SHOWN_SYMBOLS].tolist()
    return tuple(_priced(tape, number) for number in most if moved[number])


def _priced(tape: Tape, symbol: int) -> Priced:
    rows = tape.rows(symbol)
    values = np.stack([column[rows] for column in (tape.open, tape.high, tape.low, tape.close)])
    return Priced(symbol=tape.symbols[symbol], timestamp=tape.axis_ms[tape.at[rows]], values=values)


def _notes(past: Past, settings: Settings, account: Account) -> Iterator[str]:
    """What must be known to believe the figures."""
    yield from survivorship(settings)
    yield from jump_notes(past.jumping, settings)
    tape, first_ms = past.tape, past.asked.first_ms
    begins_ms = int(tape.axis_ms[0])
    if first_ms and begins_ms > first_ms + TIMEFRAMES_MS[settings.timeframe]:
        yield f"candles that signals need begin later than --start: the first signal is of {iso(begins_ms)}"
    if settings.min_volume is not None and not (tape.volume >= settings.min_volume).any():
        yield f"no bar has the volume of --min-volume {settings.min_volume:g}: nothing was traded"
    if others := [f"{name} {value}" for name in _OF_SCANS if (value := getattr(settings, name))]:
        yield f"of scans only, not followed here: {', '.join(others)}"
    if account.ruined_at >= 0:
        yield f"the equity was gone at {iso(int(tape.axis_ms[account.ruined_at]))}: nothing was traded after that"
