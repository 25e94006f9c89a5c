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
    wanted = candles.timestamp[-1] - DAY_MS
    at = int(candles.timestamp.searchsorted(wanted))
    if candles.timestamp[at] != wanted:
        return None
    return float(candles.close[-1] / candles.close[at] - 1)


def quote_volume_24h(data: RowData) -> float | None:
    """Sum of volume * (high + low + close) / 3 over the bars of the last 24 h, in quote currency.

    An estimate: candles carry base volume only. None where the timeframe is longer than a day, the
    candles do not reach back that far, they carry no volume, or the last bar is still forming.
    """
    candles = data.candles
    if candles.step_ms > DAY_MS or candles.forming:
        return None
    first_open = candles.timestamp[-1] + candles.step_ms - DAY_MS
    if candles.timestamp[0] > first_open:
        return None
    at = int(candles.timestamp.searchsorted(first_open))
    _, high, low, close, volume = candles.values[:, at:]
    total = float((volume * (high + low + close) / 3).sum())
    return total if math.isfinite(total) else None
