"""What app does with a command: run it, render it, write it, and turn the outcome into an exit code."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atc_cli.cli.output import check_target, format_of, terminal_width, write
from atc_cli.cli.words import say
from atc_cli.disk.folders import cache_folder, user_folder
from atc_cli.errors import AtcError, ExitCode, UsageError, unknown_name
from atc_cli.settings.layers import Resolved, resolve
from atc_cli.settings.option import zone_of
from atc_cli.settings.sections import BENCH_OUTPUTS, SCAN_OUTPUTS, BenchSettings, Settings

if TYPE_CHECKING:
    from atc_cli.commands import config
    from atc_cli.commands.ports import Ports
    from atc_cli.data.market import Progress
    from atc_cli.domain.results.bench import BenchResult
    from atc_cli.domain.results.explain import ExplainResult
    from atc_cli.domain.results.scan import ScanResult, Skipped

_SERIES_OUTPUTS = ("csv", "json", "parquet")
_ONE_BAR_OUTPUTS = ("table", "json")


def scan(resolved: Resolved, symbols: list[str], *, quiet: bool, verbose: bool) -> ExitCode:
    """`atc scan`: data to stdout or --out, words to stderr."""
    from atc_cli.cli import wiring
    from atc_cli.commands import scan as command

    settings = resolved.settings
    output = format_of(settings.output, settings.out, SCAN_OUTPUTS)
    check_target(settings.out, binary=output == "parquet")
    watchlist = lines_of(settings.watchlist)
    with resolved.blaming(), wiring.ports(settings, progress(quiet), remember=True) as ports, noting(ports):
        result = command.run(settings, ports, typed=symbols, watchlist=watchlist)
    write(_scan_content(result, settings, output), settings.out)
    code = _scan_code(result)
    _say_scan(result, verbose=verbose, quiet=quiet, ok=code is ExitCode.OK)
    if verbose and settings.signals_cache and result.remembered is None:
        say(["signals cache: not used; it needs stored candles, closed bars and --backend auto"])
    return code


@contextmanager
def noting(ports: "Ports") -> Iterator[None]:
    """Where a run fails, say first what markets and the store had noted; a result says it itself."""
    try:
        yield
    except AtcError:
        say(ports.all_notes())
        raise


def lines_of(watchlist: str | None) -> list[str] | None:
    """The lines of --watchlist, a file or stdin; UsageError where they cannot be read."""
    if watchlist is None:
        return None
    try:
        if watchlist == "-":
            return list(sys.stdin or ())
        return Path(watchlist).expanduser().read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"--watchlist: cannot read {watchlist!r}: {error}") from None


def _scan_code(result: "ScanResult") -> ExitCode:
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.skipped and not any(result.breadth.values()):
        return ExitCode.NO_DATA
    return partial_code(result.skipped)


def partial_code(skipped: Iterable["Skipped"]) -> ExitCode:
    """3 where a fault cost a symbol."""
    return ExitCode.PARTIAL if any(each.reason.fault for each in skipped) else ExitCode.OK


def explain(resolved: Resolved, symbol: str, *, quiet: bool, verbose: bool) -> ExitCode:
    """`atc explain`: the weight table, or every bar with --series."""
    from atc_cli.cli import wiring
    from atc_cli.commands import explain as command

    settings = resolved.settings
    output = _explain_output(resolved)
    name = f"{symbol}-{settings.timeframe}.{output}"
    check_target(settings.out, binary=output == "parquet", name=name)
    with resolved.blaming(), wiring.ports(settings, progress(quiet, bar=False)) as ports, noting(ports):
        result = command.run(settings, ports, symbol)
    write(_explain_content(result, settings, output), settings.out, name=name)
    if not quiet:
        _say_explain(result, verbose=verbose)
    return ExitCode.OK


def _explain_output(resolved: Resolved) -> str:
    """The format asked for; one that only scan has counts as asked for only when it is a flag."""
    settings = resolved.settings
    valid = _SERIES_OUTPUTS if settings.series else _ONE_BAR_OUTPUTS
    given = settings.output
    if given in (None, *valid) or resolved.origin("output") != "flag":
        return format_of(given if given in valid else None, settings.out, valid)
    if given in _SERIES_OUTPUTS:
        raise UsageError(f"--output {given} needs --series: it writes every bar", "add --series, or use table or json")
    raise UsageError(*unknown_name("format of --series" if settings.series else "format of explain", str(given), valid))


def _explain_content(result: "ExplainResult", settings: Settings, output: str) -> Any:
    from atc_cli.reporting import explain as views
    from atc_cli.reporting import series

    if settings.series:
        encode = {"csv": series.series_csv, "json": series.series_json, "parquet": series.series_parquet}[output]
        return encode(result.series, result.row.symbol, result.header)
    if output == "json":
        return views.explain_json(result)
    return views.explain_table(result, zone=zone_of(settings.tz))


def _scan_content(result: "ScanResult", settings: Settings, output: str) -> Any:
    from atc_cli.reporting import scan_documents, scan_markdown, scan_table

    if output == "table":
        width = terminal_width(settings.out)
        return scan_table.scan_table(result, columns=settings.columns, width=width, zone=zone_of(settings.tz))
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


def progress(quiet: bool, *, bar: bool = True) -> "Progress":
    """A bar on a terminal; where there is none, a line for every long wait."""
    from atc_cli.reporting.progress import LoggedWaits, RichProgress, SilentProgress

    if quiet:
        return SilentProgress()
    return RichProgress() if bar and sys.stderr.isatty() else LoggedWaits(say)


def _say_scan(result: "ScanResult", *, verbose: bool, quiet: bool, ok: bool) -> None:
    """The summary; with --quiet one line, and only where symbols were lost: cron must hear of it."""
    from atc_cli.reporting.summary import losses, scan_summary

    if not quiet:
        say(scan_summary(result, verbose=verbose))
    elif not ok:
        say([losses(result)])


def _say_explain(result: "ExplainResult", *, verbose: bool) -> None:
    from atc_cli.reporting.summary import explain_summary

    say(explain_summary(result, verbose=verbose))


def show_settings(resolved: Resolved) -> ExitCode:
    """--show-settings: every key, its value and its origin."""
    from atc_cli.reporting.settings import settings_json, settings_table

    rows = resolved.shown()
    # An `out` of a settings file is for signals; settings must not overwrite them.
    out = resolved.settings.out if resolved.origin("out") == "flag" else None
    write(settings_json(rows) if resolved.settings.output == "json" else settings_table(rows), out)
    return ExitCode.OK


def doctor(*, as_json: bool) -> ExitCode:
    """`atc doctor`: the exit code is the verdict."""
    from atc_cli.cli import wiring
    from atc_cli.commands import doctor as command
    from atc_cli.engine.offers import offers
    from atc_cli.reporting.doctor import doctor_json, doctor_table

    checks = command.run(
        offers(), cache_folder=_cache_folder(), now_ms=wiring.clock_ms(), settings_fault=_settings_fault()
    )
    write(doctor_json(checks) if as_json else doctor_table(checks, width=terminal_width(None)), None)
    return ExitCode.OK if command.healthy(checks) else ExitCode.UNAVAILABLE


def _settings_fault() -> str | None:
    """What is wrong with the settings in force, if anything."""
    try:
        in_force()
    except AtcError as error:
        return str(error)
    return None


def in_force(flags: Mapping[str, Any] | None = None) -> Resolved:
    """The settings of this folder and user; raises as `resolve` does."""
    return resolve(flags or {}, os.environ, config=None, user_folder=user_folder(), folder=Path())


def _cache_folder() -> Path:
    """Where candles are stored; the usual place where settings are wrong."""
    wanted = None
    with suppress(AtcError):
        wanted = in_force().settings.cache_dir
    return cache_folder(wanted)


def bench(settings: BenchSettings, *, quiet: bool) -> ExitCode:
    """`atc bench`: the table or JSON of what was measured; 1 where a backend's bits are wrong."""
    from atc_cli.cli.wiring import bench_ports
    from atc_cli.commands import bench as command
    from atc_cli.reporting.bench import bench_json, bench_table

    table = format_of(settings.output, settings.out, BENCH_OUTPUTS) == "table"
    check_target(settings.out, binary=False)
    result = command.run(settings, bench_ports(progress(quiet)))
    write(bench_table(result, width=terminal_width(settings.out)) if table else bench_json(result), settings.out)
    return bench_code(result)


def bench_code(result: "BenchResult") -> ExitCode:
    """Interrupted before wrong: what is not done may be wrong as well."""
    if result.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.UNEXPECTED if any(row.parity.broken for row in result.rows) else ExitCode.OK


def validate(file: Path | None) -> ExitCode:
    """`atc config validate`: ConfigError where a file is wrong."""
    from atc_cli.commands import config

    files = [file] if file else [place.path for place in _places() if place.what.endswith("file") and place.exists]
    for each in files:
        write(f"{each}: valid, {config.validate(each)} settings\n", None)
    if not files:
        write("no settings file is in force\n", None)
    return ExitCode.OK


def _places() -> "list[config.Place]":
    from atc_cli.commands import config

    return config.places(user_folder(), _cache_folder(), Path())


def show_places() -> ExitCode:
    """`atc config path`."""
    lines = (f"{place.what:13} {place.path}{'' if place.exists else '  (absent)'}\n" for place in _places())
    write("".join(lines), None)
    return ExitCode.OK


def show_presets(name: str | None) -> ExitCode:
    """`atc config presets [NAME]`."""
    from atc_cli.commands import config

    texts = config.presets()
    if name is not None and name not in texts:
        raise UsageError(*unknown_name("preset", name, texts))
    chosen = [name] if name else list(texts)
    write("\n".join(f"# --- {each} ---\n{texts[each]}" for each in chosen), None)
    return ExitCode.OK
