"""Numbers and times as a person reads them. None and NaN are a dash."""

import math
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TypeGuard

from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS

NOTHING = "-"
_BEYOND_SUFFIXES = 999.5e13
_BEYOND_PRICES = 1e24
_DIGITS = 15  # significant decimal digits that survive a float64, so that ticks stay distinct
_SUFFIXES = ("", "K", "M", "B", "T")


def known(value: float | None) -> TypeGuard[float]:
    """Whether there is a finite number to show."""
    return value is not None and math.isfinite(value)


def signed(value: float | None, decimals: int) -> str:
    """+0.57, -1.00; zero has no sign."""
    if not known(value):
        return NOTHING
    text = f"{value:+.{decimals}f}"
    return text[1:] if float(text) == 0 else text


def plain(value: float | None, decimals: int) -> str:
    """29.51, 0.49; a dash where it is not known."""
    return f"{value:.{decimals}f}" if known(value) else NOTHING


def price(value: float | None, decimals: int | None = None) -> str:
    """With the decimals of its grid: 67123.40; off the grid every digit that a float holds: 0.00000123."""
    if not known(value):
        return NOTHING
    if abs(value) >= _BEYOND_PRICES:
        return f"{value:.{_DIGITS}g}"
    return f"{value:.{decimals}f}" if decimals is not None else format(Decimal(f"{value:.{_DIGITS}g}"), "f")


def percent(fraction: float | None) -> str:
    """A fraction as +1.23%; no decimals from 1000% on."""
    if not known(fraction):
        return NOTHING
    return f"{signed(fraction * 100, 0 if abs(fraction) >= 10 else 2)}%"


def share(fraction: float | None) -> str:
    """A fraction that has no direction, as 1.23%."""
    return f"{fraction * 100:.2f}%" if known(fraction) else NOTHING


def human(value: float | None) -> str:
    """Three significant digits and a suffix: 950, 1.23M, 45.6B, 1.23e+15."""
    if not known(value):
        return NOTHING
    if abs(value) >= _BEYOND_SUFFIXES:
        return f"{value:.2e}"
    for suffix in _SUFFIXES:
        if abs(value) < 999.5 or suffix == _SUFFIXES[-1]:
            break
        value /= 1000
    if not suffix:
        return f"{value:.0f}"
    # 9.995 would round to four digits at two decimals, so the bounds are where rounding carries.
    decimals = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{decimals}f}{suffix}"


def equity(value: float | None) -> str:
    """Four significant digits in five cells: 1.034, 12.34, 1234, 45.6K."""
    if not known(value):
        return NOTHING
    if abs(value) >= 9999.5:
        return human(value)
    # The bounds are where rounding to one decimal less carries into another digit.
    decimals = next((d for d, most in ((3, 9.9995), (2, 99.995), (1, 999.95)) if abs(value) < most), 0)
    return f"{value:.{decimals}f}"


def bars(count: int) -> str:
    """1 bar, 3 bars."""
    return f"{count} bar" if count == 1 else f"{count} bars"


def took(milliseconds: float) -> str:
    """How long something took: 0.42 ms, 31 ms, 1.2 s, 2 min 5 s."""
    if milliseconds < 1:
        return f"{milliseconds:.2f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return f"{round(seconds) // 60} min {round(seconds) % 60} s"


def closed(open_ms: int, timeframe: str, zone: tzinfo, *, now_ms: int) -> str:
    """When a bar closed: 09:00 UTC today, 2025-10-22 09:00 UTC before; of a day or more the last date in it."""
    then = _closing(open_ms, timeframe, zone)
    if _in_days(timeframe):
        return f"{then:%Y-%m-%d}"
    today = then.date() == datetime.fromtimestamp(now_ms / 1000, zone).date()
    return f"{then:%H:%M %Z}" if today else f"{then:%Y-%m-%d %H:%M %Z}"


def closed_in_short(open_ms: int | None, timeframe: str, zone: tzinfo, *, now_ms: int, newest_ms: int) -> str:
    """The same beside the scan's newest bar: 09:00 today, 10-22 09:00 in the newest bar's year, else with the year."""
    if open_ms is None:
        return NOTHING
    then = _closing(open_ms, timeframe, zone)
    if _in_days(timeframe):
        return f"{then:%Y-%m-%d}"
    if then.date() == datetime.fromtimestamp(now_ms / 1000, zone).date():
        return f"{then:%H:%M}"
    same_year = then.year == _closing(newest_ms, timeframe, zone).year
    return f"{then:%m-%d %H:%M}" if same_year else f"{then:%Y-%m-%d %H:%M}"


def _in_days(timeframe: str) -> bool:
    return TIMEFRAMES_MS.get(timeframe, 0) >= DAY_MS


def _closing(open_ms: int, timeframe: str, zone: tzinfo) -> datetime:
    """The moment of the close; of a bar of days, which people call by its dates, one within the last of them."""
    span_ms = TIMEFRAMES_MS.get(timeframe, 0)
    if _in_days(timeframe):
        return datetime.fromtimestamp((open_ms + span_ms - DAY_MS) / 1000, zone)
    return datetime.fromtimestamp((open_ms + span_ms) / 1000, zone)
