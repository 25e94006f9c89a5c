"""The settings that files, variables and flags can set: sections, and what a scan gets of them."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from atc_cli.domain.catalog import FAMILIES
from atc_cli.domain.measures.table import COLUMNS, SORTS
from atc_cli.domain.params import Params, in_range
from atc_cli.domain.ties import LEAST_STRETCHED, TIES
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.settings.indicator import Indicator, Members
from atc_cli.settings.names import (
    BACKENDS,
    DEMO,
    MARKETS,
    SCAN_OUTPUTS,
    SIDES,
    THREADS_MAX,
    USUAL_EXCHANGES,
)
from atc_cli.settings.option import Section, section, setting
from atc_cli.settings.parse import (
    Several,
    address,
    choice,
    lower,
    number,
    outfile,
    path,
    pattern,
    span,
    switch,
    text,
    whole,
    zone,
)

WHERE = "Where candles come from"
OUTPUT = "Output"
RUN = "Run"


@section
class Place(Section):
    """A market and a window of its candles; `ccxt` holds constructor options per exchange."""

    title = WHERE

    exchange: tuple[str, ...] = setting(
        "exchanges by their ccxt name, or demo: a simulated market",
        Several(lower),
        default=("binance",),
        metavar="ID[,ID]|demo",
        suggested=(DEMO, *USUAL_EXCHANGES),
    )
    data: Path | None = setting(
        "read SYMBOL-TIMEFRAME.parquet|csv from a folder instead", path, default=None, metavar="DIR"
    )
    market: str = setting("kind of market", choice("market", MARKETS), default="swap")
    quote: str | None = setting(
        "quote currency; on exchanges USDT unless said otherwise, any = all", text, default=None, metavar="CODE"
    )
    timeframe: str = setting("candle length", choice("timeframe", TIMEFRAMES_MS, fold=False), default="15m")
    bars: int = setting(
        "window: the newest N bars; the signal depends on it", whole(2, 1_000_000), default=1500, metavar="N"
    )
    include_open: bool = setting("count the forming bar as well; its signal can still change", switch, default=False)
    offline: bool = setting("only what is stored on disk; never touch the network", switch, default=False)
    refresh: bool = setting(
        "fetch the whole window again and compare it with what is stored", switch, default=False, negatable=False
    )
    ccxt: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@section
class Store(Section):
    """The candles on disk."""

    title = WHERE

    cache_dir: Path | None = setting(
        "where candles are stored [the user's cache folder]", path, default=None, metavar="DIR"
    )
    cache_max_mb: int = setting(
        "megabytes for stored candles; what was not used for long goes", whole(1), default=4000, metavar="N"
    )


@section
class Remembered(Section):
    """Rows of earlier scans."""

    title = WHERE

    signals_cache: bool = setting(
        "remember rows; where stored candles are the same, nothing is read or computed", switch, default=False
    )
    signals_max_mb: int = setting("megabytes on disk for remembered rows", whole(1), default=200, metavar="N")
    signals_memory_mb: int = setting("megabytes in memory for remembered rows", whole(0), default=32, metavar="N")


@section
class Feed(Section):
    """How a market is asked, or simulated."""

    title = WHERE

    rate_share: float = setting(
        "share of an exchange's rate limit that this machine may use", number(0.01, 1), default=0.9, metavar="X"
    )
    refresh_markets: bool = setting(
        "fetch the list of symbols, which is kept for a day", switch, default=False, negatable=False
    )
    use_keys: bool = setting(
        "send the keys of [ccxt.ID] too; candles need none, and with one some exchanges ask what only its owner may",
        switch,
        default=False,
    )
    seed: int = setting("seed of the simulated market", whole(0, 2**31), default=7, metavar="N")
    demo_symbols: int = setting("symbols of the simulated market", whole(1, 10_000), default=120, metavar="N")


@section
class Prefilter(Section):
    """Whole windows of a few symbols only."""

    title = WHERE

    prefilter: int | None = setting(
        "whole windows of the N per side that short ones put first; other rows are approximate",
        whole(1),
        default=None,
        metavar="N",
    )


@section
class Universe(Section):
    """Which symbols; ages and lags in bars, volumes in quote currency."""

    title = "Which symbols"

    watchlist: str | None = setting("file of symbols, one a line; - reads stdin", text, default=None, metavar="FILE|-")
    deny: str | None = setting("leave out symbols that match", pattern, default=None, metavar="REGEX")
    allow: str | None = setting("only symbols that match", pattern, default=None, metavar="REGEX")
    stable: bool = setting("stablecoins as well", switch, default=False)
    leveraged: bool = setting("leveraged tokens as well", switch, default=False)
    min_age: int = setting(
        "symbols at least N bars old, by listing date or stored beginning; unknown stays in, and is said",
        whole(0),
        default=0,
        metavar="N",
    )
    min_volume: float | None = setting("smallest 24 h volume in quote currency", number(0), default=None, metavar="X")
    min_bars: int = setting("skip symbols with fewer bars", whole(0), default=0, metavar="N")
    max_lag: int = setting(
        "keep symbols whose last bar is at most N bars behind the newest", whole(0), default=0, metavar="N"
    )
    max_data_age: str | None = setting(
        "skip symbols whose last bar closed longer ago, as 2h (for cron)", span, default=None, metavar="SPAN"
    )


@section
class Rows(Section):
    """Which rows; signals are the indicator's [-1, 1], ages in bars."""

    title = "Which rows"

    side: str = setting("LONG or SHORT rows only", choice("side", SIDES), default="both")
    top: int | None = setting("first N per side, in the order of --sort", whole(1), default=None, metavar="N")
    min_signal: float = setting("smallest |signal|", number(0, 1), default=0.0, metavar="X")
    max_age: int | None = setting("flips at most N bars old (for cron)", whole(0), default=None, metavar="N")
    all: bool = setting("NEUTRAL rows too", switch, default=False)
    with_: tuple[str, ...] = setting(
        "show the sides of other timeframes beside each row, as 1h,4h; it never ranks by itself",
        Several(choice("timeframe", TIMEFRAMES_MS, fold=False)),
        default=(),
        metavar="TF[,TF]",
    )
    agree: int = setting("rows with whose side at least N timeframes of --with agree", whole(0), default=0, metavar="N")
    tie: str = setting(
        "order of equal |signal|: least stretch = side x (close / EMA(28) - 1) / (ATR(100) / close), youngest flip, or "
        "largest volume",
        choice("tie", TIES),
        default=LEAST_STRETCHED,
    )
    max_jump: float = setting(
        "warn where the close goes to X times or 1/X of the bar before", number(1.1), default=10.0, metavar="X"
    )
    skip_jumps: bool = setting("skip symbols whose close jumps like that", switch, default=False)
    stop_atr: float = setting("distance of the column stop, in ATR(100)", number(0.1, 100), default=3.0, metavar="K")


@section
class Output(Section):
    """What is written of a result, and where to."""

    title = OUTPUT

    output: str | None = setting("format; table unless said otherwise", choice("output", SCAN_OUTPUTS), default=None)
    out: Path | None = setting(
        "write to a file, atomically; its extension is the format; - is stdout",
        outfile,
        default=None,
        metavar="FILE|-",
    )
    columns: tuple[str, ...] | None = setting(
        "table columns: " + ", ".join(COLUMNS), Several(choice("column", COLUMNS)), default=None, metavar="LIST"
    )
    sort: str = setting(
        "row order: " + ", ".join(SORTS) + "; -KEY reverses",
        choice("sort key", (*SORTS, *(f"-{key}" for key in SORTS))),
        default="signal",
        metavar="KEY",
    )
    all_rows: bool = setting("on a terminal every row, not the first ten of each side", switch, default=False)
    tz: str = setting("time zone of shown times: UTC, local, Europe/Berlin", zone, default="UTC", metavar="ZONE")


@section
class Backend(Section):
    """What computes."""

    title = RUN

    backend: str = setting(
        "what computes; auto chooses, a name never falls back",
        choice("backend", BACKENDS),
        default="auto",
    )
    threads: int | None = setting(
        "threads that compute, of a backend that has the choice; as many as are worth it if not said",
        whole(1, THREADS_MAX),
        default=None,
        metavar="N",
    )
    scheduler: str | None = setting(
        "dask scheduler whose workers compute, unless --backend names another; extra dask",
        address,
        default=None,
        metavar="tcp://HOST:PORT",
    )


@section
class EveryBar(Section):
    """Whether `explain` writes one bar or all."""

    title = OUTPUT

    series: bool = setting(
        "every bar instead of the last: csv (default), json or parquet", switch, default=False, negatable=False
    )


@section
class Settings(
    Place, Store, Remembered, Feed, Prefilter, Universe, Rows, Indicator, Members, Output, Backend, EveryBar
):
    """All settings of a scan after defaults, preset, files, environment and flags are merged."""

    def validate(self) -> None:
        """Raise OutOfRangeError naming the key where settings are out of range or contradict each other."""
        self.params()
        why = "as signals are -1 to 1 and none could pass it"
        in_range("long_threshold", self.long_threshold, self.long_threshold < 1, f"below 1, {why}")
        in_range("short_threshold", self.short_threshold, self.short_threshold > -1, f"above -1, {why}")
        in_range("min_bars", self.min_bars, self.min_bars <= self.bars, f"0 to --bars ({self.bars})", "bars")
        few = self.prefilter is not None and self.prefilter < (self.top or 0)
        in_range("prefilter", self.prefilter, not few, f"--top ({self.top}) or more", "top")

    def params(self) -> Params:
        """The indicator's inputs; raises OutOfRangeError naming the key."""
        return Params(
            dialect=self.dialect,
            lengths=tuple(getattr(self, f"{family.id}_len") for family in FAMILIES),
            weights=tuple(getattr(self, f"{family.id}_weight") for family in FAMILIES),
            robustness=self.robustness,
            lambda_=self.lambda_,
            decay=self.decay,
            cutout=self.cutout,
            long_threshold=self.long_threshold,
            short_threshold=self.short_threshold,
            source=self.source,
            families=self.families,
            strategy=self.strategy,
        )
