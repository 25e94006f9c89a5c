"""Which code this is, on which machine: other code may compute other bits, and another machine takes other times."""

import hashlib
import os
import platform
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

_CODE = (".py", ".so", ".pyd", ".cu")


@cache
def code_checksum() -> str:
    """Changes with every file of the package, and with numpy: any of them could change a row."""
    package = str(Path(__file__).parent)
    digest = hashlib.sha256(np.__version__.encode())
    # Names as text: with a Path for each of them this takes twice the time, at every scan that remembers rows.
    names = [f"{folder}/{name}" for folder, _, names in os.walk(package) for name in names if name.endswith(_CODE)]
    for name in sorted(names):
        digest.update(f"{name.removeprefix(package)}\n".encode())
        with open(name, "rb", buffering=0) as code:  # noqa: PTH123
            digest.update(code.read())
    return digest.hexdigest()


def machine_stamp() -> dict[str, str | int]:
    """What tells this machine from others whose times would be others."""
    return {
        "cpu": cpu_name(),
        "logical_cpus": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
    }


def cpu_name() -> str:
    """The processor in words; Linux says it in /proc/cpuinfo only, and writes that as it is read."""
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:  # noqa: PTH123
        named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        if name := next(named, ""):
            return name
    return platform.processor() or "unknown"
