"""Computed values to rows."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from atc_cli.data.gather import Gathered
from atc_cli.data.market import Listing
from atc_cli.domain.catalog import FAMILY_IDS, Want
from atc_cli.domain.classify import side_of
from atc_cli.domain.measures.measure import RowData
from atc_cli.domain.measures.table import SPARK_CLOSES, measured, told
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Skipped, SkipReason
from atc_cli.engine.backend import Backend, LastBar, Values
from atc_cli.stages import made, stage


def computed(gathered: Gathered, backend: Backend, params: Params) -> list[ScanRow | Skipped]:
    """One of all series each, in order; see rows_of."""
    with stage("panel"):
        panel = Panel.of(gathered.series)
    with stage("compute"):
        values = backend.compute(panel, params, Want.LAST)
    made("kernel outputs", values.sizes_bytes)
    with stage("rank"):
        return rows_of(panel, values, params)


def rows_of(panel: Panel, values: Values, params: Params) -> list[ScanRow | Skipped]:
    """One unranked row per series, of its last bar and nothing but its candles; skipped where equities overflowed."""
    return [_row(candles, values.last(i), params) for i, candles in enumerate(panel.series)]


def listed(row: ScanRow, listing: Listing) -> ScanRow:
    """The row with the day figures of the exchange, where those were fetched."""
    figures = told(listing)
    return replace(row, measured={**row.measured, **figures}) if figures else row


def _row(candles: Candles, last: LastBar, params: Params) -> ScanRow | Skipped:
    if not (math.isfinite(last.average) and math.isfinite(last.weight_total)):
        why = "an equity left the range of numbers; lower the weights or lambda"
        return Skipped(candles.symbol, SkipReason.OVERFLOW, why, candles.exchange)
    families, weights = _by_family(last.families), _by_family(last.weights)
    flipped = last.flipped if last.flipped >= 0 else None
    return ScanRow(
        rank=0,
        exchange=candles.exchange,
        symbol=candles.symbol,
        side=side_of(last.average, params),
        signal=last.average,
        families=families,
        weights=weights,
        price=float(candles.close[-1]),
        flipped_at_ms=None if flipped is None else int(candles.timestamp[flipped]),
        age_bars=None if flipped is None else len(candles) - 1 - flipped,
        bars=len(candles),
        gap_bars=candles.gap_bars,
        grid=last.grid if last.grid >= 0 else None,
        bar_time_ms=int(candles.timestamp[-1]),
        bar_ms=candles.step_ms,
        forming=candles.forming,
        closes=tuple(candles.close[-SPARK_CLOSES:].tolist()),
        measured=measured(RowData(candles, params, last.average, families, weights, flipped)),
    )


def _by_family(values: NDArray[np.float64]) -> Mapping[str, float]:
    """Families in use only: the others are NaN."""
    pairs = zip(FAMILY_IDS, (float(value) for value in values), strict=True)
    return {name: value for name, value in pairs if not math.isnan(value)}
