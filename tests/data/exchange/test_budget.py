"""The rate limit, against a Binance that enforces it in simulated time."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from atc_cli.data.exchange.budget import Account, Ledger, Spent
from atc_cli.data.exchange.market import ExchangeMarket
from atc_cli.data.exchange.tariff import granted
from atc_cli.disk import sealed
from atc_cli.domain.timeframe import HOUR_MS, MINUTE_MS
from atc_cli.domain.window import Window
from atc_cli.errors import BusyError
from tests.conftest import ROOT
from tests.helpers.exchange_case import FORMING, Got, Simulated, coins, fetch_all, limited_market
from tests.loopback import EXCHANGE_INFO, KLINES, BinanceServer, Limits, edited, rate_limited, refused

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

CHEAPEST = {"swap": 7, "spot": 4}  # weight of 1501 candles: 3 x 499 and 4, or 1000 and 501


def strict(weight: int, *, rolling: bool = False) -> Limits:
    return Limits({"swap": weight, "spot": weight}, enforced=True, rolling=rolling)


def of_minutes(spent: Spent) -> Account:
    return spent.account("", MINUTE_MS)


class TestColdFetch:
    @pytest.mark.slow
    @pytest.mark.parametrize("latency_ms", [0, 25])
    @pytest.mark.parametrize("rolling", [False, True], ids=["by the minute", "rolling"])
    @pytest.mark.parametrize(("kind", "limit"), [("swap", 150), ("spot", 100)])
    def test_is_as_fast_as_the_limit_allows_and_never_refused(
        self, kind: str, limit: int, rolling: bool, latency_ms: int
    ) -> None:
        limits = strict(limit, rolling=rolling)
        with (
            BinanceServer(coins(30), now_ms=FORMING, limits=limits, latency_ms=latency_ms) as server,
            limited_market(server, kind) as (market, _),
        ):
            listings = market.listings(quote="USDT", tickers=False)
            began_ms, now_ms, before, got = server.now_ms, market.now_ms(), server.weight, Got()
            market.fetch(listings, Window(timeframe="1h", now_ms=now_ms, bars=1500), got)
            weight, took_ms = server.weight - before, server.now_ms - began_ms
        assert {len(each.timestamp) for each in got.candles.values()} == {1501}
        assert server.refused() == 0
        assert weight == 30 * CHEAPEST[kind]
        assert took_ms <= 1.15 * weight / (0.9 * limit) * MINUTE_MS

    @pytest.mark.parametrize("share", [0.5, 1.0])
    def test_uses_the_share_that_it_is_given(self, share: float) -> None:
        limits = strict(100)
        with (
            BinanceServer(coins(30), now_ms=FORMING, limits=limits) as server,
            limited_market(server, rate_share=share) as (market, _),
        ):
            assert len(fetch_all(market, 600).candles) == 30
        assert server.refused() == 0
        assert 100 * share - 2 <= limits.peak("swap") <= 100 * share

    def test_what_fits_is_fetched_without_a_wait(self) -> None:
        with BinanceServer(coins(20), now_ms=FORMING, limits=strict(2400)) as server:
            with limited_market(server) as (market, time):
                fetch_all(market)
            assert (time.waits_s, server.now_ms) == ([], FORMING)

    @pytest.mark.parametrize("ahead_ms", [-90_000, 90_000])
    def test_a_clock_of_ours_that_is_wrong_costs_nothing(self, ahead_ms: int) -> None:
        with (
            BinanceServer(coins(20), now_ms=FORMING, limits=strict(60)) as server,
            limited_market(server, ahead_ms=ahead_ms) as (market, _),
        ):
            got = fetch_all(market)
            weight = server.weight
        assert server.refused() == 0
        assert server.now_ms - FORMING <= 1.15 * weight / (0.9 * 60) * MINUTE_MS
        assert {int(each.timestamp[-1]) for each in got.candles.values()} == {FORMING // HOUR_MS * HOUR_MS}

    def test_what_is_sent_received_and_waited_for_is_said(self) -> None:
        with (
            BinanceServer(coins(10), now_ms=FORMING, limits=strict(40)) as server,
            limited_market(server) as (market, time),
        ):
            fetch_all(market)
            assert (len(time.weights), sum(time.weights)) == (len(server.answered), server.weight)
        assert time.announced_s == time.waits_s != []
        assert time.bars == 10 * 1501


class TestLog:
    """What a run without a terminal says of its waits."""

    def test_a_wait_that_the_exchange_asks_for_is_one_line(self) -> None:
        with BinanceServer(coins(20), now_ms=FORMING) as server, limited_market(server) as (market, time):
            server.plan(rate_limited(retry_after_s=42), path=KLINES, nth=(1,))
            assert len(fetch_all(market, 10).candles) == 20
        assert time.log == ["binance: waiting 42 s for the rate limit"]

    def test_every_wait_for_our_own_share_is_one_line_however_many_requests_it_holds(self) -> None:
        with (
            BinanceServer(coins(30), now_ms=FORMING, limits=strict(100)) as server,
            limited_market(server) as (market, time),
        ):
            fetch_all(market)
        long_s = [f"binance: waiting {each:.0f} s for the rate limit" for each in time.waits_s if each >= 5]
        assert time.log == long_s
        assert len(long_s) == 2

    def test_a_short_wait_is_not_worth_one(self) -> None:
        with BinanceServer(coins(2), now_ms=FORMING) as server, limited_market(server) as (market, time):
            server.plan(rate_limited(retry_after_s=4), path=KLINES, nth=(1,))
            fetch_all(market, 10)
        assert (time.announced_s != [], time.log) == (True, [])

    def test_a_wait_after_another_is_said_again(self) -> None:
        with BinanceServer(coins(1), now_ms=FORMING) as server, limited_market(server) as (market, time):
            server.plan(rate_limited(retry_after_s=7), path=KLINES, nth=(1, 2))
            fetch_all(market, 10)
        assert time.log == ["binance: waiting 7 s for the rate limit"] * 2


class TestLimitOfTheExchange:
    @pytest.mark.parametrize(
        "limits",
        [
            None, [], {}, [None], [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1}],
            [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": "many"}],
            [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 5, "limit": 5}],
            [{"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 5}],
        ],
    )  # fmt: skip
    def test_a_document_that_names_none_changes_nothing(self, limits: object) -> None:
        assert granted({"rateLimits": limits}) is None

    def test_without_a_word_the_documented_one_counts(self) -> None:
        with (
            BinanceServer(coins(2), now_ms=FORMING, limits=strict(2400)) as server,
            limited_market(server) as (market, _),
        ):
            server.plan(edited(lambda info: {**info, "rateLimits": []}), path=EXCHANGE_INFO)
            assert len(fetch_all(market).candles) == 2


class TestOthersAtTheSameAddress:
    def test_what_another_program_spends_is_left_to_it(self) -> None:
        limits = strict(100)
        limits.spend("swap", 70, FORMING)
        with (
            BinanceServer(coins(20), now_ms=FORMING, limits=limits) as server,
            limited_market(server) as (market, _),
        ):
            assert len(fetch_all(market, 600).candles) == 20
        assert server.refused() == 0

    @pytest.mark.parametrize("same_machine", [True, False], ids=["through the file", "through the exchange"])
    def test_two_runs_that_take_turns_are_not_refused(self, tmp_path: Path, same_machine: bool) -> None:
        limits = strict(60, rolling=True)
        folders = [tmp_path / "a", tmp_path / ("a" if same_machine else "b")]
        with (
            BinanceServer(coins(8), now_ms=FORMING, limits=limits) as server,
            limited_market(server, folder=folders[0]) as (first, _),
            limited_market(server, folder=folders[1]) as (second, _),
        ):
            for market in (first, second, first, second):
                assert len(fetch_all(market, 500).candles) == 8
        assert server.refused() == 0

    def test_two_runs_at_the_same_time_are_not_refused(self, tmp_path: Path) -> None:
        limits = strict(300)
        got: dict[str, Got] = {}
        with BinanceServer(coins(40), now_ms=FORMING, limits=limits, latency_ms=5) as server:
            time = Simulated(server)  # one time for both: it stands still while anything of either is on its way

            def run(name: str) -> None:
                world = {"folder": tmp_path, "pause": time.pause, "clock_ms": time.now_ms, "progress": time}
                with closing(ExchangeMarket("binance", "swap", server.options(limited=True), **world)) as market:
                    got[name] = fetch_all(market)

            threads = [threading.Thread(target=run, args=(name,)) for name in ("first", "second")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert server.refused() == 0
        assert [len(each.candles) for each in got.values()] == [40, 40]

    def test_a_run_knows_before_its_first_request_what_another_has_spent(self, tmp_path: Path) -> None:
        with (
            BinanceServer(coins(5), now_ms=FORMING, limits=strict(36)) as server,
            limited_market(server, folder=tmp_path) as (first, _),
            limited_market(server, folder=tmp_path) as (second, time),
        ):
            fetch_all(first, 1496)
            assert server.limits.used("swap", server.now_ms) == 1 + 1 + 5 * 6 == 0.9 * 36 // 1
            second.listings(quote=None, tickers=False)
            assert (time.waits_s, time.weights) == ([], []), "the list of markets is kept, with the limit"
            second.now_ms()
        assert time.waits_s == [61.0]

    def test_every_wait_that_the_exchange_asks_for_is_every_runs(self, tmp_path: Path) -> None:
        with (
            BinanceServer(coins(2), now_ms=FORMING) as server,
            limited_market(server, folder=tmp_path) as (first, waits),
            limited_market(server, folder=tmp_path) as (second, _),
        ):
            server.plan(rate_limited(retry_after_s=7), path=KLINES, symbol="C00USDT", nth=(1,))
            assert len(fetch_all(first, 10).candles) == 2
            assert waits.waits_s == [7.0]
            fetch_all(second, 10)
            assert server.now_ms - FORMING == 7000

    def test_a_ban_ends_other_runs_before_they_ask(self, tmp_path: Path) -> None:
        with (
            BinanceServer(coins(2), now_ms=FORMING) as server,
            limited_market(server, folder=tmp_path) as (first, _),
            limited_market(server, folder=tmp_path) as (second, _),
        ):
            server.plan(rate_limited(418, retry_after_s=7200), path=KLINES)
            with pytest.raises(BusyError, match="asks to wait 7200 s"):
                fetch_all(first, 10)
            asked = len(server.answered)
            with pytest.raises(BusyError, match="told this machine to stay away"):
                second.now_ms()
            assert len(server.answered) == asked

    def test_both_names_of_the_usdm_market_share_one_limit(self, tmp_path: Path) -> None:
        with BinanceServer(coins(1), now_ms=FORMING) as server, limited_market(server, folder=tmp_path) as (market, _):
            market.now_ms()
        (file,) = (tmp_path / "rate").iterdir()
        assert file.name == f"127.0.0.1%3A{server.base_url.rpartition(':')[2]}.json"


class TestLedger:
    SPENDING = (
        "import sys; from pathlib import Path; from atc_cli.data.exchange.budget import Ledger\n"
        "ledger = Ledger(Path(sys.argv[1]), lambda: 5000)\n"
        "for _ in range(100):\n"
        "    with ledger.open() as spent: spent.account('', 60000).add(1, 5000)\n"
    )

    def test_processes_that_write_at_once_lose_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "rate" / "host.json"
        command = [sys.executable, "-c", self.SPENDING, str(file)]
        processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
        assert [each.wait() for each in processes] == [0] * 4
        with Ledger(file, lambda: 5000).open() as spent:
            assert of_minutes(spent).since(0) == 400

    DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
        "empty": lambda content: b"",
        "cut short": lambda content: content[:-5],
        "without its header": lambda content: content.partition(b"\n")[2],
        "another file": lambda content: b"\xff\xfe\x00" * 9,
        "an endless hold": lambda content: content.replace(b'"held_until_ms":0', b'"held_until_ms":9999999999999'),
        "another sum": lambda content: content.replace(b":50", b":90"),
    }

    @pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
    def test_a_damaged_file_says_nothing_and_is_written_anew(
        self, tmp_path: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        file = tmp_path / "host.json"
        ledger = Ledger(file, lambda: 5000)
        with ledger.open() as spent:
            of_minutes(spent).add(50, 5000)
        whole = file.read_bytes()
        assert damage(whole) != whole
        file.write_bytes(damage(whole))
        with ledger.open() as spent:
            assert (of_minutes(spent).since(0), spent.held_until_ms) == (0, 0)
            of_minutes(spent).add(3, 5000)
        with ledger.open() as spent:
            assert of_minutes(spent).since(0) == 3

    def test_a_full_disk_costs_the_account_and_not_the_run(self, tmp_path: Path) -> None:
        full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        subprocess.run([sys.executable, "-c", full + self.SPENDING, str(tmp_path / "host.json")], cwd=ROOT, check=True)
        assert (tmp_path / "host.json").read_bytes() == b""

    def test_without_a_folder_to_write_in_one_process_still_holds_itself_back(self, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("")
        with (
            BinanceServer(coins(10), now_ms=FORMING, limits=strict(40)) as server,
            limited_market(server, folder=blocked) as (market, _),
        ):
            assert len(fetch_all(market).candles) == 10
        assert server.refused() == 0

    def test_spending_of_a_time_to_come_counts_as_now(self) -> None:
        ahead = Spent()
        of_minutes(ahead).add(50, 10 * HOUR_MS)
        now_ms = 9 * HOUR_MS
        read = of_minutes(Spent.of(ahead.content(), now_ms))
        assert read.since(now_ms) == 50
        assert read.fits_at_ms(60, 100, now_ms) <= now_ms + MINUTE_MS + 1000

    def test_a_hold_lasts_until_its_end_and_not_beyond_a_clock_that_is_set_back(self) -> None:
        spent = Spent()
        spent.hold(600, 10 * HOUR_MS)
        spent.hold(5, 10 * HOUR_MS + 1)
        for now_ms, until_ms in ((10 * HOUR_MS, 10 * HOUR_MS + 600_000), (9 * HOUR_MS, 0)):
            assert Spent.of(spent.content(), now_ms).held_until_ms == until_ms

    def test_old_spending_is_forgotten(self) -> None:
        spent = Spent()
        of_minutes(spent).add(50, HOUR_MS)
        assert Spent.of(spent.content(), HOUR_MS + 10 * MINUTE_MS).accounts == {}

    @pytest.mark.parametrize(
        ("spent_at_s", "weight", "fits_at_s"),
        [((), 10, 100), ((99,) * 10, 1, 160), ((50, 60) * 5, 1, 111), ((50, 60) * 5, 6, 121), ((39,) * 10, 10, 100)],
    )
    def test_room_comes_when_a_minute_has_passed_since_enough_was_spent(
        self, spent_at_s: tuple[int, ...], weight: int, fits_at_s: int
    ) -> None:
        account = Account(MINUTE_MS)
        for second in spent_at_s:
            account.add(1, second * 1000)
        assert account.fits_at_ms(weight, 10, 100_000) == fits_at_s * 1000

    def test_a_file_of_another_version_says_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "host.json"
        before = {"by_second": {"5000": 50}, "held_from_ms": 0, "held_until_ms": 9000}
        file.write_bytes(sealed.dump("atc.rate/1", before))
        with Ledger(file, lambda: 5000).open() as spent:
            assert spent == Spent()


def test_an_error_of_the_exchange_costs_weight_like_an_answer(tmp_path: Path) -> None:
    limits = strict(50)
    with (
        BinanceServer(coins(30), now_ms=FORMING, limits=limits) as server,
        limited_market(server, folder=tmp_path) as (market, _),
    ):
        server.plan(refused(500), path=KLINES, nth=tuple(range(1, 200, 3)))
        fetch_all(market, 600)
    assert server.refused() == 0

    @pytest.mark.parametrize("kind", [os.symlink, os.link], ids=["symbolic", "hard"])
    def test_a_link_in_place_of_the_account_leaves_its_target_alone_and_is_named(
        self, tmp_path: Path, kind: Callable[[Path, Path], None]
    ) -> None:
        target, file, said = tmp_path / "precious", tmp_path / "rate" / "host.json", []
        target.write_text("precious")
        file.parent.mkdir()
        kind(target, file)
        ledger = Ledger(file, lambda: 5000, said.append)
        for _ in range(2):
            with ledger.open() as spent:
                of_minutes(spent).add(3, 5000)
        with ledger.open() as spent:
            assert of_minutes(spent).since(0) == 6
        assert target.read_text() == "precious"
        (note,) = said
        assert str(file) in note

    def test_a_fifo_in_place_of_the_account_holds_nobody_up_and_is_named(self, tmp_path: Path) -> None:
        with BinanceServer(coins(2), now_ms=FORMING) as server:
            file = tmp_path / "rate" / f"127.0.0.1%3A{server.base_url.rpartition(':')[2]}.json"
            file.parent.mkdir()
            os.mkfifo(file)
            with limited_market(server, folder=tmp_path) as (market, _):
                assert len(fetch_all(market).candles) == 2
        assert [each for each in market.notes if str(file) in each] == market.notes
        assert len(market.notes) == 1
