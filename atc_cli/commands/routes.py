"""`atc bench --routes`: what the cost model chooses for a grid of workloads, and whether that was right."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from atc_cli.bench.elsewhere import read
from atc_cli.bench.machine import machine
from atc_cli.bench.routes import GRID, chosen_row, measured_row
from atc_cli.bench.task import Task
from atc_cli.commands.bench import BenchPorts, asked_for
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.routes import RouteRow, RoutesResult
from atc_cli.engine.backend import Offer
from atc_cli.engine.offers import offers_of
from atc_cli.errors import UsageError
from atc_cli.settings.own import BenchSettings

_USUAL_SERIES, _USUAL_BARS = 99, 1500


def run(settings: BenchSettings, ports: BenchPorts, *, coefficients: str) -> RoutesResult:
    """Every row; Ctrl-C keeps those that are done. `coefficients`: where those in use come from.

    Raises UnavailableError for a backend asked for by name that cannot run.
    """
    warm = [_warmed(each) for each in asked_for(settings, ports)]
    tasks, rows, interrupted = tasks_of(settings), list[RouteRow](), False
    ports.progress.begin("routes", len(tasks))
    try:
        for task in tasks:
            rows.append(measured_row(task, warm))
            ports.progress.advance()
    except KeyboardInterrupt:
        interrupted = True
    finally:
        ports.progress.end()
    now = datetime.fromtimestamp(ports.clock_ms() / 1000, UTC)
    busy = {"load_average": round(os.getloadavg()[0], 2)} if hasattr(os, "getloadavg") else {}
    return RoutesResult(
        machine={**machine(now), **busy}, coefficients=coefficients, rows=tuple(rows), interrupted=interrupted
    )


def run_elsewhere(settings: BenchSettings, content: bytes, *, file: str) -> RoutesResult:
    """What would be chosen on the machine that a file is of; UsageError where the file says nothing of one."""
    try:
        known = read(content)
    except ValueError as error:
        raise UsageError(f"--machine: {file!r}: {error}", "atc bench --output json --out FILE writes one") from None
    able = [
        each for each in offers_of(known.costs, known.threads) if not settings.backend or each.name in settings.backend
    ]
    if not able:
        raise UsageError(f"--machine: {file!r} knows no backend {', '.join(settings.backend)}")
    rows = tuple(chosen_row(task, able) for task in tasks_of(settings))
    measured: Mapping[str, object] = {"measured_at": known.measured_at, **known.machine}
    return RoutesResult(machine=measured, coefficients=file, rows=rows)


def tasks_of(settings: BenchSettings) -> Sequence[Task]:
    """The grid, or what --symbols, --bars, --want and --dialect ask for."""
    if settings.symbols is None and settings.bars is None:
        return GRID
    size = (settings.symbols or _USUAL_SERIES, settings.bars or _USUAL_BARS)
    return [Task(*size, Want(want), Dialect(dialect)) for dialect in settings.dialect for want in settings.want]


def _warmed(offer: Offer) -> Offer:
    """The same, started and compiled."""
    offer.backend.compute(Panel.of(Task(1, 200).candles()), Params(), Want.LAST)
    return replace(offer, started=True)
