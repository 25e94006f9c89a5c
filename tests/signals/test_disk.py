"""The cache gives back the bytes that it was given or nothing, whatever else lies in its folder."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier, Thread
from types import SimpleNamespace

import diskcache
import pytest

from atc_cli.disk.folders import SIGNALS
from atc_cli.disk.sealed import seal
from atc_cli.signals.disk import BytesDisk, ForeignError
from tests.conftest import ROOT
from tests.helpers.signals_case import FAULTS, Fault, bombed, cache

SMALL, LARGE = os.urandom(500), os.urandom(60_000)  # in the database, in a file beside it


@pytest.fixture
def said() -> list[str]:
    return []


def kept(folder: Path, **values: bytes) -> None:
    """Values put by a process that has ended."""
    said: list[str] = []
    before = cache(folder, said)
    for key, value in values.items():
        before.put(key, value)
    before.close()
    assert not said


def test_values_come_back_in_this_run_and_in_later_ones(tmp_path: Path, said: list[str]) -> None:
    kept(tmp_path, small=SMALL, large=LARGE, empty=b"")
    for _ in range(2):
        later = cache(tmp_path, said)
        assert [later.get(key) for key in ("small", "large", "empty", "other")] == [SMALL, LARGE, b"", None]
        later.close()
    assert not said


def test_a_later_value_of_a_key_takes_the_place_of_the_earlier(tmp_path: Path, said: list[str]) -> None:
    kept(tmp_path, a=SMALL)
    kept(tmp_path, a=LARGE)
    kept(tmp_path, a=b"last")
    assert cache(tmp_path, said).get("a") == b"last"
    assert not list(tmp_path.rglob("*.val"))


def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    kept(tmp_path, a=SMALL)
    assert (tmp_path / SIGNALS).stat().st_mode & 0o777 == 0o700


def test_two_caches_of_one_folder_see_each_others_values(tmp_path: Path, said: list[str]) -> None:
    one, two = cache(tmp_path, said), cache(tmp_path, said)
    one.put("a", SMALL)
    assert two.get("a") == SMALL
    two.put("b", LARGE)
    assert one.get("b") == LARGE
    assert not said


def test_the_bomb_of_these_tests_goes_off_where_pickles_are_read(tmp_path: Path) -> None:
    from diskcache import Cache

    kept(tmp_path, a=SMALL)
    FAULTS["pickled value"].spoil(tmp_path / SIGNALS, bombed(tmp_path / "hit"))
    Cache(str(tmp_path / SIGNALS)).get("a")
    assert (tmp_path / "hit").exists()


def assert_survives(folder: Path, fault: Fault) -> None:
    """The values or nothing, never an error; at most one line; where nothing is said, what is put is there."""
    values = {"small": SMALL, "large": LARGE}
    kept(folder, **values)
    fault.spoil(folder / SIGNALS, bombed(folder / "hit"))
    said: list[str] = []
    after = cache(folder, said)
    assert {key: after.get(key) for key in values} == values | dict.fromkeys(fault.lost)
    assert after.get("other") is None
    after.put("small", b"new")
    after.put("more", LARGE)
    assert [after.get("small"), after.get("more")] == ([None, None] if fault.said else [b"new", LARGE])
    after.close()
    assert len(said) == fault.said, said
    assert not said or str(folder / SIGNALS) in said[0]
    assert not (folder / "hit").exists()


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_on_disk_is_a_miss_and_is_said_once(tmp_path: Path, fault: str) -> None:
    assert_survives(tmp_path, FAULTS[fault])


@pytest.mark.parametrize("fault", ["pickled value", "pickled file", "database of garbage", "text as value"])
def test_after_what_is_foreign_was_set_aside_the_next_run_begins_anew(
    tmp_path: Path, said: list[str], fault: str
) -> None:
    assert_survives(tmp_path, FAULTS[fault])
    kept(tmp_path, a=SMALL)
    assert cache(tmp_path, said).get("a") == SMALL
    assert not said
    assert len(list(tmp_path.glob(f"{SIGNALS}.damaged-*"))) == 1


@pytest.mark.parametrize("name", ["../precious.val", "{}/precious.val", "ab/cd/../../../precious.val"])
def test_a_foreign_database_has_no_file_removed_or_read_that_is_not_its_own(
    tmp_path: Path, said: list[str], name: str
) -> None:
    kept(tmp_path, a=SMALL)
    precious = tmp_path / "precious.val"
    precious.write_bytes(seal("atc.signals/1", SMALL))
    (tmp_path / SIGNALS / "ab" / "cd").mkdir(parents=True)
    with sqlite3.connect(tmp_path / SIGNALS / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = 2, filename = ?", (name.format(tmp_path),))
    database.close()
    cache(tmp_path, said).put("a", LARGE)
    assert precious.exists()
    with sqlite3.connect(tmp_path / SIGNALS / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = 2, filename = ?", (name.format(tmp_path),))
    database.close()
    assert cache(tmp_path, said).get("a") is None
    assert len(said) == 1


def found(folder: Path, said: list[str]) -> bytes | None:
    """What a process of its own finds as `a`; closed, for a get notes its time in the database."""
    with closing(cache(folder, said)) as asked:
        return asked.get("a")


@pytest.mark.parametrize("length", [500, 60_000])
def test_every_byte_of_a_value_is_under_its_checksum(tmp_path: Path, said: list[str], length: int) -> None:
    value = os.urandom(length)
    kept(tmp_path, a=value)
    (victim,) = list(tmp_path.rglob("*.val")) or [tmp_path / SIGNALS / "cache.db"]
    whole = victim.read_bytes()
    start = whole.index(value)
    for at in (0, 1, length // 2, length - 1, -1, -2, -65):  # the last three: of the line before it
        spoiled = bytearray(whole)
        spoiled[start + at] ^= 0x10
        victim.write_bytes(spoiled)
        assert found(tmp_path, said) is None
    victim.write_bytes(whole)
    assert found(tmp_path, said) == value
    assert not said


def test_a_folder_that_cannot_be_made_is_said_once_and_everything_is_a_miss(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_text("no folder")
    nowhere = cache(tmp_path / "file", said)
    nowhere.put("a", SMALL)
    assert nowhere.get("a") is None
    nowhere.close()
    assert len(said) == 1
    assert (tmp_path / "file").read_text() == "no folder"


FULL = """
import resource, sys
from pathlib import Path
from tests.helpers.signals_case import cache
said = []
full = cache(Path(sys.argv[1]), said)
full.put("small", b"s")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for key in ("a", "b"):
    full.put(key, bytes(60_000))
assert {full.get("a"), full.get("b")} <= {None, bytes(60_000)}
full.close()
assert len(said) == 1, said
"""


def run(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def assert_done(*processes: subprocess.Popen[bytes]) -> None:
    for each in processes:
        words, _ = each.communicate()
        assert each.returncode == 0, words.decode()


def test_a_disk_that_takes_no_more_costs_no_value_that_was_kept(tmp_path: Path, said: list[str]) -> None:
    assert_done(run(FULL, tmp_path))
    later = cache(tmp_path, said)
    assert later.get("small") == b"s"
    assert later.get("a") in (None, bytes(60_000))
    assert not said


BUSY = """
import sys
from pathlib import Path
from tests.helpers.signals_case import cache
folder, me = Path(sys.argv[1]), int(sys.argv[2])
said = []
mine = cache(folder, said, memory_bytes=0)
for i in range(60):
    key = f"{(i + 20 * me) % 80}"
    mine.put(key, key.encode() * 4000)
    other = mine.get(f"{i}")
    assert other in (None, f"{i}".encode() * 4000)
mine.close()
assert not said, said
"""


def test_processes_that_write_at_once_lose_nothing_and_store_nothing_false(tmp_path: Path, said: list[str]) -> None:
    assert_done(*[run(BUSY, tmp_path, me) for me in range(3)])
    later = cache(tmp_path, said)
    assert {key: later.get(f"{key}") for key in range(80)} == {key: f"{key}".encode() * 4000 for key in range(80)}
    assert not said


def test_what_several_threads_meet_at_once_is_said_once(tmp_path: Path, said: list[str]) -> None:
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        kept(folder, **{f"k{i}": SMALL for i in range(8)})
        FAULTS["pickled value"].spoil(folder / SIGNALS, bombed(tmp_path / "hit"))
        shared, together, found = cache(folder, said), Barrier(8), []

        def ask(key: str, shared=shared, together=together, found=found) -> None:
            together.wait()
            found.append(shared.get(key))

        threads = [Thread(target=ask, args=(f"k{i}",)) for i in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert found == [None] * 8
        assert len(said) == attempt + 1, said
        assert "set aside as" in said[attempt]


@pytest.mark.parametrize("memory_bytes", [0, 1, 32 * 10**6])
def test_the_database_keeps_so_much_in_memory_and_none_at_all_works_too(
    tmp_path: Path, said: list[str], memory_bytes: int
) -> None:
    frugal = cache(tmp_path, said, memory_bytes=memory_bytes)
    values = {f"{i}": os.urandom(3000) for i in range(40)}
    for key, value in values.items():
        frugal.put(key, value)
    assert {key: frugal.get(key) for key in values} == values
    frugal.close()
    with closing(sqlite3.connect(tmp_path / SIGNALS / "cache.db")) as database:
        ((pages,),) = database.execute("SELECT value FROM Settings WHERE key = 'sqlite_cache_size'")
        database.execute(f"PRAGMA cache_size = {pages}")
        ((taken,),) = database.execute("PRAGMA cache_size")
    assert taken == -(memory_bytes // 1024), "SQLite counts KiB below zero"
    assert not said


def test_what_was_used_last_stays_where_the_disk_is_full(tmp_path: Path, said: list[str]) -> None:
    full = cache(tmp_path, said, disk_bytes=500_000)
    for key in ("used", "unused"):
        full.put(key, SMALL)
    for i in range(300):
        full.put(f"{i}", os.urandom(5000))
        assert full.get("used") == SMALL
    assert full.get("unused") is None
    assert not said


# A process that is stopped as it writes: its lock on the database stays until it goes on or dies.
WRITING = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1] + "/cache.db", isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("writing", flush=True)
sys.stdin.read()
"""


@contextmanager
def stopped_writer(folder: Path) -> Iterator[None]:
    """A process in the middle of a write, stopped, until the block ends."""
    command = [sys.executable, "-c", WRITING, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
            writer.send_signal(signal.SIGSTOP)
            yield
        finally:
            writer.kill()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """diskcache may wait as long as it is told to, which SQLite does; its own 60 s begin with a sleep."""

    def sleep(seconds: float) -> None:
        raise AssertionError("diskcache waits for longer than it was told to")

    monkeypatch.setattr(diskcache.core, "time", SimpleNamespace(time=time.time, sleep=sleep))


@pytest.mark.usefixtures("impatient")
def test_the_start_does_not_wait_for_a_process_that_was_stopped_in_a_write(tmp_path: Path, said: list[str]) -> None:
    kept(tmp_path, a=SMALL)
    with stopped_writer(tmp_path / SIGNALS):
        blocked = cache(tmp_path, said)
        blocked.put("b", SMALL)
        assert blocked.get("a") is None
        blocked.close()
    assert said == [f"no signals are kept in {str(tmp_path / SIGNALS)!r}: database is locked"]
    later = cache(tmp_path, said)
    assert [later.get("a"), later.get("b")] == [SMALL, None]
    assert len(said) == 1


@pytest.mark.usefixtures("impatient")
def test_a_process_that_stops_in_a_write_later_on_is_waited_for_once(tmp_path: Path, said: list[str]) -> None:
    kept(tmp_path, **{f"k{i}": SMALL for i in range(8)})
    blocked = cache(tmp_path, said)
    assert blocked.get("k0") == SMALL
    with stopped_writer(tmp_path / SIGNALS):
        assert [blocked.get(f"k{i}") for i in range(8)] == [None] * 8
        blocked.put("new", LARGE)
        blocked.close()
    assert said == [f"no signals are kept in {str(tmp_path / SIGNALS)!r}: another process is writing"]
    assert cache(tmp_path, said).get("k0") == SMALL
    assert not list(tmp_path.rglob("*.val"))


@pytest.mark.parametrize("length", [5_000, 60_000])
def test_the_folder_stays_near_its_limit_and_keeps_the_newest(tmp_path: Path, said: list[str], length: int) -> None:
    limit = 2_000_000
    full = cache(tmp_path, said, memory_bytes=0, disk_bytes=limit)
    values = {f"{i}": os.urandom(length) for i in range(4 * limit // length)}
    for key, value in values.items():
        full.put(key, value)
    found = {key: full.get(key) for key in values}
    full.close()
    assert sum(each.stat().st_size for each in tmp_path.rglob("*") if each.is_file()) < 1.3 * limit
    held = [key for key, value in found.items() if value is not None]
    assert all(found[key] == values[key] for key in held)
    assert held == list(values)[-len(held) :]
    assert len(held) * length > limit / 3
    assert not said


def test_a_smaller_limit_of_a_later_run_holds_for_what_is_there(tmp_path: Path, said: list[str]) -> None:
    kept(tmp_path, **{f"k{i}": os.urandom(60_000) for i in range(50)})
    smaller = cache(tmp_path, said, disk_bytes=1_000_000)
    for i in range(5):
        smaller.put(f"new{i}", SMALL)
    smaller.close()
    assert sum(each.stat().st_size for each in tmp_path.rglob("*") if each.is_file()) < 1_300_000


@pytest.mark.parametrize("name", ["~", "a b", "\udcff", "ü", "%41", "$", "x" * 200])
def test_a_folder_of_any_name_holds_what_is_kept(
    tmp_path: Path, said: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kept(Path(name), a=SMALL)
    kept(tmp_path / name, b=LARGE)
    later = cache(Path(name), said)
    assert [later.get("a"), later.get("b")] == [SMALL, LARGE]
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / SIGNALS / "cache.db").exists()
    assert not said


@pytest.mark.parametrize("name", ["$HOME", "${HOME}x"])
def test_a_name_that_would_lead_to_another_folder_is_refused(tmp_path: Path, said: list[str], name: str) -> None:
    refused = cache(tmp_path / name, said)
    refused.put("a", SMALL)
    assert refused.get("a") is None
    assert not list(tmp_path.iterdir())
    assert len(said) == 1
    assert name in said[0]


@pytest.mark.parametrize("value", ["text", 1, 1.5, None, [1], bytearray(3)])
def test_only_bytes_are_values_and_only_texts_are_keys(tmp_path: Path, value: object) -> None:
    disk = BytesDisk(str(tmp_path), min_file_size=0)
    with pytest.raises(TypeError):
        disk.store(value, False)
    if not isinstance(value, str):
        with pytest.raises(TypeError):
            disk.put(value)
    with pytest.raises(ForeignError):
        disk.get(b"a pickle", False)
    with pytest.raises(ForeignError):
        disk.fetch(4, None, b"a pickle", False)
    assert not list(tmp_path.iterdir())
