"""What the candles say about the last 24 hours."""

import math

from atc_cli.domain.measures.measure import RowData
from atc_cli.domain.timeframe import DAY_MS


def change_24h_frac(data: RowData) -> float | None:
    """close / close 24 h earlier - 1, a fraction.

    None where the timeframe is longer than a day, the bar of 24 h ago is missing, or the last bar is still
    forming: then the candles hold no price of just 24 h ago.
    """
    candles = data.candles
    if candles.step_ms > DAY_MS or candles.forming:
        return None
    day_ago = candles.place(int(candles.timestamp[-1]) - DAY_MS)
    return None if day_ago is None else data.close / float(candles.values[3, day_ago]) - 1


def quote_volume_24h(data: RowData) -> float | None:
    """Sum of volume * (high + low + close) / 3 over the bars of the last 24 h, in quote currency.

    An estimate: candles carry base volume only. None where the timeframe is longer than a day, the
    candles do not reach back that far, they carry no volume, or the last bar is still forming.
    """
    candles = data.candles
    if candles.step_ms > DAY_MS or candles.forming:
        return None
    first_open = int(candles.timestamp[-1]) + candles.step_ms - DAY_MS
    if int(candles.timestamp[0]) > first_open:
        return None
    at = int(candles.timestamp.searchsorted(first_open))
    high, low, close, volume = candles.values[1:, at:]
    total = float((volume * (high + low + close) / 3).sum())
    return total if math.isfinite(total) else None
