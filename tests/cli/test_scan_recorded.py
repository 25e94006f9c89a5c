"""Every figure beside the signal of recorded stocks and coins, against a few lines of NumPy on the same files."""

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.conftest import SHARED, Atc, needs_shared
from tests.helpers.imported import write

COLUMNS = ("open", "high", "low", "close", "volume")
BARS, K, CROWD = 900, 2.0, 0.5


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def figures(row: dict[str, Any], file: Path, day_bars: int) -> dict[str, float | None]:
    """What the row should say, of the last bars of its file."""
    table = pq.read_table(file)
    stamps = np.asarray(table["timestamp"].cast("int64")) // (
        1 if table["timestamp"].type != "timestamp[ns]" else 10**6
    )
    stamps, end = stamps * (1000 if stamps[-1] < 1e10 else 1), ms(row["bar_time"])
    window = slice(int(np.searchsorted(stamps, end)) + 1 - row["bars"], int(np.searchsorted(stamps, end)) + 1)
    _, high, low, close, volume = (np.asarray(table[name], float)[window] for name in COLUMNS)
    before, ema = close[:-1], close[0]
    ranges = np.concatenate(([high[0] - low[0]], np.maximum(high[1:], before) - np.minimum(low[1:], before)))
    for each in close[1:]:
        ema += 2 / 29 * (each - ema)
    atr = ranges[:100].mean() if len(close) >= 100 else np.nan
    for each in ranges[100:]:
        atr = (99 * atr + each) / 100
    side, price, steps = row["trend"], close[-1], close[1:] / before
    jump = int(np.argmax(np.maximum(steps, 1 / steps)))
    flip = np.nan if row["age_bars"] is None else close[-1 - row["age_bars"]]
    burst = volume[-5:].mean() / volume[-day_bars:].mean() if day_bars and volume[-day_bars:].any() else np.nan
    returns = 2 * np.diff(close) / (close[1:] + before)
    sums = [np.convolve(returns[-256:], np.ones(lag), "valid") for lag in (1, 2, 4, 8, 16)]
    means = [np.log2(np.mean(each**2)) for each in sums]
    return {
        "stretch": side * (price / ema - 1) / (atr / price) if side else np.nan,
        "atr_frac": atr / price,
        "stop_price": price - side * K * atr if side else np.nan,
        "stop_frac": -side * K * atr / price if side else np.nan,
        "flip_price": flip,
        "since_flip_frac": price / flip - 1,
        "volume_burst": burst,
        "jump": steps[jump],
        "jumped_at": stamps[window][jump + 1],
        "rsi": 50 * (1 + wilder(np.diff(close)) / wilder(np.abs(np.diff(close)))),
        "bollinger_frac": 0.5 + (price - close[-20:].mean()) / (4 * close[-20:].std()),
        "volatility_day_frac": np.std(returns[-100:], ddof=1) * np.sqrt(day_bars or 1),
        "hurst": np.polyfit(range(5), means, 1)[0] / 2 if len(returns) >= 256 else np.nan,
    }


def wilder(values: np.ndarray) -> float:
    known = values[:14].mean()
    for each in values[14:]:
        known = (13 * known + each) / 14
    return float(known)


def cautions(row: dict[str, Any], expected: dict[str, float], breadth: dict[str, int]) -> list[str]:
    other = breadth.get({"LONG": "SHORT", "SHORT": "LONG"}.get(row["side"], ""), 0)
    holds = {
        "against_the_crowd": other > CROWD * sum(breadth.values()),
        "stretched": expected["stretch"] > 5,
        "volume_burst": expected["volume_burst"] > 3,
        "jump": not 0.1 < expected["jump"] < 10,
    }
    return [name for name, found in holds.items() if found]


@needs_shared
@pytest.mark.parametrize(
    ("folder", "timeframe", "day_bars", "least", "tied"),
    [("stocks-1d", "1d", 0, 8, 0), ("binance-usdm-1h", "1h", 24, 150, 50)],
)
def test_the_figures_of_recorded_candles_are_those_of_numpy(
    atc: Atc, folder: str, timeframe: str, day_bars: int, least: int, tied: int
) -> None:
    data = SHARED / "data" / folder
    flags = ("--timeframe", timeframe, "--bars", str(BARS), "--all", "--max-lag", "100000", "--stop-atr", str(K))
    done = atc("scan", "--data", str(data), *flags, "--output", "json")
    document = json.loads(done.out)
    rows = document["rows"]
    assert len(rows) >= least
    for row in rows:
        expected = figures(row, data / f"{row['symbol']}-{timeframe}.parquet", day_bars)
        told = {name: row[name] for name in expected} | {"jumped_at": ms(row["jumped_at"])}
        given = [np.nan if told[name] is None else told[name] for name in expected]
        np.testing.assert_allclose(given, list(expected.values()), rtol=1e-9, atol=1e-12, err_msg=row["symbol"])
        assert row["cautions"] == cautions(row, expected, document["breadth"]), row["symbol"]
    order = [
        (row["side"] == "NEUTRAL", -abs(row["signal"]), np.inf if row["stretch"] is None else row["stretch"])
        for row in rows
    ]
    assert order == sorted(order)
    assert sum(abs(row["signal"]) == 1 for row in rows) >= tied


@needs_shared
def test_two_coins_under_one_name_are_said_and_with_skip_jumps_left_out(atc: Atc, tmp_path: Path) -> None:
    lines = (SHARED / "data" / "ugly" / "binance_LUNAUSDT_1h_part.csv").read_text().splitlines()
    kept = [line.rsplit(",", 1)[0] for line in lines if ",," not in line]
    rows = [line.replace(" ", "T", 1).replace(",", "+00:00,", 1) for line in kept[1:]]
    (tmp_path / "here" / "data").mkdir()
    text = "\n".join([kept[0].replace("date", "timestamp"), *rows, ""])
    (tmp_path / "here" / "data" / "LUNAUSDT-1h.csv").write_text(text)
    scan = ("scan", "--data", "data", "--timeframe", "1h", "--bars", "4000", "--all", "--output", "json")
    (row,) = json.loads(atc(*scan).out)["rows"]
    assert row["cautions"] == ["jump"]
    assert row["jump"] > 1e5
    assert row["jumped_at"].startswith("2022-05-31T06")
    done = atc(*scan, "--skip-jumps")
    (skip,) = json.loads(done.out)["skipped"]
    assert (done.code, skip["reason"]) == (4, "jump")
    assert "x171,116 at 2022-05-31T06:00:00+00:00" in skip["detail"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    (folder / "data").mkdir()
    for seed in range(3):
        write(folder / "data" / f"COIN{seed}USDT-1h.csv", seed)
    return folder


@pytest.mark.parametrize("flag", ["--tie=size", "--max-jump=1", "--stop-atr=0", "--stop-atr=nan"])
def test_a_wrong_value_is_refused_with_what_is_allowed(atc: Atc, here: Path, flag: str) -> None:
    done = atc("scan", "--data", "data", flag)
    assert done.code == 2
    assert flag.partition("=")[0] in done.err
    assert ">= " in done.err or "stretch, age, volume" in done.err or "not a number" in done.err


def test_without_the_jumping_symbol_the_exit_code_is_that_of_a_good_scan(atc: Atc, here: Path) -> None:
    file = here / "data" / "COIN1USDT-1h.csv"
    head, *lines = file.read_text().splitlines()
    cells = [line.split(",") for line in lines]
    half = len(cells) // 2
    raised = [[each[0], *(str(float(price) * 1000) for price in each[1:5]), *each[5:]] for each in cells[half:]]
    file.write_text("\n".join([head, *map(",".join, (*cells[:half], *raised)), ""]))
    scan = ("scan", "--data", "data", "--timeframe", "1h", "--all", "--output")
    warned = list(csv.DictReader(io.StringIO(atc(*scan, "csv").out)))
    assert {row["symbol"]: "jump" in row["cautions"].split(";") for row in warned} == {
        "COIN0USDT": False, "COIN1USDT": True, "COIN2USDT": False,
    }  # fmt: skip
    done = atc(*scan, "json", "--skip-jumps")
    assert done.code == 0
    assert [each["symbol"] for each in json.loads(done.out)["skipped"]] == ["COIN1USDT"]
    assert "1 jump: COIN1USDT (the close goes to x" in done.err
    table = atc(*scan, "table").out
    assert "\nj the close jumps" in table or " · j the close jumps" in table
