"""What app does with a command: run it, render it, write it, and turn the outcome into an exit code."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atc_cli.errors import ExitCode, UsageError, unknown_name
from atc_cli.options import zone_of
from atc_cli.output import terminal_width, write
from atc_cli.resolve import Resolved
from atc_cli.settings import EXPLAIN_OUTPUTS, BenchSettings, Settings

if TYPE_CHECKING:
    from atc_cli.commands import config
    from atc_cli.data.source import Progress
    from atc_cli.domain.bench import BenchResult
    from atc_cli.domain.results import ExplainResult, ScanResult, Skipped

_SERIES_OUTPUTS = ("csv", "json", "parquet")


def user_folder() -> Path:
    """The user's configuration folder (XDG)."""
    import platformdirs

    return platformdirs.user_config_path("atc", appauthor=False)


def cache_folder() -> Path:
    """The user's cache folder (XDG)."""
    import platformdirs

    return platformdirs.user_cache_path("atc", appauthor=False)


def scan(resolved: Resolved, symbols: list[str], *, quiet: bool, verbose: bool) -> ExitCode:
    """`atc scan`: data to stdout or --out, words to stderr."""
    from atc_cli import wiring
    from atc_cli.commands import scan as command
    from atc_cli.domain.params import OutOfRangeError

    settings = resolved.settings
    watched = _watched(settings.watchlist)
    try:
        with wiring.ports(settings, _progress(quiet)) as ports:
            result = command.run(settings, ports, typed=symbols, watched=watched)
    except OutOfRangeError as error:
        raise UsageError(f"--{error}") from None
    write(_scan_content(result, settings), settings.out)
    if not quiet:
        _say_scan(result, verbose=verbose)
    return _scan_code(result)


def _watched(watchlist: str | None) -> list[str] | None:
    from atc_cli.data.universe import parse_watchlist

    if watchlist is None:
        return None
    if watchlist == "-":
        return parse_watchlist(sys.stdin)
    try:
        return parse_watchlist(Path(watchlist).expanduser().read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--watchlist: cannot read {watchlist!r}: {error}") from None


def _scan_code(result: "ScanResult") -> ExitCode:
    if result.interrupted:
        return ExitCode.INTERRUPTED
    if result.scanned and len(result.skipped) >= result.scanned:
        return ExitCode.NO_DATA
    return _partial(result.skipped)


def _partial(skipped: Iterable["Skipped"]) -> ExitCode:
    return ExitCode.PARTIAL if any(each.reason.fault for each in skipped) else ExitCode.OK


def explain(resolved: Resolved, symbol: str, *, quiet: bool, verbose: bool) -> ExitCode:
    """`atc explain`: the weight table, or every bar with --series."""
    from atc_cli import wiring
    from atc_cli.commands import explain as command
    from atc_cli.domain.params import OutOfRangeError

    settings = resolved.settings
    output = _explain_output(settings)
    try:
        with wiring.ports(settings, _progress(quiet=True)) as ports:
            result = command.run(settings, ports, symbol)
    except OutOfRangeError as error:
        raise UsageError(f"--{error}") from None
    write(_explain_content(result, settings, output), settings.out, name=f"{symbol}-{settings.timeframe}.{output}")
    if verbose and not quiet:
        _say([f"backend {result.header.backend.name}: {result.header.backend.why}"])
    return ExitCode.OK


def _explain_output(settings: Settings) -> str:
    valid = _SERIES_OUTPUTS if settings.series else EXPLAIN_OUTPUTS
    output = settings.output or valid[0]
    if output not in valid:
        what = "format of --series" if settings.series else "format of explain"
        raise UsageError(*unknown_name(what, output, valid))
    if output in ("csv", "parquet") and not settings.series:
        raise UsageError(f"--output {output} needs --series: it writes every bar", "add --series, or use table or json")
    return output


def _explain_content(result: "ExplainResult", settings: Settings, output: str) -> Any:
    from atc_cli.reporting import explain as views
    from atc_cli.reporting import series

    if settings.series:
        encode = {"csv": series.series_csv, "json": series.series_json, "parquet": series.series_parquet}[output]
        return encode(result.series, result.row.symbol, result.header)
    if output == "json":
        return views.explain_json(result)
    return views.explain_table(result, zone=zone_of(settings.tz))


def _scan_content(result: "ScanResult", settings: Settings) -> Any:
    from dataclasses import replace

    from atc_cli.reporting import columns, scan_documents, table

    result = replace(result, rows=tuple(columns.sort_rows(result.rows, settings.sort)))
    if settings.output in (None, "table"):
        width = terminal_width(settings.out)
        return table.scan_table(result, columns=settings.columns, width=width, zone=zone_of(settings.tz))
    if settings.output == "markdown":
        return scan_documents.scan_markdown(result, columns=settings.columns, zone=zone_of(settings.tz))
    documents = {
        "json": scan_documents.scan_json,
        "jsonl": scan_documents.scan_jsonl,
        "csv": scan_documents.scan_csv,
        "parquet": scan_documents.scan_parquet,
        "symbols": scan_documents.scan_symbols,
    }
    return documents[str(settings.output)](result)


def _progress(quiet: bool) -> "Progress":
    from atc_cli.reporting.progress import RichProgress, SilentProgress

    return SilentProgress() if quiet else RichProgress()


def _say(lines: Iterable[str]) -> None:
    """Words to stderr: wrapped at blanks on a terminal, one line each off one."""
    if not sys.stderr.isatty():
        sys.stderr.writelines(f"{line}\n" for line in lines)
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    for line in lines:
        console.print(line, markup=False)


def _say_scan(result: "ScanResult", *, verbose: bool) -> None:
    from atc_cli.reporting.summary import scan_summary

    sys.stdout.flush()
    _say(scan_summary(result, verbose=verbose))


def show_settings(resolved: Resolved) -> ExitCode:
    """--show-settings: every key, its value and its origin."""
    from atc_cli.reporting.settings import settings_json, settings_table

    rows = resolved.shown()
    write(settings_json(rows) if resolved.settings.output == "json" else settings_table(rows), resolved.settings.out)
    return ExitCode.OK


def doctor(*, as_json: bool) -> ExitCode:
    """`atc doctor`: the exit code is the verdict."""
    from atc_cli import wiring
    from atc_cli.commands import doctor as command
    from atc_cli.reporting.doctor import doctor_json, doctor_table

    checks = command.run(wiring.offers(), cache_folder=cache_folder(), now_ms=wiring.clock_ms())
    write(doctor_json(checks) if as_json else doctor_table(checks, width=terminal_width(None)), None)
    return ExitCode.OK if command.healthy(checks) else ExitCode.UNAVAILABLE


def bench(settings: BenchSettings, *, quiet: bool) -> ExitCode:
    """`atc bench`: the table or JSON of what was measured; 1 where a backend's bits are wrong."""
    from atc_cli.apart import bench_ports
    from atc_cli.commands import bench as command
    from atc_cli.reporting.bench import bench_json, bench_table

    result = command.run(settings, bench_ports(_progress(quiet)))
    table = settings.output == "table"
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

    return config.places(user_folder(), cache_folder(), Path.cwd())


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
