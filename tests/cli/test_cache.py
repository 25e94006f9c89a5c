"""`atc cache` and `atc scan --offline` as a person runs them, on candles that came from files."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from atc_cli.data.files.candle_file import read_candles
from atc_cli.data.store.shelf import Store
from tests.conftest import Atc
from tests.helpers.backends import HOUR_MS, tick_walk
from tests.helpers.imported import IMPORT, cache, coins, write
from tests.helpers.shelves import HOSTILE, update, walk
from tests.helpers.windows_case import LONG, Cache


@pytest.fixture
def here(tmp_path: Path, atc: Atc) -> Path:
    """The folder that commands run in, with candles of six symbols in data/."""
    return coins(tmp_path / "here", 6)


def test_an_imported_folder_scans_offline_as_it_scans_from_files(atc: Atc, here: Path) -> None:
    done = atc(*IMPORT)
    assert (done.code, done.out) == (0, "6 symbols, 1800 candles\n"), done.err
    window = ("--timeframe", "1h", "--bars", "200", "--all", "--output", "json")
    files = json.loads(atc("scan", "--data", "data", *window).out)
    offline = atc("scan", "--offline", *window)
    assert offline.code == 0, offline.err
    stored = json.loads(offline.out)
    assert (stored["exchange"], stored["market"]) == ("binance", "swap")
    assert stored["data_age_ms"] > 0
    assert stored["bar_time"] == files["bar_time"]
    assert len(stored["rows"]) == 6
    assert [row | {"exchange": "files"} for row in stored["rows"]] == files["rows"]


def test_what_is_exported_is_read_back_to_the_bit(atc: Atc, here: Path) -> None:
    atc(*IMPORT)
    done = atc("cache", "export", "out", "--exchange", "binance", "--market", "swap")
    assert (done.code, done.out) == (0, "6 files in out\n"), done.err
    for file in (here / "data").iterdir():
        stamps, values = read_candles(here / "out" / f"{file.stem}.parquet")
        given = read_candles(file)
        assert stamps.tolist() == given[0].tolist()
        assert values.tobytes() == given[1].tobytes()
    assert atc("cache", "export", "two", "COIN1USDT", "COIN2USDT").out == "2 files in two\n"
    assert atc("scan", "--data", "out", "--timeframe", "1h", "--bars", "200").code == 0


def test_a_hostile_symbol_is_exported_inside_the_folder(atc: Atc, here: Path) -> None:
    target = Store(here / "cache" / "candles", print).shelf("binance", "swap", "1h")
    target.write([update(name, walk(5, i)) for i, name in enumerate([*HOSTILE, "a/b", "a_b", "A_B"])])
    done = atc("cache", "export", "deep/out", "--cache-dir", "cache")
    assert done.out == f"{len(HOSTILE) + 3} files in deep/out\n", done.err
    assert len(list((here / "deep" / "out").iterdir())) == len(HOSTILE) + 3
    assert {path.name for path in here.iterdir()} == {"data", "cache", "deep"}


def test_ls_lists_what_is_stored_and_why_bars_are_missing(atc: Atc, here: Path) -> None:
    assert atc("cache", "ls").out == "nothing is stored\n"
    write(here / "data" / "GAPUSDT-1h.csv", 9, missing=range(10, 15))
    atc(*IMPORT)
    (line,) = [line for line in atc("cache", "ls").out.splitlines() if "binance" in line]
    assert line.split()[:5] == ["binance", "swap", "1h", "7", "2,095"]
    document = json.loads(atc("cache", "ls", "--output", "json").out)
    assert document["schema"] == "atc.cache/1"
    (shelf,) = document["shelves"]
    symbols = {each["symbol"]: each for each in shelf["symbols"]}
    assert symbols["COIN0USDT"]["bars"] == 300
    assert symbols["COIN0USDT"]["holes"] == []
    assert symbols["GAPUSDT"]["missing_bars"] == {"no_trades": 0, "not_asked": 5, "failed": 0}
    assert [hole["why"] for hole in symbols["GAPUSDT"]["holes"]] == ["not_asked"]


def test_verify_says_which_file_is_damaged_and_a_scan_sets_it_aside(atc: Atc, here: Path, tmp_path: Path) -> None:
    atc(*IMPORT)
    assert atc("cache", "verify").code == 0
    victim = next(cache(tmp_path).rglob("*.candles"))
    victim.write_bytes(victim.read_bytes()[:-1])
    done = atc("cache", "verify")
    assert done.code == 69
    assert str(victim) in done.out
    assert victim.exists()
    done = atc("scan", "--offline", "--timeframe", "1h", "--bars", "200")
    assert str(victim) in done.err
    assert atc("cache", "verify").code == 0
    assert "1 damaged file" in atc("cache", "ls").out
    assert "1 damaged file" in atc("cache", "prune").out
    assert "damaged" not in atc("cache", "ls").out


def test_an_export_says_which_symbols_are_not_stored(atc: Atc, here: Path) -> None:
    atc(*IMPORT)
    done = atc("cache", "export", "out", "NOSUCHUSDT")
    assert (done.code, done.out) == (4, "")
    assert "'NOSUCHUSDT'" in done.err
    assert not (here / "out").exists()
    assert "did you mean 'COIN1USDT'?" in atc("cache", "export", "out", "COIN1USTD").err
    done = atc("cache", "export", "out", "COIN1USDT", "NOSUCHUSDT")
    assert (done.code, done.out) == (3, "1 files in out\n")
    assert "NOSUCHUSDT: not stored" in done.err


def test_verify_does_not_call_sound_what_is_not_there(atc: Atc, here: Path, tmp_path: Path) -> None:
    done = atc("cache", "verify")
    assert (done.code, done.out) == (0, f"nothing is stored yet in {cache(tmp_path)}\n")
    atc(*IMPORT)
    assert atc("cache", "verify").out == "every file is what was written\n"


def test_prune_by_size_and_by_age(atc: Atc, here: Path) -> None:
    atc(*IMPORT)
    assert atc("cache", "prune").out.startswith("0 symbols")
    assert atc("cache", "prune", "--older-than", "1").out.startswith("0 symbols")
    assert atc("cache", "prune", "--older-than", "0").out.startswith("6 symbols")
    assert atc("scan", "--offline", "--timeframe", "1h").code == 4


def test_the_folder_is_said_and_can_be_moved(atc: Atc, here: Path, tmp_path: Path) -> None:
    assert atc("cache", "path").out == f"{cache(tmp_path)}\n"
    moved = {"ATC_CACHE_DIR": str(tmp_path / "elsewhere")}
    assert atc("cache", "path", env=moved).out == f"{tmp_path / 'elsewhere' / 'candles'}\n"
    assert atc(*IMPORT, env=moved).code == 0
    assert list((tmp_path / "elsewhere").rglob("*.candles"))
    assert not cache(tmp_path).exists()
    assert str(tmp_path / "elsewhere") in atc("config", "path", env=moved).out


def test_the_file_that_atc_config_names_is_in_force_for_every_command(atc: Atc, tmp_path: Path) -> None:
    named = tmp_path / "mine.toml"
    named.write_text(f'cache_dir = "{tmp_path / "elsewhere"}"\n')
    env = {"ATC_CONFIG": str(named)}
    shown = atc("config", "path", env=env).out
    assert (str(named) in shown, "user file" in shown) == (True, False)
    for command in ("config path", "cache path", "doctor"):
        assert str(tmp_path / "elsewhere") in atc(*command.split(), env=env).out, command
    assert "mine.toml: valid, 1 settings" in atc("config", "validate", env=env).out
    named.unlink()
    gone = atc("config", "validate", env=env)
    assert (gone.code, "mine.toml" in gone.err) == (78, True)


def test_an_import_that_contradicts_what_is_stored_is_left_out_by_name(atc: Atc, here: Path) -> None:
    atc(*IMPORT)
    write(here / "data" / "COIN1USDT-1h.csv", 77)
    done = atc(*IMPORT)
    assert done.code == 3
    assert "COIN1USDT" in done.err
    assert done.out.startswith("5 symbols")
    rows = json.loads(
        atc("scan", "COIN1USDT", "--offline", "--timeframe", "1h", "--bars", "200", "--all", "--output", "json").out
    )
    assert rows["rows"][0]["price"] == tick_walk(300, 1).close[-1]


def test_rows_that_repeat_are_said_as_they_are_imported(atc: Atc, here: Path) -> None:
    file = here / "data" / "COIN1USDT-1h.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:9], *lines[8:], ""]))
    done = atc(*IMPORT)
    assert (done.code, done.out) == (0, "6 symbols, 1800 candles\n")
    assert "COIN1USDT: rows that repeat a bar, counted once: 1" in done.err
    assert "COIN2USDT" not in done.err


def test_bars_that_are_not_closed_are_not_imported(atc: Atc, here: Path) -> None:
    far = "timestamp,open,high,low,close\n" + "".join(f"{32503680000000 + i * HOUR_MS},1,1,1,1\n" for i in range(3))
    for file in (here / "data").iterdir():
        file.unlink()
    (here / "data" / "FUTUREUSDT-1h.csv").write_text(far)
    assert atc(*IMPORT).code == 4


WRONG = [
    (("cache", "import", "data"), 2, "--exchange"),
    (("cache", "import", "data", "--exchange", "../x", "--market", "swap"), 2, "'../x'"),
    (("cache", "import", "absent", "--exchange", "binance", "--market", "swap"), 2, "absent"),
    (("cache", "import", ".", "--exchange", "binance", "--market", "swap"), 4, "no candles"),
    (("cache", "export", "out", "--exchange", "binance"), 4, "binance"),
    (("cache", "export", "out", "--exchange", "binance,bybit"), 2, "one exchange"),
    (("cache", "import", "data", "--exchange", "nosuch", "--market", "swap"), 2, "unknown exchange 'nosuch'"),
    (("cache", "import", "data", "--exchange", "demo", "--market", "swap"), 2, "unknown exchange 'demo'"),
    (("cache", "import", "data", "--exchange", "binanse", "--market", "swap"), 2, "did you mean 'binance'?"),
    (("cache", "verify", "--cache-dir", "absent"), 4, "absent"),
    (("cache", "prune", "--older-than", "x"), 2, "--older-than"),
    (("cache", "ls", "--output", "xml"), 2, "--output"),
    (("scan", "--offline", "--timeframe", "4h"), 4, "4h candles of binance"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "part"), WRONG, ids=[" ".join(each[0]) for each in WRONG])
def test_what_is_wrong_is_said_in_words_with_its_exit_code(
    atc: Atc, here: Path, arguments, code: int, part: str
) -> None:
    done = atc(*arguments)
    assert (done.code, done.out) == (code, "")
    assert part in done.err
    assert "Traceback" not in done.err


def test_offline_imports_nothing_that_only_a_network_or_a_table_needs(atc: Atc, here: Path) -> None:
    folder = str(here / "cache")
    assert atc(*IMPORT, "--cache-dir", folder).code == 0
    words = ["atc", "scan", "--offline", "--timeframe", "1h", "--bars", "200", "--cache-dir", folder, "-q"]
    code = (
        "import sys, blosc2\n"
        "brought = set(sys.modules)\n"  # blosc2 itself imports asyncio
        "from atc_cli.cli.app import run\n"
        f"sys.argv = {words!r}\n"
        "run()\n"
        "heavy = {'asyncio', 'ccxt', 'aiohttp', 'pandas', 'pyarrow', 'numba', 'numpy.random'}\n"
        "heavy |= {'atc_cli.commands.bench', 'atc_cli.profiling', 'atc_cli.reporting.stages', 'statistics'}\n"
        "print(sorted(heavy & (set(sys.modules) - brought)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "breadth" in done.stdout
    assert done.stderr.splitlines()[-1] == "[]"


def test_prune_signals_throws_away_what_is_remembered_and_no_candle(atc: Atc, here: Path, tmp_path: Path) -> None:
    atc(*IMPORT)
    scan = ("scan", "--offline", "--timeframe", "1h", "--bars", "200", "--signals-cache", "--output", "json")
    atc(*scan)
    assert json.loads(atc(*scan).out)["signals_cache"] == {"hits": 6, "misses": 0}
    atc("cache", "prune")
    assert json.loads(atc(*scan).out)["signals_cache"]["hits"] == 6
    pruned = atc("cache", "prune", "--signals").out
    assert pruned.startswith("0 symbols and 0 damaged files")
    assert "remembered rows, " in pruned
    assert not (cache(tmp_path).parent / "signals").exists()
    assert json.loads(atc(*scan).out)["signals_cache"] == {"hits": 0, "misses": 6}
    assert "remembered rows, 0.0 MB" in atc("cache", "prune", "--signals", "--cache-dir", "elsewhere").out


def test_values_of_windows_are_listed_and_pruned_with_the_signals(atc: Atc, tmp_path: Path) -> None:
    flags = ("--cache-dir", str(tmp_path / "elsewhere"))
    assert json.loads(atc("cache", "ls", "--output", "json", *flags).out)["windows"] == {"files": 0, "size_bytes": 0}
    kept = Cache(tmp_path / "elsewhere")
    kept.replay([LONG, tick_walk(90, 2)], bar=60)
    size = sum(file.stat().st_size for file in kept.files())
    assert json.loads(atc("cache", "ls", "--output", "json", *flags).out)["windows"] == {"files": 2, "size_bytes": size}
    assert "values of windows of 2 series, 0.0 MB" in atc("cache", "ls", *flags).out
    atc("cache", "prune", *flags)
    assert len(kept.files()) == 2
    assert "remembered windows, 0.0 MB" in atc("cache", "prune", "--signals", *flags).out
    assert not kept.folder.exists()


def test_where_signals_cannot_be_remembered_verbose_says_so(atc: Atc) -> None:
    flags = ("scan", "--exchange", "demo", "--signals-cache", "--output", "json")
    done = atc(*flags, "-v")
    assert json.loads(done.out)["signals_cache"] is None
    assert "signals cache: not used" in done.err
    assert "signals cache" not in atc(*flags).err
