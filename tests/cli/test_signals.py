"""`atc scan --signals-cache` as a person runs it, on candles that came from files."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from atc_cli.disk.folders import SIGNALS
from tests.conftest import Atc, Run
from tests.helpers.imported import IMPORT, cache, write

WINDOW = ("--timeframe", "1h", "--bars", "200", "--all")
SYMBOLS = 6


@pytest.fixture
def here(tmp_path: Path, atc: Atc) -> Path:
    """The folder that commands run in, with candles of six symbols in the store."""
    folder = tmp_path / "here"
    (folder / "data").mkdir()
    for i in range(SYMBOLS):
        write(folder / "data" / f"COIN{i}USDT-1h.csv", i)
    assert atc(*IMPORT).code == 0
    return folder


def kept(tmp_path: Path) -> Path:
    return cache(tmp_path).with_name(SIGNALS)


def documents(*runs: Run) -> Iterator[str]:
    """Of each run's document all but its counts, when it was and how long it took; the order of names counts."""
    for each in runs:
        assert each.code == 0, each.err
        document = json.loads(each.out)
        of_the_run = ("generated_at", "timings_ms", "data_age_ms", "signals_cache")
        yield json.dumps({name: value for name, value in document.items() if name not in of_the_run})


def untimed(run: Run) -> list[str]:
    """The table without the line that says how long it took."""
    return [line for line in run.out.splitlines() if " compute " not in line]


def test_the_second_of_two_scans_says_hits_and_prints_the_same(atc: Atc, here: Path) -> None:
    scan = ("scan", "--offline", "--signals-cache", "-v", *WINDOW)
    first, second = atc(*scan), atc(*scan)
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert f"signals cache: 0 hits, {SYMBOLS} misses" in first.err
    assert f"signals cache: {SYMBOLS} hits, 0 misses" in second.err
    assert f"COIN{SYMBOLS - 1}USDT" in first.out
    assert untimed(second) == untimed(first)


def test_the_document_counts_hits_and_misses_and_is_the_same_otherwise(atc: Atc, here: Path) -> None:
    scan = ("scan", "--offline", *WINDOW, "--output", "json")
    runs = [atc(*scan), *(atc(*scan, "--signals-cache") for _ in range(2))]
    plain, first, second = documents(*runs)
    assert first == second == plain
    assert [json.loads(each.out)["signals_cache"] for each in runs] == [
        None, {"hits": 0, "misses": SYMBOLS}, {"hits": SYMBOLS, "misses": 0},
    ]  # fmt: skip
    assert json.loads(runs[0].out)["rows"]


def test_candles_that_are_imported_anew_are_computed_anew(atc: Atc, here: Path, tmp_path: Path) -> None:
    scan = ("scan", "--offline", *WINDOW, "--output", "json")
    atc(*scan, "--signals-cache")
    shutil.rmtree(cache(tmp_path))
    for i in range(SYMBOLS):
        write(here / "data" / f"COIN{i}USDT-1h.csv", i + 10)
    assert atc(*IMPORT).code == 0
    runs = [atc(*scan), atc(*scan, "--signals-cache")]
    plain, remembering = documents(*runs)
    assert plain == remembering
    assert json.loads(runs[1].out)["signals_cache"] == {"hits": 0, "misses": SYMBOLS}


def test_nothing_is_kept_unless_it_is_asked_for(atc: Atc, here: Path, tmp_path: Path) -> None:
    done = atc("scan", "--offline", "-v", *WINDOW)
    assert done.code == 0
    assert "signals cache" not in done.err
    assert not kept(tmp_path).exists()


def test_the_settings_file_and_the_environment_ask_for_it_too(atc: Atc, here: Path, tmp_path: Path) -> None:
    scan = ("scan", "--offline", "-v", *WINDOW)
    atc(*scan, env={"ATC_SIGNALS_CACHE": "true"})
    assert kept(tmp_path).is_dir()
    (here / "atc.toml").write_text("signals_cache = true\nsignals_max_mb = 1\nsignals_memory_mb = 0\n")
    assert f"{SYMBOLS} hits" in atc(*scan).err
    assert "signals cache" not in atc(*scan, "--no-signals-cache").err


def test_a_damaged_cache_is_named_once_set_aside_and_costs_no_row(atc: Atc, here: Path, tmp_path: Path) -> None:
    scan = ("scan", "--offline", "--signals-cache", *WINDOW, "--output", "json")
    before = atc(*scan)
    (kept(tmp_path) / "cache.db").write_bytes(b"garbage" * 1000)
    damaged, after = atc(*scan), atc(*scan)
    assert damaged.code == 0
    assert damaged.err.count(str(kept(tmp_path))) == 1
    assert str(kept(tmp_path)) not in after.err
    assert [json.loads(each.out)["rows"] for each in (damaged, after)] == [json.loads(before.out)["rows"]] * 2
    assert len(list(kept(tmp_path).parent.glob(f"{SIGNALS}.damaged-*"))) == 1
    assert json.loads(atc(*scan).out)["signals_cache"] == {"hits": SYMBOLS, "misses": 0}
