"""One holder at a time, among threads and processes; who dies lets go; a full disk does not stand in the way."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from atc_cli.disk.lock import held, locked, locked_file
from atc_cli.errors import BusyError, UnavailableError
from tests.conftest import ROOT

IMPORTS = """
import os, resource, sys
from pathlib import Path
from threading import Thread
from atc_cli.disk.lock import held, locked, locked_file
place = Path(sys.argv[1])
"""


def started(script: str, place: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", IMPORTS + script, str(place)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@contextmanager
def holder(script: str, place: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has run a script up to its first word and waits; killed at the end."""
    with started(script, place) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"mine\n"
            yield process
        finally:
            process.kill()


HOLDING = """
with held(place, "scan"):
    print("mine", flush=True)
    sys.stdin.read()
"""
HOLDING_A_FOLDER = """
with locked(place):
    (place / ".00.candles.half").write_bytes(b"half")
    print("mine", flush=True)
    sys.stdin.read()
"""
HOLDING_ON_A_FULL_DISK = "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n" + HOLDING
COUNTING = """
def count():
    for _ in range(30):
        with locked(place):
            number = int((place / "count").read_text())
            (place / "count").write_text(str(number + 1))

threads = [Thread(target=count) for _ in range(3)]
for each in threads: each.start()
for each in threads: each.join()
"""


def test_threads_and_processes_have_a_folder_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")
    processes = [started(COUNTING, tmp_path) for _ in range(3)]
    assert [each.communicate() and each.returncode for each in processes] == [0] * 3
    assert (tmp_path / "count").read_text() == "270"


def test_who_does_not_wait_is_told_who_has_it(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.lock"
    with holder(HOLDING, file) as process, pytest.raises(BusyError) as refused, held(file, "scan"):
        pass
    assert f"(process {process.pid})" in str(refused.value)
    assert str(file) in str(refused.value.hint)


def test_a_process_that_is_killed_holds_nothing_and_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    with holder(HOLDING, file) as process:
        process.kill()
        process.wait()
        before = file.stat().st_ino
        with held(file, "scan"):
            assert file.read_text() == f"{os.getpid()}\n"
    assert file.stat().st_ino == before, "another file of that name could be locked beside it"


def test_what_a_killed_writer_left_in_a_folder_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "00.candles").write_bytes(b"whole")
    with holder(HOLDING_A_FOLDER, tmp_path) as process:
        process.kill()
        process.wait()
        assert (tmp_path / ".00.candles.half").exists()
        with locked(tmp_path):
            assert {each.name for each in tmp_path.iterdir()} == {".lock", "00.candles"}


def test_a_process_does_not_have_a_lock_twice(tmp_path: Path) -> None:
    with held(tmp_path / "a.lock", "scan"):
        with pytest.raises(BusyError, match=f"process {os.getpid()}"), held(tmp_path / "a.lock", "scan"):
            pass
        with held(tmp_path / "b.lock", "scan"):
            pass
        with pytest.raises(BusyError), held(tmp_path / "a.lock", "scan"):
            pass
    with held(tmp_path / "a.lock", "scan"):
        pass


def test_what_goes_wrong_in_the_block_lets_go_and_is_not_taken_for_a_fault_of_the_lock(tmp_path: Path) -> None:
    for hold in (lambda: held(tmp_path / "a.lock", "scan"), lambda: locked(tmp_path)):
        for _ in range(2):
            with pytest.raises(OSError, match=r"^mine$"), hold():
                raise OSError("mine")


def test_a_full_disk_does_not_cost_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    with holder(HOLDING_ON_A_FULL_DISK, file) as process:
        with pytest.raises(BusyError) as refused, held(file, "scan"):
            pass
        assert "process" not in str(refused.value)
        process.communicate()
        assert process.returncode == 0


@pytest.mark.parametrize("words", [b"", b"no number\n", b"\xff\xfe", "١٢".encode(), b"1" * 100])
def test_only_a_process_id_is_taken_for_one(tmp_path: Path, words: bytes) -> None:
    file = tmp_path / "a.lock"
    with holder(HOLDING, file):
        file.write_bytes(words)
        with pytest.raises(BusyError) as refused, held(file, "scan"):
            pass
        assert "at work elsewhere" in str(refused.value)
        assert words.strip() == b"" or words.decode(errors="replace").strip() not in str(refused.value)
        assert file.read_bytes() == words, "it is the holder's"


def test_the_file_keeps_what_it_holds_and_has_the_usual_mode(tmp_path: Path) -> None:
    for content in (b"", b"first", b"firstfirst"):
        with locked_file(tmp_path / "a") as file:
            file.seek(0)
            assert file.read() == content
            file.write(b"first")
    (tmp_path / "usual").touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("blocked", ["folder is a file", "file is a folder"])
def test_where_nothing_can_be_locked_the_place_is_named(tmp_path: Path, blocked: str) -> None:
    if blocked == "folder is a file":
        (tmp_path / "place").write_text("no folder")
    else:
        (tmp_path / "place" / ".lock").mkdir(parents=True)
    with pytest.raises(UnavailableError, match=f"cannot write in .*{tmp_path}/place"), locked(tmp_path / "place"):
        pass
    file = tmp_path / "place" / ".lock"
    with pytest.raises(UnavailableError, match=f"cannot lock .*{file}"), held(file, "scan"):
        pass


READ_ONLY = """
if os.getuid() == 0:
    os.setuid(65534)
from atc_cli.errors import UnavailableError
for hold in (lambda: locked(place), lambda: held(place / "a.lock", "scan")):
    try:
        with hold():
            print("held")
    except UnavailableError as error:
        print(error)
"""


def test_a_folder_that_may_only_be_read_is_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        words, _ = started("import filelock" + READ_ONLY, Path(folder)).communicate()
        assert words.decode().splitlines() == [
            f"cannot write in {folder!r}: Permission denied",
            f"cannot lock '{folder}/a.lock': Permission denied",
        ]
        assert not list(Path(folder).iterdir())
