"""What measures are computed from."""

from atc_cli.domain.features import Lengths, at_the_end
from atc_cli.domain.measures.measure import RowData
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import Side


def row_data(candles: Candles, *, side: Side = Side.LONG, flipped: int | None = None) -> RowData:
    """Candles at their last bar, with a side and the bar at which it came, if it ever did."""
    features = at_the_end(candles.values, Lengths.of(candles.timeframe))
    close = float(candles.close[-1])
    return RowData(candles, Params(), side, float(side.trend), {}, {}, flipped, close, features)
