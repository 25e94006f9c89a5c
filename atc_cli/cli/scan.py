"""`atc scan`: data to stdout or --out, words to stderr."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atc_cli import stages
from atc_cli.cli.shared import alone, lines_of, noting, partial_code, progress
from atc_cli.cli.terminal import check_target, format_of, say, terminal_width, write
from atc_cli.errors import ExitCode
from atc_cli.settings.layers import Resolved
from atc_cli.settings.names import SCAN_OUTPUTS
from atc_cli.settings.own import ScanRun
from atc_cli.settings.parse import zone_of
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

if TYPE_CHECKING:
    from atc_cli.domain.results.scan import ScanResult

_FIRST_ROWS = 10


def run(resolved: Resolved[Settings], own: ScanRun, symbols: list[str]) -> ExitCode:
    """Scan, write, say what was found; with --lock only where nobody does the same."""
    with alone("scan", resolved.settings, own, symbols):
        return _scan(resolved, own, symbols)


def _scan(resolved: Resolved[Settings], own: ScanRun, symbols: list[str]) -> ExitCode:
    with stage(stages.STARTUP):
        from atc_cli.cli import wiring
        from atc_cli.commands import scan as command

    report = wiring.watched_memory() if own.memory_report else None
    settings = resolved.settings
    output = format_of(settings.output, settings.out, SCAN_OUTPUTS)
    check_target(settings.out, binary=output == "parquet")
    watchlist = lines_of(settings.watchlist)
    with resolved.blaming(), wiring.ports(settings, progress(own.quiet), remember=True) as ports, noting(ports):
        result = command.run(settings, ports, typed=symbols, watchlist=watchlist)
    result = replace(result, stages_ms=stages.in_ms(stages.so_far()[1]))
    code = _code(result)
    with stage("render"):
        write(_content(result, settings, output), settings.out)
        _say(result, own, ok=code is ExitCode.OK)
    if own.verbose and settings.signals_cache and result.remembered is None:
        say(["signals cache: not used; it needs stored candles, closed bars and --backend auto"])
    if report is not None:
        from atc_cli.reporting.profile import memory_lines

        say(line for line in memory_lines(report()) if line)
    if own.verbose > 1:
        from atc_cli.reporting.stages import stage_lines

        say(stage_lines(*stages.so_far()))
    return code


def _content(result: "ScanResult", settings: Settings, output: str) -> Any:
    from atc_cli.reporting import scan_documents, scan_markdown, scan_table

    if output == "table":
        width = terminal_width(settings.out)
        first = None if width is None or settings.all_rows else settings.top or _FIRST_ROWS
        zone = zone_of(settings.tz)
        return scan_table.scan_table(result, columns=settings.columns, width=width, zone=zone, first=first)
    if output == "markdown":
        return scan_markdown.scan_markdown(result, columns=settings.columns, zone=zone_of(settings.tz))
    documents = {
        "json": scan_documents.scan_json,
        "jsonl": scan_documents.scan_jsonl,
        "csv": scan_documents.scan_csv,
        "parquet": scan_documents.scan_parquet,
        "symbols": scan_documents.scan_symbols,
    }
    return documents[output](result)


def _code(result: "ScanResult") -> ExitCode:
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.skipped and not any(result.breadth.values()):
        return ExitCode.NO_DATA
    return partial_code(result.skipped)


def _say(result: "ScanResult", own: ScanRun, *, ok: bool) -> None:
    """The summary; with --quiet only that symbols were lost, or that the data are old: cron must hear of it."""
    from atc_cli.reporting.summary import losses, old_data, scan_summary

    if not own.quiet:
        say(scan_summary(result, verbose=own.verbose > 0))
        return
    say([*([] if ok else [losses(result)]), *old_data(result.header)])
