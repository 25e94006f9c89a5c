"""--min-age where an exchange tells no listing dates: stored candles show the age, and what is not known is said."""

from dataclasses import replace
from pathlib import Path

import pytest

from atc_cli.data.gather import Gathered, Wanted, gather
from atc_cli.data.load import Needs
from atc_cli.data.market import Market
from atc_cli.data.store.market import StoredMarket
from atc_cli.data.store.offline import OfflineMarket
from atc_cli.data.store.shelf import Store
from atc_cli.data.universe import Filters
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.domain.window import Window
from atc_cli.reporting.progress import SilentProgress
from tests.helpers.places import PLACES
from tests.helpers.worlds import EXCHANGES, NOW, OPEN_MS, World, born
from tests.loopback import Symbol

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

YOUNG_BARS, AGE_BARS = 60, 100
WANTED = Wanted(
    window=Window(timeframe="1h", now_ms=0, bars=150),
    needs=Needs(warmup_bars=1, min_bars=0, cutout_bars=0, max_lag_bars=0),
    filters=Filters(),
    quote="USDT",
)
PATHS = {each.exchange: each.paths for each in PLACES}


def young(number: int) -> Symbol:
    return born(number, OPEN_MS + (300 - YOUNG_BARS) * HOUR_MS)


def world_of(exchange: str, folder: Path, *symbols: Symbol) -> World:
    make, time, told = EXCHANGES[exchange]
    return World(exchange, make(symbols, now_ms=NOW), time, told, folder)


def wanted(world: World, bars: int, age_bars: int | None) -> Wanted:
    by_ms = None if age_bars is None else world.server.now_ms - age_bars * HOUR_MS
    return replace(WANTED, window=replace(WANTED.window, bars=bars), filters=Filters(born_by_ms=by_ms))


def scanned(world: World, bars: int = 150, age_bars: int | None = AGE_BARS) -> Gathered:
    with world.market() as market:
        stored = StoredMarket(market, Store(world.folder / "candles", market.notes.append), limit_bytes=1e9)
        return gather([stored], wanted(world, bars, age_bars), SilentProgress())


def offline(world: World) -> Gathered:
    market: Market = OfflineMarket(world.folder / "candles", world.exchange, "spot", "1h", clock=world.own_ms)
    return gather([market], wanted(world, 150, AGE_BARS), SilentProgress())


def seen(found: Gathered) -> tuple[dict[str, int], int, list[str]]:
    """What --min-age took out, how many symbols are left, how many of these it knows nothing of."""
    words = [next(filter(str.isdigit, each.split())) for each in found.notes if "--min-age" in each]
    return dict(found.universe.hidden), len(found.universe.listings), words


@pytest.mark.parametrize("exchange", ["kraken", "binance"])
def test_the_first_stored_bar_is_the_date_where_a_symbol_is_known_to_begin_with_it(
    exchange: str, tmp_path: Path
) -> None:
    world = world_of(exchange, tmp_path, young(1), born(2), born(3))
    with world.server as server:
        assert seen(scanned(world)) == ({}, 3, ["3"])
        server.now_ms += 2 * HOUR_MS
        assert seen(scanned(world)) == ({}, 3, ["1"])
        server.now_ms += HOUR_MS
        before = len(server.answered)
        assert seen(scanned(world)) == ({"--min-age": 1}, 2, [])
        assert sum(each.name in PATHS[exchange] for each in server.answered[before:]) == 2
        assert seen(offline(world)) == ({"--min-age": 1}, 2, [])
        server.now_ms += (AGE_BARS - YOUNG_BARS) * HOUR_MS
        assert seen(scanned(world)) == ({}, 3, [])


def test_what_an_exchange_no_longer_keeps_is_no_beginning(tmp_path: Path) -> None:
    world = world_of("kraken", tmp_path, born(1, OPEN_MS - 2000 * HOUR_MS))
    with world.server as server:
        for _ in range(4):
            assert seen(scanned(world, 1500, 1000)) == ({}, 1, ["1"])
            server.now_ms += 2 * HOUR_MS


def test_a_listing_date_needs_no_candle_and_no_word(tmp_path: Path) -> None:
    world = world_of("okx", tmp_path, young(1), born(2))
    with world.server:
        assert seen(scanned(world)) == ({"--min-age": 1}, 1, [])


def test_without_the_flag_nothing_is_said_of_ages(tmp_path: Path) -> None:
    world = world_of("binance", tmp_path, young(1))
    with world.server:
        assert seen(scanned(world, age_bars=None)) == ({}, 1, [])
