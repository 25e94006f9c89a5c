"""What one answer alone lacks is not final: a gap or a beginning counts when two answers some time apart agree."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atc_cli.data.load import Loaded
from atc_cli.data.store.shelf import Store
from atc_cli.domain.results.stored import Entry
from atc_cli.domain.timeframe import HOUR_MS
from tests.helpers.places import PLACES, Place
from tests.helpers.worlds import BARS, EXCHANGES, NOW, OPEN_MS, World, born
from tests.loopback import LoopbackServer, Symbol, fixed

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

BY_NAME = {each.exchange: each for each in PLACES}
exchanges = pytest.mark.parametrize("exchange", EXCHANGES)
Rows = list[Any]


def world_of(exchange: str, server: LoopbackServer, folder: Path) -> World:
    _, time, told = EXCHANGES[exchange]
    return World(exchange, server, time, told, folder)


def requests(world: World) -> int:
    return sum(world.server.count(path) for path in BY_NAME[world.exchange].paths)


def scanned(world: World) -> tuple[Loaded, int]:
    """A scan, and how many requests for candles it took."""
    before = requests(world)
    return world.scan(), requests(world) - before


def entry_of(world: World) -> Entry:
    (entry,) = Store(world.folder / "candles", print).shelf(world.exchange, "spot", "1h").entries()
    return entry


def spoil(place: Place, server: LoopbackServer, change: Callable[[Rows], Rows]) -> None:
    """As long as nothing is healed, all answers are changed."""
    place.plan(server, place.fault(change))


def newest_ten(rows: Rows) -> Rows:
    """An exchange that has lost what is older than ten hours."""
    return [row for row in rows if _open_ms(row) > NOW - 11 * HOUR_MS]


def without_eight_hours(rows: Rows) -> Rows:
    return [row for row in rows if not NOW - 20 * HOUR_MS < _open_ms(row) <= NOW - 12 * HOUR_MS]


def _open_ms(row: Any) -> int:
    stamp = int(row[0])
    return stamp * 1000 if stamp < 10**11 else stamp


losses = pytest.mark.parametrize("lost", [newest_ten, without_eight_hours])


@exchanges
@losses
@pytest.mark.parametrize("runs", [1, 2])
def test_what_every_answer_of_a_while_lacked_is_there_after_a_later_clean_run(
    exchange: str, lost: Callable[[Rows], Rows], runs: int, tmp_path: Path
) -> None:
    with EXCHANGES[exchange][0]([born(1), born(2)], now_ms=NOW) as server:
        world = world_of(exchange, server, tmp_path)
        spoil(BY_NAME[exchange], server, lost)
        for _ in range(runs):
            wrong = world.scan()
            assert [each.unsure for each in wrong.candles] == [True, True]
            server.now_ms += 5000
        server.heal()
        server.now_ms += 2 * HOUR_MS
        right = world.scan()
        for each in right.candles:
            newest_ms = server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS
            np.testing.assert_array_equal(each.timestamp, newest_ms - HOUR_MS * np.arange(BARS - 1, -1, -1))
            world.assert_true(each)
            assert not each.unsure
        world.assert_stored_is_true()
        server.now_ms += HOUR_MS
        again, asked = scanned(world)
        assert asked == 2
        assert not [each for each in again.candles if each.unsure]
        assert world.notes == []


def symbol_of(opens: np.ndarray) -> Symbol:
    """A symbol that traded so many hours before the one of NOW, and trades in all from then on."""
    opens_ms = np.concatenate((OPEN_MS - HOUR_MS * np.sort(opens)[::-1], OPEN_MS + HOUR_MS * np.arange(200)))
    price = 100 + np.arange(len(opens_ms), dtype=float)
    return Symbol("CO1", bars=fixed(np.column_stack((opens_ms, price, price + 2, price - 2, price + 1, price))))


@exchanges
@pytest.mark.parametrize(
    ("opens", "whole"),
    [(np.arange(1, 20), False), (np.delete(np.arange(1, 200), np.s_[8:30]), True), (np.arange(1, 190, 3), True)],
    ids=["young", "a gap", "sparse"],
)
def test_what_two_answers_agree_on_is_asked_about_no_more(
    exchange: str, opens: np.ndarray, whole: bool, tmp_path: Path
) -> None:
    with EXCHANGES[exchange][0]([symbol_of(opens)], now_ms=NOW) as server:
        world = world_of(exchange, server, tmp_path)
        cold, _ = scanned(world)
        assert [each.unsure for each in cold.candles] == [True]
        assert scanned(world)[1] == 0
        assert scanned(world)[0].candles[0].unsure
        server.now_ms += 2 * HOUR_MS
        later, asked = scanned(world)
        assert 1 <= asked <= 3
        assert [each.unsure for each in later.candles] == [False]
        for hours in (0, 1, 1, 5):
            server.now_ms += hours * HOUR_MS
            warm, asked = scanned(world)
            assert asked == bool(hours)
            assert [each.unsure for each in warm.candles] == [False]
            assert len(warm.candles[0]) == (BARS if whole else len(opens) + (server.now_ms - NOW) // HOUR_MS)
        assert world.notes == []
        assert entry_of(world).begun == entry_of(world).complete != whole


@pytest.mark.parametrize("exchange", ["binance", "okx"])
def test_a_beginning_that_is_no_earlier_than_the_listing_is_final_at_once(exchange: str, tmp_path: Path) -> None:
    kind = "swap" if exchange == "binance" else "spot"
    with EXCHANGES[exchange][0]([born(1, OPEN_MS + 280 * HOUR_MS)], now_ms=NOW) as server:
        world = world_of(exchange, server, tmp_path)
        world.kind = kind
        young, _ = scanned(world)
        assert [(len(each), each.unsure) for each in young.candles] == [(20, False)]
        server.now_ms += 2 * HOUR_MS
        assert scanned(world)[1] == 1


def test_candles_of_which_an_exchange_keeps_few_are_not_contradicted_as_they_go(tmp_path: Path) -> None:
    with EXCHANGES["kraken"][0]([symbol_of(np.arange(1, 2000))], now_ms=NOW) as server:
        world = world_of("kraken", server, tmp_path)
        world.bars = 1500
        bars = [len(world.scan().candles[0])]
        for _ in range(5):
            server.now_ms += 2 * HOUR_MS
            found = world.scan().candles[0]
            bars.append(len(found))
        assert bars == [bars[0] + 2 * i for i in range(6)]
        assert not found.unsure
        assert world.notes == []
        assert not entry_of(world).holes
        assert not entry_of(world).begun
