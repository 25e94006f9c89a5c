"""How far a price has gone with its side: since the flip, from its average, in its own ranges."""

import math

from atc_cli.domain.measures.measure import RowData


def finite(value: float) -> float | None:
    """The value; None for NaN and infinity."""
    return value if math.isfinite(value) else None


def stretch(data: RowData) -> float | None:
    """side * (close / EMA - 1) / (ATR / close): EMA(28) of the closes, Wilder's ATR(100), side +1 LONG, -1 SHORT.

    In ATR; both averages are of the window and nothing before it (domain.features). None where the side is NEUTRAL,
    there are fewer than 100 bars, or the ATR is 0.
    """
    side, features = data.side.trend, data.features
    if side == 0 or not features.atr > 0:
        return None
    close = data.close
    return finite(side * (close / features.ema - 1) / (features.atr / close))


def atr_frac(data: RowData) -> float | None:
    """Wilder's ATR(100) of the window / close, a fraction (domain.features); None with fewer than 100 bars."""
    return finite(data.features.atr / data.close)


def flip_price(data: RowData) -> float | None:
    """The close of the bar at which the side last changed; None where it never did."""
    return None if data.flipped is None else float(data.candles.close[data.flipped])


def since_flip_frac(data: RowData) -> float | None:
    """close / price at the flip - 1, a fraction, of the price and not of a position: below zero a SHORT gains."""
    flipped = flip_price(data)
    return None if flipped is None else finite(data.close / flipped - 1)


def volume_burst(data: RowData) -> float | None:
    """Mean base volume of the last 5 bars / of the bars of a day, of closed bars (domain.features).

    None where the timeframe has fewer than 24 bars a day, the window is shorter than a day, a volume of that day is
    unknown or all are 0, or the last bar is still forming.
    """
    return None if data.candles.forming else finite(data.features.burst)


def jump(data: RowData) -> float | None:
    """close / close before, where the factor between the two, up or down, is the largest of the window."""
    return finite(data.features.jump)


def jumped_at(data: RowData) -> int | None:
    """When the bar of the largest jump opened, UTC ms."""
    bar = data.features.jumped
    return None if math.isnan(bar) else int(data.candles.timestamp[int(bar)])
