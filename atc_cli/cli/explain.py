"""`atc explain`: the weight table, or every bar with --series."""

from typing import TYPE_CHECKING, Any

from atc_cli.cli.shared import noting, progress
from atc_cli.cli.terminal import check_target, format_of, say, write
from atc_cli.errors import ExitCode, UsageError, unknown_name
from atc_cli.settings.layers import Resolved
from atc_cli.settings.names import ONE_BAR_OUTPUTS, SERIES_OUTPUTS
from atc_cli.settings.own import CommonRun
from atc_cli.settings.parse import zone_of
from atc_cli.settings.sections import Settings

if TYPE_CHECKING:
    from atc_cli.domain.results.explain import ExplainResult


def run(resolved: Resolved[Settings], own: CommonRun, symbol: str) -> ExitCode:
    """Take one symbol apart and write it."""
    from atc_cli.cli import wiring
    from atc_cli.commands import explain as command

    settings = resolved.settings
    output = _output(resolved)
    name = f"{symbol}-{settings.timeframe}.{output}"
    check_target(settings.out, binary=output == "parquet", name=name)
    with (
        resolved.blaming(),
        wiring.ports(settings, progress(own.quiet, bar=False), verbose=own.verbose > 0) as ports,
        noting(ports),
    ):
        result = command.run(settings, ports, symbol)
    write(_content(result, settings, output), settings.out, name=name)
    if not own.quiet:
        _say(result, verbose=own.verbose > 0)
    return ExitCode.OK


def _output(resolved: Resolved[Settings]) -> str:
    """The format asked for; one that only scan has counts as asked for only when it is a flag."""
    settings = resolved.settings
    valid = SERIES_OUTPUTS if settings.series else ONE_BAR_OUTPUTS
    given = settings.output
    if given in (None, *valid) or not resolved.typed("output"):
        return format_of(given if given in valid else None, settings.out, valid)
    if given in SERIES_OUTPUTS:
        raise UsageError(f"--output {given} needs --series: it writes every bar", "add --series, or use table or json")
    raise UsageError(*unknown_name("format of --series" if settings.series else "format of explain", str(given), valid))


def _content(result: "ExplainResult", settings: Settings, output: str) -> Any:
    from atc_cli.reporting import explain as views
    from atc_cli.reporting import series

    if settings.series:
        encode = {"csv": series.series_csv, "json": series.series_json, "parquet": series.series_parquet}[output]
        return encode(result.series, result.row.symbol, result.header)
    if output == "json":
        return views.explain_json(result)
    return views.explain_table(result, zone=zone_of(settings.tz))


def _say(result: "ExplainResult", *, verbose: bool) -> None:
    from atc_cli.reporting.summary import explain_summary

    say(explain_summary(result, verbose=verbose))
