"""`atc scan --exchange kraken` against a Kraken on this machine, which holds no more than 720 candles of a symbol."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from atc_cli.domain.panel import RawCandles, check
from atc_cli.domain.params import Params
from tests.conftest import Atc
from tests.helpers.backends import compute
from tests.helpers.loopback_case import HOUR_MS, NOW_MS, config, symbol
from tests.loopback import KrakenServer
from tests.loopback.kraken import HELD_BARS, OHLC

CLOSED_BARS = HELD_BARS - 1  # the forming candle is one of them
OPEN_MS = NOW_MS // HOUR_MS * HOUR_MS


@pytest.fixture
def server() -> Iterator[KrakenServer]:
    with KrakenServer([symbol(0), symbol(1), symbol(2, bars=300)], now_ms=NOW_MS) as running:
        yield running


def scan(atc: Atc, server: KrakenServer, folder: Path, bars: int, *flags: str) -> dict:
    file = str(config(server, folder, "spot", exchanges=("kraken",)))
    done = atc(
        "scan", "--config", file, "--exchange", "kraken", "--bars", str(bars), "--all", *flags, "--output", "json"
    )
    assert done.code == 0, done.err
    return json.loads(done.out)


def bars_of(document: dict) -> dict[str, int]:
    return {row["symbol"]: row["bars"] for row in document["rows"]}


def assert_newest(server: KrakenServer, document: dict) -> None:
    """Every row is what the reference computes on as many bars as it says, without a hole between them."""
    assert len(document["rows"]) == len(server.symbols)
    last_ms = server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS
    for row in document["rows"]:
        coin = server.symbols[row["symbol"].replace("/", "")]
        table = np.asarray(coin.bars("1h", last_ms - (row["bars"] - 1) * HOUR_MS, last_ms, server.now_ms)).round(2)
        raw = RawCandles(
            exchange="kraken", symbol=row["symbol"], timeframe="1h", timestamp=table[:, 0], values=table[:, 1:]
        )
        assert row["signal"] == compute("reference", [check(raw)], Params()).average[0, -1]


def test_a_window_longer_than_kraken_holds_has_the_bars_that_it_holds_and_is_asked_for_once(
    atc: Atc, server: KrakenServer, tmp_path: Path
) -> None:
    cold = scan(atc, server, tmp_path, 1500)
    assert bars_of(cold) == {"COIN000/USDT": CLOSED_BARS, "COIN001/USDT": CLOSED_BARS, "COIN002/USDT": 300}
    assert_newest(server, cold)
    asked = server.count(OHLC)
    assert scan(atc, server, tmp_path, 1500)["rows"] == cold["rows"]
    assert server.count(OHLC) == asked


def test_what_kraken_no_longer_holds_stays_in_the_store(atc: Atc, server: KrakenServer, tmp_path: Path) -> None:
    scan(atc, server, tmp_path, 1500)
    asked = server.count(OHLC)
    server.now_ms = NOW_MS + 500 * HOUR_MS
    later = scan(atc, server, tmp_path, 1500)
    assert server.count(OHLC) == asked + len(server.symbols)  # an answer holds all that there is, older bars too
    assert bars_of(later)["COIN000/USDT"] == CLOSED_BARS + 500
    assert_newest(server, later)
    server.now_ms += 500 * HOUR_MS
    assert bars_of(scan(atc, server, tmp_path, 1500))["COIN000/USDT"] == CLOSED_BARS + 1000 - 219
    assert server.count(OHLC) == asked + 2 * len(server.symbols)


def test_that_kraken_holds_fewer_bars_than_are_needed_is_said(atc: Atc, server: KrakenServer, tmp_path: Path) -> None:
    file = str(config(server, tmp_path, "spot", exchanges=("kraken",)))
    command = ("--config", file, "--exchange", "kraken", "--bars", "1500", "--min-bars", "1000", "--output", "json")
    done = atc("scan", *command)
    assert done.code == 4, done.err
    assert [(each["reason"], each["detail"]) for each in json.loads(done.out)["skipped"]] == [
        ("too_few_bars", f"needs 1000 bars, has {bars}") for bars in (CLOSED_BARS, CLOSED_BARS, 300)
    ]


@pytest.mark.parametrize("first_bars", [500, 1500])
@pytest.mark.parametrize("away", [1000, 2000])
def test_no_run_believes_a_hole_that_kraken_can_no_longer_fill(
    atc: Atc, server: KrakenServer, tmp_path: Path, first_bars: int, away: int
) -> None:
    scan(atc, server, tmp_path, first_bars)
    server.now_ms = NOW_MS + away * HOUR_MS
    said = []
    for _ in range(2):
        later = scan(atc, server, tmp_path, 1500)
        said.append(later["warnings"])
        assert bars_of(later) == dict.fromkeys(("COIN000/USDT", "COIN001/USDT", "COIN002/USDT"), CLOSED_BARS)
        assert_newest(server, later)
    assert len(said[0]) == 3
    assert all("kraken" in each and "any more" in each and "are set aside" in each for each in said[0])
    assert said[1] == []
    assert atc("cache", "verify").code == 0


def test_a_hole_that_two_short_scans_left_is_not_believed_by_a_long_one(
    atc: Atc, server: KrakenServer, tmp_path: Path
) -> None:
    for hours in (0, 2000):
        server.now_ms = NOW_MS + hours * HOUR_MS
        scan(atc, server, tmp_path, 500)
    for _ in range(2):
        assert_newest(server, scan(atc, server, tmp_path, 1500))
