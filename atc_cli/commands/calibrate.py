"""`atc bench --calibrate`: what the backends cost on this machine, as a document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from atc_cli.bench.calibrate import calibrated
from atc_cli.commands.bench import BenchPorts
from atc_cli.commands.coefficients import CODE, stamp_here
from atc_cli.engine.backend import Offer
from atc_cli.engine.calibration import Calibration
from atc_cli.identity import code_checksum


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What was measured: the document, and by path how far its estimates are from the times, in the median."""

    document: Mapping[str, object]
    error_frac: Mapping[str, float]


def run(ports: BenchPorts) -> Calibrated:
    """Measure every path of every backend here, in a minute or less."""
    able = [each for each in ports.offers if isinstance(each, Offer)]
    costs, error_frac = calibrated(able, ports.progress)
    machine = {**stamp_here(), CODE: code_checksum()}
    now = datetime.fromtimestamp(ports.clock_ms() / 1000, UTC)
    found = Calibration(costs, machine, now.isoformat(timespec="seconds"))
    return Calibrated(found.document(), error_frac)
