"""The store gives back the bits that it was given, and notices every bit that is not."""

import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.data.store.block import SLOTS, Block, Dense, encode
from atc_cli.data.store.codec import pack, unpack
from atc_cli.data.store.ledger import Update
from atc_cli.data.store.shelf import GROUPS, Shelf, Store, group_of
from atc_cli.errors import UnavailableError, UsageError
from tests.conftest import ROOT, SHARED, needs_shared
from tests.helpers.backends import HOUR_MS
from tests.helpers.shelves import HOSTILE, START_MS, shelf, update, walk


def held(shelf: Shelf, *names: str, bars: int = 10**6) -> dict[str, tuple[list[int], np.ndarray]]:
    found = [each for group in shelf.read(names, replace(shelf.everything, bars=bars)) for each in group]
    return {each.entry.native: (((each.timestamp - START_MS) // HOUR_MS).tolist(), each.values) for each in found}


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    return np.ascontiguousarray(one).tobytes() == np.ascontiguousarray(other).tobytes()


PRICE = st.floats(min_value=5e-324, max_value=1e300, allow_subnormal=True)
ANY = st.one_of(
    PRICE,
    st.integers(1, 10**9).map(lambda tick: tick / 100),
    st.integers(1, 10**9).map(lambda tick: tick * 1e-8),
    st.sampled_from([0.1, 0.1 + 0.2, 1e-14, 2.0**53, 2.0**31, 2.0**31 - 1, 1e17]),
)
VOLUME = st.one_of(ANY, st.sampled_from([0.0, -0.0, float("nan")]))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_block_gives_back_every_bit_of_every_candle(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 4))
    values, present = np.zeros((5, rows, SLOTS)), np.zeros((rows, SLOTS), dtype=bool)
    for row in range(rows):
        slots = data.draw(st.lists(st.integers(0, SLOTS - 1), min_size=1, max_size=8, unique=True))
        present[row, slots] = True
        kind = data.draw(st.sampled_from([ANY, st.integers(1, 999).map(lambda tick: tick / 10)]))
        for slot in slots:
            values[:4, row, slot] = data.draw(st.tuples(kind, kind, kind, kind))
            values[4, row, slot] = data.draw(VOLUME)
    block = Block(memoryview(encode(Dense(np.arange(rows) * 3, present, values), pack)), unpack)
    assert block.series.tolist() == [0, 3, 6, 9][:rows]
    np.testing.assert_array_equal(block.present, present)
    assert same_bits(block.dense().values[:, present], values[:, present])
    a, b = sorted(data.draw(st.tuples(st.integers(0, SLOTS), st.integers(0, SLOTS))))
    chosen = np.array(sorted(data.draw(st.sets(st.integers(0, rows - 1), min_size=1))))
    part = np.empty((5, len(chosen), b - a))
    if b > a:
        block.fill(part, chosen, slice(a, b))
        assert same_bits(part[:, present[chosen, a:b]], values[:, chosen, a:b][:, present[chosen, a:b]])


@needs_shared
def test_recorded_candles_come_back_to_the_bit_and_take_less_than_a_quarter(tmp_path: Path) -> None:
    from atc_cli.data.files.candle_file import read_candles

    files = sorted((SHARED / "data" / "binance-usdm-1h").glob("*.parquet"))[:60]
    tables = {file.stem: read_candles(file) for file in files}
    updates = [
        Update(native=name, symbol=name, quote=None, timestamp=stamps.astype(np.int64), values=values.T)
        for name, (stamps, values) in tables.items()
    ]
    shelf(tmp_path).write(updates)
    raw_bytes = sum(48 * len(stamps) for stamps, _ in tables.values())
    assert shelf(tmp_path).size_bytes() * 4 < raw_bytes
    for name, (_, values) in held(shelf(tmp_path), *tables).items():
        assert same_bits(values, tables[name][1].T)
    assert shelf(tmp_path).faults() == []


@pytest.mark.parametrize("bars", [1, 2, SLOTS - 1, SLOTS, SLOTS + 1, 3 * SLOTS + 7])
@pytest.mark.parametrize("wanted", [1, 2, SLOTS, SLOTS + 1, 10**6])
def test_the_newest_bars_are_read_whatever_blocks_they_lie_in(tmp_path: Path, bars: int, wanted: int) -> None:
    values = walk(bars)
    for first in (0, 1, SLOTS - 1, 100_000):
        folder = tmp_path / str(first)
        shelf(folder).write([update("A", values, first=first)])
        slots, found = held(shelf(folder), "A", bars=wanted)["A"]
        assert slots == list(range(first, first + bars))[-wanted:]
        assert same_bits(found, values[:, -wanted:])


def test_symbols_with_gaps_early_ends_and_late_starts_keep_each_its_own_window(tmp_path: Path) -> None:
    names = [f"N{i}" for i in range(40)]
    rng = np.random.default_rng(3)
    books = {}
    for i, name in enumerate(names):
        slots = sorted(rng.choice(range(i * 30, 3000 - i * 20), size=rng.integers(1, 500), replace=False).tolist())
        books[name] = (slots, walk(len(slots), i))
    shelf(tmp_path).write([update(name, values, slots=slots) for name, (slots, values) in books.items()])
    for bars in (1, 60, 400, 10_000):
        found = held(shelf(tmp_path), *names, bars=bars)
        assert found.keys() == books.keys()
        for name, (slots, values) in books.items():
            assert found[name][0] == slots[-bars:]
            assert same_bits(found[name][1], values[:, -bars:])
    assert shelf(tmp_path).faults() == []


@pytest.mark.parametrize("apart", [1, 30, SLOTS, 3 * SLOTS])
def test_symbols_without_a_gap_that_end_at_different_times_give_their_own_newest_bars(
    tmp_path: Path, apart: int
) -> None:
    books = {f"N{i}": (i * apart, walk(900, i)) for i in range(24)}
    shelf(tmp_path).write([update(name, values, first=first) for name, (first, values) in books.items()])
    for bars in (1, SLOTS, 700, 900, 901):
        found = held(shelf(tmp_path), *books, bars=bars)
        for name, (first, values) in books.items():
            assert found[name][0] == list(range(first, first + 900))[-bars:]
            assert same_bits(found[name][1], values[:, -bars:])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 900), st.integers(1, 400), st.booleans()), max_size=8))
def test_writes_merge_as_a_dictionary_would(tmp_path_factory: pytest.TempPathFactory, steps) -> None:
    target = shelf(tmp_path_factory.mktemp("store"))
    books: dict[str, dict[int, bytes]] = {}
    for seed, (name, first, bars, anew) in enumerate(steps):
        values = walk(bars, seed)
        target.write([update(name, values, first=first, replace=anew)])
        book = {} if anew else books.setdefault(name, {})
        books[name] = book | {first + i: values[:, i].tobytes() for i in range(bars)}
    found = held(target, "A", "B", "C")
    seen = {
        name: dict(zip(slots, [row.tobytes() for row in values.T], strict=True))
        for name, (slots, values) in found.items()
    }
    assert seen == books
    assert {each.native: each.bars for each in target.entries()} == {name: len(book) for name, book in books.items()}
    assert target.faults() == []


def test_forgotten_symbols_are_gone_and_the_others_keep_their_bits(tmp_path: Path) -> None:
    names = [f"N{i}" for i in range(30)]
    shelf(tmp_path).write([update(name, walk(300, i)) for i, name in enumerate(names)])
    shelf(tmp_path).forget(names[::3])
    found = held(shelf(tmp_path), *names)
    assert sorted(found) == sorted(set(names) - set(names[::3]))
    assert all(same_bits(found[name][1], walk(300, names.index(name))) for name in found)
    assert shelf(tmp_path).faults() == []


@pytest.mark.parametrize("timeframe", ["1m", "3d", "1w"])
def test_timeframes_keep_the_grid_that_their_bars_open_on(tmp_path: Path, timeframe: str) -> None:
    step_ms = shelf(tmp_path, timeframe).step_ms
    stamps = 4 * 86_400_000 + step_ms * np.arange(2800, 2900)
    shelf(tmp_path, timeframe).write(
        [Update(native="A", symbol="A", quote=None, timestamp=stamps, values=walk(len(stamps)))]
    )
    ((found,),) = shelf(tmp_path, timeframe).read(["A"], shelf(tmp_path, timeframe).everything)
    np.testing.assert_array_equal(found.timestamp, stamps)
    assert shelf(tmp_path, timeframe).faults() == []


def test_hostile_symbol_names_stay_in_the_folder_and_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "inside"
    shelf(folder).write([update(name, walk(5, i)) for i, name in enumerate(HOSTILE)])
    assert held(shelf(folder), *HOSTILE).keys() == set(HOSTILE)
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
    files = {path.name for path in folder.rglob("*") if path.is_file()}
    assert files <= {".lock"} | {f"{number:02}.candles" for number in range(GROUPS)}


@pytest.mark.parametrize("name", ["..", "a/b", "", "A" * 50, "x\0", "Binance"])
def test_an_exchange_or_market_that_could_be_a_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        Store(tmp_path, print).shelf(name, "swap", "1h")
    with pytest.raises(UsageError):
        Store(tmp_path, print).shelf("binance", name, "1h")


def victim(folder: Path) -> Path:
    shelf(folder).write([update("A", walk(600)), update("B", walk(600, 1))])
    return next(shelf(folder).folder.glob(f"{group_of('A'):02}.candles"))


def test_every_flipped_bit_and_every_cut_is_noticed(tmp_path: Path) -> None:
    file = victim(tmp_path)
    whole = file.read_bytes()
    bits = random.Random(7).sample(range(8 * len(whole)), 600) + list(range(8 * 52))
    cuts = [0, 1, 51, 52, len(whole) // 2, len(whole) - 1]
    damaged = [whole[: bit // 8] + bytes([whole[bit // 8] ^ 1 << bit % 8]) + whole[bit // 8 + 1 :] for bit in bits]
    for content in [*damaged, *(whole[:cut] for cut in cuts), whole + b"\0"]:
        file.write_bytes(content)
        (fault,) = shelf(tmp_path).faults()
        assert str(file) in fault


def test_a_file_of_another_place_is_not_taken_for_this_one(tmp_path: Path) -> None:
    file = victim(tmp_path)
    elsewhere = shelf(tmp_path, "4h").folder
    elsewhere.mkdir(parents=True)
    (elsewhere / file.name).write_bytes(file.read_bytes())
    assert shelf(tmp_path, "4h").faults()
    assert held(shelf(tmp_path, "4h"), "A") == {}


def test_a_write_to_a_damaged_file_sets_it_aside_and_begins_anew(tmp_path: Path) -> None:
    file = victim(tmp_path)
    file.write_bytes(file.read_bytes()[:-1])
    told: list[str] = []
    Store(tmp_path, told.append).shelf("memory", "swap", "1h").write([update("A", walk(5, 9))])
    assert same_bits(held(shelf(tmp_path), "A")["A"][1], walk(5, 9))
    assert len(told) == len(shelf(tmp_path).set_aside()) == 1
    assert str(file) in told[0]


def test_a_reader_sees_the_old_or_the_new_file_never_half_of_one(tmp_path: Path) -> None:
    shelf(tmp_path).write([update("A", walk(300))])
    reading = shelf(tmp_path).read(["A"], replace(shelf(tmp_path).everything, bars=300))
    ((before,),) = reading
    shelf(tmp_path).write([update("A", walk(300, 1), replace=True)])
    assert same_bits(before.values, walk(300))
    assert same_bits(held(shelf(tmp_path), "A")["A"][1], walk(300, 1))


def test_a_full_disk_is_an_error_and_leaves_the_old_candles(tmp_path: Path) -> None:
    shelf(tmp_path).write([update("A", walk(300))])
    code = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "from tests.helpers.shelves import shelf, update, walk\n"
        "from atc_cli.errors import UnavailableError\n"
        "try:\n"
        "    shelf(Path(sys.argv[1])).write([update('A', walk(3000, 1), replace=True)])\n"
        "except UnavailableError as error:\n"
        "    print(error, error.hint)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "cannot write" in done.stdout
    assert "untouched" in done.stdout
    assert same_bits(held(shelf(tmp_path), "A")["A"][1], walk(300))
    assert shelf(tmp_path).faults() == []
    assert sorted(path.suffix for path in shelf(tmp_path).folder.iterdir()) == ["", ".candles"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot write"):
        shelf(tmp_path / "file").write([update("A", walk(3))])


WRITER = """
import sys
from pathlib import Path
from tests.helpers.shelves import shelf, update, walk
folder, name, first = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for bar in range(first, first + int(sys.argv[4])):
    shelf(folder).write([update(f"{name}{i}", walk(2000, i)[:, : bar + 1][:, -2:], first=bar - 1) for i in range(6)])
    print(bar, flush=True)
"""


def writer(folder: Path, name: str, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), name, str(first), str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def stored_bars(folder: Path, name: str) -> int:
    """Every symbol holds one stretch of its own walk, from bar 0 on; how many bars the shortest has."""
    found = held(shelf(folder), *(f"{name}{i}" for i in range(6)))
    for i in range(6):
        slots, values = found[f"{name}{i}"]
        assert slots == list(range(len(slots)))
        assert same_bits(values, walk(2000, i)[:, : len(slots)])
    return min(len(slots) for slots, _ in found.values())


@pytest.mark.slow
def test_a_writer_killed_at_any_moment_leaves_whole_files_and_no_lock(tmp_path: Path) -> None:
    chance, bar = random.Random(11), 1
    for _ in range(int(os.environ.get("KILLS", "8"))):
        running = writer(tmp_path, "A", bar, 1000)
        assert running.stdout is not None
        # Not by the clock: after so many finished writes, and at any point of the next one.
        for _ in range(chance.randint(1, 6)):
            running.stdout.readline()
        for _ in range(chance.randint(0, 200_000)):
            pass
        running.send_signal(signal.SIGKILL)
        said = running.stdout.read().split()
        running.wait()
        running.stdout.close()
        assert shelf(tmp_path).faults() == []
        if said or bar > 1 or shelf(tmp_path).entries():
            bars = stored_bars(tmp_path, "A")
            assert bars >= max([int(each) + 1 for each in said if each.isdigit()], default=0)
            bar = max(bars - 1, 1)
    shelf(tmp_path).write([update("A0", walk(2000)[:, :1])])
    assert [path.name for path in shelf(tmp_path).folder.glob(".*")] == [".lock"]


@pytest.mark.slow
def test_two_writers_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    two = [writer(tmp_path, name, 1, 25) for name in ("A", "B")]
    assert [each.wait() for each in two] == [0, 0]
    for each in two:
        each.stdout.close()
    assert shelf(tmp_path).faults() == []
    assert stored_bars(tmp_path, "A") == stored_bars(tmp_path, "B") == 26


def test_a_scan_of_a_thousand_symbols_opens_few_files(tmp_path: Path) -> None:
    names = [f"N{i}" for i in range(1000)]
    shelf(tmp_path).write([update(name, walk(3)) for name in names])
    assert len(held(shelf(tmp_path), *names)) == 1000
    assert len(list(shelf(tmp_path).folder.glob("*.candles"))) == GROUPS <= 8
