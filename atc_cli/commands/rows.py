"""Computed values to rows."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from atc_cli.data.gather import Gathered
from atc_cli.data.market import Listing
from atc_cli.domain.activity import change_24h_frac, quote_volume_24h
from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.classify import side_of
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import ScanRow, Skipped, SkipReason
from atc_cli.engine.backend import Backend, LastBar, Values, Want

SPARK_BARS = 40


def computed(gathered: Gathered, backend: Backend, params: Params) -> list[ScanRow | Skipped]:
    """One of all series each, in order, a panel at a time; see rows_of."""
    rows: list[ScanRow | Skipped] = []
    for panel in gathered.panels():
        rows += rows_of(panel, backend.compute(panel, params, Want.LAST), params)
    return rows


def rows_of(panel: Panel, values: Values, params: Params) -> list[ScanRow | Skipped]:
    """One unranked row per series, of its last bar and nothing but its candles; skipped where equities overflowed."""
    return [_row(candles, values.last(i), params) for i, candles in enumerate(panel.series)]


def listed(row: ScanRow, listing: Listing) -> ScanRow:
    """The row with the day figures of the exchange, where those were fetched."""
    change, volume = listing.change_24h_frac, listing.quote_volume
    if change is None and volume is None:
        return row
    return replace(
        row,
        change_24h_frac=row.change_24h_frac if change is None else change,
        quote_volume=row.quote_volume if volume is None else volume,
    )


def _row(candles: Candles, last: LastBar, params: Params) -> ScanRow | Skipped:
    if not (math.isfinite(last.average) and math.isfinite(last.weight_total)):
        why = "an equity left the range of numbers; lower the weights or lambda"
        return Skipped(candles.symbol, SkipReason.OVERFLOW, why, candles.exchange)
    return ScanRow(
        rank=0,
        exchange=candles.exchange,
        symbol=candles.symbol,
        side=side_of(last.average, params),
        signal=last.average,
        families=_by_family(last.families),
        weights=_by_family(last.weights),
        price=float(candles.close[-1]),
        change_24h_frac=change_24h_frac(candles),
        quote_volume=quote_volume_24h(candles),
        flipped_at_ms=int(candles.timestamp[last.flipped]) if last.flipped >= 0 else None,
        age_bars=len(candles) - 1 - last.flipped if last.flipped >= 0 else None,
        bars=len(candles),
        gap_bars=candles.gap_bars,
        grid=last.grid if last.grid >= 0 else None,
        bar_time_ms=int(candles.timestamp[-1]),
        forming=candles.forming,
        closes=tuple(candles.close[-SPARK_BARS:].tolist()),
    )


def _by_family(values: NDArray[np.float64]) -> Mapping[str, float]:
    """Families in use only: the others are NaN."""
    pairs = zip(FAMILY_IDS, (float(value) for value in values), strict=True)
    return {name: value for name, value in pairs if not math.isnan(value)}
