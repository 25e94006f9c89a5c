"""The command as a person and a script meet it: exit code, stdout, stderr."""

import io
import json
import os
import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from atc_cli import __version__
from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS
from atc_cli.settings.verbs import VERBS
from tests.conftest import ROOT, Atc, Run, unstamped
from tests.helpers.backends import HOUR_MS, tick_walk

HOSTILE = "\x1b[31mEVIL\x1b[0m[bold]"


def write_csv(folder: Path, symbol: str, candles, timeframe: str = "1h", *, shift_bars: int = 0) -> Path:
    stamps = candles.timestamp + shift_bars * HOUR_MS
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [f"{t},{','.join(repr(float(x)) for x in row)}" for t, row in zip(stamps, candles.values.T, strict=True)]
    file = folder / f"{symbol}-{timeframe}.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of hourly candles: three symbols with values, one too young, one broken, one late."""
    folder = tmp_path / "candles"
    folder.mkdir()
    for seed, symbol in enumerate(("AAAUSDT", "BBBUSDT", "CCCUSDT"), start=1):
        write_csv(folder, symbol, tick_walk(120, seed))
    write_csv(folder, "NEWUSDT", tick_walk(120, 4).tail(20))
    write_csv(folder, "LATEUSDT", tick_walk(120, 5), shift_bars=-2)
    broken = write_csv(folder, "BADUSDT", tick_walk(120, 6))
    broken.write_text(broken.read_text().replace(",1.0\n", ",nan\n", 1).replace("\n17", "\n17", 1) + "x,1,1,1,1,1\n")
    return folder


EXPECTED_TABLE = """\
candles files · 1h · 1500 bars · dialect lts · preset intraday (with other timeframe)
newest bar closed 2023-11-19 22:00 UTC, N days ago · fetch N ms · compute N ms
breadth ▲ 1 LONG  ▼ 2 SHORT  · 0 NEUTRAL

#  SYMBOL   SIDE     SIGNAL  E H W D L K   PRICE  AGE  BARS
───────────────────────────────────────────────────────────
1  BBBUSDT  ▲ LONG   +1.000  ▲ ▲ ▲ ▲ ▲ ▲  103.14    2   120
2  AAAUSDT  ▼ SHORT  -0.528  ▼ ▼ ▼ ▲ ▴ ▼   93.99    1   120
3  CCCUSDT  ▼ SHORT  -0.341  ▲ ▼ ▲ ▼ ▼ ▼   96.19    0   120
"""

EXPECTED_SUMMARY = """\
6 symbols scanned · 3 rows (1 LONG, 2 SHORT) · 3 skipped
  1 stale: LATEUSDT (last bar 2023-11-19T19:00:00+00:00 is 2 bars behind)
  1 too few bars: NEWUSDT (needs 39 bars, has 20)
  1 unreadable: BADUSDT (row 121: timestamp 'x' is neither a number nor ISO 8601)
  hint: --max-lag 2 would keep 1 of 1 stale
the data end N days ago
"""


def steady(text: str) -> str:
    """Output with what changes from run to run taken out: durations and the age of the data."""
    text = re.sub(r"(fetch|compute) [\d.]+ (ms|s)\b", r"\1 N ms", text)
    return re.sub(r"\d+ days ago", "N days ago", text)


def scan(atc: Atc, data: Path, *flags: str) -> Run:
    return atc("scan", "--data", str(data), "--timeframe", "1h", *flags)


def test_a_scan_prints_rows_on_stdout_and_words_on_stderr(atc: Atc, data: Path) -> None:
    done = scan(atc, data, "--all", "--columns", "rank,symbol,side,signal,families,price,age,bars")
    assert done.code == 3, done.err
    assert steady(done.out) == EXPECTED_TABLE
    assert steady(unstamped(done.err)) == EXPECTED_SUMMARY


OLD = r"atc: the data end \d+ days ago, \d+ bars of 1h\n"


def test_quiet_says_that_symbols_were_lost_and_that_the_data_are_old(atc: Atc, data: Path) -> None:
    assert re.fullmatch(OLD, unstamped(scan(atc, data, "AAAUSDT", "NEWUSDT", "--quiet").err))
    lost = scan(atc, data, "--quiet")
    assert lost.code == 3
    words = r"atc: 3 of 6 symbols lost: 1 stale, 1 too few bars, 1 unreadable\n" + OLD
    assert re.fullmatch(words, unstamped(lost.err))


def test_quiet_says_nothing_of_fresh_data(atc: Atc) -> None:
    assert atc("scan", "--exchange", "demo", "--top", "1", "--quiet").err == ""


def test_data_that_are_too_old_for_cron_are_no_data(atc: Atc, data: Path) -> None:
    done = scan(atc, data, "AAAUSDT", "--max-data-age", "2h", "--quiet")
    assert done.code == 4
    assert "1 too old" in done.err
    wrong = scan(atc, data, "--max-data-age", "2 fortnights")
    assert (wrong.code, "such as 2h" in wrong.err) == (2, True)


def test_verbose_names_every_skip(atc: Atc, data: Path) -> None:
    said = scan(atc, data, "--verbose").err
    for symbol in ("NEWUSDT", "LATEUSDT", "BADUSDT"):
        assert symbol in said


def test_the_same_scan_twice_gives_the_same_rows(atc: Atc, data: Path) -> None:
    one, two = (json.loads(scan(atc, data, "--all", "--output", "json").out) for _ in range(2))
    assert one["rows"] == two["rows"]
    assert one["params_hash"] == two["params_hash"]


def test_json_is_the_contract(atc: Atc, data: Path) -> None:
    document = json.loads(scan(atc, data, "--all", "--output", "json").out)
    assert document["schema"] == "atc.scan/1"
    assert {"generated_at", "exchange", "market", "timeframe", "bars", "dialect", "params", "params_hash", "backend",
            "bar_time", "rows", "skipped", "timings_ms"} <= set(document)  # fmt: skip
    for row in document["rows"]:
        assert {"rank", "symbol", "side", "signal", "trend", "families", "weights", "price", "change_24h_frac",
                "quote_volume", "flipped_at", "age_bars", "bars", "grid"} <= set(row)  # fmt: skip
    assert {skip["symbol"]: skip["reason"] for skip in document["skipped"]} == {
        "NEWUSDT": "too_few_bars", "LATEUSDT": "stale", "BADUSDT": "unreadable",
    }  # fmt: skip
    assert set(document["backend"]) == {"name", "why", "path", "threads", "batch", "estimates_ms", "reasons"}
    assert document["scanned"] == len(document["rows"]) + len(document["skipped"])


@pytest.mark.parametrize("output", ["jsonl", "csv", "parquet", "markdown", "symbols", "html"])
def test_every_format_lists_the_same_symbols_in_the_same_order(
    atc: Atc, data: Path, tmp_path: Path, output: str
) -> None:
    expected = [row["symbol"] for row in json.loads(scan(atc, data, "--all", "--output", "json").out)["rows"]]
    out = tmp_path / "result"
    done = scan(atc, data, "--all", "--output", output, "--out", str(out))
    assert done.out == ""
    content = out.read_bytes()
    read = {
        "jsonl": lambda: [json.loads(line)["symbol"] for line in content.decode().splitlines()],
        "csv": lambda: list(pacsv.read_csv(io.BytesIO(content))["symbol"].to_pylist()),
        "parquet": lambda: list(pq.read_table(pa.BufferReader(content))["symbol"].to_pylist()),
        "markdown": lambda: re.findall(r"\| (\w+USDT) ", content.decode()),
        "symbols": lambda: content.decode().split(),
        "html": lambda: re.findall(r'<td class="s">(\w+USDT)', content.decode()),
    }
    assert read[output]() == expected


def test_a_page_and_a_workbook_are_named_by_their_extension(atc: Atc, data: Path, tmp_path: Path) -> None:
    scan(atc, data, "--out", str(tmp_path / "a.html"))
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    if find_spec("xlsxwriter") is None:
        done = scan(atc, data, "--out", str(tmp_path / "a.xlsx"))
        assert done.code == 69
        assert "pip install 'atc-cli[xlsx]'" in done.err
        assert not (tmp_path / "a.xlsx").exists()
    else:
        scan(atc, data, "--out", str(tmp_path / "a.xlsx"))
        assert (tmp_path / "a.xlsx").read_bytes().startswith(b"PK")


def test_a_workbook_without_its_library_is_refused_before_the_scan(atc_process: Atc, tmp_path: Path) -> None:
    """None in place of a module is how Python is told that there is none."""
    (tmp_path / "here" / "sitecustomize.py").write_text("import sys; sys.modules['xlsxwriter'] = None")
    done = atc_process(
        "scan", "--exchange", "demo", "--output", "xlsx", env={"PYTHONPATH": f"{tmp_path / 'here'}:{ROOT}"}
    )
    assert (done.code, done.out) == (69, "")
    assert "pip install 'atc-cli[xlsx]'" in done.err
    assert "scanned" not in done.err


def test_symbols_of_one_scan_are_the_watchlist_of_the_next(atc: Atc, data: Path) -> None:
    first = scan(atc, data, "--all", "--top", "1", "--output", "symbols")
    second = atc(
        "scan",
        "--data",
        str(data),
        "--timeframe",
        "1h",
        "--all",
        "--watchlist",
        "-",
        "--output",
        "symbols",
        stdin=first.out,
    )
    assert second.code == 0, second.err
    assert second.out == first.out


def test_the_extension_of_out_is_the_format(atc: Atc, data: Path, tmp_path: Path) -> None:
    scan(atc, data, "--all", "--out", str(tmp_path / "a.json"))
    assert json.loads((tmp_path / "a.json").read_text())["schema"] == "atc.scan/1"
    scan(atc, data, "--all", "--out", str(tmp_path / "a.txt"))
    assert "SYMBOL" in (tmp_path / "a.txt").read_text()
    source = ["explain", "AAAUSDT", "--data", str(data), "--timeframe", "1h", "--series"]
    assert atc(*source, "--out", str(tmp_path / "s.parquet")).code == 0
    assert pq.read_table(tmp_path / "s.parquet").num_rows == 120


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (["--output", "csv", "--out", "a.json"], "the output is csv"),
        (["--out", "a.xls"], "'.xls'"),
        (["--out", "a.json.gz"], "'.gz'"),
    ],
)
def test_an_extension_that_lies_is_refused_before_the_scan(atc: Atc, flags: list[str], part: str) -> None:
    done = atc("scan", "--exchange", "demo", *flags)
    assert done.code == 2
    assert part in done.err


def test_a_terminal_that_knows_no_symbols_gets_question_marks(atc_process: Atc) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii:strict"}
    for arguments in (
        ["scan", "--exchange", "demo", "--top", "2"],
        ["explain", "SIM001", "--exchange", "demo"],
        ["doctor"],
    ):
        done = atc_process(*arguments, env=ascii_only)
        assert done.code == 0, done.err


def test_settings_that_stop_every_scan_are_told_by_doctor(atc: Atc, tmp_path: Path) -> None:
    (tmp_path / "here" / "atc.toml").write_text("bars = 'many'")
    done = atc("doctor")
    assert done.code == 69
    assert "atc.toml: bars" in done.out


def test_validate_knows_the_names_of_exchanges(atc: Atc, tmp_path: Path) -> None:
    file = tmp_path / "typo.toml"
    for text in ('exchange = ["binanse"]', "[ccxt.binanse]\ntimeout = 1"):
        file.write_text(text)
        done = atc("config", "validate", str(file))
        assert done.code == 78
        assert "'binance'" in done.err


def test_a_file_that_cannot_be_read_is_a_configuration_error(atc: Atc, tmp_path: Path) -> None:
    done = atc("scan", "--config", str(tmp_path))
    assert done.code == 78
    assert "cannot read" in done.err


def test_a_steep_growth_is_warned_about(atc: Atc) -> None:
    document = json.loads(atc("scan", "--exchange", "demo", "--lambda", "0.2", "--output", "json").out)
    assert "x1.35" in document["warnings"][0]
    assert json.loads(atc("scan", "--exchange", "demo", "--output", "json").out)["warnings"] == []


def test_equities_that_overflow_cost_the_symbol_and_are_named(atc: Atc, data: Path) -> None:
    huge = [flag for name in FAMILY_IDS for flag in (f"--{name}-weight", "1e308")]
    done = atc("scan", "--data", str(data), "--timeframe", "1h", "AAAUSDT", *huge, "--output", "json")
    assert done.code == 4
    assert json.loads(done.out)["skipped"][0]["reason"] == "overflow"
    assert "RuntimeWarning" not in done.err


def test_equities_of_many_digits_keep_the_table_in_shape(atc: Atc, data: Path) -> None:
    wide = atc("explain", "AAAUSDT", "--data", str(data), "--timeframe", "1h", "--lambda", "200").out
    assert "e+" in wide
    assert max(len(line) for line in wide.splitlines()) <= 100


def test_out_replaces_the_file_as_a_whole_and_leaves_nothing_behind(atc: Atc, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "signals.json"
    out.write_text("old")
    scan(atc, data, "--output", "json", "--out", str(out))
    assert json.loads(out.read_text())["schema"] == "atc.scan/1"
    assert sorted(path.name for path in tmp_path.glob("*signals*")) == ["signals.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
def test_a_full_disk_is_said_on_stdout_that_is_a_file() -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "atc_cli", "scan", "--exchange", "demo", "--output", "json"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 69
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_named(atc: Atc, data: Path) -> None:
    done = scan(atc, data, "--output", "json", "--out", "/nonexistent/folder/x.json")
    assert done.code == 69
    assert "/nonexistent/folder" in done.err


WRONG = [
    (["scan", "--timeframe", "2x"], 2, ["--timeframe", "'2x'", "did you mean '2h'"]),
    (["scan", "--exchange", "demo", "--preset", "skalping"], 2, ["'skalping'", "'scalping'"]),
    (["scan", "--exchange", "demo", "SIM1x1"], 2, ["unknown symbol 'SIM1x1'", "did you mean 'SIM"]),
    (["scan", "--exchange", "demo,binance"], 2, ["demo is a simulated market"]),
    (["scan", "--exchange", "binanse"], 2, ["unknown exchange 'binanse'", "'binance'"]),
    (["scan", "--offline"], 4, ["--offline", "binance"]),
    (["scan", "--data", "absent"], 2, ["absent"]),
    (["scan", "--exchange", "demo", "--backend", "cuda"], 69, ["backend cuda", "can run: rust, numba, reference"]),
    (["scan", "--exchange", "demo", "--ema-len", "7"], 2, ["--ema-len", "7", "allowed: 8"]),
    (["scan", "--exchange", "demo", "--lambda", "900"], 2, ["--lambda", "900", "allowed"]),
    (["scan", "--exchange", "demo", "--watchlist", "absent.txt"], 2, ["--watchlist", "absent.txt"]),
    (["scan", "--exchange", "demo", "--config", "absent.toml"], 78, ["absent.toml"]),
    (["scan", "--exchange", "demo", "--columns", "rank,sumbol"], 2, ["'sumbol'", "'symbol'"]),
    (["scan", "--unknown-flag"], 2, ["--unknown-flag"]),
    (["explain", "SIM001", "--exchange", "demo", "--output", "csv"], 2, ["needs --series"]),
    (["explain", "SIM001", "--exchange", "demo", "--output", "markdown"], 2, ["markdown", "valid: table"]),
    (["explain", "SIM023", "--exchange", "demo", "--timeframe", "4h"], 4, ["SIM023", "too few bars", "needs 39 bars"]),
    (["config", "presets", "swings"], 2, ["'swings'", "'swing'"]),
    (["config", "validate", "absent.toml"], 78, ["absent.toml"]),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "parts"), WRONG, ids=[" ".join(arguments) for arguments, _, _ in WRONG])
def test_what_is_wrong_is_said_in_words_with_its_exit_code(atc: Atc, arguments, code: int, parts) -> None:
    done = atc(*arguments)
    assert done.code == code, done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    for part in parts:
        assert part in done.err


def test_a_usage_error_in_the_environment_or_a_file_is_a_configuration_error(atc: Atc, tmp_path: Path) -> None:
    assert atc("scan", "--exchange", "demo", env={"ATC_BARS": "many"}).code == 78
    (tmp_path / "here" / "atc.toml").write_text("bars = 'many'")
    done = atc("scan", "--exchange", "demo")
    assert done.code == 78
    assert "atc.toml: bars" in done.err


def test_a_folder_where_no_symbol_is_usable_is_no_data_and_still_a_document(atc: Atc, data: Path) -> None:
    done = scan(atc, data, "--min-bars", "500", "--max-lag", "9", "--output", "json")
    assert done.code == 4
    document = json.loads(done.out)
    assert document["rows"] == []
    assert {skip["symbol"] for skip in document["skipped"]} == {
        "AAAUSDT", "BBBUSDT", "CCCUSDT", "NEWUSDT", "LATEUSDT", "BADUSDT",
    }  # fmt: skip


def test_a_filter_does_not_hide_that_nothing_was_usable(atc: Atc, data: Path) -> None:
    done = scan(atc, data, "--min-bars", "500", "--max-lag", "9", "--deny", "AAA")
    assert done.code == 4
    assert "no symbol could be ranked" in done.out


def test_out_writes_into_a_fifo_and_through_a_link(atc: Atc, data: Path, tmp_path: Path) -> None:
    import threading

    fifo, real, link = tmp_path / "fifo", tmp_path / "real.json", tmp_path / "link.json"
    os.mkfifo(fifo)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_text()))
    reader.start()
    scan(atc, data, "--output", "json", "--out", str(fifo))
    reader.join()
    assert fifo.is_fifo()
    assert json.loads(read[0])["schema"] == "atc.scan/1"
    real.write_text("old")
    link.symlink_to(real)
    scan(atc, data, "--output", "json", "--out", str(link))
    assert link.is_symlink()
    assert json.loads(real.read_text())["schema"] == "atc.scan/1"


def test_an_out_of_a_settings_file_is_for_signals_only(atc: Atc, tmp_path: Path) -> None:
    signals = tmp_path / "here" / "signals.json"
    signals.write_text("signals")
    (tmp_path / "here" / "atc.toml").write_text('out = "signals.json"\noutput = "jsonl"\n')
    assert "out" in atc("config", "show").out
    assert signals.read_text() == "signals"
    assert atc("explain", "SIM001", "--exchange", "demo").code == 0


@pytest.mark.parametrize("redirect", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_defect(redirect: str) -> None:
    import subprocess
    import sys

    watchlist = " --watchlist -" if redirect == "<&-" else ""
    command = f"{sys.executable} -m atc_cli scan --exchange demo{watchlist} {redirect}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == {"<&-": 4, ">&-": 69, "2>&-": 0}[redirect], done.stderr
    assert "defect" not in done.stderr


def test_no_row_after_the_filters_is_still_ok(atc: Atc, data: Path) -> None:
    done = scan(atc, data, "AAAUSDT", "--max-age", "0", "--min-signal", "1", "--side", "long")
    assert done.code == 0
    assert "no symbol passes the filters" in done.out


def test_too_few_bars_alone_is_no_fault(atc: Atc, data: Path) -> None:
    assert scan(atc, data, "AAAUSDT", "NEWUSDT").code == 0


def test_the_age_of_the_data_is_stated(atc: Atc, data: Path) -> None:
    assert re.search(r"\d+ days ago", scan(atc, data).out)
    assert json.loads(scan(atc, data, "--output", "json").out)["data_age_ms"] > 0


def test_a_hostile_name_reaches_neither_terminal_nor_file_as_markup(atc: Atc, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    write_csv(folder, HOSTILE, tick_walk(120, 1))
    for output in ("table", "json", "jsonl", "csv", "markdown", "symbols"):
        done = atc(
            "scan",
            "--data",
            str(folder),
            "--timeframe",
            "1h",
            "--all",
            "--output",
            output,
            env={"FORCE_COLOR": "1", "NO_COLOR": ""},
        )
        assert "EVIL" in done.out, output
        assert "\x1b[31mEVIL" not in done.out + done.err, output
        assert "[bold" in done.out.replace("\\[", "[")
    for arguments, code in ((["explain", HOSTILE], 0), (["scan", "\x1b[31mEVIX"], 2)):
        done = atc(*arguments, "--data", str(folder), "--timeframe", "1h")
        assert done.code == code
        assert "EVI" in done.out + done.err
        assert "\x1b[31mEVI" not in done.out + done.err


def test_a_file_name_that_is_not_utf8_is_shown_and_crashes_nothing(atc: Atc, tmp_path: Path) -> None:
    folder = tmp_path / "bytes"
    folder.mkdir()
    file = write_csv(folder, "ODD", tick_walk(120, 1))
    file.rename(os.fsdecode(os.fsencode(folder) + b"/\xff\xfeODD-1h.csv"))
    for output in ("table", "json", "csv", "symbols", "markdown", "jsonl"):
        done = atc("scan", "--data", str(folder), "--timeframe", "1h", "--all", "--output", output)
        assert done.code == 0, done.err
        assert "ODD" in done.out


@pytest.mark.parametrize("symbol", ["../../escape", "..", "/etc/passwd", "a/../../b"])
def test_a_path_as_a_symbol_leaves_no_folder(atc: Atc, data: Path, symbol: str) -> None:
    done = atc("explain", symbol, "--data", str(data), "--timeframe", "1h")
    assert done.code == 2
    assert "unknown symbol" in done.err


def test_series_written_to_a_folder_stay_in_it(atc: Atc, tmp_path: Path) -> None:
    out = tmp_path / "series"
    out.mkdir()
    done = atc(
        "explain", "SIM001/USDT:USDT", "--exchange", "demo", "--series", "--output", "parquet", "--out", str(out)
    )
    assert done.code == 0, done.err
    (file,) = out.iterdir()
    assert file.name.startswith("SIM001_USDT")
    assert pq.read_table(file).num_rows == 1500


def test_series_read_back_to_the_same_bits_in_every_format(atc: Atc, data: Path, tmp_path: Path) -> None:
    source = ["explain", "AAAUSDT", "--data", str(data), "--timeframe", "1h", "--series", "--cutout", "10"]
    source += ["--families", ",".join(FAMILY_IDS)]
    table = pacsv.read_csv(io.BytesIO(atc(*source).out.encode()))
    document = json.loads(atc(*source, "--output", "json").out)
    atc(*source, "--output", "parquet", "--out", str(tmp_path / "a.parquet"))
    parquet = pq.read_table(tmp_path / "a.parquet")
    assert table.column_names == parquet.column_names == ["timestamp", *_series_columns()]
    for name in _series_columns():
        bits = [
            np.array(table[name].to_numpy(), np.float64),
            np.array([np.nan if x is None else x for x in document["columns"][name]], np.float64),
            np.array(parquet[name].to_numpy(), np.float64),
        ]
        np.testing.assert_array_equal(bits[0], bits[2])
        np.testing.assert_array_equal(bits[1], bits[2])
        assert np.isnan(bits[2]).sum() == (0 if name == "Average_Signal" else 10)


def _series_columns() -> list[str]:
    families = [family.title for family in FAMILIES]
    return [*(f"{f}_Signal" for f in families), *(f"{f}_S" for f in families), "Average_Signal"]


def test_explain_agrees_with_the_row_of_a_scan(atc: Atc, data: Path) -> None:
    (row,) = json.loads(scan(atc, data, "BBBUSDT", "--all", "--output", "json").out)["rows"]
    explained = json.loads(atc("explain", "BBBUSDT", "--data", str(data), "--timeframe", "1h", "--output", "json").out)
    assert explained["schema"] == "atc.explain/1"
    assert explained["row"]["signal"] == row["signal"]
    assert explained["row"]["weights"] == row["weights"]
    parts = [family["contribution"] for family in explained["families"]]
    assert sum(parts) == pytest.approx(row["signal"], abs=1e-12)
    assert [len(family["members"]) for family in explained["families"]] == [9] * 6


def test_the_growth_warning_appears_above_its_limits(atc: Atc) -> None:
    demo = ["explain", "SIM001", "--exchange", "demo"]
    assert "lower" not in atc(*demo).out.lower()
    assert "x1.16" in atc(*demo, "--lambda", "0.1").out
    assert "lambda" in atc(*demo, "--lambda", "0.1").out
    assert "x1.35" in atc(*demo, "--lambda", "0.2").out


def test_demo_is_labelled_as_simulated_everywhere(atc: Atc) -> None:
    assert "SIMULATED" in atc("scan", "--exchange", "demo").out
    assert "SIMULATED" in atc("explain", "SIM001", "--exchange", "demo").out
    assert json.loads(atc("scan", "--exchange", "demo", "--output", "json").out)["simulated"] is True
    assert "SIMULATED" in atc("scan", "--exchange", "demo", "--output", "markdown").out


def test_families_that_take_no_part_are_absent(atc: Atc) -> None:
    document = json.loads(atc("scan", "--exchange", "demo", "--families", "kama,ema", "--output", "json").out)
    assert document["params"]["families"] == ["ema", "kama"]
    assert all(list(row["families"]) == ["ema", "kama"] == list(row["weights"]) for row in document["rows"])


def test_show_settings_names_the_origin_of_each(atc: Atc, tmp_path: Path) -> None:
    (tmp_path / "here" / "atc.toml").write_text("top = 3\n")
    done = atc(
        "scan", "--preset", "swing", "--bars", "700", "--show-settings", "--output", "json", env={"ATC_SIDE": "long"}
    )
    settings = json.loads(done.out)["settings"]
    assert settings["bars"] == {"value": 700, "from": "flag"}
    assert settings["top"] == {"value": 3, "from": "atc.toml"}
    assert settings["side"] == {"value": "long", "from": "environment"}
    assert settings["ema_len"] == {"value": 50, "from": "preset swing"}
    assert settings["market"] == {"value": "swap", "from": "default"}


def test_config_tells_places_presets_and_whether_a_file_is_right(atc: Atc, tmp_path: Path) -> None:
    assert "user file" in atc("config", "path").out
    assert "ema_len = 14" in atc("config", "presets", "scalping").out
    assert all(name in atc("config", "presets").out for name in ("scalping", "intraday", "swing", "tradingview"))
    good = tmp_path / "good.toml"
    good.write_text("bars = 300\n")
    assert atc("config", "validate", str(good)).code == 0
    good.write_text("bars = 3e9\n")
    assert atc("config", "validate", str(good)).code == 78
    assert "bars" in atc("config", "show").out


def test_doctor_is_healthy_here_and_says_what_is_absent(atc: Atc) -> None:
    done = atc("doctor")
    assert done.code == 0
    for part in ("backend rust", "backend cuda", "cache folder", "clock", "absent"):
        assert part in done.out
    checks = json.loads(atc("doctor", "--json").out)["checks"]
    assert {check["status"] for check in checks} <= {"ok", "warn", "fail", "absent"}


def test_doctor_says_what_scan_would_take_and_what_numba_keeps(atc: Atc) -> None:
    checks = {check["name"]: check for check in json.loads(atc("doctor", "--json").out)["checks"]}
    assert checks["scan takes"]["detail"].startswith("rust computes")
    assert checks["numba cache"]["status"] == "ok"
    assert checks["numba cache"]["detail"].endswith("empty")


def test_only_the_numba_backend_imports_numba(atc_process: Atc) -> None:
    """A scan that another backend computes must not wait for it."""
    demo = ["scan", "--exchange", "demo", "--top", "1"]
    imported = atc_process(*demo, env={"PYTHONPROFILEIMPORTTIME": "1"}).err
    assert re.search(r"\| +atc_cli\.engine\.numba$", imported, flags=re.MULTILINE)
    assert not re.search(r"\| +numba$", imported, flags=re.MULTILINE)


def test_numba_computes_what_rust_computes(atc: Atc, data: Path) -> None:
    kept = {"XDG_CACHE_HOME": os.environ["XDG_CACHE_HOME"]}
    backends = ("rust", "numba")
    documents = [json.loads(atc("scan", "--data", str(data), "--timeframe", "1h", "--backend", name,
                                "--output", "json", env=kept).out) for name in backends]  # fmt: skip
    assert [document["backend"]["name"] for document in documents] == list(backends)
    assert documents[0]["rows"] == documents[1]["rows"]


def test_the_version_is_printed(atc: Atc) -> None:
    assert atc("--version").out == f"atc {__version__}\n"


def test_help_of_every_command_has_examples_or_options(atc: Atc) -> None:
    for command in (["--help"], ["scan", "--help"], ["explain", "--help"], ["config", "--help"], ["doctor", "-h"]):
        done = atc(*command)
        assert done.code == 0
        assert "Usage: atc" in done.out
    assert "Exit codes" in atc("scan", "--help").out


def test_the_help_of_a_scan_shows_what_most_people_use_and_how_to_see_the_rest(atc: Atc) -> None:
    calm, whole = atc("scan", "--help").out, atc("scan", "--help-all").out
    (scan,) = (verb for verb in VERBS if verb.name == "scan")
    flags = {each.flag for each in scan.options}
    shown = {flag for flag in flags if re.search(rf"^  (-\w, )?{flag}( |$)", calm, re.MULTILINE)}
    assert 20 <= len(shown) <= 26
    assert f"{len(flags - shown)} more flags: atc scan --help-all" in calm.splitlines()[-1]
    assert {flag for flag in flags if f" {flag} " in whole} == flags
    assert "more flags" not in whole


def test_help_imports_nothing_heavy(atc: Atc) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nsys.argv = ['atc', 'scan', '--help']\n"
        "from atc_cli.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'pyarrow', 'ccxt', 'rich', 'aiohttp', 'hashlib'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    import subprocess
    import sys

    for reader in ("head -1", "true"):
        command = f"{sys.executable} -m atc_cli scan --exchange demo --all --output csv | {reader}"
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert "BrokenPipe" not in done.stderr


@pytest.mark.slow
def test_bench_measures_in_processes_of_their_own(atc: Atc) -> None:
    flags = ("--symbols", "2", "--bars", "120", "--runs", "1", "--backend", "rust,talib,reference")
    done = atc("bench", *flags, "--output", "json")
    assert done.code == 0, done.err
    assert done.err == ""
    document = json.loads(done.out)
    assert document["schema"] == "atc.bench/1"
    rows = {row["backend"]: row for row in document["rows"]}
    assert list(rows) == ["rust", "reference", "talib"]
    assert all(row["ms_median"] > 0 for row in document["rows"])
    assert [row["peak_rss_mb"] is None for row in rows.values()] == [False, True, False]


def test_bench_refuses_in_words(atc: Atc) -> None:
    for flags, code, words in (
        (["--backend", "cuda"], 69, "backend cuda cannot run"),
        (["--runs", "0"], 2, "--runs: 0 is out of range"),
        (["--data", "nowhere"], 2, "nowhere"),
    ):
        done = atc("bench", *flags)
        assert done.code == code, done.err
        assert words in done.err
