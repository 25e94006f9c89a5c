"""Figures beside the signals: by the compiled kernels, whatever backend computes those; the same bits without them."""

from collections.abc import Sequence

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
        found = rust.features(values, lengths)
    except ImportError:
        return [at_the_end(each, lengths) for each in values]
    return [Features(*row) for row in found.tolist()]


def all_features(candles: Candles, names: Sequence[str] = Features._fields) -> Floats:
    """Of every bar of one series, shape [names, bars]; only those figures are computed."""
    lengths = Lengths.of(candles.timeframe)
    places = [Features._fields.index(name) for name in names]
    try:
        return rust.features([candles.values], lengths, every=places).reshape(len(places), len(candles))
    except ImportError:
        return np.array(at_each_bar(candles.values, lengths)).reshape(-1, len(Features._fields))[:, places].T
