"""What an exchange can tell no more, as Kraken after 720 candles, stays stored whatever it says for a while."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from atc_cli.domain.timeframe import HOUR_MS
from tests.helpers.places import PLACES, Place
from tests.helpers.spoiling import Rows, settling
from tests.helpers.worlds import EXCHANGES, NOW, World
from tests.loopback import BarSource, Symbol, Table, wandering

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

KEPT_BARS, GROWN_BARS, WINDOW_BARS = 60, 99, 200


def forgetting(source: BarSource) -> BarSource:
    """Only the newest bars, the forming one included."""

    def newest(timeframe: str, first_ms: int, last_ms: int, now_ms: int) -> Table:
        kept_ms = (now_ms // HOUR_MS - KEPT_BARS + 1) * HOUR_MS
        return source(timeframe, max(first_ms, kept_ms), last_ms, now_ms)

    return newest


@pytest.fixture(params=EXCHANGES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    make, time, told = EXCHANGES[request.param]
    with make([Symbol(f"CO{i}", bars=forgetting(wandering(i))) for i in (1, 2)], now_ms=NOW) as server:
        yield World(request.param, server, time, told, tmp_path, bars=WINDOW_BARS)


@pytest.fixture
def place(world: World) -> Place:
    return next(each for each in PLACES if each.exchange == world.exchange)


def assert_whole(world: World, bars: int) -> None:
    """The next scan has so many bars of each symbol, and they are right, as are the stored ones."""
    loaded = world.scan()
    assert {each.symbol: len(each) for each in loaded.candles} == {"CO1/USDT": bars, "CO2/USDT": bars}
    held = [each for group in world.shelf().read(natives(world), world.shelf().everything) for each in group]
    for symbol, stamps, values in [
        *((each.symbol, each.timestamp, each.values) for each in loaded.candles),
        *((each.entry.symbol, each.timestamp, each.values) for each in held),
    ]:
        source, last_ms = wandering(int(symbol[2])), int(stamps[-1])
        table = source("1h", last_ms - (bars - 1) * HOUR_MS, last_ms, last_ms + HOUR_MS)
        np.testing.assert_array_equal(stamps, table[:, 0])
        np.testing.assert_array_equal(values.T.round(4), table[:, 1:].round(4))


def natives(world: World) -> list[str]:
    return [each.native for each in world.shelf().entries()]


def grown(world: World) -> None:
    """More is stored than the exchange has, and one more bar has closed since."""
    world.scan()
    world.server.now_ms += (GROWN_BARS - KEPT_BARS + 1) * HOUR_MS
    assert_whole(world, GROWN_BARS)
    world.server.now_ms += HOUR_MS
    world.notes.clear()


def other_price(rows: Rows) -> Rows:
    return [[rows[0][0], *["3.5"] * 4, *rows[0][5:]], *rows[1:]] if rows else rows


def empty(_: Rows) -> Rows:
    return []


PASSING: dict[str, tuple[Callable[[Rows], Rows], tuple[int, ...]]] = {
    "a wrong row": (other_price, (1,)),
    "a wrong row twice": (other_price, (1, 2)),
    "an empty answer": (empty, (1,)),
    "two empty answers": (empty, (1, 2)),
    "five empty answers": (empty, (1, 2, 3, 4, 5)),
}


@pytest.mark.parametrize(("change", "nth"), PASSING.values(), ids=PASSING)
def test_a_passing_fault_costs_no_stored_bar(
    world: World, place: Place, change: Callable[[Rows], Rows], nth: tuple[int, ...]
) -> None:
    grown(world)
    place.plan(world.server, place.fault(change), nth, world.server.symbols["CO1USDT"])
    assert_whole(world, GROWN_BARS + 1)
    assert all("CO1/USDT" in note for note in world.notes)
    world.server.now_ms += HOUR_MS
    world.notes.clear()
    assert_whole(world, GROWN_BARS + 2)
    assert world.notes == []


def test_a_last_volume_that_settled_is_replaced_without_a_word_or_a_request_more(world: World, place: Place) -> None:
    world.scan()
    world.server.now_ms += (GROWN_BARS - KEPT_BARS + 1) * HOUR_MS
    newest_ms = world.server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS
    place.plan(world.server, place.fault(lambda rows: settling(place, rows, newest_ms)))
    world.scan()
    world.server.heal()
    world.server.now_ms += HOUR_MS
    world.notes.clear()
    asked = sum(world.server.count(path) for path in place.paths)
    assert_whole(world, GROWN_BARS + 1)
    assert world.notes == []
    assert sum(world.server.count(path) for path in place.paths) == asked + 2


def test_what_is_contradicted_for_a_whole_run_is_set_aside_and_comes_back(world: World, place: Place) -> None:
    grown(world)
    wrong = place.fault(lambda rows: [[row[0], *["3.5"] * 4, *row[5:]] for row in rows])
    place.plan(world.server, wrong, symbol=world.server.symbols["CO1USDT"])
    world.scan()
    (note,) = world.notes
    assert "set aside" in note
    world.server.heal()
    world.server.now_ms += HOUR_MS
    world.notes.clear()
    assert_whole(world, GROWN_BARS + 2)
    (note,) = world.notes
    assert "joined again" in note
