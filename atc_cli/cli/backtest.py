"""`atc backtest`: the report to stdout or --out, trades and a picture beside it, words to stderr."""

from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from atc_cli import stages
from atc_cli.cli.shared import lines_of, noting, partial_code, progress
from atc_cli.cli.terminal import check_target, format_of, say, terminal_width, write
from atc_cli.errors import ExitCode, UnavailableError, UsageError
from atc_cli.settings.backtest import BacktestRun
from atc_cli.settings.layers import Resolved
from atc_cli.settings.names import BACKTEST_OUTPUTS
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

if TYPE_CHECKING:
    from atc_cli.domain.results.backtest import BacktestResult

_TRADES, _PLOTS = (".csv", ".parquet"), (".png", ".svg")


def run(resolved: Resolved[Settings], own: BacktestRun, symbols: list[str]) -> ExitCode:
    """Follow the scan, write what came of it, say what must be known."""
    with stage(stages.STARTUP):
        from atc_cli.cli import wiring
        from atc_cli.commands import backtest as command

    settings = replace(resolved.settings, include_open=False)  # a bar that forms decides nothing
    output = format_of(own.output, own.out, BACKTEST_OUTPUTS)
    check_target(own.out, binary=output == "parquet")
    _check_files(own)
    watchlist = lines_of(settings.watchlist)
    with (
        resolved.blaming(),
        wiring.ports(settings, progress(own.quiet), anchor=own.anchor, verbose=own.verbose > 0) as ports,
        noting(ports),
    ):
        try:
            result = command.run(settings, own, ports, typed=symbols, watchlist=watchlist)
        except KeyboardInterrupt:
            say(["candles and signals so far are kept: the next run goes on from there"])
            raise
    with stage("render"):
        _write(result, own, output)
    code = partial_code(result.skipped)
    if not own.quiet or code is not ExitCode.OK:
        _say(result, own)
    if own.verbose > 1:
        from atc_cli.reporting.stages import stage_lines

        say(stage_lines(*stages.so_far()))
    return code


def _check_files(own: BacktestRun) -> None:
    """Refuse, before the work is done, what could not be written after it."""
    for flag, file, endings in (("--trades", own.trades, _TRADES), ("--plot", own.plot, _PLOTS)):
        if file is None:
            continue
        if file.suffix.lower() not in endings:
            raise UsageError(f"{flag} {str(file)!r}: its name says no format", f"end it in {' or '.join(endings)}")
        check_target(file, binary=True)
    if own.plot is not None and find_spec("matplotlib") is None:
        raise UnavailableError("--plot: matplotlib is not installed", "pip install 'atc-cli[plot]'")


def _write(result: "BacktestResult", own: BacktestRun, output: str) -> None:
    """The files first: what a script waits for is the report."""
    if own.trades is not None:
        write(_made("backtest_documents", f"trades_{own.trades.suffix.lower()[1:]}", result), own.trades)
    if own.plot is not None:
        write(_made("backtest_plot", "backtest_plot", result, own.plot.suffix.lower()[1:]), own.plot)
    if output == "table":
        width = terminal_width(own.out)
        content = _made("backtest_table", "backtest_table", result, width=width, verbose=own.verbose > 0)
    else:
        content = _made("backtest_html" if output == "html" else "backtest_documents", f"backtest_{output}", result)
    write(content, own.out)


def _made(module: str, name: str, *arguments: Any, **named: Any) -> Any:
    return getattr(import_module(f"atc_cli.reporting.{module}"), name)(*arguments, **named)


def _say(result: "BacktestResult", own: BacktestRun) -> None:
    from atc_cli.reporting.summary import backtest_summary, lost_of, many

    if own.quiet:
        wanted = many(len(result.symbols) + len(result.skipped), "symbol")
        say([lost_of(result.skipped, wanted, interrupted=False)])
    else:
        say(backtest_summary(result, verbose=own.verbose > 0))
