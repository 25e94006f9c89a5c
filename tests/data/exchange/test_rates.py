"""Pages and rates of the big exchanges, against servers that enforce what is published in simulated time.

A server counts in any window of the published length, and so refuses whatever one with its own alignment would.
"""

import asyncio
import subprocess
import sys
import threading
from contextlib import closing
from math import ceil
from pathlib import Path

import pytest

from atc_cli.data.exchange.market import ExchangeMarket
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS
from atc_cli.domain.window import Window
from tests.conftest import ROOT
from tests.helpers.exchange_case import FORMING, Got, Simulated, assert_same, coins, hourly, limited_market, market_of
from tests.helpers.published import BITGET, BITGET_SWAP, BYBIT, GATE, KRAKEN, KUCOIN, OKX, Published, name_of
from tests.loopback import (
    AnyWindow,
    BitgetServer,
    GateServer,
    LoopbackServer,
    Symbol,
    bitget,
    fixed,
    gate,
    kraken,
    kucoin,
    okx,
    wandering,
)

pytestmark = pytest.mark.filterwarnings("ignore:enable_cleanup_closed:DeprecationWarning")  # ccxt's, newer Pythons

BARS = 1500


ALL = [KRAKEN, KUCOIN, BITGET, BITGET_SWAP, BYBIT, GATE]


def fetched(market: ExchangeMarket, bars: int) -> Got:
    got = Got()
    listings = market.listings(quote="USDT", tickers=False)
    market.fetch(listings, Window(timeframe="1h", now_ms=market.now_ms(), bars=bars), got)
    assert got.skipped == {}
    return got


class TestPages:
    @pytest.mark.parametrize("published", ALL, ids=name_of)
    def test_a_cold_scan_asks_for_as_few_pages_as_hold_the_candles(self, published: Published) -> None:
        symbols = coins(3)
        with (
            published.serving(symbols, enforced=False) as server,
            market_of(server, published.kind, published.exchange) as (market, _),
        ):
            got = fetched(market, BARS)
            assert server.count(published.path) == 3 * published.fewest(BARS)
            assert not [each for each in server.answered if "candles" in each.name and each.name != published.path]
        first_ms = FORMING // HOUR_MS * HOUR_MS - BARS * HOUR_MS
        for symbol in symbols:
            raw = got.candles[symbol.id]
            closed = raw.timestamp[raw.timestamp < FORMING // HOUR_MS * HOUR_MS]
            assert len(closed) == min(BARS, published.held_bars - 1)
            truth = symbol.bars("1h", max(first_ms, int(closed[0])), int(closed[-1]), FORMING)
            assert (raw.values[: len(closed)].round(4) == truth[:, 1:].round(4)).all()

    def test_okx_is_asked_for_six_pages_that_overlap_by_a_candle(self) -> None:
        with OKX.serving(coins(1), enforced=False) as server, market_of(server, "spot", "okx") as (market, _):
            assert len(fetched(market, BARS).candles["C00USDT"].timestamp) == BARS + 1
            assert server.count(okx.CANDLES) + server.count(okx.HISTORY) == ceil((BARS + 1) / 300)

    def test_the_forming_candle_is_there_where_it_is_wanted_though_it_costs_a_page(self) -> None:
        table = hourly(1600)
        with (
            KUCOIN.serving([Symbol("BTC", bars=fixed(table))], enforced=False) as server,
            market_of(server, "spot", "kucoin") as (market, _),
        ):
            listings, got = market.listings(quote=None, tickers=False), Got()
            market.fetch(listings, Window(timeframe="1h", now_ms=FORMING, bars=BARS, forming=True), got)
            assert server.count(kucoin.CANDLES) == 2
        assert_same(got.candles["BTCUSDT"], table[-BARS - 1 :])

    @pytest.mark.parametrize("bars", [1499, 1501])
    def test_a_page_more_or_less_of_kucoin_brings_the_forming_candle_along(self, bars: int) -> None:
        table = hourly(1600)
        with (
            KUCOIN.serving([Symbol("BTC", bars=fixed(table))], enforced=False) as server,
            market_of(server, "spot", "kucoin") as (market, _),
        ):
            assert_same(fetched(market, bars).candles["BTCUSDT"], table[-bars - 1 :])

    @pytest.mark.parametrize(("bars", "requests"), [(1900, 2), (2500, 6)])
    def test_bitget_has_recent_candles_by_the_thousand_and_old_ones_by_two_hundred(
        self, bars: int, requests: int
    ) -> None:
        """83 days of hours are recent, less one that ccxt leaves: 1968."""
        table = hourly(4000)
        with (
            BITGET.serving([Symbol("BTC", bars=fixed(table))], enforced=False) as server,
            market_of(server, "spot", "bitget") as (market, _),
        ):
            got = fetched(market, bars)
            old = [each for each in server.answered if each.name == bitget.HISTORY]
            recent = [each for each in server.answered if each.name == bitget.CANDLES]
            assert len(recent) + len(old) <= requests
            assert all(int(each.query["startTime"]) <= FORMING - 82 * DAY_MS for each in old)
        assert_same(got.candles["BTCUSDT"], table[-bars - 1 :])

    @pytest.mark.parametrize("bars", [30, 300, 719])
    def test_a_young_symbol_of_kraken_has_all_its_candles_after_a_second_look(self, bars: int) -> None:
        table = hourly(bars)
        with (
            KRAKEN.serving([Symbol("NEW", bars=fixed(table))], enforced=False) as server,
            market_of(server, "spot", "kraken") as (market, _),
        ):
            assert_same(fetched(market, BARS).candles["NEWUSDT"], table)
            assert server.count(kraken.OHLC) == 2


class Together(Simulated):
    """One time for several runs in threads: it goes on to the end of the shortest wait when every run waits."""

    def __init__(self, server: LoopbackServer, runs: int) -> None:
        super().__init__(server)
        self.runs = runs
        self._until_ms: dict[object, tuple[int, int]] = {}
        self._lock = threading.Lock()

    async def pause(self, seconds: float) -> None:
        me, until_ms = object(), self.now_ms() + round(seconds * 1000)
        with self._lock:
            self._until_ms[me] = (threading.get_ident(), until_ms)
        while self.now_ms() < until_ms:
            await asyncio.sleep(0.001)
            with self._lock:
                waiting = {thread for thread, _ in self._until_ms.values()}
                if len(waiting) == self.runs and len(self.weights) <= len(self.server.answered):
                    next_ms = min(until for _, until in self._until_ms.values())
                    self.server.advance(max(next_ms - self.now_ms(), 0))
        with self._lock:
            del self._until_ms[me]


TIMED = [
    (KRAKEN, 20, 0),
    (KUCOIN, 700, 7),
    (BITGET, 60, 0),
    (BITGET_SWAP, 60, 7),
    (BYBIT, 700, 0),
    (GATE, 250, 7),
    (OKX, 100, 0),
]


class TestRates:
    @pytest.mark.parametrize(("published", "symbols", "latency_ms"), TIMED, ids=[name_of(each[0]) for each in TIMED])
    def test_a_fetch_is_as_fast_as_is_published_and_never_refused(
        self, published: Published, symbols: int, latency_ms: int
    ) -> None:
        with (
            published.serving(coins(symbols), latency_ms=latency_ms) as server,
            limited_market(server, published.kind, exchange=published.exchange) as (market, _),
        ):
            listings = market.listings(quote="USDT", tickers=False)
            now_ms, began_ms, got = market.now_ms(), server.now_ms, Got()
            market.fetch(listings, Window(timeframe="1h", now_ms=now_ms, bars=10), got)
            took_ms = server.now_ms - began_ms
        assert len(got.candles) == symbols
        assert server.refused() == 0
        assert took_ms <= 1.15 * published.least_ms(symbols) + symbols * latency_ms

    @pytest.mark.parametrize("published", [KRAKEN, KUCOIN, BITGET, BYBIT], ids=name_of)
    def test_twenty_symbols_of_1500_candles_take_no_longer_than_is_published(self, published: Published) -> None:
        with (
            published.serving(coins(20)) as server,
            limited_market(server, published.kind, exchange=published.exchange) as (market, _),
        ):
            listings = market.listings(quote="USDT", tickers=False)
            now_ms, began_ms, got = market.now_ms(), server.now_ms, Got()
            market.fetch(listings, Window(timeframe="1h", now_ms=now_ms, bars=BARS), got)
            took_ms, requests = server.now_ms - began_ms, server.count(published.path)
        assert (server.refused(), requests) == (0, 20 * published.fewest(BARS))
        assert took_ms <= 1.15 * published.least_ms(requests)

    @pytest.mark.parametrize("published", [KRAKEN, KUCOIN, BITGET, BYBIT, GATE, OKX], ids=name_of)
    def test_two_runs_at_the_same_time_are_not_refused(self, published: Published, tmp_path: Path) -> None:
        got: dict[str, Got] = {}
        with published.serving(coins(12)) as server:
            time = Together(server, runs=2)

            def run(name: str) -> None:
                world = {"folder": tmp_path, "pause": time.pause, "clock_ms": time.now_ms, "progress": time}
                options = server.options(limited=True)
                try:
                    with closing(ExchangeMarket(published.exchange, published.kind, options, **world)) as market:
                        got[name] = fetched(market, 900)
                finally:
                    time.runs -= 1

            threads = [threading.Thread(target=run, args=(name,)) for name in ("first", "second")]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert server.refused() == 0
        assert [len(each.candles) for each in got.values()] == [12, 12]

    def test_what_kucoin_says_is_left_counts_and_a_lower_limit_that_it_tells(self) -> None:
        """Another program at this address has spent most of a window of 200, not of 2000."""
        with KUCOIN._replace(weight=200).serving(coins(80)) as server:
            server.limits.spend("spot", 100, FORMING)
            with limited_market(server, "spot", exchange="kucoin") as (market, time):
                assert len(fetched(market, 10).candles) == 80
            assert server.refused() == 0
        assert time.waits_s != []

    def test_what_gate_says_is_left_of_an_endpoint_counts_for_it(self) -> None:
        with GATE.serving(coins(60)) as server:
            server.limits.spend(gate.CANDLESTICKS, 150, FORMING)
            with limited_market(server, "spot", exchange="gate") as (market, _):
                assert len(fetched(market, 10).candles) == 60
            assert server.refused() == 0

    def test_a_refusal_of_kucoin_is_waited_out_as_long_as_its_header_says(self) -> None:
        with KUCOIN.serving(coins(2)) as server:
            server.limits.spend("spot", 2000, FORMING - 10_000)
            with limited_market(server, "spot", exchange="kucoin") as (market, time):
                assert len(fetched(market, 10).candles) == 2
            assert server.refused() == 1
        assert time.waits_s[0] == 30

    def test_a_tenth_of_the_limit_is_never_used(self) -> None:
        limits = AnyWindow(200, 10_000)
        with (
            GateServer(coins(250), now_ms=FORMING, limits=limits) as server,
            limited_market(server, "spot", exchange="gate", rate_share=0.5) as (market, _),
        ):
            fetched(market, 5)
        assert limits.peak(gate.CANDLESTICKS) == 100

    def test_ccxts_own_throttle_is_on_where_a_settings_file_sets_its_pace(self) -> None:
        with KRAKEN.serving(coins(2), enforced=False) as server, limited_market(server) as (_, time):
            options = {**server.options(limited=True), "rateLimit": 1}
            world = {"pause": time.pause, "clock_ms": time.now_ms, "progress": time}
            with closing(ExchangeMarket("kraken", "spot", options, **world)) as market:
                fetched(market, 10)
        assert time.waits_s == []


class TestProcesses:
    RUN = """
import sys
from contextlib import closing
from pathlib import Path
from atc_cli.data.exchange.market import ExchangeMarket
from atc_cli.domain.window import Window
url, folder = sys.argv[1:]
urls = dict.fromkeys(("spot", "mix", "common", "margin", "uta"), url)
with closing(ExchangeMarket("bitget", "spot", {"urls": {"api": urls}}, folder=Path(folder), rate_share=0.7)) as market:
    listings = market.listings(quote="USDT", tickers=False)
    print("ready", flush=True)
    sys.stdin.readline()
    window = Window(timeframe="1h", now_ms=market.now_ms(), bars=1500)
    market.fetch(listings, window, lambda raw: print(len(getattr(raw, "timestamp", ())), flush=True))
"""

    def test_two_processes_at_once_share_one_account(self, tmp_path: Path) -> None:
        """In real time: without an account of their own ccxt would let twenty a second through in each of them."""
        coin = [Symbol(f"C{i}", bars=wandering(i)) for i in range(8)]
        with BitgetServer(coin, limits=AnyWindow(20, 1000)) as server:
            command = [sys.executable, "-W", "ignore", "-c", self.RUN, server.base_url, str(tmp_path)]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            processes = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(2)]
            for each in processes:
                assert each.stdout is not None
                assert each.stdout.readline() == "ready\n"
            out = [each.communicate("go\n")[0].split() for each in processes if each.stdin]
        assert out == [["1501"] * 8] * 2
        assert (server.refused(), server.count(bitget.CANDLES)) == (0, 32)
