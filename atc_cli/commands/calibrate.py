"""`atc bench --calibrate`: what the backends cost on this machine, as a document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from atc_cli.bench.calibrate import calibrated
from atc_cli.commands.bench import BenchPorts, asked_for
from atc_cli.commands.coefficients import CODE, stamp_here
from atc_cli.domain.engines import Engine
from atc_cli.engine.calibration import Calibration
from atc_cli.engine.coefficients import ByPath
from atc_cli.identity import code_checksum
from atc_cli.settings.own import BenchSettings


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What was measured: the document, and by path how far its estimates are from the times, in the median."""

    document: Mapping[str, object]
    error_frac: Mapping[str, float]


def run(settings: BenchSettings, ports: BenchPorts, before: Mapping[Engine, ByPath] | None) -> Calibrated:
    """Measure every path of the backends asked for, if none of all here, in a minute or less.

    `before`: coefficients of this machine that stay where nothing is measured. Raises UnavailableError for a backend
    asked for by name that cannot run.
    """
    costs, error_frac = calibrated(asked_for(settings, ports), ports.progress)
    now = datetime.fromtimestamp(ports.clock_ms() / 1000, UTC)
    machine = {**stamp_here(), CODE: code_checksum()}
    found = Calibration({**(before or {}), **costs}, machine, now.isoformat(timespec="seconds"))
    return Calibrated(found.document(), error_frac)
