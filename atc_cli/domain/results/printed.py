"""What scans printed, as `atc scan --log` keeps it. Plain values."""

from dataclasses import dataclass
from typing import NamedTuple

from atc_cli.domain.results.scan import Side


class PrintedRow(NamedTuple):
    """One row."""

    symbol: str
    side: Side
    signal: float
    rank: int
    price: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Rows of one exchange that one scan printed, of bars that closed at the same time (UTC ms).

    `place` is what tells candles of the same names apart: the folder of --data, another host than the exchange's own,
    the seed of the simulated market.
    """

    generated_at_ms: int
    bar_close_ms: int
    exchange: str
    market: str
    place: str
    timeframe: str
    dialect: str
    params_hash: str
    rows: tuple[PrintedRow, ...]

    @property
    def of(self) -> tuple[object, ...]:
        """What two of them have in common that say the same of a symbol."""
        return (*self.made_of, self.bar_close_ms)

    @property
    def made_of(self) -> tuple[str, ...]:
        """The candles and the settings: which scan it was, whenever."""
        return (self.exchange, self.market, self.place, self.timeframe, self.params_hash)
