"""What the simulated market promises: a function of seed and bar time, on a tick grid, and life-like enough."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atc_cli.data.demo import DemoMarket
from atc_cli.data.market import Listing
from atc_cli.domain import reference
from atc_cli.domain.classify import side_of
from atc_cli.domain.grid import prices_of
from atc_cli.domain.growth import growth_table
from atc_cli.domain.panel import Candles, RawCandles, check
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import Side, Skipped
from atc_cli.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, TIMEFRAMES_MS, newest_closed_open_ms
from atc_cli.domain.window import Window

NOW_MS = int(datetime(2026, 3, 3, 12, 7, 31, tzinfo=UTC).timestamp() * 1000) + 250
YEAR_MS = 365 * DAY_MS
PARAMS = Params()


def market(seed: int = 7, now_ms: int = NOW_MS) -> DemoMarket:
    return DemoMarket(seed, lambda: now_ms)


def everything(source: DemoMarket, *, tickers: bool = False) -> list[Listing]:
    return source.listings(quote=None, tickers=tickers)


def candles(
    timeframe: str = "15m", bars: int = 300, *, seed: int = 7, now_ms: int = NOW_MS, every: int = 1
) -> dict[str, Candles]:
    """Checked candles by symbol; each delivery must pass the check."""
    source = market(seed, now_ms)
    arrived: list[RawCandles | Skipped] = []
    source.fetch(
        everything(source)[::every], Window(timeframe=timeframe, now_ms=source.now_ms(), bars=bars), arrived.append
    )
    checked = {each.symbol: check(each) for each in arrived if isinstance(each, RawCandles)}
    assert len(checked) == len(arrived)
    sound = {symbol: each for symbol, each in checked.items() if isinstance(each, Candles)}
    assert sound.keys() == checked.keys()
    return sound


def closed(each: Candles, timeframe: str = "15m", now_ms: int = NOW_MS) -> Candles:
    count = int((each.timestamp + TIMEFRAMES_MS[timeframe] <= now_ms).sum())
    return each.between(0, count)


def same_where_both_have_bars(one: Candles, other: Candles) -> int:
    """Asserts equal values at common times; returns how many there are."""
    common, here, there = np.intersect1d(one.timestamp, other.timestamp, return_indices=True)
    assert np.array_equal(one.values[:, here], other.values[:, there])
    return len(common)


def sides(each: dict[str, Candles]) -> list[Side]:
    values = [reference.compute(c.values, PARAMS, growth_table(PARAMS, len(c))) for c in each.values()]
    return [side_of(float(value.average[-1]), PARAMS) for value in values]


# Symbols


def test_there_are_120_symbols_that_nobody_takes_for_coins() -> None:
    listings = everything(market())
    assert len({each.symbol for each in listings}) == 120
    assert all(re.fullmatch(r"SIM\d{3}/USDT:USDT", each.symbol) for each in listings)
    assert all(re.fullmatch(r"SIM\d{3}USDT", each.native) for each in listings)
    assert {(each.exchange, each.quote) for each in listings} == {("demo", "USDT")}
    assert [each.symbol for each in listings] == sorted(each.symbol for each in listings)


def test_it_says_that_it_is_simulated() -> None:
    source = market()
    assert (source.name, source.title, source.simulated, source.live) == ("demo", "demo", True, True)


def test_its_time_is_the_clock_it_was_given() -> None:
    assert market(now_ms=123_456_789).now_ms() == 123_456_789


@pytest.mark.parametrize(("quote", "count"), [(None, 120), ("USDT", 120), ("usdt", 120), ("BTC", 0), ("", 0)])
def test_only_its_own_quote_currency_lists_anything(quote: str | None, count: int) -> None:
    assert len(market().listings(quote=quote, tickers=False)) == count


def test_day_figures_come_with_tickers_only() -> None:
    assert all(each.change_24h_frac is None and each.quote_volume is None for each in everything(market()))
    figures = everything(market(), tickers=True)
    changes = np.array([each.change_24h_frac for each in figures], float)
    turnover = np.array([each.quote_volume for each in figures], float)
    assert (changes > -1).all()
    assert (changes > 0).any()
    assert (changes < 0).any()
    assert (turnover > 0).all()
    assert turnover.max() > 100 * turnover.min()


def test_a_day_figure_is_what_the_hours_say() -> None:
    source = market()
    figure = everything(source, tickers=True)[0]
    hours = candles("1h", 24)[figure.symbol]
    assert figure.change_24h_frac == hours.close[-1] / hours.values[0, 0] - 1


def test_only_the_listings_asked_for_are_delivered_one_by_one() -> None:
    source = market()
    wanted = everything(source)[5:2:-1]
    arrived: list[RawCandles | Skipped] = []
    source.fetch(wanted, Window(timeframe="1h", now_ms=source.now_ms(), bars=10), arrived.append)
    assert [each.symbol for each in arrived] == [each.symbol for each in wanted]


# The same candle whenever it is asked for


def test_the_same_seed_and_clock_give_the_same_bits() -> None:
    one, other = candles(), candles()
    assert all(same_where_both_have_bars(one[symbol], other[symbol]) == len(one[symbol]) for symbol in one)


def test_another_seed_gives_other_prices() -> None:
    one, other = candles(every=10), candles(seed=8, every=10)
    for symbol in one:
        bars = min(len(one[symbol]), len(other[symbol]))
        assert not np.array_equal(one[symbol].close[-bars:], other[symbol].close[-bars:])


@given(st.sampled_from(sorted(TIMEFRAMES_MS)), st.integers(1, 400), st.integers(0, 20 * DAY_MS))
@settings(max_examples=25)
def test_a_closed_candle_is_the_same_in_every_window_and_at_every_later_time(
    timeframe: str, bars: int, later_ms: int
) -> None:
    before = candles(timeframe, 400, every=10)
    after = candles(timeframe, bars, now_ms=NOW_MS + later_ms, every=10)
    for symbol, each in before.items():
        same_where_both_have_bars(closed(each, timeframe), after[symbol])


def test_a_window_ends_in_the_forming_bar_and_has_the_closed_bars_asked_for() -> None:
    for timeframe in ("1m", "15m", "1d", "1w"):
        newest = newest_closed_open_ms(NOW_MS, timeframe)
        full = [each for each in candles(timeframe, 50).values() if len(each) == 51]
        assert len(full) > 90
        assert all(each.timestamp[-2:].tolist() == [newest, newest + TIMEFRAMES_MS[timeframe]] for each in full)


def test_a_bar_that_opens_now_is_there_without_range_or_volume() -> None:
    on_the_hour = NOW_MS // HOUR_MS * HOUR_MS
    for each in candles("1h", 3, now_ms=on_the_hour).values():
        assert each.timestamp[-1] == on_the_hour
        assert len(set(each.values[:4, -1])) == 1
        assert each.values[4, -1] == 0


def test_the_forming_bar_opens_where_it_will_open_and_grows_into_the_closed_one() -> None:
    start = NOW_MS // HOUR_MS * HOUR_MS
    at = [candles("1h", 2, now_ms=start + minutes * MINUTE_MS, every=10) for minutes in (10, 40, 60)]
    for symbol in at[0]:
        early, late = at[0][symbol].values[:, -1], at[1][symbol].values[:, -1]
        final = at[2][symbol].values[:, list(at[2][symbol].timestamp).index(start)]
        assert early[0] == late[0] == final[0]
        assert 0 < early[4] < final[4]
        assert not np.array_equal(early, late)


def test_timeframes_agree_on_opens_and_closes() -> None:
    slow, fast = candles("4h", 20), candles("15m", 400)
    for symbol in slow:
        four_hours, quarters = closed(slow[symbol], "4h"), fast[symbol]
        common, of_slow, of_fast = np.intersect1d(four_hours.timestamp, quarters.timestamp, return_indices=True)
        assert np.array_equal(four_hours.values[0, of_slow], quarters.values[0, of_fast]), symbol
        last_quarter = four_hours.timestamp + 4 * HOUR_MS - 15 * MINUTE_MS
        _, of_slow, of_fast = np.intersect1d(last_quarter, quarters.timestamp, return_indices=True)
        assert np.array_equal(four_hours.close[of_slow], quarters.close[of_fast]), symbol
        assert len(common) > 15 or len(quarters) < 400


def test_a_bar_opens_at_the_close_before() -> None:
    for each in candles().values():
        adjacent = np.diff(each.timestamp) == 15 * MINUTE_MS
        assert np.array_equal(each.values[0, 1:][adjacent], each.close[:-1][adjacent])


# Ticks and size


@pytest.mark.parametrize("timeframe", ["1m", "15m", "1d"])
def test_every_symbol_is_on_a_decimal_grid(timeframe: str) -> None:
    for symbol, each in candles(timeframe, 1500).items():
        assert prices_of(each.values, PARAMS).on_grid, symbol


def test_prices_are_the_shortest_decimals_of_their_tick() -> None:
    for each in candles(bars=60).values():
        decimals = prices_of(each.values, PARAMS).decimals
        assert decimals is not None
        for price in each.close.tolist():
            assert float(f"{price:.{decimals}f}") == price


def test_price_scales_span_eleven_decades() -> None:
    last = np.array([each.close[-1] for each in candles(bars=1).values()])
    assert last.min() < 1e-5
    assert last.max() > 1e4
    assert len(np.unique(np.floor(np.log10(last)))) >= 10


@pytest.mark.parametrize("now_ms", [NOW_MS - 5 * YEAR_MS, NOW_MS + YEAR_MS, NOW_MS + 10 * YEAR_MS])
def test_years_before_and_after_it_is_still_sound(now_ms: int) -> None:
    now, then = candles("1d", 500), candles("1d", 500, now_ms=now_ms)
    ratio = np.array([then[symbol].close[-1] / now[symbol].close[-1] for symbol in now])
    assert (np.abs(np.log(ratio)) < np.log(1e4)).all()
    assert 0.1 < np.median(ratio) < 10


# Life


def test_hourly_volatility_is_that_of_coins_some_quiet_some_wild() -> None:
    moves = np.array([np.diff(np.log(each.close)).std() for each in candles("1h", 500).values() if len(each) > 100])
    assert 0.001 < moves.min() < 0.006
    assert 0.006 < np.median(moves) < 0.02
    assert 0.015 < moves.max() < 0.05


def test_volume_is_larger_in_bars_with_a_larger_range() -> None:
    related = []
    for each in candles("1h", 500, every=10).values():
        whole = closed(each, "1h")
        if len(whole) > 200:
            spread = np.log(whole.values[1] / whole.values[2])
            related.append(np.corrcoef(spread, np.log(whole.values[4] + 1e-12))[0, 1])
    assert min(related) > 0.1


def test_most_symbols_are_years_old_a_dozen_young_and_three_too_young() -> None:
    days = np.array([len(each) - 1 for each in candles("1d", 5000).values()])
    assert (days > 365).sum() == 105
    assert ((days > 0) & (days <= 60)).sum() == 12
    quarters = np.array([len(closed(each)) for each in candles().values()])
    assert (quarters < PARAMS.warmup_bars).sum() == 3


@pytest.mark.parametrize("timeframe", ["15m", "1d"])
@pytest.mark.parametrize("seed", [0, 7])
def test_some_symbols_are_long_and_some_are_short(timeframe: str, seed: int) -> None:
    old = {symbol: each for symbol, each in candles(timeframe, 200, seed=seed, every=6).items() if len(each) > 150}
    found = sides(old)
    assert len(found) >= 15
    assert {Side.LONG, Side.SHORT} <= set(found)


@pytest.mark.parametrize(("since_h", "until_h"), [(40, 10), (3, None), (24 * 900, 24 * 899)])
def test_a_range_in_time_is_the_same_bars(since_h: int, until_h: int | None) -> None:
    source = market()
    since_ms, until_ms = NOW_MS - since_h * HOUR_MS, None if until_h is None else NOW_MS - until_h * HOUR_MS
    arrived: list[RawCandles | Skipped] = []
    window = Window(timeframe="1h", now_ms=NOW_MS, since_ms=since_ms, until_ms=until_ms)
    source.fetch(everything(source)[::10], window, arrived.append)
    whole = candles("1h", since_h + 1, every=10)
    for each in arrived:
        stamps = whole[each.symbol].timestamp
        assert each.timestamp.tolist() == stamps[(stamps >= since_ms) & (stamps < (until_ms or NOW_MS))].tolist()
        if len(each.timestamp):
            assert same_where_both_have_bars(check(each), whole[each.symbol]) == len(each.timestamp)
