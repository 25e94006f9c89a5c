"""Figures beside the signals: by the compiled kernels, whatever backend computes those; the same bits without them."""

import numpy as np

from atc_cli.domain.features import ATR_BARS, Features, Floats, Lengths, at_each_bar, at_the_end
from atc_cli.domain.panel import Candles, Panel
from atc_cli.engine import rust


def last_features(panel: Panel, atr_bars: int = ATR_BARS) -> list[Features]:
    """Of the last bar of every series of a panel, whose bars are all of one length."""
    if not panel.series:
        return []
    lengths = Lengths.of(panel.series[0].timeframe)._replace(atr=atr_bars)
    values = [candles.values for candles in panel.series]
    try:
        found = rust.features(values, lengths, every=False)
    except ImportError:
        return [at_the_end(each, lengths) for each in values]
    return [Features(*row) for row in found.tolist()]


def all_features(candles: Candles) -> Floats:
    """Of every bar of one series, shape [5, bars], in the order of Features."""
    lengths = Lengths.of(candles.timeframe)
    try:
        return rust.features([candles.values], lengths, every=True).reshape(-1, len(candles))
    except ImportError:
        return np.array(at_each_bar(candles.values, lengths)).T
