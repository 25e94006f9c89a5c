"""`atc bench`: the table or JSON of what was measured."""

import os
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING

from atc_cli.cli.shared import progress
from atc_cli.cli.terminal import check_target, format_of, say, terminal_width, write
from atc_cli.errors import ExitCode, UsageError
from atc_cli.settings.layers import check_other_variables
from atc_cli.settings.names import REPORT_OUTPUTS
from atc_cli.settings.option import options
from atc_cli.settings.own import BenchSettings

if TYPE_CHECKING:
    from atc_cli.domain.results.bench import BenchResult


def run(settings: BenchSettings) -> ExitCode:
    """Measure and write; 1 where a backend's bits are wrong."""
    from atc_cli.cli.wiring import bench_ports
    from atc_cli.commands import bench as command
    from atc_cli.reporting.bench import bench_json, bench_table

    check_other_variables(os.environ)
    table = format_of(settings.output, settings.out, REPORT_OUTPUTS) == "table"
    check_target(settings.out, binary=False)
    _check_model(settings)
    if settings.calibrate:
        return _calibrate(settings)
    if settings.routes:
        return _routes(settings, table=table)
    result = command.run(settings, bench_ports(progress(settings.quiet)))
    content = bench_table(result, width=terminal_width(settings.out)) if table else bench_json(result)
    write(content, settings.out, whole=not result.interrupted)
    return bench_code(result)


# What the cost model's own switches go by.
_OF_CALIBRATE = {"calibrate", "backend", "quiet"}
_OF_ROUTES = {"routes", "machine", "symbols", "bars", "dialect", "want", "backend", "output", "out", "quiet"}


def _check_model(settings: BenchSettings) -> None:
    """Refuse what does not go together."""
    if settings.calibrate and (settings.routes or settings.machine):
        raise UsageError("--calibrate measures this machine, and nothing else", "leave out --routes and --machine")
    if settings.machine and not settings.routes:
        raise UsageError("--machine says what would be chosen there, which --routes shows", "add --routes")
    if settings.calibrate:
        _refuse_others(settings, "--calibrate", _OF_CALIBRATE)
    if settings.routes:
        _refuse_others(settings, "--routes", _OF_ROUTES)


def _refuse_others(settings: BenchSettings, switch: str, known: AbstractSet[str]) -> None:
    """A flag that would decide nothing is not let pass."""
    given = [each for each in options(type(settings)) if getattr(settings, each.name) != each.default]
    if idle := [each.flag for each in given if each.name not in known]:
        goes = ", ".join(f"--{name}" for name in sorted(known - {switch[2:]}))
        raise UsageError(f"{switch} does not go by {', '.join(idle)}", f"leave it out; it goes by {goes}")


def _calibrate(settings: BenchSettings) -> ExitCode:
    """Measure and keep; what was kept before stays where that is broken off."""
    from atc_cli.cli.coefficients import in_force, keep, place
    from atc_cli.cli.wiring import bench_ports
    from atc_cli.commands import calibrate as command

    path = place()
    found = command.run(settings, bench_ports(progress(settings.quiet)), in_force().costs)
    keep(found.document)
    if not settings.quiet:
        say(f"{name}: estimates are {off:.0%} off, in the median" for name, off in found.error_frac.items())
        say([f"written to {str(path)!r}; every command goes by it from now on, removing it goes back to those shipped"])
    return ExitCode.OK


def _routes(settings: BenchSettings, *, table: bool) -> ExitCode:
    """What is chosen here, or on the machine of a file."""
    from atc_cli.cli.coefficients import in_force
    from atc_cli.cli.wiring import bench_ports
    from atc_cli.commands import routes as command
    from atc_cli.reporting.routes import routes_json, routes_table

    if settings.machine is None:
        known = in_force()
        say([known.fault] if known.fault else [])
        result = command.run(settings, bench_ports(progress(settings.quiet)), coefficients=known.words)
    else:
        content = _content(settings.machine)
        result = command.run_elsewhere(settings, content, file=str(settings.machine))
    report = routes_table(result, width=terminal_width(settings.out)) if table else routes_json(result)
    write(report, settings.out, whole=not result.interrupted)
    return ExitCode.INTERRUPTED if result.interrupted else ExitCode.OK


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"--machine: cannot read {str(file)!r}: {error.strerror}") from None


def bench_code(result: "BenchResult") -> ExitCode:
    """Interrupted before wrong: what is not done may be wrong as well."""
    if result.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.UNEXPECTED if any(row.parity.broken for row in result.rows) else ExitCode.OK
