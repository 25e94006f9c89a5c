"""Computed values to rows."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from atc_cli.commands.gather import Gathered
from atc_cli.data.source import Listing
from atc_cli.domain.activity import change_24h_frac, quote_volume_24h
from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.classify import side_of
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results import ScanRow, Skipped, SkipReason
from atc_cli.engine.backend import Backend, LastBar, Values, Want

SPARK_BARS = 40


def computed(gathered: Gathered, backend: Backend, params: Params) -> tuple[list[ScanRow], list[Skipped]]:
    """Unranked rows of all series, a panel at a time; see rows_of."""
    rows: list[ScanRow] = []
    overflowed: list[Skipped] = []
    for panel in gathered.panels():
        some, lost = rows_of(panel, gathered.listings(), backend.compute(panel, params, Want.LAST), params)
        rows += some
        overflowed += lost
    return rows, overflowed


def rows_of(
    panel: Panel, listings: Mapping[tuple[str, str], Listing], values: Values, params: Params
) -> tuple[list[ScanRow], list[Skipped]]:
    """One unranked row per series, of its last bar; a series whose equities overflowed is skipped."""
    rows: list[ScanRow] = []
    overflowed: list[Skipped] = []
    for i, candles in enumerate(panel.series):
        last = values.last(i)
        if math.isfinite(last.average) and math.isfinite(last.weight_total):
            rows.append(_row(panel.timeframe, candles, listings[candles.exchange, candles.symbol], last, params))
        else:
            why = "an equity left the range of numbers; lower the weights or lambda"
            overflowed.append(Skipped(candles.symbol, SkipReason.OVERFLOW, why, candles.exchange))
    return rows, overflowed


def _row(timeframe: str, candles: Candles, listing: Listing, last: LastBar, params: Params) -> ScanRow:
    change, volume = listing.change_24h_frac, listing.quote_volume
    return ScanRow(
        rank=0,
        exchange=candles.exchange,
        symbol=candles.symbol,
        side=side_of(last.average, params),
        signal=last.average,
        families=_by_family(last.families),
        weights=_by_family(last.weights),
        price=float(candles.close[-1]),
        change_24h_frac=change if change is not None else change_24h_frac(candles, timeframe),
        quote_volume=volume if volume is not None else quote_volume_24h(candles, timeframe),
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
