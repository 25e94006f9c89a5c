"""What time it is where an exchange, the Date of its answers and this machine's clock disagree, and what is stored.

On three exchanges; one without a time endpoint is the same with `fetchTime` turned off.
"""

from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from atc_cli.data.load import Loaded
from atc_cli.domain.results.scan import SkipReason
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from atc_cli.errors import UnavailableError
from tests.helpers.worlds import EXCHANGES, NOW, OPEN_MS, World, born
from tests.loopback import edited
from tests.loopback.gate import GateServer
from tests.loopback.okx import CANDLES, HISTORY

IN_2100_MS = 4_102_444_800_000  # no machine's clock is there yet: all are slow
NO_TIME = {"has": {"fetchTime": False}}

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons


@pytest.fixture(params=EXCHANGES)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    make, time, told = EXCHANGES[request.param]
    with make([born(1), born(2)], now_ms=NOW) as server:
        yield World(request.param, server, time, told, tmp_path)


def dated(time_ms: int) -> str:
    return formatdate(time_ms / 1000, usegmt=True)


def newest_of(loaded: Loaded) -> set[int]:
    return {int(each.timestamp[-1]) for each in loaded.candles}


class TestAWrongTimeOfTheExchange:
    @pytest.mark.parametrize("ahead_ms", [3 * HOUR_MS, -3 * HOUR_MS, 840 * DAY_MS, 40 * MINUTE_MS])
    def test_told_once_changes_no_row_and_no_stored_bar(self, world: World, ahead_ms: int) -> None:
        world.tell(ahead_ms, nth=(1,))
        first = world.scan()
        assert newest_of(first) == {OPEN_MS - HOUR_MS}
        world.assert_stored_is_true()
        (note,) = world.notes
        assert world.exchange in note
        world.server.now_ms = NOW + HOUR_MS
        later = world.scan()
        assert newest_of(later) == {OPEN_MS}
        for each in later.candles:
            world.assert_true(each)
        world.assert_stored_is_true()

    @pytest.mark.parametrize("ahead_ms", [3 * HOUR_MS, -3 * HOUR_MS, 840 * DAY_MS])
    def test_told_always_loses_against_the_date_and_our_clock(self, world: World, ahead_ms: int) -> None:
        world.tell(ahead_ms)
        loaded = world.scan()
        assert newest_of(loaded) == {OPEN_MS - HOUR_MS}
        world.assert_stored_is_true()
        assert len(world.notes) == 1

    def test_that_nothing_confirms_ends_the_run(self, world: World) -> None:
        world.tell(3 * HOUR_MS)
        world.own_ahead_ms = -2 * DAY_MS
        with pytest.raises(UnavailableError, match="times that nothing confirms"):
            world.now_ms()

    def test_confirmed_by_a_wrong_date_stores_no_bar_that_nothing_follows(self, world: World) -> None:
        world.tell(3 * HOUR_MS, Date=dated(NOW + 3 * HOUR_MS))
        assert {each.reason for each in world.scan().skipped} == {SkipReason.STALE}
        world.assert_stored_is_true()
        assert len(world.notes) == 1


class TestTheDate:
    def test_of_an_answer_from_a_cache_counts_with_its_age(self, world: World) -> None:
        world.tell(0, Date=dated(NOW - HOUR_MS), Age="3600")
        assert (world.now_ms(), world.notes) == (NOW, [])

    def test_that_is_old_loses_against_the_exchange_and_our_clock(self, world: World) -> None:
        world.tell(0, Date=dated(NOW - HOUR_MS))
        assert world.now_ms() == NOW
        assert len(world.notes) == 1

    @pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Oct 2025 09:20:00 GMT"])
    def test_that_is_none_leaves_our_clock_as_a_witness(self, world: World, date: str) -> None:
        world.tell(0, Date=date)
        assert (world.now_ms(), world.notes) == (NOW, [])


class TestAWrongClockOfOurs:
    @pytest.mark.parametrize("ahead_ms", [3 * HOUR_MS, -3 * HOUR_MS, 10 * MINUTE_MS])
    def test_loses_against_the_exchange_and_its_date_and_is_said(self, world: World, ahead_ms: int) -> None:
        world.own_ahead_ms = ahead_ms
        loaded = world.scan()
        assert newest_of(loaded) == {OPEN_MS - HOUR_MS}
        world.assert_stored_is_true()
        (note,) = world.notes
        assert "this machine's clock is" in note

    def test_that_is_off_by_seconds_is_not_worth_a_word(self, world: World) -> None:
        world.own_ahead_ms = -30_000
        assert (world.now_ms(), world.notes) == (NOW, [])

    @pytest.mark.parametrize("ahead_ms", [10 * MINUTE_MS, 3 * HOUR_MS, -3 * HOUR_MS, 400 * DAY_MS])
    def test_loses_against_two_dates_where_the_exchange_tells_no_time(self, world: World, ahead_ms: int) -> None:
        world.options, world.own_ahead_ms = NO_TIME, ahead_ms
        world.server.now_ms = OPEN_MS + 55 * MINUTE_MS
        for hours in (0, 1):  # the second time by the kept list of symbols
            world.server.now_ms += hours * HOUR_MS
            loaded = world.scan()
            assert newest_of(loaded) == {OPEN_MS + (hours - 1) * HOUR_MS}
            for each in loaded.candles:
                world.assert_true(each)
            world.assert_stored_is_true()
        assert len(world.notes) == 2
        assert "this machine's clock is" in world.notes[0]


class TestWithoutATimeEndpoint:
    def test_the_date_of_the_listing_is_asked_for_no_more_where_our_clock_agrees(self, world: World) -> None:
        world.options = NO_TIME
        with world.market() as market:
            market.listings(quote=None, tickers=False)
            asked = len(world.server.answered)
            assert market.now_ms() == NOW
            assert len(world.server.answered) == asked
        assert world.notes == []

    def test_a_kept_list_of_symbols_costs_one_request_for_the_time(self, world: World) -> None:
        world.options = NO_TIME
        world.now_ms()
        asked = len(world.server.answered)
        assert world.now_ms() == NOW
        assert len(world.server.answered) == asked + 1

    def test_nor_a_date_our_clock_is_used_and_said(self, world: World) -> None:
        world.options = NO_TIME
        for path in {each.name for each in self.answered(world)}:
            world.server.plan(edited(lambda document: document, Date=""), path=path)
        assert world.now_ms() == NOW
        assert any("tells no time" in note for note in world.notes)

    def answered(self, world: World) -> list[Any]:
        world.scan()
        return world.server.answered


class TestRequests:
    @pytest.mark.parametrize("ahead_ms", [-5 * DAY_MS, 5 * DAY_MS, 400 * DAY_MS])
    def test_are_made_by_the_exchanges_time(self, tmp_path: Path, ahead_ms: int) -> None:
        """OKX has its newest 1440 candles at one place and older ones at another."""
        make, time, told = EXCHANGES["okx"]
        with make([born(1)], now_ms=NOW) as server:
            loaded = World("okx", server, time, told, tmp_path, own_ahead_ms=ahead_ms).scan()
            assert len(loaded.candles) == 1
            assert server.count(CANDLES) > 0
            assert server.count(HISTORY) == 0

    @pytest.mark.parametrize("ahead_ms", [-30_000, 10 * MINUTE_MS])
    def test_of_a_bar_that_has_just_begun_are_not_refused(self, tmp_path: Path, ahead_ms: int) -> None:
        """Gate refuses a range that ends, by the clock of who asks, before the bar begins."""
        with GateServer([born(number, IN_2100_MS) for number in (1, 2)], now_ms=IN_2100_MS) as server:
            world = World("gate", server, "spot/time", lambda ms: {"server_time": ms}, tmp_path, own_ahead_ms=ahead_ms)
            for now_ms in (IN_2100_MS + 20 * MINUTE_MS, IN_2100_MS + HOUR_MS + 5000):
                server.now_ms = now_ms
                loaded = world.scan()
                assert loaded.skipped == ()
                for each in loaded.candles:
                    world.assert_true(each)
            assert {each.status for each in server.answered} == {200}
            world.assert_stored_is_true()
