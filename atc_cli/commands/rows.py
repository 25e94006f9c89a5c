"""Computed values to rows."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atc_cli.commands.jumps import jump_words
from atc_cli.data.market import Listing
from atc_cli.domain.catalog import FAMILY_IDS, Want
from atc_cli.domain.cautions import Bounds, cautions_of, jumps
from atc_cli.domain.classify import Judge, side_of
from atc_cli.domain.features import ATR_BARS, Features
from atc_cli.domain.measures.measure import RowData
from atc_cli.domain.measures.table import SPARK_CLOSES, measured, told
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Skipped, SkipReason
from atc_cli.engine.backend import Backend, LastBar, Values
from atc_cli.engine.features import last_features
from atc_cli.engine.lost import LostSeriesError
from atc_cli.stages import made, stage


def computed(
    series: Sequence[Candles], backend: Backend, params: Params, *, atr_bars: int = ATR_BARS, batch: int | None = None
) -> list[ScanRow | Skipped]:
    """One of each series, in order; see rows_of. At most `batch` series at once, those after an interrupted one not."""
    at_once = batch or max(len(series), 1)
    rows: list[ScanRow | Skipped] = []
    for first in range(0, len(series), at_once):
        rows += _computed(series[first : first + at_once], backend, params, atr_bars)
        if any(isinstance(row, Skipped) and row.reason is SkipReason.INTERRUPTED for row in rows):
            break
    left = series[len(rows) :]
    return rows + [Skipped(each.symbol, SkipReason.INTERRUPTED, "interrupted", each.exchange) for each in left]


def _computed(series: Sequence[Candles], backend: Backend, params: Params, atr_bars: int) -> list[ScanRow | Skipped]:
    with stage("panel"):
        panel = Panel.of(series)
    lost: dict[int, Skipped] = {}
    with stage("compute"):
        try:
            values = backend.compute(panel, params, Want.LAST)
        except LostSeriesError as error:
            values, lost = error.values, _lost(series, error)
    made("kernel outputs", values.sizes_bytes)
    with stage("rank"):
        rows = rows_of(panel, values, params, atr_bars=atr_bars)
        return [lost.get(number, row) for number, row in enumerate(rows)]


def _lost(series: Sequence[Candles], error: LostSeriesError) -> dict[int, Skipped]:
    reason = SkipReason.INTERRUPTED if error.interrupted else SkipReason.NOT_COMPUTED
    return {n: Skipped(series[n].symbol, reason, why, series[n].exchange) for n, why in error.lost.items()}


def rows_of(panel: Panel, values: Values, params: Params, *, atr_bars: int = ATR_BARS) -> list[ScanRow | Skipped]:
    """One unranked row per series, of its last bar and nothing but its candles; skipped where equities overflowed."""
    figures = last_features(panel, atr_bars)
    return [_row(candles, values.last(i), figures[i], params) for i, candles in enumerate(panel.series)]


def listed(row: ScanRow, listing: Listing) -> ScanRow:
    """The row with the day figures of the exchange, where those were fetched."""
    figures = told(listing)
    return replace(row, measured={**row.measured, **figures}) if figures else row


def judge_of(bounds: Bounds, stop_atr: float) -> Judge:
    """What gives rows their cautions, and a stop at `stop_atr` times their ATR against their side.

    No stop where the row is NEUTRAL, has no ATR, or the stop would be at or below zero.
    """

    def judge(row: ScanRow) -> dict[str, Any]:
        atr, trend = row.measured.get("atr_frac"), row.trend
        stop = None if atr is None or trend == 0 else -trend * stop_atr * atr
        return {"cautions": cautions_of(row, bounds), "stop_frac": stop if stop is None or stop > -1 else None}

    return judge


def jump_warnings(rows: Iterable[ScanRow], max_jump: float) -> tuple[str, ...]:
    """One that names the first row whose closes jump, where there are any: a mark may not be among the columns."""
    found = [row for row in rows if jumps(row, max_jump)]
    if not found:
        return ()
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return (f"{found[0].symbol}{more}: {_jump_words(found[0])} --skip-jumps leaves it out",)


def without_jumps(rows: Iterable[ScanRow], max_jump: float) -> tuple[list[ScanRow], list[Skipped]]:
    """The rows whose closes do not jump, and the others as skips that name the bar and the factor."""
    kept: list[ScanRow] = []
    skipped = []
    for row in rows:
        if jumps(row, max_jump):
            skipped.append(Skipped(row.symbol, SkipReason.JUMP, _jump_words(row), row.exchange))
        else:
            kept.append(row)
    return kept, skipped


def _jump_words(row: ScanRow) -> str:
    jump, at_ms = row.measured["jump"], row.measured["jumped_at"]
    assert jump is not None
    assert at_ms is not None
    return jump_words(jump, int(at_ms))


def _row(candles: Candles, last: LastBar, features: Features, params: Params) -> ScanRow | Skipped:
    if not (math.isfinite(last.average) and math.isfinite(last.weight_total)):
        why = "an equity left the range of numbers; lower the weights or lambda"
        return Skipped(candles.symbol, SkipReason.OVERFLOW, why, candles.exchange)
    families, weights = _by_family(last.families), _by_family(last.weights)
    flipped = last.flipped if last.flipped >= 0 else None
    side, price = side_of(last.average, params), float(candles.close[-1])
    return ScanRow(
        rank=0,
        exchange=candles.exchange,
        symbol=candles.symbol,
        side=side,
        signal=last.average,
        families=families,
        weights=weights,
        price=price,
        flipped_at_ms=None if flipped is None else int(candles.timestamp[flipped]),
        age_bars=None if flipped is None else len(candles) - 1 - flipped,
        bars=len(candles),
        gap_bars=candles.gap_bars,
        grid=last.grid if last.grid >= 0 else None,
        bar_time_ms=int(candles.timestamp[-1]),
        bar_ms=candles.step_ms,
        forming=candles.forming,
        closes=tuple(candles.close[-SPARK_CLOSES:].tolist()),
        unsure=candles.unsure,
        measured=measured(RowData(candles, params, side, last.average, families, weights, flipped, price, features)),
    )


def _by_family(values: NDArray[np.float64]) -> Mapping[str, float]:
    """Families in use only: the others are NaN."""
    return {name: value for name, value in zip(FAMILY_IDS, values.tolist(), strict=True) if not math.isnan(value)}
