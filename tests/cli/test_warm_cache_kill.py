"""kill -9 of `atc warm-cache` at random moments, and two at once: the store is sound and the next run completes.

KILLS in the environment is how many kills must meet a live process; CI takes 2.
"""

import json
import os
import random
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from atc_cli.data.store.shelf import Store
from atc_cli.domain.results.stored import Missing
from tests.conftest import Atc
from tests.helpers.loopback_case import HOUR_MS, NOW_MS, config, symbol
from tests.helpers.runs import started
from tests.loopback import BinanceServer, edited

KILLS = int(os.environ.get("KILLS", "2"))
SYMBOLS, BARS = 90, 60
HOURS = (1, 1, 1, 20)  # between two runs; twenty are more than a window of the shorter timeframe
FLAGS = ("--timeframe", "15m,1h", "--bars", str(BARS), "--no-compile")
pytestmark = pytest.mark.slow


class Exchange:
    """The loopback exchange, its settings file, and whether candles were asked for since `begin`."""

    def __init__(self, server: BinanceServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self._asked = threading.Event()
        server.plan(edited(self._note), path="klines")
        self.flags = ("--config", str(config(server, folder)), *FLAGS)

    def _note(self, body: object) -> object:
        self._asked.set()
        return body

    def begin(self, processes: int = 1, hours: int = 1) -> "list[subprocess.Popen[str]]":
        """Start so many runs after some hours have passed, and wait until the first of them asks for candles."""
        self.server.now_ms += hours * HOUR_MS
        self._asked.clear()
        running = [started(self.folder, "warm-cache", *self.flags, "--output", "json") for _ in range(processes)]
        self._asked.wait()
        return running

    def store(self) -> Store:
        return Store(self.folder / "atc" / "candles", pytest.fail)


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    with BinanceServer([symbol(number) for number in range(SYMBOLS)], now_ms=NOW_MS) as server:
        yield Exchange(server, tmp_path)


def finished(running: "subprocess.Popen[str]") -> dict[str, dict]:
    out, err = running.communicate()
    assert running.returncode == 0, err
    return {each["timeframe"]: each for each in json.loads(out)["timeframes"]}


def killed(running: "subprocess.Popen[str]", after_s: float) -> bool:
    """Kill -9 after so many seconds; whether it was still alive then."""
    with suppress(subprocess.TimeoutExpired):
        running.wait(timeout=after_s)
    alive = running.poll() is None
    running.kill()
    running.communicate()
    return alive


def assert_sound(exchange: Exchange) -> None:
    assert [fault for shelf in exchange.store().shelves() for fault in shelf.faults()] == []


def assert_complete(atc: Atc, exchange: Exchange) -> None:
    """The next run completes; then everything is stored, as the exchange tells it, and nothing else lies around.

    Bars that no run asked for, because a kill came before and then more time passed than the window, are known as such.
    """
    (last,) = exchange.begin()
    assert {name: each["hits_after"] for name, each in finished(last).items()} == {"15m": SYMBOLS, "1h": SYMBOLS}
    verified = atc("cache", "verify", env={"XDG_CACHE_HOME": str(exchange.folder)})
    assert (verified.code, verified.err) == (0, ""), verified.out
    for shelf in exchange.store().shelves():
        left = {path.name for path in shelf.folder.iterdir() if not path.name.endswith(".candles")}
        assert left == {".lock"}
        natives = list(exchange.server.symbols)
        found = 0
        for held in (each for group in shelf.read(natives, shelf.everything) for each in group):
            coin = exchange.server.symbols[held.entry.native]
            first, last_ms = int(held.timestamp[0]), int(held.timestamp[-1])
            books = np.asarray(coin.bars(shelf.timeframe, first, last_ms, exchange.server.now_ms))
            unasked = {bar for hole in held.entry.holes for bar in range(hole.from_ms, hole.last_ms + 1, shelf.step_ms)}
            asked = ~np.isin(books[:, 0], list(unasked))
            assert held.timestamp.tolist() == books[asked, 0].tolist()
            np.testing.assert_allclose(held.values, books[asked, 1:6].T, rtol=1e-12)
            assert {hole.why for hole in held.entry.holes} <= {Missing.NOT_ASKED}
            assert asked[-BARS:].all()
            assert len(held.timestamp) >= BARS
            found += 1
        assert found == SYMBOLS


def test_a_kill_at_any_moment_leaves_a_sound_store_that_the_next_run_completes(atc: Atc, exchange: Exchange) -> None:
    moments = random.Random(KILLS)
    (cold,) = exchange.begin()
    finished(cold)
    (tail,) = exchange.begin()  # what is killed below fetches as much as this one
    began_s = monotonic()  # as for those killed, counted from the first request: starting Python is no moment to kill
    finished(tail)
    took_s = monotonic() - began_s
    alive = tried = 0
    while alive < KILLS:
        tried += 1
        assert tried <= 4 * KILLS, f"of {tried} kills only {alive} met a live process"
        running = exchange.begin(2 if tried % 4 == 0 else 1, hours=moments.choice(HOURS))
        hits = [killed(each, moments.uniform(0, took_s)) for each in running]
        alive += any(hits)
        assert_sound(exchange)
    assert_complete(atc, exchange)


def test_two_at_once_both_succeed_and_what_they_store_is_sound(atc: Atc, exchange: Exchange) -> None:
    for _ in range(2):
        for each in exchange.begin(2):
            assert {part["hits_after"] for part in finished(each).values()} == {SYMBOLS}
        assert_sound(exchange)
    assert_complete(atc, exchange)
