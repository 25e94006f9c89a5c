"""atc in a notebook or a script: the commands as functions that return pandas DataFrames.

    import atc_cli.api as atc

    test = atc.backtest("BTCUSDT", timeframe="1h", start="2025-01-01", exit="flip,stop-atr:3")
    test.equity.plot()

    rows = atc.scan(exchange="binance", timeframe="4h", side="long", top=10)
    bars = atc.explain("BTCUSDT", timeframe="4h")

The same code as `atc scan`, `atc explain` and `atc backtest`, and the same settings in the same order: defaults <
preset < the user's config.toml < ./atc.toml < ATC_* < keywords. A keyword is the key
of a setting (`atc config show` lists them), its value what a file could hold; `lambda_` and `with_` end in an
underscore because Python has taken their names. `config` names a file in place of the user's and the project's. What is
wrong raises an AtcError: UsageError for a keyword.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atc_cli.api import frames
from atc_cli.api.call import performed, resolved_of, warn, written
from atc_cli.api.result import Backtest
from atc_cli.cli import wiring
from atc_cli.cli.shared import lines_of
from atc_cli.commands import backtest as backtest_command
from atc_cli.commands import explain as explain_command
from atc_cli.commands import scan as scan_command
from atc_cli.commands.hits import of_scan
from atc_cli.commands.ports import Ports
from atc_cli.domain.results.backtest import BacktestResult
from atc_cli.domain.results.scan import ScanResult
from atc_cli.errors import AtcError, ConfigError, NoDataError, UnavailableError, UsageError
from atc_cli.settings.backtest import BacktestRun, Paid, Stretch, Trade
from atc_cli.settings.option import options

if TYPE_CHECKING:
    from pandas import DataFrame  # type: ignore[import-untyped]

__all__ = [
    "AtcError",
    "Backtest",
    "ConfigError",
    "NoDataError",
    "UnavailableError",
    "UsageError",
    "backtest",
    "explain",
    "scan",
]

_OF_A_BACKTEST = {each.key for part in (Stretch, Trade, Paid) for each in options(part)} | {"benchmark"}


def scan(
    symbols: str | Iterable[str] | None = None,
    *,
    hits: bool = False,
    config: str | Path | None = None,
    **settings: Any,
) -> "DataFrame":
    """Scan a market: one row per symbol in the order of `atc scan`, with the columns of its CSV.

    `symbols`: one, several, or all of the market. Numbers are float64 at full precision, counts Int64, times UTC;
    what is unknown is missing. `.attrs` holds the rest of the JSON document: header, skipped, hidden, breadth, and with
    `hits` how often flips of these candles paid. Symbols that a fault cost and the warnings of the run are Python
    warnings too. Raises UsageError for a keyword that is no setting, and the AtcErrors of the command.
    """
    resolved = resolved_of(settings, config)
    chosen = resolved.settings
    typed = [symbols] if isinstance(symbols, str) else list(symbols or ())
    watchlist = lines_of(chosen.watchlist)
    if hits and chosen.prefilter is not None:
        raise UsageError("hits is of all symbols, prefilter loads a few of them", "leave out one of them")

    def run(ports: Ports) -> ScanResult:
        last = wiring.last(chosen, typed, watchlist)
        judged = of_scan(chosen, ports) if hits else None
        return scan_command.run(chosen, ports, typed=typed, watchlist=watchlist, last=last, hits_of=judged)

    result = performed(resolved, run, remember=not hits)
    if result.interrupted:
        raise KeyboardInterrupt
    warn(result.header, result.skipped, result.scanned)
    return frames.of_scan(result)


def explain(symbol: str, *, config: str | Path | None = None, **settings: Any) -> "DataFrame":
    """Take one symbol apart: every bar of the window, as `atc explain --series` writes it, by its opening time (UTC).

    The columns are the signal and the equity of every family and Average_Signal. `.attrs` holds what `atc explain
    --output json` says of the last bar: header, row, the weight table of all members. Raises UsageError for a keyword
    that is no setting and for an unknown symbol, NoDataError where its candles cannot be used.
    """
    resolved = resolved_of(settings, config)
    result = performed(resolved, lambda ports: explain_command.run(resolved.settings, ports, symbol), remember=False)
    warn(result.header, (), 1)
    return frames.of_explain(result)


def backtest(
    symbols: str | Iterable[str] | None = None, *, config: str | Path | None = None, **settings: Any
) -> Backtest:
    """What following the scan would have earned: `atc backtest` with its flags as keywords.

    Besides the settings of a scan: start, end, anchor, split, check, enter, exit, fill, max_positions, rebalance, size,
    leverage, capital, fee_bps, slippage_bps, funding_bps_per_8h, funding, benchmark. Values are written as flags are.
    Symbols that a fault cost and the warnings of the run are Python warnings too. Raises UsageError for a keyword that
    is no setting and for rules that contradict each other, NoDataError where no symbol has a signal in that time.
    """
    run = {key: value for key, value in settings.items() if key in _OF_A_BACKTEST}
    own = BacktestRun.of_flags({key: written(value) for key, value in run.items()})
    scan_settings = {key: value for key, value in settings.items() if key not in run}
    resolved = resolved_of(scan_settings, config, also=_OF_A_BACKTEST)
    chosen = replace(resolved.settings, include_open=False)
    typed = [symbols] if isinstance(symbols, str) else list(symbols or ())
    watchlist = lines_of(chosen.watchlist)

    def work(ports: Ports) -> BacktestResult:
        return backtest_command.run(chosen, own, ports, typed=typed, watchlist=watchlist)

    result = performed(resolved, work, remember=False, anchor=own.anchor)
    warn(result.header, result.skipped, len(result.symbols) + len(result.skipped))
    return Backtest(result)
