"""The log of what scans printed: every row once, whatever happens to the file."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from atc_cli.domain.results.printed import PrintedRow
from atc_cli.domain.results.scan import Side
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.signals.log import Log
from tests.conftest import ROOT
from tests.helpers.logged import BAR_MS, ROWS, printed


def test_what_is_appended_is_read_back_to_the_bit(tmp_path: Path) -> None:
    log = Log(tmp_path / "new" / "folder" / "log.jsonl")
    assert log.read() == ([], 0)
    first = log.append([printed(0), printed(0, exchange="bybit")])
    assert log.append([printed(1)]) > first == len(b"".join(log.file.read_bytes().splitlines(keepends=True)[:2]))
    assert log.read() == ([printed(0), printed(0, exchange="bybit"), printed(1)], 0)


def test_a_line_is_a_result_that_other_programs_can_read(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    log.append([printed()])
    (line,) = log.file.read_text(encoding="ascii").splitlines()
    document = json.loads(line)
    assert document["bar_close_time"] == "2025-10-09T09:00:00+00:00"
    assert dict(zip(document["columns"], document["rows"][0], strict=True)) == ROWS[0]._asdict()


OTHERS = [
    {"exchange": "bybit"},
    {"market": "spot"},
    {"place": "/data"},
    {"timeframe": "15m"},
    {"params_hash": "cd" * 32},
    {"bar_close_ms": BAR_MS + HOUR_MS},
]


def test_a_row_is_there_once_however_often_a_scan_runs_before_the_next_bar(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    log.append([printed(rows=ROWS[:2])])
    size = log.file.stat().st_size
    assert log.append([printed(rows=ROWS[:2], generated_at_ms=BAR_MS + 9999)]) == size
    log.append([printed(), printed()])
    kept, _ = log.read()
    assert [each.rows for each in kept] == [ROWS[:2], ROWS[2:]]
    log.append([printed(**other) for other in OTHERS])
    kept, _ = log.read()
    assert len(kept) == 2 + len(OTHERS)


def test_rows_that_were_appended_twice_far_apart_are_read_once(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    log.append([printed()])
    line = log.file.read_bytes()
    log.file.write_bytes(line * 3)
    assert log.read() == ([printed()], 0)


def test_only_the_end_of_a_long_log_is_read_to_append(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    many = tuple(PrintedRow(f"COIN{i}/USDT:USDT", Side.LONG, 1.0, i, 1.0) for i in range(9000))
    for bar in range(4):
        log.append([printed(bar, rows=many)])
    size = log.file.stat().st_size
    assert size > 1 << 20
    assert log.append([printed(3, rows=many)]) == size
    assert [each.bar_close_ms for each in log.read()[0]] == [BAR_MS + bar * HOUR_MS for bar in range(4)]


def test_a_line_torn_anywhere_costs_itself_alone(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    log.append([printed(0)])
    whole = log.file.read_bytes()
    log.append([printed(1)])
    both = log.file.read_bytes()
    for cut in range(len(whole) + 1, len(both), 7):
        log.file.write_bytes(both[:cut])
        assert log.read() == ([printed(0)], 1)
        log.append([printed(2)])
        assert log.read() == ([printed(0), printed(2)], 1)
    log.file.write_bytes(both[:-1])  # all but the line's end: nothing is lost
    log.append([printed(2)])
    assert log.read() == ([printed(0), printed(1), printed(2)], 0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"atc.log/1", b"atc.log/9"),
        (b'"LONG"', b'"LANG"'),
        (b"67123.4", b'"much"'),
        (b'"1h"', b'"7h"'),
        (b'"lts"', b'"lt5"'),
        (b'"binance"', b"17"),
        (b"2025-10-09T09", b"2025-19-09T09"),
        (b'"rows"', b'"cows"'),
        (b"{", b"["),
        (b"binance", b"bin\xffnce"),
    ],
)
def test_a_line_that_was_never_written_is_left_out_and_counted(tmp_path: Path, old: bytes, new: bytes) -> None:
    log = Log(tmp_path / "log.jsonl")
    log.append([printed(0)])
    line = log.file.read_bytes()
    assert old in line
    log.file.write_bytes(line.replace(old, new, 1))
    log.append([printed(1)])
    assert log.read() == ([printed(1)], 1)


APPENDING = """
import sys
from pathlib import Path
from tests.helpers.logged import printed
from atc_cli.signals.log import Log
for bar in range(40):
    Log(Path(sys.argv[1])).append([printed(bar, exchange=sys.argv[2]), printed(bar)])
"""
"""Each appends its own rows, and both the same ones."""


def test_two_processes_append_without_losing_or_doubling_a_row(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    command = [sys.executable, "-c", APPENDING, str(file)]
    running = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("kraken", "okx")]
    assert [each.wait() for each in running] == [0, 0]
    lines = file.read_bytes().splitlines()
    kept, damaged = Log(file).read()
    assert (len(lines), len(kept), damaged) == (120, 120, 0)
    assert {each.exchange for each in kept} == {"kraken", "okx", "binance"}


FULL = """
import resource, sys
from pathlib import Path
from tests.helpers.logged import printed
from atc_cli.signals.log import Log
log = Log(Path(sys.argv[1]))
size = log.file.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, size + 100))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    log.append([printed(1)])
except OSError as error:
    print(error.errno)
"""


def test_a_disk_that_is_full_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl")
    log.append([printed(0)])
    before = log.file.read_bytes()
    command = [sys.executable, "-c", FULL, str(log.file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip().isdecimal(), done.stderr
    assert log.file.read_bytes() == before


def test_a_link_in_its_place_is_neither_followed_nor_written(tmp_path: Path) -> None:
    other = tmp_path / "precious"
    other.write_text("mine")
    (tmp_path / "log.jsonl").symlink_to(other)
    log = Log(tmp_path / "log.jsonl")
    with pytest.raises(OSError, match="left alone"):
        log.append([printed()])
    with pytest.raises(OSError, match="left alone"):
        log.read()
    assert other.read_text() == "mine"
    assert log.file.readlink() == other
