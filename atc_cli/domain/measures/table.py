"""The one table of what a scan row tells: columns, --sort and every document are read from it.

Imported for --help and completion: a module that computes a measure imports numpy inside its functions, if at all.
"""

from operator import attrgetter
from typing import TYPE_CHECKING

from atc_cli.domain.catalog import FAMILIES
from atc_cli.domain.measures.day import change_24h_frac, quote_volume_24h
from atc_cli.domain.measures.indicators import adx, bollinger_frac, hurst, rsi, volatility_day_frac
from atc_cli.domain.measures.measure import DayFigures, Measure, RowData
from atc_cli.domain.measures.trend import (
    atr_frac,
    flip_price,
    jump,
    jumped_at,
    since_flip_frac,
    stretch,
    volume_burst,
)

if TYPE_CHECKING:
    from atc_cli.domain.results.scan import ScanRow

SPARK_CLOSES = 40


def _others(row: "ScanRow") -> dict[str, dict[str, object] | None]:
    """Sides and signals by timeframe."""
    return {
        timeframe: None if each is None else {"side": each.side.value, "signal": each.signal}
        for timeframe, each in row.others.items()
    }


# In the order of the table's columns.
MEASURES: tuple[Measure, ...] = (
    Measure(
        key="rank", type="whole", of=attrgetter("rank"), name="rank",
        title="#", look="place", usual=True, json_place=1, flat_place=1,
    ),
    Measure(
        key="symbol", type="text", of=attrgetter("symbol"), name="symbol",
        title="SYMBOL", look="symbol", usual=True, sort="smallest", json_place=2, flat_place=3, sort_place=2,
    ),
    Measure(
        key="exchange", type="text", of=attrgetter("exchange"), name="exchange",
        title="EXCHANGE", look="name", json_place=15, flat_place=2,
    ),
    Measure(
        key="side", type="text", of=attrgetter("side.value"), name="side", title="SIDE", look="side", usual=True,
        sort="smallest", sort_by=attrgetter("side.place"), json_place=3, flat_place=4, sort_place=3,
    ),
    Measure(
        key="signal", type="number", of=attrgetter("signal"), name="signal", title="SIGNAL", look="signal", usual=True,
        sort="smallest", sort_by=attrgetter("rank"), json_place=4, flat_place=5, sort_place=1,
    ),
    Measure(
        key="stretch", type="number", unit="ATR", window=stretch, name="stretch",
        title="STRETCH", look="multiple", usual=True, sort="smallest",
    ),
    Measure(
        key="cautions", type="texts", of=attrgetter("cautions"), name="cautions",
        title="!", look="cautions",
    ),
    Measure(key="trend", type="whole", of=attrgetter("trend"), name="trend", json_place=5, flat_place=6),
    Measure(
        key="families", type="families", of=attrgetter("families"), name="families", part="signal",
        title=" ".join(family.title[0] for family in FAMILIES), look="families", usual=True,
        json_place=6, flat_place=17,
    ),
    Measure(
        key="weights", type="families", of=attrgetter("weights"), name="weights", part="weight",
        json_place=7, flat_place=18,
    ),
    Measure(
        key="price", type="number", unit="quote currency", of=attrgetter("price"), name="price",
        title="PRICE", look="price", usual=True, sort="largest", json_place=8, flat_place=7, sort_place=7,
    ),
    Measure(
        key="atr", type="number", unit="fraction", window=atr_frac, name="atr_frac",
        title="ATR", look="share", sort="largest",
    ),
    Measure(
        key="stop", type="number", unit="quote currency", of=attrgetter("stop_price"), name="stop_price",
        title="STOP", look="stop",
    ),
    Measure(key="stop_distance", type="number", unit="fraction", of=attrgetter("stop_frac"), name="stop_frac"),
    Measure(
        key="change", type="number", unit="fraction", window=change_24h_frac, told=attrgetter("change_24h_frac"),
        name="change_24h_frac", title="24 H", look="change", usual=True,
        sort="largest", json_place=9, flat_place=8, sort_place=4,
    ),
    Measure(
        key="volume", type="number", unit="quote currency", window=quote_volume_24h, told=attrgetter("quote_volume"),
        name="quote_volume", title="VOLUME", look="amount", usual=True,
        sort="largest", json_place=10, flat_place=9, sort_place=5,
    ),
    Measure(
        key="age", type="whole", unit="bars", of=attrgetter("age_bars"), name="age_bars",
        title="AGE", look="age", usual=True, sort="smallest", json_place=12, flat_place=11, sort_place=6,
    ),
    Measure(
        key="flipped", type="time", unit="UTC ms", of=attrgetter("flipped_at_ms"), name="flipped_at",
        title="FLIPPED", look="moment", usual=True, json_place=11, flat_place=10,
    ),
    Measure(
        key="flip_price", type="number", unit="quote currency", window=flip_price, name="flip_price",
        title="FLIP PRICE", look="price",
    ),
    Measure(
        key="since", type="number", unit="fraction", window=since_flip_frac, name="since_flip_frac",
        title="SINCE", look="change", sort="largest",
    ),
    Measure(
        key="bars", type="whole", unit="bars", of=attrgetter("bars"), name="bars",
        title="BARS", look="bars", json_place=13, flat_place=12,
    ),
    Measure(
        key="gaps", type="whole", unit="bars", of=attrgetter("gap_bars"), name="gap_bars",
        title="GAPS", look="gaps", json_place=18, flat_place=13,
    ),
    Measure(
        key="grid", type="whole", unit="decimals", of=attrgetter("grid"), name="grid",
        title="GRID", look="grid", json_place=14, flat_place=14,
    ),
    Measure(
        key="time", type="time", unit="UTC ms", of=attrgetter("bar_time_ms"), name="bar_time",
        title="BAR", look="bar time", json_place=16, flat_place=15,
    ),
    Measure(key="bar_close", type="time", of=attrgetter("bar_close_ms"), name="bar_close_time"),
    Measure(key="flip_close", type="time", of=attrgetter("flip_close_ms"), name="flip_close_time"),
    Measure(key="forming", type="flag", of=attrgetter("forming"), name="forming", json_place=17, flat_place=16),
    Measure(key="unsure", type="flag", of=attrgetter("unsure"), name="unsure", json_place=19, flat_place=19),
    Measure(key="with", type="sides", of=_others, name="with", title="WITH", look="sides"),
    Measure(
        key="agreement", type="whole", unit="timeframes", of=attrgetter("agreement"), name="agreement",
        title="AGREE", look="agreement", sort="largest",
    ),
    Measure(key="approximate", type="flag", of=attrgetter("approximate"), name="approximate"),
    Measure(
        key="was", type="whole", of=attrgetter("rank_before"), name="rank_before",
        title="WAS", look="place before", sort="smallest",
    ),
    Measure(key="new", type="flag", of=attrgetter("new"), name="new", sort="largest"),
    Measure(
        key="spark", type="closes", unit="quote currency", of=attrgetter("closes"),
        title=f"LAST {SPARK_CLOSES} CLOSES", look="closes", usual=True,
    ),
    Measure(key="burst", type="number", unit="ratio", window=volume_burst, name="volume_burst"),
    Measure(key="jump", type="number", unit="ratio", window=jump, name="jump"),
    Measure(key="jumped", type="time", unit="UTC ms", window=jumped_at, name="jumped_at"),
    Measure(
        key="rsi", type="number", unit="of 100", window=rsi, name="rsi",
        title="RSI", look="figure", sort="largest",
    ),
    Measure(
        key="adx", type="number", unit="of 100", window=adx, name="adx",
        title="ADX", look="figure", sort="largest",
    ),
    Measure(
        key="bollinger", type="number", unit="fraction", window=bollinger_frac, name="bollinger_frac",
        title="%B", look="share", sort="largest",
    ),
    Measure(
        key="volatility", type="number", unit="fraction", window=volatility_day_frac, name="volatility_day_frac",
        title="VOLATILITY", look="share", sort="largest",
    ),
    Measure(
        key="hurst", type="number", window=hurst, name="hurst",
        title="HURST", look="figure", sort="largest",
    ),
)  # fmt: skip

COLUMNS: dict[str, Measure] = {each.key: each for each in MEASURES if each.look is not None}
SORTS: dict[str, Measure] = {
    each.key: each for each in sorted(MEASURES, key=attrgetter("sort_place")) if each.sort is not None
}
IN_JSON: tuple[Measure, ...] = tuple(each for each in sorted(MEASURES, key=attrgetter("json_place")) if each.name)
IN_FLAT_FILES: tuple[Measure, ...] = tuple(each for each in sorted(MEASURES, key=attrgetter("flat_place")) if each.name)

_OF_WINDOW = [(each.name, each.window) for each in MEASURES if each.window is not None]
_TOLD = [(each.name, each.told) for each in MEASURES if each.told is not None]


def measured(data: RowData) -> dict[str, float | None]:
    """Every measure that is computed, by its name: what a row carries."""
    return {name: of(data) for name, of in _OF_WINDOW}


def told(day: DayFigures) -> dict[str, float]:
    """What the exchange says in place of measures, by their names; empty where it was not asked."""
    return {name: figure for name, of in _TOLD if (figure := of(day)) is not None}
