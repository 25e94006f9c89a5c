"""The machine that figures hold for."""

import os
import platform
from datetime import datetime
from pathlib import Path

import numpy as np

from atc_cli import __version__
from atc_cli.engine import rust


def machine(now: datetime) -> dict[str, object]:
    """Processor, system and versions, and when it was measured."""
    return {
        "cpu": _cpu_name(),
        "logical_cpus": os.cpu_count(),
        "simd": rust.cpu_features(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "atc": __version__,
        "measured_at": now.isoformat(timespec="seconds"),
    }


def _cpu_name() -> str:
    """Linux says it in /proc/cpuinfo only."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown")
