"""What app does with `atc warm-cache`: run it, render it, write it, and turn the outcome into an exit code."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atc_cli.errors import ExitCode
from atc_cli.flow import lines_of, noting, partial_code, progress
from atc_cli.output import check_target, format_of, terminal_width, write
from atc_cli.resolve import Resolved
from atc_cli.settings import BENCH_OUTPUTS
from atc_cli.words import say

if TYPE_CHECKING:
    from atc_cli.domain.warmth import WarmResult


def warm(resolved: Resolved, own: Mapping[str, Any], symbols: list[str], *, quiet: bool, verbose: bool) -> ExitCode:
    """`atc warm-cache`: the report to stdout or --out, words to stderr; `own` are the flags that are no settings.

    Raises, after the report, what ended the work before its time.
    """
    from atc_cli import wiring
    from atc_cli.commands import warm_cache as command
    from atc_cli.reporting.warm import warm_json, warm_losses, warm_summary, warm_table

    settings = replace(resolved.settings, include_open=False)  # a forming bar is never stored
    table = format_of(own["output"], own["out"], BENCH_OUTPUTS) == "table"
    check_target(own["out"], binary=False)
    watchlist = lines_of(settings.watchlist)
    timeframes = own["timeframe"] or (settings.timeframe,)
    tally = command.Tally(progress(quiet))
    with resolved.blaming(), wiring.ports(settings, tally, concurrent=own["jobs"]) as ports, noting(ports):
        outcome = command.run(
            settings, ports, tally, timeframes, typed=symbols, watchlist=watchlist, compiling=own["compile"]
        )
    result = outcome.result
    write(warm_table(result, width=terminal_width(own["out"])) if table else warm_json(result), own["out"])
    if not quiet:
        say(warm_summary(result, verbose=verbose))
    elif result.lost:
        say([warm_losses(result)])
    if outcome.stopped is not None:
        raise outcome.stopped
    return _code(result)


def _code(result: "WarmResult") -> ExitCode:
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.lost and not any(each.hits_after for each in result.warmed):
        return ExitCode.NO_DATA
    return partial_code(each.skip for each in result.lost)
