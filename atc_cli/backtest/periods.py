"""The spans of time that returns are taken over: UTC days, or bars where these are longer; months; years."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from atc_cli.domain.tape import Floats, Ints
from atc_cli.domain.timeframe import DAY_MS

CRYPTO_YEAR_DAYS = 365.0
_MEAN_YEAR_DAYS = 365.25
_NAMES = {1: "daily", 7: "weekly"}


@dataclass(frozen=True, slots=True)
class Periods:
    """`ends`: the place of the last bar of each period, counted from the first bar; `opens_ms` when the periods begin.

    A bar belongs to the period in which it opens. `per_year` is how many make a year, `name` what their returns are
    called.
    """

    ends: Ints
    opens_ms: Ints
    per_year: float
    name: str

    @classmethod
    def of(cls, axis_ms: Ints, bar_ms: int, year_days: float) -> "Periods":
        """Of a stretch of the axis, of at least a bar.

        Where the market never closes a period without a bar is one without a change; where it does there is none.
        """
        step_ms = max(bar_ms, DAY_MS)
        start_ms = int(axis_ms[0]) // DAY_MS * DAY_MS
        opens_ms = start_ms + step_ms * np.arange((int(axis_ms[-1]) - start_ms) // step_ms + 1)
        ends = axis_ms.searchsorted(opens_ms + step_ms) - 1
        if year_days < CRYPTO_YEAR_DAYS:
            open_at_all = np.concatenate(((True,), ends[1:] > ends[:-1]))
            ends, opens_ms = ends[open_at_all], opens_ms[open_at_all]
        days = step_ms / DAY_MS
        per_year = year_days if days == 1 else CRYPTO_YEAR_DAYS / days
        return cls(ends, opens_ms, per_year, f"{_NAMES.get(int(days), f'{days:g}-day')} returns")


def year_days_of(axis_ms: Ints, bar_ms: int) -> float:
    """Days of a year that have bars: 365 where the market never closes, else as many as the axis shows on average.

    It closes where some weekday has hardly any bars: on fewer than a tenth of its days. Two weeks at least decide that,
    the last whole ones are counted, and years have 365.25 days then. Bars longer than a day show no closed days.
    """
    if not len(axis_ms):
        return CRYPTO_YEAR_DAYS
    last_day = int(axis_ms[-1]) // DAY_MS
    span = (last_day - int(axis_ms[0]) // DAY_MS + 1) // 7 * 7
    if bar_ms > DAY_MS or span < 14:
        return CRYPTO_YEAR_DAYS
    days = np.arange(last_day + 1 - span, last_day + 2)
    before = axis_ms.searchsorted(days * DAY_MS)
    has_bars = before[1:] > before[:-1]
    if has_bars.reshape(-1, 7).sum(axis=0).min() >= span / 70:
        return CRYPTO_YEAR_DAYS
    return int(np.count_nonzero(has_bars)) / span * _MEAN_YEAR_DAYS


def changes(levels: Floats) -> Floats:
    """level_t / level_{t-1} - 1, shape [n - 1]; 0 after a level that is not above 0, with which nothing is earned."""
    before = levels[:-1]
    if levels.min() > 0:
        return levels[1:] / before - 1
    gone = before <= 0
    return np.where(gone, 0.0, levels[1:] / np.where(gone, 1.0, before) - 1)


def months(levels: Floats, opens_ms: Ints) -> tuple[tuple[int, int, float], ...]:
    """(year, month, return) of levels [n + 1] around periods, each of the month in which it opens."""
    first, last = (datetime.fromtimestamp(int(open_ms) / 1000, UTC) for open_ms in (opens_ms[0], opens_ms[-1]))
    numbers = np.arange((first.year - 1970) * 12 + first.month - 1, (last.year - 1970) * 12 + last.month + 1)
    before = opens_ms.searchsorted(numbers.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64))
    returns = changes(levels[before])
    return tuple(
        (1970 + month // 12, month % 12 + 1, value)
        for month, value in zip(numbers[:-1].tolist(), returns.tolist(), strict=True)
    )
