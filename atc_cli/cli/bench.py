"""`atc bench`: the table or JSON of what was measured."""

import os
from typing import TYPE_CHECKING

from atc_cli.cli.shared import progress
from atc_cli.cli.terminal import check_target, format_of, terminal_width, write
from atc_cli.errors import ExitCode
from atc_cli.settings.layers import check_other_variables
from atc_cli.settings.names import REPORT_OUTPUTS
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
    result = command.run(settings, bench_ports(progress(settings.quiet)))
    content = bench_table(result, width=terminal_width(settings.out)) if table else bench_json(result)
    write(content, settings.out, whole=not result.interrupted)
    return bench_code(result)


def bench_code(result: "BenchResult") -> ExitCode:
    """Interrupted before wrong: what is not done may be wrong as well."""
    if result.interrupted:
        return ExitCode.INTERRUPTED
    return ExitCode.UNEXPECTED if any(row.parity.broken for row in result.rows) else ExitCode.OK
