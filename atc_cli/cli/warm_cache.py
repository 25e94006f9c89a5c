"""`atc warm-cache`: the report to stdout or --out, words to stderr."""

from dataclasses import replace
from typing import TYPE_CHECKING

from atc_cli.cli.shared import alone, lines_of, noting, partial_code, progress
from atc_cli.cli.terminal import check_target, format_of, say, terminal_width, write
from atc_cli.errors import ExitCode
from atc_cli.settings.layers import Resolved
from atc_cli.settings.names import REPORT_OUTPUTS
from atc_cli.settings.own import WarmRun
from atc_cli.settings.sections import Settings

if TYPE_CHECKING:
    from atc_cli.domain.results.warm import WarmResult

_ANY_LAG = 10**9


def run(resolved: Resolved[Settings], own: WarmRun, symbols: list[str]) -> ExitCode:
    """Store candles, remember signals, report; with --lock only where nobody does the same.

    Raises, after the report, what ended the work before its time.
    """
    with alone("warm-cache", resolved.settings, own, [*symbols, *own.timeframe, *own.signals]):
        return _warm(resolved, own, symbols)


def _warm(resolved: Resolved[Settings], own: WarmRun, symbols: list[str]) -> ExitCode:
    from atc_cli.cli import wiring
    from atc_cli.commands import warm_cache as command
    from atc_cli.commands.tally import Tally
    from atc_cli.reporting.warm import warm_json, warm_table

    scans = [_stored(each.settings) for each in _scans(resolved, own)]
    bars = max((each.bars for each in scans), default=resolved.settings.bars)
    settings = replace(resolved.settings, include_open=False, bars=bars)  # a forming bar is never stored
    table = format_of(own.output, own.out, REPORT_OUTPUTS) == "table"
    check_target(own.out, binary=False)
    watchlist = lines_of(settings.watchlist)
    timeframes = own.timeframe or tuple(dict.fromkeys(each.timeframe for each in scans)) or (settings.timeframe,)
    tally = Tally(progress(own.quiet))
    with resolved.blaming(), wiring.ports(settings, tally, concurrent=own.jobs) as ports, noting(ports):
        outcome = command.run(
            settings,
            ports,
            tally,
            timeframes,
            typed=symbols,
            watchlist=watchlist,
            compiling=own.compile,
            scans=scans,
            open_ports=lambda scanned: wiring.ports(
                scanned, progress(own.quiet), remember=True, ahead=True, verbose=own.verbose > 0
            ),
        )
    result = outcome.result
    content = warm_table(result, width=terminal_width(own.out)) if table else warm_json(result)
    write(content, own.out, whole=not result.interrupted and outcome.stopped is None)
    _say(result, own)
    if outcome.stopped is not None:
        raise outcome.stopped
    return _code(result)


def _scans(resolved: Resolved[Settings], own: WarmRun) -> list[Resolved[Settings]]:
    """What `atc scan --preset P` would do, for every preset of --signals and every --timeframe, if there is any."""
    return [
        resolved.also(preset=preset, **({"timeframe": timeframe} if timeframe else {}))
        for preset in own.signals
        for timeframe in own.timeframe or (None,)
    ]


def _stored(settings: Settings) -> Settings:
    """A scan of what is stored, whose rows are remembered whatever is shown of them."""
    return replace(
        settings,
        data=None,
        offline=True,
        refresh=False,
        include_open=False,
        signals_cache=True,
        min_volume=None,
        max_lag=_ANY_LAG,
        max_data_age=None,
        with_=(),
        agree=0,
        prefilter=None,
        skip_jumps=False,
    )


def _say(result: "WarmResult", own: WarmRun) -> None:
    from atc_cli.reporting.warm import warm_losses, warm_summary

    if not own.quiet:
        say(warm_summary(result, verbose=own.verbose > 0))
    elif result.lost:
        say([warm_losses(result)])


def _code(result: "WarmResult") -> ExitCode:
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.lost and not any(each.hits_after for each in result.warmed):
        return ExitCode.NO_DATA
    return partial_code(each.skip for each in result.lost)
