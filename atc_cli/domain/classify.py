"""Signal values to sides, directions, ranks and orders. Pure functions."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.measures.table import SORTS
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Side
from atc_cli.domain.ties import LEAST_STRETCHED, TIES
from atc_cli.errors import UsageError, unknown_name

Floats = NDArray[np.float64]
Judge = Callable[[ScanRow], dict[str, Any]]


def unjudged(_: ScanRow) -> dict[str, Any]:
    """Nothing but a rank."""
    return {}


def side_of(signal: float, params: Params) -> Side:
    """LONG above long_threshold, SHORT below short_threshold, else NEUTRAL (NaN is NEUTRAL)."""
    if signal > params.long_threshold:
        return Side.LONG
    return Side.SHORT if signal < params.short_threshold else Side.NEUTRAL


def trends(average: Floats, params: Params) -> NDArray[np.int8]:
    """+1, -1, 0 of the side of every bar, shape of `average`."""
    up = (average > params.long_threshold).astype(np.int8)
    return up - (average < params.short_threshold).astype(np.int8)


def last_flip(average: Floats, params: Params) -> int:
    """The largest t >= 1 with side_t != side_{t-1}, shape [bars] in; -1 if there is none."""
    flips = np.flatnonzero(np.diff(trends(average, params)))
    return int(flips[-1]) + 1 if len(flips) else -1


def directions(average: Floats, params: Params) -> tuple[Floats, Floats, Floats]:
    """Direction, long and short alert of every bar (spec/ATC.md, section 5, tradingview).

    Crossing over long_threshold sets direction 1, crossing under short_threshold sets -1 (NaN until the
    first); with `strategy` the crossing of bar t-1 sets the direction of bar t. An alert is a crossing
    at bar t while direction_{t-1} is the opposite one. Shapes [bars].
    """
    before = np.concatenate(([np.nan], average[:-1]))
    over = (average > params.long_threshold) & (before <= params.long_threshold)
    under = (average < params.short_threshold) & (before >= params.short_threshold)
    event = over.astype(np.float64) - under
    setting = np.concatenate(([0.0], event[:-1])) if params.strategy else event
    direction = _held(setting)
    previous = np.concatenate(([np.nan], direction[:-1]))
    return direction, (over & (previous == -1)).astype(np.float64), (under & (previous == 1)).astype(np.float64)


def _held(events: Floats) -> Floats:
    """The last non-zero event at or before each bar; NaN before the first."""
    at = np.maximum.accumulate(np.where(events != 0, np.arange(len(events)), -1))
    return np.where(at >= 0, events[at], np.nan)


def rank(rows: Iterable[ScanRow], tie: str = LEAST_STRETCHED, *judges: Judge) -> list[ScanRow]:
    """Order by |signal|, the largest first, NEUTRAL rows last; among equals as `tie` says, a key of domain.ties.

    Approximate rows come behind all others.

    stretch: the smallest stretch = side * (close / EMA(28) - 1) / (ATR(100) / close), then the larger quote volume;
    age: the younger flip, then the larger volume; volume: the larger volume. What is unknown comes last; then follow
    symbol and exchange. Signals of exactly +-1 are common (a third to a half of a real universe), so the ties decide.
    `judges` say what else each row is given with its rank, by field.
    """
    among_equals = TIES[tie]

    def place(row: ScanRow) -> tuple[Any, ...]:
        neutral = row.side is Side.NEUTRAL
        return row.approximate, neutral, -abs(row.signal), *among_equals(row), row.symbol, row.exchange

    ordered = sorted(rows, key=place)
    given = ({key: value for judge in judges for key, value in judge(row).items()} for row in ordered)
    return [
        replace(row, rank=number, **more)
        for number, (row, more) in enumerate(zip(ordered, given, strict=True), start=1)
    ]


def sort_rows(rows: Iterable[ScanRow], key: str) -> tuple[ScanRow, ...]:
    """Rows in the order of a sort key; rows keep their rank, equal ones their order, those without a value go last.

    What comes first the table of measures says, `-key` turns it round. Raises UsageError for an unknown key.
    """
    measure = SORTS.get(key.removeprefix("-"))
    if measure is None:
        raise UsageError(*unknown_name("sort key", key, [*SORTS, *(f"-{each}" for each in SORTS)]))
    value = measure.sort_by or measure.read
    valued: list[tuple[Any, ScanRow]] = []
    without: list[ScanRow] = []
    for row in rows:
        found = value(row)
        if found is None or (isinstance(found, float) and not math.isfinite(found)):
            without.append(row)
        else:
            valued.append((found, row))
    largest_first = (measure.sort == "largest") != key.startswith("-")
    ordered = sorted(valued, key=itemgetter(0), reverse=largest_first)
    return (*(row for _, row in ordered), *without)
