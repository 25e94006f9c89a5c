"""`atc backtest` from an exchange: what is fetched, what is not fetched again, and kills in between."""

import json
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from atc_cli.domain.timeframe import HOUR_MS
from tests.conftest import Atc
from tests.helpers.loopback_case import NOW_MS, config, symbol
from tests.helpers.runs import started
from tests.loopback import BinanceServer, edited

START_MS = NOW_MS // HOUR_MS * HOUR_MS - 600 * HOUR_MS
START = datetime.fromtimestamp(START_MS / 1000, UTC).isoformat()
RUN = ("backtest", "--bars", "300", "--start", START, "--output", "json")


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    coins = [symbol(0), symbol(1), symbol(2, bars=400)]
    with BinanceServer(coins, now_ms=NOW_MS) as running:
        yield running


def test_history_that_is_not_stored_is_fetched_once_with_what_windows_need(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    flags = ("--config", str(config(server, tmp_path)))
    first = atc(*RUN, *flags)
    assert first.code == 0, first.err
    document = json.loads(first.out)
    young = {each["symbol"]: each for each in document["coverage"]}["COIN002/USDT:USDT"]
    assert document["equity"]["bar_time"][0] == START
    assert len(document["equity"]["bar_time"]) == 600
    assert young["bars"] == 400 - 38  # it enters with its warm-up bars, not with a whole window
    asked = server.count("klines")
    again = json.loads(atc(*RUN, *flags).out)
    assert server.count("klines") == asked
    assert again["equity"] == document["equity"]
    offline = json.loads(atc(*RUN, *flags, "--offline").out)
    assert offline["equity"] == document["equity"]


def test_the_benchmark_may_be_a_symbol_that_is_not_traded(atc: Atc, server: BinanceServer, tmp_path: Path) -> None:
    done = atc(*RUN, "COIN000USDT", "--benchmark", "COIN001USDT", "--config", str(config(server, tmp_path)))
    assert done.code == 0, done.err
    equity = np.array(json.loads(done.out)["equity"]["benchmark"])
    books = np.asarray(server.symbols["COIN001USDT"].bars("1h", START_MS, NOW_MS, NOW_MS), float)
    closed = books[books[:, 0] + HOUR_MS <= NOW_MS]
    bought = np.append(closed[1, 1], closed[1:, 4])  # at the first open after a signal
    np.testing.assert_allclose(equity, 10_000 * bought / closed[1, 1], rtol=1e-12)


@pytest.mark.slow
def test_kills_in_the_middle_leave_what_the_next_run_goes_on_from_to_the_same_result(
    atc: Atc, server: BinanceServer, tmp_path: Path
) -> None:
    """Each killed at a random moment after its first request, and what is compared was made in another home."""
    flags = ("--config", str(config(server, tmp_path)))
    asked, moments, alive = threading.Event(), random.Random(3), 0

    def note(body: object) -> object:
        asked.set()
        return body

    server.plan(edited(note), path="exchangeInfo")
    for _ in range(3):
        asked.clear()
        running = started(tmp_path, *RUN, *flags, "--refresh-markets")
        asked.wait()
        with suppress(subprocess.TimeoutExpired):
            running.wait(timeout=moments.uniform(0, 0.6))
        alive += running.poll() is None
        running.kill()
        running.communicate()
    assert alive
    survived = started(tmp_path, *RUN, *flags)
    out, err = survived.communicate()
    assert survived.returncode == 0, err
    after, untouched = json.loads(out), json.loads(atc(*RUN, *flags).out)
    for part in ("equity", "trades", "figures", "symbols"):
        assert after[part] == untouched[part]
