"""`atc hits`: hit rates to stdout or --out, words to stderr."""

from functools import partial
from typing import TYPE_CHECKING, Any

from atc_cli import stages
from atc_cli.cli.shared import lines_of, noting, partial_code, progress
from atc_cli.cli.terminal import check_target, format_of, say, terminal_width, write
from atc_cli.errors import ExitCode, UnavailableError, UsageError
from atc_cli.settings.backtest import BacktestRun
from atc_cli.settings.hits import HitsRun
from atc_cli.settings.layers import Resolved
from atc_cli.settings.names import REPORT_OUTPUTS
from atc_cli.settings.parse import zone_of
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

if TYPE_CHECKING:
    from atc_cli.domain.results.hits import HitsResult
    from atc_cli.domain.results.printed import Printed


def run(resolved: Resolved[Settings], own: HitsRun, symbols: list[str]) -> ExitCode:
    """Judge flips, or what was printed, and write it."""
    with stage(stages.STARTUP):
        from atc_cli.cli import wiring
        from atc_cli.commands import hits as command
        from atc_cli.commands import printed

    settings = resolved.settings
    _check(own)
    table = format_of(own.output, own.out, REPORT_OUTPUTS) == "table"
    check_target(own.out, binary=False)
    watchlist = lines_of(settings.watchlist)
    kept = _kept() if own.log else []
    anchor = BacktestRun().anchor if own.replay else None
    with (
        resolved.blaming(),
        wiring.ports(settings, progress(own.quiet), anchor=anchor, verbose=own.verbose > 0) as ports,
        noting(ports),
    ):
        if own.log:
            place_of = partial(wiring.place_of, settings)
            result = printed.run(settings, own, ports, kept, place_of, typed=symbols, watchlist=watchlist)
        else:
            result = command.run(settings, own, ports, typed=symbols, watchlist=watchlist)
    code = _code(result)
    with stage("render"):
        content = _table(result, settings, own) if table else _json(result)
        write(content, own.out, whole=code not in (ExitCode.INTERRUPTED, ExitCode.NO_DATA))
        _say(result, own, ok=code is ExitCode.OK)
    if own.verbose > 1:
        from atc_cli.reporting.stages import stage_lines

        say(stage_lines(*stages.so_far()))
    return code


def _check(own: HitsRun) -> None:
    """Refuse what contradicts itself."""
    if own.log and own.replay:
        raise UsageError("--log and --replay are two answers to one question", "keep one")
    if own.start is not None and not own.replay:
        raise UsageError("--start is of --replay", "add --replay, or choose the window with --bars")


def _kept() -> "list[Printed]":
    """What scans printed, each row once; says what of it is damaged. UnavailableError where it cannot be read."""
    from atc_cli.cli import wiring

    log = wiring.log()
    try:
        kept, damaged = log.read()
    except OSError as error:
        raise UnavailableError(f"cannot read {str(log.file)!r}: {error.strerror or error}") from None
    if damaged:
        say([f"warning: {damaged} damaged line{'' if damaged == 1 else 's'} of {str(log.file)!r} left out"])
    return kept


def _table(result: "HitsResult", settings: Settings, own: HitsRun) -> Any:
    from atc_cli.reporting.hits import hits_table

    return hits_table(result, width=terminal_width(own.out), zone=zone_of(settings.tz))


def _json(result: "HitsResult") -> str:
    from atc_cli.reporting.hits import hits_json

    return hits_json(result)


def _code(result: "HitsResult") -> ExitCode:
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.skipped and not result.hits.symbols:
        return ExitCode.NO_DATA
    return partial_code(result.skipped)


def _say(result: "HitsResult", own: HitsRun, *, ok: bool) -> None:
    from atc_cli.reporting.hits import hits_losses, hits_summary

    if not own.quiet:
        say(hits_summary(result, verbose=own.verbose > 0))
    elif not ok:
        say([hits_losses(result)])
