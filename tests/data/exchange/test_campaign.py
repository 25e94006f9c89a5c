"""Weeks of passing faults in random order, and a clean run: what is stored and what is scanned is the truth."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atc_cli.data.store.shelf import Store
from atc_cli.domain.results.stored import Entry
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from atc_cli.errors import AtcError
from tests.helpers.places import PLACES, Place, holed
from tests.helpers.worlds import BARS, EXCHANGES, NOW, World, born
from tests.loopback import refused

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning"),  # ccxt's, newer Pythons
]

STEPS, SYMBOLS, SEEDS = 12, 5, int(os.environ.get("SEEDS", "6"))
Rows = list[Any]
VOLUME = {"binance": 5, "okx": 5, "kraken": 6}
BY_NAME = {each.exchange: each for each in PLACES}


def later(rows: Rows) -> Rows:
    """The newest row with its time in microseconds."""
    return [*rows[:-1], [int(rows[-1][0]) * 1000, *rows[-1][1:]]] if rows else rows


def without_volume(place: Place) -> Callable[[Rows], Rows]:
    column = VOLUME[place.exchange]
    return lambda rows: [[*row[:column], "NaN", *row[column + 1 :]] for row in rows]


def spoil(world: World, place: Place, dice: random.Random) -> str:
    """Plan one passing fault; its name."""
    nth = tuple(sorted(dice.sample(range(1, 9), dice.randint(1, 3))))
    changes: dict[str, Callable[[Rows], Rows]] = {
        "empty": lambda _: [],
        "middle third": holed,
        "twice": lambda rows: [each for row in rows for each in (row, row)],
        "time x1000": later,
        "no volume": without_volume(place),
    }
    name = dice.choice([*changes, "failing", "wrong time", "own clock", "nothing"])
    if name in changes:
        place.plan(world.server, place.fault(changes[name]), nth)
    elif name == "failing":
        place.plan(world.server, refused(503), nth)
    elif name == "wrong time":
        world.tell(dice.choice([-3 * HOUR_MS, 40 * MINUTE_MS, 3 * HOUR_MS, 840 * DAY_MS]), nth=(1,))
    elif name == "own clock":
        world.own_ahead_ms = dice.choice([-3 * HOUR_MS, 10 * MINUTE_MS, 2 * DAY_MS])
    return name


def truth_at(world: World, symbol: str, opens_ms: np.ndarray) -> np.ndarray:
    """The bars that a server has of a symbol, from the first to the last of these, [bars, 6]."""
    served = next(each for each in world.server.symbols.values() if each.base == symbol[:3])
    return np.asarray(served.bars("1h", int(opens_ms[0]), int(opens_ms[-1]), world.server.now_ms)).round(4)


def run(world: World) -> None:
    """A scan, whatever becomes of it: no value is wrong, but that a wrong clock may call the newest bar closed."""
    try:
        loaded = world.scan()
    except AtcError:
        return
    for each in loaded.candles:
        truth = truth_at(world, each.symbol, each.timestamp)
        known = np.isin(truth[:, 0], each.timestamp)
        np.testing.assert_array_equal(each.values.T[:-1].round(4), truth[known, 1:][:-1])


def assert_stored_is_true_and_what_lacks_is_known(world: World) -> None:
    """Each stored bar is as it closed; each bar that lacks between first and last is in a hole that is asked about."""
    shelf = Store(world.folder / "candles", print).shelf(world.exchange, "spot", "1h")
    held = [each for group in shelf.read([each.native for each in shelf.entries()], shelf.everything) for each in group]
    assert len(held) == len(world.server.symbols)
    for each in held:
        entry = each.entry
        truth = truth_at(world, entry.symbol, each.timestamp)
        known = np.isin(truth[:, 0], each.timestamp)
        np.testing.assert_array_equal(each.values.T.round(4), truth[known, 1:])
        lost = [open_ms for open_ms in truth[~known, 0] if not _in_a_hole(entry, open_ms)]
        assert lost == [], entry.symbol


def _in_a_hole(entry: Entry, open_ms: float) -> bool:
    return any(hole.from_ms <= open_ms <= hole.last_ms for hole in entry.holes)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_after_a_clean_run_all_that_is_stored_and_scanned_is_true(exchange: str, seed: int, tmp_path: Path) -> None:
    make, time, told = EXCHANGES[exchange]
    dice, place = random.Random(f"{exchange} {seed}"), BY_NAME[exchange]
    story = []
    with make([born(i) for i in range(1, SYMBOLS + 1)], now_ms=NOW) as server:
        world = World(exchange, server, time, told, tmp_path)
        for _ in range(STEPS):
            story.append((dice.choice([1, 1, 2, 5, 30, 80]), spoil(world, place, dice)))
            run(world)
            server.heal()
            world.own_ahead_ms = 0
            server.now_ms += story[-1][0] * HOUR_MS

        server.now_ms += 2 * HOUR_MS
        run(world)
        server.now_ms += 2 * HOUR_MS
        clean = world.scan()
        newest_ms = server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS
        assert_stored_is_true_and_what_lacks_is_known(world)
    assert clean.skipped == ()
    for each in clean.candles:
        expected = newest_ms - HOUR_MS * np.arange(BARS - 1, -1, -1)
        np.testing.assert_array_equal(each.timestamp, expected)
