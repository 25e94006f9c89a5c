"""`atc backtest`: a universe and a stretch of time in, what following the scan would have earned out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from atc_cli.backtest import checks, hold
from atc_cli.backtest.align import Columns, Needed, Rates
from atc_cli.backtest.metrics import figures, symbol_figures, year_days_of
from atc_cli.backtest.replay import Replayed, replay
from atc_cli.commands.costs import costs_of
from atc_cli.commands.header import header_of
from atc_cli.commands.history import Asked, History, wanted_candles
from atc_cli.commands.ports import Ports
from atc_cli.data.files.funding import read_funding
from atc_cli.data.gather import Gathered, candles_of, universe_of
from atc_cli.data.market import Listing
from atc_cli.data.universe import parse_watchlist
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.results.backtest import BacktestResult, Figures, Priced
from atc_cli.domain.results.scan import Decision
from atc_cli.domain.rules import Costs, Rules
from atc_cli.domain.tape import Floats, Tape
from atc_cli.domain.timeframe import TIMEFRAMES_MS, iso
from atc_cli.engine import route
from atc_cli.engine.account import follow
from atc_cli.engine.backend import Backend, Workload
from atc_cli.errors import NoDataError, UsageError, unknown_name
from atc_cli.settings.backtest import BacktestRun, rules_of
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

HOLD = "hold"
_WINDOWS_A_STEP = 1000


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
    time; NoDataError where no symbol has a signal in it; else as gather and route do.
    """
    rules, costs = rules_of(settings, own), costs_of(settings, own)
    params = settings.params()
    route.check(ports.offers, settings.backend)
    rates = _rates(own, costs)
    asked = Asked.of(settings, own, kept=_kept(settings, ports), now_ms=ports.clock_ms())
    wanted = wanted_candles(settings, ports, asked, typed, None if watchlist is None else parse_watchlist(watchlist))
    signals = _Signals(settings, own, ports, params, asked)
    history = History(
        ports=ports,
        wanted=wanted,
        asked=asked,
        params=params,
        needed=Needed.of(rules, settings.tie, funding=rates.any),
        replay=signals.replay,
        columns=Columns(TIMEFRAMES_MS[settings.timeframe]),
        rates_of=rates.of,
        window_bars=settings.bars,
    )
    gathered = history.load()
    with stage("align"):
        tape = history.columns.tape()
    _check_tape(tape, rules, gathered, asked)
