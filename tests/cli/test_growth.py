"""A process that scans again and again does not grow."""

import os
import subprocess
import sys

import pytest

HELD = """
import gc, sys
from contextlib import suppress
from datetime import UTC
from pathlib import Path

def held_bytes():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024
"""

SCANS = """
from atc_cli.cli import wiring
from atc_cli.commands import scan
from atc_cli.reporting import scan_documents, scan_table
from atc_cli.reporting.progress import SilentProgress
from atc_cli.settings.sections import Settings

settings = Settings(exchange=("demo",), demo_symbols=12, bars=200)

def once():
    with wiring.ports(settings, SilentProgress(), remember=True) as ports:
        result = scan.run(settings, ports)
    scan_documents.scan_json(result)
    list(scan_table.scan_table(result, columns=None, width=None, zone=UTC, first=None))
"""

# Its contexts and commands refer to each other: they are gone when Python looks for such, not at once.
COMMANDS = """
from atc_cli.__main__ import main

sys.argv = ["atc", "scan", "--exchange", "demo", "--demo-symbols", "12", "--bars", "200", "--quiet"]

def once():
    with suppress(SystemExit):
        main()
    gc.collect()
"""

REPEATED = """
sizes = []
for _ in range(100):
    once()
    sizes.append(held_bytes())
print(sizes[9], sizes[-1], file=sys.stderr)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is held")
@pytest.mark.parametrize("once", [SCANS, COMMANDS], ids=["scans", "commands"])
def test_a_hundred_in_one_process_hold_no_more_than_ten(once: str) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ATC_")}
    program = HELD + once + REPEATED
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=clean)
    tenth, last = map(int, done.stderr.split())
    assert last - tenth <= 2 * 10**6
