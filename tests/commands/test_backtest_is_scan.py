"""What a backtest trades by is what scans at those bars show: the same symbols, the same signals to the last bit."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from atc_cli.commands import scan
from atc_cli.commands.costs import costs_of
from atc_cli.commands.history import past_of
from atc_cli.commands.rates import Funding
from atc_cli.data.files.folder import FolderMarket
from atc_cli.data.market import Listing
from atc_cli.domain.catalog import Dialect
from atc_cli.domain.panel import RawCandles
from atc_cli.domain.rules import Rules
from atc_cli.domain.tape import Tape
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.domain.window import Window
from atc_cli.settings.backtest import BacktestRun
from atc_cli.settings.sections import Settings
from tests.conftest import SHARED, needs_shared
from tests.helpers.markets import MemoryMarket, ports, walk

RANKED = Rules(max_positions=3)


def tape_of(series: Sequence[RawCandles], settings: Settings, **own: object) -> Tape:
    """What a backtest walks along, as of the newest bar of the series."""
    run = BacktestRun(**own)
    market = MemoryMarket(series, now_ms=newest_ms(series) + HOUR_MS, live=False)
    found = past_of(settings, run, ports(market), RANKED, Funding.read(run, costs_of(settings, run)))
    return found.tape


def newest_ms(series: Sequence[RawCandles]) -> int:
    return max(int(each.timestamp[-1]) for each in series)


def check_points(series: Sequence[RawCandles], settings: Settings, places: int, *, seed: int, **own: object) -> int:
    """Compare every symbol at so many random bars with a scan at that bar; how many rows that were."""
    tape = tape_of(series, settings, **own)
    every = replace(settings, all=True, max_lag=10**6)
    compared = 0
    chosen = np.random.default_rng(seed).choice(len(tape.axis_ms), places, replace=False)
    for place in chosen.tolist():
        open_ms = int(tape.axis_ms[place])
        upto = [cut for each in series if (cut := until(each, open_ms)) is not None]
        market = MemoryMarket(upto, now_ms=open_ms + HOUR_MS)
        rows = {each.symbol: each for each in scan.run(every, ports(market)).rows if each.bar_time_ms == open_ms}
        for number, symbol in enumerate(tape.symbols):
            at = np.flatnonzero(tape.at[tape.rows(number)] == place)
            signal, age = (
                (float(tape.column("signal", number)[at[0]]), int(tape.column("age", number)[at[0]]))
                if len(at)
                else (np.nan, -1)
            )
            if symbol not in rows:
                assert np.isnan(signal), f"seed {seed}: {symbol} at {open_ms}"
                continue
            row = rows[symbol]
            assert np.float64(signal).tobytes() == np.float64(row.signal).tobytes(), (
                f"seed {seed}: {symbol} at {open_ms}"
            )
            assert age == (-1 if row.age_bars is None else row.age_bars), f"seed {seed}: {symbol} at {open_ms}"
            compared += 1
    return compared


def until(series: RawCandles, open_ms: int) -> RawCandles | None:
    stop = int(np.searchsorted(series.timestamp, open_ms, side="right"))
    return replace(series, timestamp=series.timestamp[:stop], values=series.values[:stop]) if stop else None


@pytest.mark.parametrize("dialect", Dialect)
def test_every_value_is_that_of_a_scan_at_its_bar(dialect: Dialect) -> None:
    young = walk("YOUNG", bars=150, seed=4)
    gappy = walk("GAPPY", bars=400, seed=3)
    kept = np.setdiff1d(np.arange(400), [*range(100, 140), 250])
    gappy = replace(gappy, timestamp=gappy.timestamp[kept], values=gappy.values[kept])
    series = [walk("A", bars=400, seed=1), gappy, young]
    settings = Settings(timeframe="1h", bars=200, dialect=dialect)
    assert check_points(series, settings, 12, seed=1) > 15


@needs_shared
@pytest.mark.slow
@pytest.mark.parametrize("dialect", Dialect)
def test_recorded_candles_have_the_values_of_scans_at_300_points(dialect: Dialect) -> None:
    series = recorded(symbols=20)
    settings = Settings(timeframe="1h", bars=1500, dialect=dialect)
    start_ms = newest_ms(series) - 1000 * HOUR_MS
    assert check_points(series, settings, 18, seed=7, start=start_ms) >= 300


def recorded(symbols: int) -> list[RawCandles]:
    """The last 2600 hours of some perpetuals."""
    market = FolderMarket(SHARED / "data" / "binance-usdm-1h", "1h")
    listings: list[Listing] = market.listings(quote=None, tickers=False)[::10][:symbols]
    found: list[RawCandles] = []
    market.fetch(listings, Window(timeframe="1h", now_ms=market.now_ms(), bars=2600), found.append)  # type: ignore[arg-type]
    return [
        replace(each, exchange="memory", timestamp=each.timestamp[-2600:], values=each.values[-2600:]) for each in found
    ]
