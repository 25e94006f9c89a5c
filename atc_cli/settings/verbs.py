"""The one table of the commands."""

from dataclasses import replace
from pathlib import Path

from atc_cli.settings.backtest import BacktestRun, Paid, Stretch, Told, Trade
from atc_cli.settings.cache import CACHE
from atc_cli.settings.hits import HITS
from atc_cli.settings.indicator import Indicator, Members
from atc_cli.settings.names import EXPLAIN_OUTPUTS, PRESETS
from atc_cli.settings.option import Option, Section, only, options, without
from atc_cli.settings.own import (
    BenchSettings,
    CommonRun,
    File,
    Format,
    General,
    Health,
    Kept,
    Lock,
    MemoryReport,
    Presets,
    Quiet,
    ScanRun,
    Timeframes,
    WarmRun,
    Work,
)
from atc_cli.settings.profile import ProfileSettings
from atc_cli.settings.sections import (
    Backend,
    EveryBar,
    Feed,
    Output,
    Place,
    Prefilter,
    Remembered,
    Rows,
    Settings,
    Store,
    Universe,
)
from atc_cli.settings.verb import SYMBOLS, Argument, Verb

_SCAN: tuple[type[Section], ...] = (
    *(Place, Store, Remembered, Feed, Prefilter, Universe, Rows, Indicator, Members, Output, Backend),
    *(Kept, Lock, General, Quiet, MemoryReport),
)
_USUAL = (
    *("exchange", "data", "market", "timeframe", "bars", "offline"),
    *("watchlist", "deny", "min_volume"),
    *("side", "top", "max_age", "all"),
    *("preset", "output", "out", "columns", "sort", "all_rows", "tz"),
    *("lock", "verbose", "quiet"),
)
_EXPLAIN_OUTPUT = tuple(replace(each, suggested=EXPLAIN_OUTPUTS) for each in only(Output, "output"))

_BACKTEST: tuple[type[Section] | tuple[Option, ...], ...] = (
    *(without(Place, "include_open"), Store, Feed, Stretch, Trade),
    only(Rows, "side", "min_signal", "max_age", "tie", "max_jump", "skip_jumps"),
    Paid,
    without(Universe, "min_age", "max_lag", "max_data_age"),
    *(Indicator, Members, Told, Backend, General, Quiet),
)
_BACKTEST_USUAL = (
    *("exchange", "data", "market", "timeframe", "bars", "offline"),
    *("start", "end", "check", "split"),
    *("enter", "exit", "side", "max_positions", "size", "capital"),
    *("fee_bps", "slippage_bps", "funding_bps_per_8h"),
    *("watchlist", "preset", "output", "out", "trades", "plot", "verbose", "quiet"),
)

GROUPS = {
    "config": "Show, check and locate settings.",
    "cache": "Stored candles: list, check, prune, bring in, take out.",
}
VERBS = (
    Verb(
        name="scan",
        summary="Scan a market and print ranked signals.",
        examples=(
            "atc scan                                      Binance USDT perpetuals, 15m",
            "atc scan --exchange demo                      a simulated market, no network",
            "atc scan BTCUSDT ETHUSDT --timeframe 1h",
            "atc scan --data candles/ --timeframe 1h --top 10",
            "atc scan --offline                            what was stored by scans before",
            "atc scan --preset swing --side long --max-age 1 --output json",
            "atc scan --output symbols | atc scan --watchlist - --timeframe 4h",
            "atc scan --prefilter 25                       whole windows where they matter: a third of the requests",
            "atc scan --timeframe 1h --max-age 0 --lock --quiet --out signals.json",
            "atc scan --threads 1 -v                       one core; what else was estimated to take how long",
        ),
        exits="0 ok, 2 usage, 3 partial, 4 no data, 69 unavailable, 75 try later, 78 configuration, 130 interrupted.",
        settings=Settings,
        own=ScanRun,
        flags=_SCAN,
        usual=_USUAL,
        arguments=(SYMBOLS,),
    ),
    Verb(
        name="warm-cache",
        summary="Store candles, so that scans find them.",
        about="Fetches what the store lacks and nothing else: a second run, or one after a kill, goes on where the "
        "last one was.",
        examples=(
            "atc warm-cache --timeframe 15m,1h,4h          every Binance USDT perpetual, three timeframes",
            "atc warm-cache BTCUSDT ETHUSDT --timeframe 1h --bars 20000",
            "atc warm-cache --signals intraday,swing       their timeframes, and their signals for --signals-cache",
            "atc warm-cache --signals swing --scheduler tcp://10.0.0.1:8786     computed on a cluster",
            "atc warm-cache --exchange bybit --jobs 16     more requests at once, where an exchange answers slowly",
            "atc warm-cache --timeframe 1h --lock --quiet --output json --out warm.json",
        ),
        exits="as scan. 75 also where --lock finds the same command at work.",
        settings=Settings,
        own=WarmRun,
        flags=(
            only(Place, "exchange", "market", "quote"),
            Timeframes,
            only(Place, "bars"),
            Store,
            only(Feed, "rate_share", "refresh_markets", "use_keys"),
            without(Universe, "min_bars", "max_lag"),
            only(Indicator, "preset"),
            *(Presets, Backend, Format, File, Work, Lock, General, Quiet),
        ),
        arguments=(SYMBOLS,),
    ),
    Verb(
        name="explain",
        summary="Take one symbol's signal apart.",
        examples=(
            "atc explain SIM001 --exchange demo            the weight table at the last bar",
            "atc explain BTCUSDT --timeframe 4h            from Binance",
            "atc explain BTCUSDT --data candles/ --timeframe 1h --series --out btc.parquet",
        ),
        settings=Settings,
        own=CommonRun,
        flags=(
            *(Place, Store, Feed, Indicator, Members),
            _EXPLAIN_OUTPUT,
            only(Output, "out", "tz"),
            *(Backend, EveryBar, General, Quiet),
        ),
        arguments=(
            Argument(name="symbol", metavar="SYMBOL", help="BTCUSDT, BTC/USDT, BINANCE:BTCUSDT.P, ..", required=True),
        ),
    ),
    HITS,
    Verb(
        name="backtest",
        summary="What following the scan would have earned, after costs.",
        about="At every bar the signal is that of the window that a scan would have loaded then; what its close "
        "decides is filled at the next bar's open. Signals are kept: a second run with other rules computes none, and "
        "one after Ctrl-C goes on.",
        examples=(
            "atc backtest BTCUSDT --timeframe 1h --start 2025-01-01",
            "atc backtest SIM001 --exchange demo           a simulated market, no network",
            "atc backtest --data candles/ --timeframe 1h --check all --split 0.6",
            "atc backtest --offline --max-positions 10 --rebalance bars:24 --enter hold",
            "atc backtest ETHUSDT --exit flip,stop-atr:3,bars:48 --size atr:0.01",
            "atc backtest --data candles/ --timeframe 1d --fee-bps 1 --out report.html --trades trades.csv",
        ),
        exits="as scan: 3 where a data fault cost symbols, 4 no signal in that time.",
        settings=Settings,
        own=BacktestRun,
        flags=_BACKTEST,
        usual=_BACKTEST_USUAL,
        arguments=(SYMBOLS,),
    ),
    Verb(
        name="bench",
        summary="Time every backend whose bits are right.",
        about="Each backend is first compared with the reference, on the grid and off it: one whose bits differ gets "
        "no time, a red line, and exit code 1. The reference itself is extrapolated from a few bars.",
        examples=(
            "atc bench                                     1, 99 and 1000 symbols x 1500 bars",
            "atc bench --symbols 99 --dialect lts,tradingview",
            "atc bench --backend rust,numba --want last --runs 11",
            "atc bench --data candles/ --timeframe 1h --output json --out bench.json",
            "atc bench --calibrate                         what --backend auto goes by from now on",
            "atc bench --routes                            whether its choices are the fastest",
            "atc bench --routes --machine bench.json       what it would choose on another machine",
        ),
        exits="0 ok, 1 bits differ or a run failed, 2 usage, 4 no data, 69 unavailable, 130 interrupted.",
        own=BenchSettings,
        flags=(BenchSettings,),
    ),
    Verb(
        name="profile",
        summary="Where the time and the memory of a command go.",
        about="Runs a scan of the simulated market, or what stands behind --, in a process of its own. Without flags "
        "its stages as a tree. Files go to profiles/ of a checkout, else to the user's data folder.",
        examples=(
            "atc profile                                   a scan of the simulated market",
            "atc profile --all --symbols 1000 --bars 1500",
            "atc profile --pyspy --native -- scan --offline --timeframe 1h",
            "atc profile --pyspy --pid 4711                a watch or a cron job that hangs",
            "atc profile --runs 9 --exit-code -- scan --data candles/ --timeframe 1h",
            "atc profile --compare profiles/old.json profiles/new.json",
        ),
        exits="0 ok, 2 usage, 69 py-spy is missing or may not look, 130 interrupted; with --exit-code the command's.",
        own=ProfileSettings,
        flags=(ProfileSettings,),
        arguments=(
            Argument(name="command", metavar="-- ATC ARGS", help="an atc command; OLD NEW of --compare", several=True),
        ),
    ),
    Verb(
        name="doctor",
        summary="Check this installation; the exit code is the verdict.",
        examples=(
            "atc doctor",
            "atc doctor --output json",
        ),
        own=Health,
        flags=(Health,),
    ),
    Verb(
        name="config show",
        summary="Every setting of a scan with these flags, and where each comes from.",
        settings=Settings,
        own=ScanRun,
        flags=_SCAN,
    ),
    Verb(
        name="config validate",
        summary="Check a settings file; exit code 78 says what is wrong with it.",
        arguments=(Argument(name="file", metavar="FILE", help="a settings file; those in force if none", parse=Path),),
    ),
    Verb(name="config path", summary="Where settings and the cache live."),
    Verb(
        name="config presets",
        summary="The presets, as the TOML that a settings file would hold.",
        arguments=(Argument(name="name", metavar="name", help="one preset; all if none", suggested=PRESETS),),
    ),
    *CACHE,
)

# What files and variables can set: a file is shared by all commands.
LAYERED: dict[str, Option] = {
    option.key: option
    for verb in VERBS
    for option in (options(verb.settings) if verb.settings is not None else ())
    if option.layered
}
