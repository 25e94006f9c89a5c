"""`atc scan`: data to stdout or --out, words to stderr."""

from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from atc_cli import stages
from atc_cli.cli.shared import alone, lines_of, noting, partial_code, progress
from atc_cli.cli.terminal import check_target, format_of, say, terminal_width, write
from atc_cli.errors import ExitCode, UnavailableError, UsageError
from atc_cli.settings.layers import Resolved
from atc_cli.settings.names import SCAN_FORMATS, SCAN_OUTPUTS, Format
from atc_cli.settings.own import ScanRun
from atc_cli.settings.parse import zone_of
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from atc_cli.commands.ports import Ports
    from atc_cli.data.gather import Gathered
    from atc_cli.domain.results.hits import Hits
    from atc_cli.domain.results.scan import ScanResult

_FIRST_ROWS = 10
_LOG_LARGE_BYTES = 200_000_000


def run(resolved: Resolved[Settings], own: ScanRun, symbols: list[str]) -> ExitCode:
    """Scan, write, say what was found; with --lock only where nobody does the same."""
    with alone("scan", resolved.settings, own, symbols):
        return _scan(resolved, own, symbols)


def _scan(resolved: Resolved[Settings], own: ScanRun, symbols: list[str]) -> ExitCode:
    with stage(stages.STARTUP):
        from atc_cli.cli import wiring
        from atc_cli.commands import scan as command
        from atc_cli.commands.tally import Tally

    report = wiring.watched_memory() if own.memory_report else None
    settings = resolved.settings
    form = SCAN_FORMATS[format_of(settings.output, settings.out, SCAN_OUTPUTS)]
    check_target(settings.out, binary=form.binary)
    _check_library(form)
    _check_kept(settings, own)
    watchlist = lines_of(settings.watchlist)
    tally = Tally(progress(own.quiet))
    with (
        resolved.blaming(),
        wiring.ports(settings, tally, remember=not own.hits, verbose=own.verbose > 0) as ports,
        noting(ports),
    ):
        last = wiring.last(settings, symbols, watchlist)
        hits_of = _hits_of(settings, ports) if own.hits else None
        result = command.run(
            settings, ports, typed=symbols, watchlist=watchlist, tally=tally, last=last, hits_of=hits_of
        )
    result = replace(result, stages_ms=stages.in_ms(stages.so_far()[1]))
    code = _code(result)
    whole = code not in (ExitCode.INTERRUPTED, ExitCode.NO_DATA)
    with stage("render"):
        write(_content(result, settings, form), settings.out, whole=whole)
        _say(result, own, ok=code is ExitCode.OK)
        if own.log and not _logged(result, settings, form, whole=whole):
            code = ExitCode.UNAVAILABLE
    if own.verbose and settings.signals_cache and result.remembered is None:
        say(["signals cache: not used; it needs stored candles, closed bars, --backend auto and no --hits"])
    if own.verbose and last is not None and last.fault is not None:
        say([last.fault])
    if report is not None:
        from atc_cli.reporting.profile import memory_lines

        say(line for line in memory_lines(report()) if line)
    if own.verbose > 1:
        from atc_cli.reporting.stages import stage_lines

        say(stage_lines(*stages.so_far()))
    return code


def _check_library(form: Format) -> None:
    """Refuse, before the work is done, a format whose library is not installed."""
    if form.library and find_spec(form.library) is None:
        raise UnavailableError(
            f"--output {form.name}: {form.library} is not installed", f"pip install 'atc-cli[{form.extra}]'"
        )


def _check_kept(settings: Settings, own: ScanRun) -> None:
    """Refuse what --hits and --log could not say truly."""
    if own.hits and settings.prefilter is not None:
        why = "--prefilter loads whole windows of those symbols alone whose signals are large"
        raise UsageError(f"--hits is of all symbols, and {why}", "leave out one of them, or see atc hits")
    if own.log and settings.include_open:
        raise UsageError(
            "--log and --include-open: the signal of a forming bar can still change", "leave out one of them"
        )


def _hits_of(settings: Settings, ports: "Ports") -> "Callable[[Gathered], Hits]":
    from atc_cli.commands.hits import of_scan

    return of_scan(settings, ports)


def _logged(result: "ScanResult", settings: Settings, form: Format, *, whole: bool) -> bool:
    """Keep the rows that were printed; where that cannot be, say so, also with --quiet."""
    from atc_cli.cli import wiring
    from atc_cli.commands.printed import printed_of
    from atc_cli.commands.scan import top_per_side

    if not whole:
        say(["not logged: it is not a whole result"])
        return True
    first = _first(settings, terminal_width(settings.out)) if "first" in form.takes else None
    log, rows = wiring.log(), top_per_side(result.exact.rows, first)
    try:
        size = log.append(printed_of(result.header, rows, partial(wiring.place_of, settings)))
    except OSError as error:
        say([f"not logged: cannot write {str(log.file)!r}: {error.strerror or error}"])
        return False
    if size > _LOG_LARGE_BYTES:
        say([f"the log of printed rows takes {size / 1e6:.0f} MB: {str(log.file)!r} may be moved away or deleted"])
    return True


def _first(settings: Settings, width: int | None) -> int | None:
    """How many rows of each side a terminal shows; None: all."""
    return None if width is None or settings.all_rows else settings.top or _FIRST_ROWS


def _content(result: "ScanResult", settings: Settings, form: Format) -> Any:
    width = terminal_width(settings.out)
    given = {
        "columns": settings.columns,
        "width": width,
        "zone": zone_of(settings.tz),
        "first": _first(settings, width),
    }
    writer = getattr(import_module(f"atc_cli.reporting.{form.file}"), f"scan_{form.name}")
    return writer(result if form.approximate else result.exact, **{name: given[name] for name in form.takes})


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
