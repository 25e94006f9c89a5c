"""What measures are computed from."""

from atc_cli.domain.measures.measure import RowData
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params


def row_data(candles: Candles) -> RowData:
    """Candles whose side never flipped, signal 1."""
    return RowData(candles, Params(), signal=1.0, families={}, weights={}, flipped=None)
