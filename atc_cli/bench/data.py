"""Panels to measure on: seeded random walks, or files."""

from pathlib import Path

import numpy as np

from atc_cli.data.files.folder import FolderMarket
from atc_cli.data.market import Arrived
from atc_cli.domain.panel import COLUMNS, Candles, Floats, Panel, RawCandles, check
from atc_cli.domain.timeframe import HOUR_MS
from atc_cli.domain.window import Window
from atc_cli.errors import NoDataError

ALL = 10**9
OFF_GRID = 1.0471975511965976  # pi/3: no multiple of a decimal

_SEED = 20_240_229
_START_MS = 1_600_000_000_000 // HOUR_MS * HOUR_MS
_START_TICKS, _DECIMALS, _VOLATILITY, _WICK_TICKS = 30_000, 2, 0.004, 12


def panel_of(data: str | None, timeframe: str, symbols: int, bars: int) -> Panel:
    """At most `symbols` series of at most `bars` bars: of the folder `data`, else seeded walks of exactly that size."""
    return walks(symbols, bars) if data is None else _files(Path(data), timeframe, symbols, bars)


def walks(symbols: int, bars: int) -> Panel:
    """Random walks on a grid of 0.01, series i the same in every size that has as many bars.

    Written in place: 10,000 x 1,500 bars are 600 MB, and a second copy would be what the peak shows.
    """
    values = np.ones((len(COLUMNS), symbols * bars))
    stamps = _START_MS + HOUR_MS * np.arange(bars, dtype=np.int64)
    series = []
    for i in range(symbols):
        window = values[:, i * bars : (i + 1) * bars]
        _walk(window, np.random.default_rng((_SEED, i)))
        series.append(Candles(exchange="bench", symbol=f"WALK{i}", timeframe="1h", timestamp=stamps, values=window))
    return Panel(tuple(series), bars * np.arange(symbols + 1, dtype=np.int64), dict(enumerate(values)))


def _walk(values: Floats, rng: np.random.Generator) -> None:
    bars = values.shape[1]
    path = np.exp(np.cumsum(rng.normal(0, _VOLATILITY, bars)))
    close = np.maximum(np.rint(_START_TICKS * path), 1)
    opened = np.concatenate((close[:1], close[:-1]))
    wicks = rng.integers(0, _WICK_TICKS, (2, bars))
    high = np.maximum(opened, close) + wicks[0]
    low = np.maximum(np.minimum(opened, close) - wicks[1], 1)
    for row, ticks in enumerate((opened, high, low, close)):
        values[row] = ticks / 10.0**_DECIMALS


def _files(folder: Path, timeframe: str, symbols: int, bars: int) -> Panel:
    market = FolderMarket(folder, timeframe)
    window = Window(timeframe=timeframe, now_ms=market.now_ms(), bars=bars)
    sound: list[Candles] = []

    def deliver(arrived: Arrived) -> None:
        checked = check(arrived) if isinstance(arrived, RawCandles) else arrived
        if isinstance(checked, Candles):
            sound.append(checked.tail(bars))

    for listing in market.listings(quote=None, tickers=False):
        if len(sound) < symbols:
            market.fetch([listing], window, deliver)
    if not sound:
        raise NoDataError(f"no file of {str(folder)!r} can be read as {timeframe} candles")
    return Panel.of(sound)


def ties(symbols: int, bars: int) -> Panel:
    """Walks of a tick or none a bar: closes meet their averages so often that the last bit of a sum decides sides."""
    rng = np.random.default_rng(_SEED)
    stamps = _START_MS + HOUR_MS * np.arange(bars, dtype=np.int64)
    series = []
    for i in range(symbols):
        close = (1000 + np.cumsum(rng.integers(-1, 2, bars))) / 10.0**_DECIMALS
        values = np.stack([*[close] * 4, np.ones(bars)])
        series.append(Candles(exchange="bench", symbol=f"TIES{i}", timeframe="1h", timestamp=stamps, values=values))
    return Panel.of(series)


def off_grid(panel: Panel) -> Panel:
    """The same candles, each price times pi/3, so that no decimal grid holds them."""
    moved = [
        Candles(
            exchange=each.exchange,
            symbol=each.symbol,
            timeframe=each.timeframe,
            timestamp=each.timestamp,
            values=each.values * OFF_GRID,
        )
        for each in panel.series
    ]
    return Panel.of(moved)
