"""`atc backtest` from the command line: what it refuses, what it writes, what it says."""

import json
from pathlib import Path

import pytest

from tests.conftest import Atc
from tests.helpers.candle_files import BEGIN_MS, HOUR_MS, random_walks

DEMO = ("backtest", "--exchange", "demo", "--demo-symbols", "4", "--timeframe", "4h", "--bars", "200")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three symbols of 500 hours."""
    return random_walks(tmp_path_factory.mktemp("candles"), symbols=3, bars=500)


REFUSED = [
    (("--start", "2025-03-01", "--end", "2025-02-01"), 2, "--start is not before --end"),
    (("--start", "yesterday"), 2, "--start: 'yesterday' is no time, allowed: 2025-01-31"),
    (("--start", "2025-01-01T08:00"), 2, "has no offset from UTC"),
    (("--fee-bps", "-1"), 2, "--fee-bps: -1.0 is out of range, allowed: >= 0"),
    (("--exit", "trailing:3"), 2, "unknown exit 'trailing:3'"),
    (("--exit", "stop-atr"), 2, "--exit: 'stop-atr' lacks its number"),
    (("--exit", "stop-atr:0"), 2, "out of range, allowed: >= 0.1"),
    (("--exit", "bars:0"), 2, "out of range, allowed: 1 or more"),
    (("--exit", "stop-atr:2,stop-atr:3"), 2, "stop-atr is given twice"),
    (("--enter", "always"), 2, "unknown entry 'always'"),
    (("--size", "atr"), 2, "unknown size 'atr'"),
    (("--size", "atr:2"), 2, "out of range"),
    (("--capital", "0"), 2, "--capital: 0.0 is out of range"),
    (("--leverage", "0"), 2, "--leverage: 0.0 is out of range"),
    (("--rebalance", "bars:5"), 2, "--rebalance needs --max-positions"),
    (("--rebalance", "5", "--max-positions", "2"), 2, "allowed: bars:N"),
    (("--max-positions", "4"), 2, "allowed: 1 to 3"),
    (("--anchor", "sliding"), 2, "is no anchor"),
    (("--check", "luck"), 2, "unknown check 'luck'"),
    (("--split", "1"), 2, "--split: 1.0 is out of range"),
    (("--funding", "none.csv"), 2, "cannot be opened"),
    (("--funding", "none.csv", "--funding-bps-per-8h", "1"), 2, "keep one"),
    (("--trades", "trades.txt"), 2, "end it in .csv or .parquet"),
    (("--plot", "plot.gif"), 2, "end it in .png or .svg"),
    (("--trades", "nowhere/trades.csv"), 69, "no folder"),
    (("--start", "2035-01-01"), 4, "no symbol has a signal from 2035-01-01"),
    (("--benchmark", "XYZ"), 2, "XYZ"),
]


@pytest.mark.parametrize(("flags", "code", "said"), REFUSED, ids=[" ".join(each[0]) for each in REFUSED])
def test_what_cannot_be_meant_is_refused_with_what_is_allowed_and_nothing_is_written(
    atc: Atc, folder: Path, tmp_path: Path, flags: tuple[str, ...], code: int, said: str
) -> None:
    done = atc("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "200", *flags)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert not any((tmp_path / "here").iterdir())


def test_a_funding_file_that_does_not_cover_the_time_is_refused_by_symbol(
    atc: Atc, folder: Path, tmp_path: Path
) -> None:
    rates = tmp_path / "funding.csv"
    rates.write_text(
        "symbol,timestamp,rate\n" + "".join(f"{name},1000000000,0.0001\n" for name in ("AAA", "BBB", "CCC"))
    )
    done = atc("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "200", "--funding", str(rates))
    assert done.code == 2
    assert "AAA has rates from" in done.err


def test_a_funding_file_with_a_hole_in_the_time_is_refused(atc: Atc, folder: Path, tmp_path: Path) -> None:
    times = [(BEGIN_MS // HOUR_MS + hour) * 3600 for hour in range(0, 512, 8)]
    rates = tmp_path / "funding.csv"
    rates.write_text(
        "symbol,timestamp,rate\n"
        + "".join(f"{name},{time},0.0001\n" for name in ("AAA", "BBB", "CCC") for time in times[:20] + times[24:])
    )
    run = ("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "200", "--funding", str(rates))
    done = atc(*run)
    assert done.code == 2
    assert "AAA has no rate between" in done.err
    assert atc(*run, "--start", "2025-06-25").code == 0


def test_why_nothing_was_traded_is_said(atc: Atc, folder: Path) -> None:
    done = atc("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "200", "--min-volume", "1e12")
    assert "no bar has the volume of --min-volume 1e+12: nothing was traded" in " ".join(done.out.split())


def test_what_only_a_scan_does_is_said_not_to_be_done(atc: Atc, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "settings.toml"
    config.write_text('min_age = 3\ntop = 5\nwith = ["4h"]\nagree = 1\n')
    flags = ("--data", str(folder), "--timeframe", "1h", "--bars", "200", "--output", "json")
    said = json.loads(atc("backtest", "--config", str(config), *flags).out)["notes"]
    assert [each for each in said if "min_age 3, top 5, agree 1" in each]


def test_a_fault_in_one_symbol_skips_it_by_name_and_the_others_are_tested(atc: Atc, tmp_path: Path) -> None:
    folder = random_walks(tmp_path / "candles", symbols=3, bars=400)
    file = folder / "BBB-1h.csv"
    rows = file.read_text().splitlines()
    rows[50] = rows[50].replace(rows[50].split(",")[2], "0")
    file.write_text("\n".join(rows))
    done = atc("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "200", "--output", "json")
    assert done.code == 3
    assert "BBB" in done.err
    document = json.loads(done.out)
    assert [each["symbol"] for each in document["skipped"]] == ["BBB"]
    assert {each["symbol"] for each in document["symbols"]} == {"AAA", "CCC"}


def test_nothing_is_free_in_silence(atc: Atc, folder: Path) -> None:
    done = atc("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "200", "--output", "json")
    costs = json.loads(done.out)["costs"]
    assert costs["fee_frac"] == 0.001
    assert costs["slippage_frac"] == 0.0002
    assert any("assumed" in each for each in costs["said"])
    swaps = json.loads(atc(*DEMO, "--start", "2026-01-01", "--end", "2026-02-01", "--output", "json").out)["costs"]
    assert swaps["funding_frac_per_8h"] == 0.0001


def test_the_same_run_twice_says_the_same(atc: Atc, folder: Path) -> None:
    run = ("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "200", "--output", "csv")
    assert atc(*run).out == atc(*run).out


def test_a_stop_is_refused_where_no_symbol_has_the_bars_of_its_atr(atc: Atc, tmp_path: Path) -> None:
    folder = random_walks(tmp_path / "candles", symbols=2, bars=90)
    run = ("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "60")
    for flags in (("--exit", "stop-atr:3"), ("--exit", "flip,target-atr:2"), ("--size", "atr:0.01")):
        done = atc(*run, *flags)
        assert (done.code, done.out) == (4, "")
        assert "no symbol has 100 bars" in done.err
    assert atc(*run).code == 0


def test_a_volume_filter_is_refused_where_candles_tell_none(atc: Atc, tmp_path: Path) -> None:
    folder = random_walks(tmp_path / "candles", symbols=2, bars=200)
    for file in folder.iterdir():
        file.write_text("\n".join(line.rpartition(",")[0] for line in file.read_text().splitlines()))
    run = ("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "60")
    done = atc(*run, "--min-volume", "1000")
    assert (done.code, done.out) == (4, "")
    assert "no volume of 24 h" in done.err
    assert atc(*run).code == 0


def test_quiet_says_nothing_of_symbols_that_are_merely_young(atc: Atc, tmp_path: Path) -> None:
    folder = random_walks(tmp_path / "candles", symbols=2, bars=200)
    young = folder / "BBB-1h.csv"
    young.write_text("\n".join(young.read_text().splitlines()[:20]))
    done = atc("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "60", "--quiet")
    assert (done.code, done.err) == (0, "")


def test_a_benchmark_that_is_none_is_refused_by_its_flag(atc: Atc, folder: Path) -> None:
    done = atc("backtest", "--data", str(folder), "--timeframe", "1h", "--bars", "200", "--benchmark", "AAB")
    assert done.code == 2
    assert "--benchmark: unknown symbol 'AAB'" in done.err
    assert "did you mean 'AAA'?" in done.err


def test_a_funding_file_without_a_symbol_is_refused_before_any_signal(atc: Atc, folder: Path, tmp_path: Path) -> None:
    rates = tmp_path / "funding.csv"
    rates.write_text("symbol,timestamp,rate\nAAA,1000000000,0.0001\n")
    flags = ("--timeframe", "1h", "--bars", "200", "--funding", str(rates), "--cache-dir", str(tmp_path / "cache"))
    done = atc("backtest", "--data", str(folder), *flags)
    assert done.code == 2
    assert "'BBB'" in done.err
    assert not (tmp_path / "cache").exists()
