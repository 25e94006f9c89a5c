"""Every setting of `atc scan` and `atc explain`: one typed, frozen value, one table."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atc_cli.domain.catalog import FAMILIES, FAMILY_IDS, LENGTH_MAX, Dialect, Robustness, Source, Want
from atc_cli.domain.engines import AUTO, TALIB, Engine
from atc_cli.domain.params import Params, in_range
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.settings.option import (
    BENCH,
    EXPLAIN,
    SCAN_ONLY,
    Option,
    Parse,
    Several,
    choice,
    given_value,
    lower,
    number,
    path,
    pattern,
    setting,
    switch,
    text,
    whole,
    zone,
)

DEMO = "demo"
# What completion offers: importing ccxt for all of its names would take longer than a person waits for a key.
USUAL_EXCHANGES = (
    "binance", "binanceusdm", "bingx", "bitfinex", "bitget", "bitstamp", "bybit", "coinbase", "cryptocom", "deribit",
    "gate", "gemini", "htx", "hyperliquid", "kraken", "krakenfutures", "kucoin", "kucoinfutures", "mexc", "okx",
    "phemex", "upbit", "whitebit", "woo",
)  # fmt: skip
PRESETS = ("scalping", "intraday", "swing", "tradingview")
BACKENDS = (AUTO, *Engine)
BENCH_BACKENDS = (*Engine, TALIB)
BENCH_OUTPUTS = ("table", "json")
WANTS = (Want.LAST, Want.AVERAGE, Want.ALL)
MARKETS = ("spot", "swap")
SIDES = ("both", "long", "short")
SCAN_OUTPUTS = ("table", "json", "jsonl", "csv", "parquet", "markdown", "symbols")
EXPLAIN_OUTPUTS = ("table", "json", "csv", "parquet")
COLUMNS = (
    "rank", "symbol", "exchange", "side", "signal", "families", "price", "change", "volume",
    "age", "flipped", "bars", "gaps", "grid", "time", "spark",
)  # fmt: skip
SORTS = ("signal", "symbol", "side", "change", "volume", "age", "price")
_SORT_CHOICES = (*SORTS, *(f"-{key}" for key in SORTS))

_WHERE, _WHICH, _KEEP, _INDICATOR, _MEMBERS, _SHOW, _RUN = (
    "Where candles come from",
    "Which symbols",
    "Which rows",
    "Indicator",
    "Lengths and weights of the six families",
    "Output",
    "Run",
)
_SIZE, _WHAT = "Sizes", "What is measured"


def _length(name: str) -> Any:
    return setting(f"{name}_len", _MEMBERS, f"{name.upper()} base length", whole(1, LENGTH_MAX), 28, metavar="N")


def _weight(name: str) -> Any:
    return setting(f"{name}_weight", _MEMBERS, f"{name.upper()} start weight", number(), 1.0, metavar="X")


def _bench(key: str, panel: str, help_text: str, parse: Parse, default: Any, **extra: Any) -> Any:
    return setting(key, panel, help_text, parse, default, commands=frozenset({BENCH}), **extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings after defaults, preset, files, environment and flags are merged.

    Lengths, cutout and ages in bars; lambda and decay unscaled; volumes in quote currency; thresholds
    and signals are the indicator's [-1, 1]. `ccxt` holds constructor options per exchange;
    `modified` names the settings that were given over the preset's.
    """

    exchange: tuple[str, ...] = setting(
        "exchange", _WHERE, "exchanges by their ccxt name, or demo: a simulated market",
        Several(lower), ("binance",), metavar="ID[,ID]|demo", choices=(DEMO, *USUAL_EXCHANGES),
    )  # fmt: skip
    data: Path | None = setting(
        "data", _WHERE, "read SYMBOL-TIMEFRAME.parquet|csv from a folder instead", path, None, metavar="DIR"
    )
    market: str = setting("market", _WHERE, "kind of market", choice("market", MARKETS), "swap", choices=MARKETS)
    quote: str | None = setting("quote", _WHERE, "quote currency; on exchanges USDT unless said otherwise, any = all",
        text, None, metavar="CODE")  # fmt: skip
    timeframe: str = setting("timeframe", _WHERE, "candle length", choice("timeframe", TIMEFRAMES_MS, fold=False),
        "15m", choices=tuple(TIMEFRAMES_MS))  # fmt: skip
    bars: int = setting(
        "bars", _WHERE, "window: the newest N bars; the signal depends on it", whole(2, 1_000_000), 1500, metavar="N"
    )
    include_open: bool = setting(
        "include_open", _WHERE, "count the forming bar as well; its signal can still change", switch, False
    )
    offline: bool = setting("offline", _WHERE, "only what is stored on disk; never touch the network", switch, False)
    refresh: bool = setting("refresh", _WHERE, "fetch the whole window again and compare it with what is stored",
        switch, False, negatable=False)  # fmt: skip
    cache_dir: Path | None = setting("cache_dir", _WHERE, "where candles are stored [the user's cache folder]",
        path, None, metavar="DIR")  # fmt: skip
    cache_max_mb: int = setting("cache_max_mb", _WHERE, "megabytes for stored candles; what was not used for long goes",
        whole(1), 4000, metavar="N")  # fmt: skip
    signals_cache: bool = setting("signals_cache", _WHERE,
        "remember rows; where stored candles are the same, nothing is read or computed", switch, False,
        commands=SCAN_ONLY)  # fmt: skip
    signals_max_mb: int = setting("signals_max_mb", _WHERE, "megabytes on disk for remembered rows", whole(1), 200,
        metavar="N", commands=SCAN_ONLY)  # fmt: skip
    signals_memory_mb: int = setting("signals_memory_mb", _WHERE, "megabytes in memory for remembered rows", whole(0),
        32, metavar="N", commands=SCAN_ONLY)  # fmt: skip
    rate_share: float = setting("rate_share", _WHERE, "share of an exchange's rate limit that this machine may use",
        number(0.01, 1), 0.9, metavar="X")  # fmt: skip
    refresh_markets: bool = setting("refresh_markets", _WHERE, "fetch the list of symbols, which is kept for a day",
        switch, False, negatable=False)  # fmt: skip
    seed: int = setting("seed", _WHERE, "seed of the simulated market", whole(0, 2**31), 7, metavar="N")
    watchlist: str | None = setting(
        "watchlist", _WHICH, "file of symbols, one a line; - reads stdin", text, None,
        metavar="FILE|-", commands=SCAN_ONLY,
    )  # fmt: skip
    deny: str | None = setting(
        "deny", _WHICH, "leave out symbols that match", pattern, None, metavar="REGEX", commands=SCAN_ONLY
    )
    allow: str | None = setting("allow", _WHICH, "only symbols that match", pattern, None, metavar="REGEX",
        commands=SCAN_ONLY)  # fmt: skip
    stable: bool = setting("stable", _WHICH, "stablecoins as well", switch, False, commands=SCAN_ONLY)
    leveraged: bool = setting("leveraged", _WHICH, "leveraged tokens as well", switch, False, commands=SCAN_ONLY)
    min_age: int = setting("min_age", _WHICH, "symbols listed at least N bars ago, where that is known", whole(0), 0,
        metavar="N", commands=SCAN_ONLY)  # fmt: skip
    min_volume: float | None = setting(
        "min_volume", _WHICH, "smallest 24 h volume in quote currency", number(0), None,
        metavar="X", commands=SCAN_ONLY,
    )  # fmt: skip
    min_bars: int = setting(
        "min_bars", _WHICH, "skip symbols with fewer bars", whole(0), 0, metavar="N", commands=SCAN_ONLY
    )
    max_lag: int = setting(
        "max_lag", _WHICH, "keep symbols whose last bar is at most N bars behind the newest", whole(0), 0,
        metavar="N", commands=SCAN_ONLY,
    )  # fmt: skip
    side: str = setting("side", _KEEP, "LONG or SHORT rows only", choice("side", SIDES), "both",
        choices=SIDES, commands=SCAN_ONLY)  # fmt: skip
    top: int | None = setting("top", _KEEP, "best N per side", whole(1), None, metavar="N", commands=SCAN_ONLY)
    min_signal: float = setting(
        "min_signal", _KEEP, "smallest |signal|", number(0, 1), 0.0, metavar="X", commands=SCAN_ONLY
    )
    max_age: int | None = setting(
        "max_age", _KEEP, "flips at most N bars old (for cron)", whole(0), None, metavar="N", commands=SCAN_ONLY
    )
    all: bool = setting("all", _KEEP, "NEUTRAL rows too", switch, False, commands=SCAN_ONLY)
    preset: str = setting(
        "preset", _INDICATOR, "a named set of the values below, with timeframe and bars",
        choice("preset", PRESETS), "intraday", choices=PRESETS,
    )  # fmt: skip
    dialect: Dialect = setting(
        "dialect", _INDICATOR, "lts: tick-exact; tradingview: the published script to the bit",
        choice("dialect", Dialect), Dialect.LTS, choices=tuple(Dialect),
    )  # fmt: skip
    families: tuple[str, ...] = setting(
        "families", _INDICATOR, "average families that take part",
        Several(choice("family", FAMILY_IDS), FAMILY_IDS), FAMILY_IDS, metavar="LIST", choices=FAMILY_IDS,
    )  # fmt: skip
    robustness: Robustness = setting(
        "robustness", _INDICATOR, "how far the 8 neighbours of a length lie from it",
        choice("robustness", Robustness), Robustness.MEDIUM, choices=tuple(Robustness),
    )  # fmt: skip
    lambda_: float = setting(
        "lambda", _INDICATOR, "growth of later returns, per 1000 bars", number(), 0.02, metavar="X"
    )
    decay: float = setting("decay", _INDICATOR, "equity decay, percent a bar", number(), 0.03, metavar="X")
    cutout: int = setting("cutout", _INDICATOR, "bars before equities start", whole(0), 0, metavar="N")
    long_threshold: float = setting("long_threshold", _INDICATOR, "LONG above", number(), 0.1, metavar="X")
    short_threshold: float = setting("short_threshold", _INDICATOR, "SHORT below", number(), -0.1, metavar="X")
    source: Source = setting(
        "source", _INDICATOR, "price that the averages are taken of", choice("source", Source), Source.CLOSE,
        choices=tuple(Source),
    )  # fmt: skip
    strategy: bool = setting(
        "strategy", _INDICATOR, "signal shifted by one bar, as a strategy trades it", switch, False
    )
    ema_len: int = _length("ema")
    hma_len: int = _length("hma")
    wma_len: int = _length("wma")
    dema_len: int = _length("dema")
    lsma_len: int = _length("lsma")
    kama_len: int = _length("kama")
    ema_weight: float = _weight("ema")
    hma_weight: float = _weight("hma")
    wma_weight: float = _weight("wma")
    dema_weight: float = _weight("dema")
    lsma_weight: float = _weight("lsma")
    kama_weight: float = _weight("kama")
    output: str | None = setting(
        "output", _SHOW, "format; table unless said otherwise", choice("output", SCAN_OUTPUTS), None,
        choices=SCAN_OUTPUTS, explain_choices=EXPLAIN_OUTPUTS,
    )  # fmt: skip
    out: Path | None = setting(
        "out", _SHOW, "write to a file, atomically; its extension is the format", path, None, metavar="FILE"
    )
    columns: tuple[str, ...] | None = setting(
        "columns", _SHOW, "table columns: " + ", ".join(COLUMNS), Several(choice("column", COLUMNS)), None,
        metavar="LIST", commands=SCAN_ONLY, choices=COLUMNS,
    )  # fmt: skip
    sort: str = setting(
        "sort", _SHOW, "row order: " + ", ".join(SORTS) + "; -KEY reverses",
        choice("sort key", _SORT_CHOICES), "signal",
        choices=_SORT_CHOICES, metavar="KEY", commands=SCAN_ONLY,
    )  # fmt: skip
    tz: str = setting("tz", _SHOW, "time zone of shown times: UTC, local, Europe/Berlin", zone, "UTC", metavar="ZONE")
    backend: str = setting(
        "backend", _RUN, "what computes; auto chooses, a name never falls back", choice("backend", BACKENDS), "auto",
        choices=BACKENDS,
    )  # fmt: skip
    series: bool = setting(
        "series", _SHOW, "every bar instead of the last: csv (default), json or parquet", switch, False,
        commands=frozenset({EXPLAIN}), negatable=False,
    )  # fmt: skip
    ccxt: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    modified: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise OutOfRangeError naming the key where settings are out of range or contradict each other."""
        self.params()
        in_range("min_bars", self.min_bars, self.min_bars <= self.bars, f"0 to --bars ({self.bars})", "bars")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSettings:
    """The flags of `atc bench`, which no file or variable sets: a measurement says all that it depends on."""

    symbols: int | None = _bench("symbols", _SIZE, "symbols in a batch", whole(1, 100_000), None, metavar="N")
    bars: int | None = _bench("bars", _SIZE, "bars of each", whole(100, 10_000_000), None, metavar="N")
    full: bool = _bench("full", _SIZE, "10000x1500 and 1x1000000 as well", switch, False, negatable=False)
    data: Path | None = _bench("data", _SIZE, "candles of a folder, not random walks", path, None, metavar="DIR")
    timeframe: str = _bench("timeframe", _SIZE, "which files of --data", choice("timeframe", TIMEFRAMES_MS), "1h",
        choices=tuple(TIMEFRAMES_MS), metavar="TF")  # fmt: skip
    backend: tuple[str, ...] = _bench("backend", _WHAT, ", ".join(BENCH_BACKENDS) + "; all that can run if none",
        Several(choice("backend", BENCH_BACKENDS)), (), choices=BENCH_BACKENDS, metavar="LIST")  # fmt: skip
    threads: tuple[int, ...] = _bench("threads", _WHAT, "numbers of threads; all that a backend offers if none",
        Several(whole(1, 4096)), (), metavar="LIST")  # fmt: skip
    dialect: tuple[Dialect, ...] = _bench("dialect", _WHAT, "lts, tradingview or both",
        Several(choice("dialect", Dialect)), (Dialect.LTS,), choices=tuple(Dialect), metavar="LIST")  # fmt: skip
    want: tuple[str, ...] = _bench("want", _WHAT, ", ".join(WANTS) + ": what is kept of the result",
        Several(choice("want", WANTS)), ("average",), choices=WANTS, metavar="LIST")  # fmt: skip
    runs: int = _bench("runs", _WHAT, "measured runs after the warm-up; the median counts", whole(1, 1000), 5,
        metavar="K")  # fmt: skip
    output: str | None = _bench("output", _SHOW, "format; table unless said otherwise",
        choice("output", BENCH_OUTPUTS), None, choices=BENCH_OUTPUTS)  # fmt: skip
    out: Path | None = _bench("out", _SHOW, "write to a file, atomically", path, None, metavar="FILE")

    @property
    def folder(self) -> str | None:
        """The folder of --data as a measuring process can find it."""
        return None if self.data is None else str(self.data.absolute())

    @classmethod
    def of_flags(cls, given: Mapping[str, Any]) -> "BenchSettings":
        """From the texts of the flags that were given; UsageError names the flag."""
        return cls(**{key: given_value(BENCH_OPTIONS[key], raw) for key, raw in given.items()})


def options(table: type) -> Iterator[tuple[str, Option]]:
    """(field name, option) of every setting, in the order of --help."""
    for each in dataclasses.fields(table):
        if "option" in each.metadata:
            yield each.name, each.metadata["option"]


OPTIONS: dict[str, Option] = {option.key: option for _, option in options(Settings)}
FIELDS: dict[str, str] = {option.key: name for name, option in options(Settings)}
BENCH_OPTIONS: dict[str, Option] = {option.key: option for _, option in options(BenchSettings)}
