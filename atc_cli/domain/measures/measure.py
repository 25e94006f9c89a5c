"""What a figure of a scan row is, and what it may be computed from. Imported for --help: no numpy here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from atc_cli.domain.features import Features
    from atc_cli.domain.panel import Candles
    from atc_cli.domain.params import Params
    from atc_cli.domain.results.scan import ScanRow, Side

Type = Literal["text", "texts", "whole", "number", "flag", "time", "families", "closes", "sides"]
Look = Literal[
    "place", "symbol", "name", "side", "signal", "multiple", "figure", "cautions", "families", "price", "stop",
    "change", "share", "amount", "age", "moment", "bars", "gaps", "grid", "bar time", "closes", "sides", "agreement",
    "place before",
]  # fmt: skip
LAST = 1000


class RowData(NamedTuple):
    """What a measure is computed from: the checked candles that the signal was computed from, and what came out.

    Of the last bar: side, Average_Signal, X and X_S of the families in use, the close, figures beside the signal.
    `flipped` is the bar at which the side last changed, None if it never did.
    """

    candles: "Candles"
    params: "Params"
    side: "Side"
    signal: float
    families: Mapping[str, float]
    weights: Mapping[str, float]
    flipped: int | None
    close: float
    features: "Features"


class DayFigures(Protocol):
    """What an exchange says of a symbol's last 24 hours; None where it was not asked."""

    @property
    def change_24h_frac(self) -> float | None:
        """Price now / price 24 h ago - 1."""

    @property
    def quote_volume(self) -> float | None:
        """What was traded, in quote currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure of a row: `key` for --columns and --sort, `name` in documents ("": in none), a value of `type`.

    A measure either reads a field of the row (`of`), or is computed from the window: then rows carry it in `measured`
    under its name, remembered ones too, and `told` is what the exchange says instead, where that was asked for.

    `title` heads the column that `look` draws (None: no column); `usual` columns are shown unless others are asked
    for. `sort` says what comes first (None: --sort does not know it), by the value or by what `sort_by` reads.
    `part` ends the names of the columns that a figure per family becomes in flat files (ema_signal); sides become two
    columns for each other timeframe (1h_side, 1h_signal). The places are
    those among the keys of a JSON row, the columns of flat files (csv, parquet) and the choices of --sort: they stay
    what scripts know, and what is newer comes last in the order of the table.
    """

    key: str
    type: Type
    unit: str = ""
    of: "Callable[[ScanRow], Any] | None" = None
    window: Callable[[RowData], float | None] | None = None
    told: Callable[[DayFigures], float | None] | None = None
    name: str = ""
    part: str = ""
    title: str = ""
    look: Look | None = None
    usual: bool = False
    sort: Literal["smallest", "largest"] | None = None
    sort_by: "Callable[[ScanRow], Any] | None" = None
    json_place: int = LAST
    flat_place: int = LAST
    sort_place: int = LAST

    @property
    def read(self) -> "Callable[[ScanRow], Any]":
        """What takes the value from a row; None where a row has none."""
        name = self.name
        return self.of or (lambda row: row.measured.get(name))
