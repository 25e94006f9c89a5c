"""`atc scan --with`: what a scan of the other timeframe says of the same symbols."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atc_cli.commands import scan
from atc_cli.data.demo import DemoMarket
from atc_cli.domain.params import OutOfRangeError
from atc_cli.domain.results.scan import ScanResult, Side
from atc_cli.settings.sections import Settings
from tests.conftest import Atc
from tests.helpers.backends import HOUR_MS, tick_walk
from tests.helpers.markets import NOW_MS, ports

OTHERS = ("1h", "4h")
BINANCE = ("--exchange", "binance", "--market", "swap")
QUARTERS = Settings(timeframe="15m", bars=200, all=True, exchange=("demo",))


def demo(settings: Settings) -> ScanResult:
    return scan.run(settings, ports(DemoMarket(7, lambda: NOW_MS)))


def test_each_row_shows_what_a_scan_of_the_other_timeframe_shows() -> None:
    rows = demo(replace(QUARTERS, with_=OTHERS)).rows
    alone = {timeframe: {row.symbol: row for row in demo(replace(QUARTERS, timeframe=timeframe)).rows}
             for timeframe in OTHERS}  # fmt: skip
    assert len(rows) > 100
    for row in rows:
        for timeframe in OTHERS:
            other, expected = row.others[timeframe], alone[timeframe].get(row.symbol)
            assert (other is None) == (expected is None)
            assert other is None or other == (expected.side, expected.signal)
        sides = [alone[timeframe][row.symbol].side for timeframe in OTHERS if row.symbol in alone[timeframe]]
        assert row.agreement == sides.count(row.side)


def test_how_old_data_may_be_is_no_matter_of_a_bar_of_a_longer_timeframe_that_is_not_over() -> None:
    """The newest bar of 4h closed 2 h 20 min ago, and there can be none that closed since."""
    rows = demo(replace(QUARTERS, with_=OTHERS, max_data_age="30m")).rows
    assert [row.others for row in rows] == [row.others for row in demo(replace(QUARTERS, with_=OTHERS)).rows]
    assert any(row.others["4h"] for row in rows)


def test_ranks_are_the_same_with_other_timeframes_and_without() -> None:
    plain, beside = demo(QUARTERS), demo(replace(QUARTERS, with_=OTHERS))
    assert [replace(row, others={}) for row in beside.rows] == list(plain.rows)
    assert plain.rows[0].agreement is None


def test_rows_that_too_few_timeframes_agree_with_are_hidden_and_counted() -> None:
    everything = demo(replace(QUARTERS, all=False, with_=OTHERS))
    agreeing = demo(replace(QUARTERS, all=False, with_=OTHERS, agree=2))
    expected = [row.symbol for row in everything.rows if row.agreement == 2]
    assert [row.symbol for row in agreeing.rows] == expected
    assert 0 < len(expected) < len(everything.rows)
    assert agreeing.hidden["--agree"] == len(everything.rows) - len(expected)


def test_agreement_sorts_the_most_agreeing_first() -> None:
    counts = [row.agreement for row in demo(replace(QUARTERS, with_=OTHERS, sort="agreement")).rows]
    assert counts == sorted(counts, reverse=True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"with_": ("15m",)}, "another timeframe than the scan's own"),
        ({"with_": ("1h",), "agree": 2}, r"0 to the number of timeframes of --with \(1\)"),
        ({"agree": 1}, r"0 to the number of timeframes of --with \(0\)"),
    ],
)
def test_timeframes_that_make_no_sense_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(OutOfRangeError, match=said):
        demo(replace(QUARTERS, **changes))


def write(folder: Path, symbol: str, timeframe: str, seed: int) -> None:
    candles = tick_walk(120, seed)
    hours = {"1h": 1, "4h": 4}[timeframe]
    stamps = (np.arange(120) - 120) * hours * HOUR_MS + NOW_MS // (4 * HOUR_MS) * 4 * HOUR_MS
    rows = [f"{stamp},{','.join(map(repr, bar.tolist()))}" for stamp, bar in zip(stamps, candles.values.T, strict=True)]
    lines = ["timestamp,open,high,low,close,volume", *rows]
    (folder / f"{symbol}-{timeframe}.csv").write_text("\n".join(lines) + "\n")


def test_a_folder_without_the_other_timeframe_of_a_symbol_costs_that_and_is_said(atc: Atc, tmp_path: Path) -> None:
    folder = tmp_path / "candles"
    folder.mkdir()
    for seed, symbol in enumerate(("AAAUSDT", "BBBUSDT"), start=1):
        write(folder, symbol, "1h", seed)
    write(folder, "AAAUSDT", "4h", 9)
    flags = ("--data", str(folder), "--all", "--output", "json")
    done = atc("scan", *flags, "--timeframe", "1h", "--with", "4h")
    (alone,) = json.loads(atc("scan", *flags, "--timeframe", "4h").out)["rows"]
    rows = {row["symbol"]: row for row in json.loads(done.out)["rows"]}
    assert done.code == 0
    assert rows["AAAUSDT"]["with"] == {"4h": {"side": alone["side"], "signal": alone["signal"]}}
    assert rows["BBBUSDT"]["with"] == {"4h": None}
    assert rows["BBBUSDT"]["agreement"] == 0
    assert "--with 4h: no signal of 1 symbol; the first: BBBUSDT: no candles" in done.err


def test_a_stored_market_shows_its_other_timeframes_offline(atc: Atc, tmp_path: Path) -> None:
    folder = tmp_path / "candles"
    folder.mkdir()
    for timeframe, seed in (("1h", 1), ("4h", 2)):
        write(folder, "AAAUSDT", timeframe, seed)
        assert atc("cache", "import", str(folder), *BINANCE, "--timeframe", timeframe).code == 0
    flags = ("scan", *BINANCE, "--offline", "--all", "--signals-cache", "--output", "json")
    beside = [json.loads(atc(*flags, "--timeframe", "1h", "--with", "4h").out) for _ in range(2)]
    (alone,) = json.loads(atc(*flags, "--timeframe", "4h").out)["rows"]
    for document in beside:
        assert document["rows"][0]["with"] == {"4h": {"side": alone["side"], "signal": alone["signal"]}}
    assert Side(alone["side"])
