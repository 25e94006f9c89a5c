"""The machine that figures hold for."""

import platform
from datetime import datetime

import numpy as np

from atc_cli import __version__
from atc_cli.engine import rust
from atc_cli.identity import machine_stamp


def machine(now: datetime) -> dict[str, object]:
    """Processor, system and versions, and when it was measured."""
    return {
        **machine_stamp(),
        "simd": rust.cpu_features(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "atc": __version__,
        "measured_at": now.isoformat(timespec="seconds"),
    }
