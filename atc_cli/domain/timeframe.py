"""Timeframes and time: UTC milliseconds inside, ISO 8601 with offset outside."""

from datetime import UTC, datetime, tzinfo

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

TIMEFRAMES_MS: dict[str, int] = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
}

_SPANS = ((DAY_MS, "day"), (HOUR_MS, "h"), (MINUTE_MS, "min"))
_MONDAY_MS = 4 * DAY_MS  # 1970-01-05; weekly candles open on Mondays


def grid_offset_ms(timeframe: str) -> int | None:
    """Where bars of the timeframe open, modulo its length; None where exchanges differ (3d)."""
    if timeframe == "3d":
        return None
    return _MONDAY_MS if timeframe == "1w" else 0


def newest_closed_open_ms(now_ms: int, timeframe: str) -> int:
    """Open time of the newest bar that is closed at `now_ms`.

    open = floor((now - offset) / step) * step + offset - step
    """
    step = TIMEFRAMES_MS[timeframe]
    offset = grid_offset_ms(timeframe) or 0
    return (now_ms - offset) // step * step + offset - step


def lasting(span_ms: int) -> str:
    """A span in words, in its largest unit: under a minute, 12 min, 3 h, 292 days."""
    for unit_ms, name in _SPANS:
        count = span_ms // unit_ms
        if count >= 1:
            return f"{count} {name}{'s' if name == 'day' and count > 1 else ''}"
    return "under a minute"


def iso(time_ms: int, zone: tzinfo = UTC) -> str:
    """A UTC millisecond stamp as ISO 8601 with offset: 2025-10-23T08:00:00+00:00."""
    return datetime.fromtimestamp(time_ms / 1000, zone).isoformat()
