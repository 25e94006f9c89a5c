"""How short a window is, and the steps of a scan by short windows, on a market held in memory."""

from collections.abc import Callable, Sequence

import pytest

from atc_cli.commands import scan
from atc_cli.commands.tally import Tally
from atc_cli.data.exchange.pages import Paging
from atc_cli.data.exchange.tariff import tariff_of
from atc_cli.data.market import Delivery, Listing, Price, Prices
from atc_cli.data.prefilter import SHARE_MAX, short_bars
from atc_cli.domain.results.scan import ScanResult
from atc_cli.domain.window import Window
from atc_cli.errors import BusyError, UnavailableError
from tests.helpers.markets import HOUR_MS, NOW_MS, MemoryMarket, NoProgress, hourly, ports, walk

WARMUP_BARS = 39  # of the usual lengths


def binance(kind: str) -> Prices:
    tariff = tariff_of("binance", kind)
    assert tariff is not None
    pages = Paging(tariff.page_bars, tariff.page_weight)
    return lambda bars: Price(0, sum(map(pages.weight, pages.sizes(bars + 1))))


def by_request(page_bars: int) -> Prices:
    pages = Paging(page_bars)
    return lambda bars: Price(len(pages.sizes(bars + 1)), 0)


@pytest.mark.parametrize(
    ("prices", "symbols", "chosen", "bars"),
    [
        (binance("swap"), 217, 50, 98),  # weight 1 of 7; 498 bars would come to 52 %
        (binance("swap"), 217, 40, 498),
        (binance("swap"), 500, 50, 498),  # weight 2 of 7: 39 %
        (binance("swap"), 1000, 50, 498),
        (binance("swap"), 50, 50, None),
        (binance("swap"), 0, 50, None),
        (binance("spot"), 400, 50, 999),
        (by_request(1000), 400, 50, 999),
        (by_request(200), 400, 50, 199),  # 1 of 8 requests, and enough
        (by_request(150), 400, 50, 299),  # 2 of 11 requests: 149 bars are not enough yet
        (by_request(1501), 400, 50, None),  # one request holds the whole window
    ],
)
def test_a_short_window_is_the_longest_that_is_cheap_and_none_where_whole_ones_cost_no_more(
    prices: Prices, symbols: int, chosen: int, bars: int | None
) -> None:
    assert short_bars(prices, 1500, WARMUP_BARS, symbols, chosen) == bars


@pytest.mark.parametrize("symbols", range(60, 1200, 37))
@pytest.mark.parametrize("chosen", [10, 50, 100])
def test_no_choice_costs_more_than_whole_windows_of_all(symbols: int, chosen: int) -> None:
    prices = binance("swap")
    bars = short_bars(prices, 1500, WARMUP_BARS, symbols, chosen)
    whole = symbols * prices(1500).weight
    if bars is not None:
        spent = symbols * prices(bars).weight + min(chosen, symbols) * prices(1500).weight
        assert spent < whole
        assert bars == 98 or spent <= SHARE_MAX * whole


def test_the_least_window_grows_with_the_warm_up() -> None:
    assert short_bars(binance("swap"), 1500, 68, 217, 50) == 498  # of tradingview
    assert short_bars(binance("swap"), 1500, 300, 5000, 50) == 997
    assert short_bars(binance("swap"), 1500, 600, 5000, 50) is None


class Priced(MemoryMarket):
    """Windows of more than 98 bars cost seven times as much; every question is noted, and takes 10 minutes.

    What it delivers goes on past its clock, as if bars closed meanwhile.
    """

    def __init__(self, symbols: int, *, before: Callable[[int, str], None] = lambda bars, symbol: None) -> None:
        last_open_ms = NOW_MS // HOUR_MS * HOUR_MS + 8 * HOUR_MS
        super().__init__([walk(f"C{each:02}", 240, each, last_open_ms=last_open_ms) for each in range(symbols)])
        self.asked: list[tuple[int, str]] = []
        self._told_ms = NOW_MS
        self._look = before

    def prices(self, timeframe: str) -> Prices:
        return lambda bars: Price(1, 1 if bars <= 98 else 7)

    def now_ms(self) -> int:
        self._told_ms += HOUR_MS // 6
        return self._told_ms

    def fetch(self, listings: Sequence[Listing], window: Window, deliver: Delivery) -> None:
        for each in listings:
            self._told_ms += HOUR_MS // 6
            self._look(window.bars or 0, each.symbol)
            self.asked.append((window.bars or 0, each.symbol))
            deliver(self._raw[each.symbol])


SYMBOLS = 20


def scanned(market: MemoryMarket, **changes: object) -> ScanResult:
    return scan.run(hourly(prefilter=2, **changes), ports(market), tally=Tally(NoProgress()))


def named(result: ScanResult, *, approximate: bool) -> set[str]:
    return {row.symbol for row in result.rows if row.approximate is approximate}


def test_every_step_is_as_of_one_time() -> None:
    market = Priced(SYMBOLS)
    result = scanned(market)
    assert len({row.bar_time_ms for row in result.rows}) == 1
    assert {bars for bars, _ in market.asked} == {98, 200}
    assert len(result.rows) == SYMBOLS


def test_an_interrupt_among_short_windows_leaves_what_had_arrived_and_no_whole_one_is_asked_for() -> None:
    def interrupted(bars: int, symbol: str) -> None:
        if symbol == "C10":
            raise KeyboardInterrupt

    market = Priced(SYMBOLS, before=interrupted)
    result = scanned(market)
    assert result.interrupted
    assert named(result, approximate=True) == {f"C{number:02}" for number in range(10)}
    assert not named(result, approximate=False)
    assert {(skip.symbol, skip.reason.value) for skip in result.skipped} == {
        (f"C{number:02}", "interrupted") for number in range(10, SYMBOLS)
    }
    assert result.prefiltered is not None
    assert (result.prefiltered.short, result.prefiltered.whole) == (SYMBOLS, 0)


def test_an_interrupt_among_whole_windows_leaves_those_that_had_arrived_and_the_short_ones() -> None:
    asked: list[str] = []

    def interrupted(bars: int, symbol: str) -> None:
        asked.append(symbol)
        if bars == 200 and len(asked) == SYMBOLS + 3:
            raise KeyboardInterrupt

    result = scanned(Priced(SYMBOLS, before=interrupted))
    assert result.interrupted
    assert named(result, approximate=False) == set(asked[SYMBOLS : SYMBOLS + 2])
    assert len(result.rows) == SYMBOLS
    assert not result.skipped


@pytest.mark.parametrize("error", [UnavailableError, BusyError])
def test_a_market_that_fails_after_the_short_windows_costs_the_chosen_and_no_others(error: type[Exception]) -> None:
    def failing(bars: int, symbol: str) -> None:
        if bars == 200:
            raise error("gone")

    market = Priced(SYMBOLS, before=failing)
    result = scanned(market)
    chosen = {skip.symbol for skip in result.skipped if skip.reason.value == "fetch_failed"}
    assert 2 <= len(chosen) <= 4
    assert named(result, approximate=True) == {f"C{number:02}" for number in range(SYMBOLS)} - chosen


def test_a_market_that_fails_at_once_ends_the_scan() -> None:
    def failing(bars: int, symbol: str) -> None:
        raise UnavailableError("gone")

    with pytest.raises(UnavailableError):
        scanned(Priced(SYMBOLS, before=failing))


def test_approximate_rows_come_last_whatever_the_order() -> None:
    for key in ("signal", "-signal", "symbol", "-price", "age"):
        rows = scanned(Priced(SYMBOLS), sort=key).rows
        marks = [row.approximate for row in rows]
        assert marks == sorted(marks), key
        assert max(row.rank for row in rows if not row.approximate) == marks.count(False), key


def test_filters_count_approximate_rows_that_they_take_out() -> None:
    plain, few = scanned(Priced(SYMBOLS)), scanned(Priced(SYMBOLS), top=1, all=False)
    sides = {row.side for row in few.rows}
    assert len(few.rows) == len(sides)
    assert not any(row.approximate for row in few.rows)
    assert sum(few.hidden.values()) + len(few.rows) == SYMBOLS
    assert sum(few.breadth.values()) == len(plain.rows) == SYMBOLS


def test_a_minimum_of_bars_holds_for_whole_windows_and_a_cut_out_for_them_alone() -> None:
    result = scanned(Priced(SYMBOLS), min_bars=150, cutout=120)
    assert len(result.rows) == SYMBOLS
    assert named(result, approximate=False)
    assert {row.bars for row in result.rows} == {98, 200}
