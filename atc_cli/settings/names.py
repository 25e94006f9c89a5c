"""Names that settings take, where no table of the domain has them: each list once."""

from atc_cli.domain.catalog import Want
from atc_cli.domain.engines import AUTO, NOT_BUILT, TALIB, Engine

DEMO = "demo"
# What completion offers: importing ccxt for all of its names would take longer than a person waits for a key.
USUAL_EXCHANGES = (
    "binance",
    "binanceusdm",
    "bingx",
    "bitfinex",
    "bitget",
    "bitstamp",
    "bybit",
    "coinbase",
    "cryptocom",
    "deribit",
    "gate",
    "gemini",
    "htx",
    "hyperliquid",
    "kraken",
    "krakenfutures",
    "kucoin",
    "kucoinfutures",
    "mexc",
    "okx",
    "phemex",
    "upbit",
    "whitebit",
    "woo",
)
MARKETS = ("spot", "swap")
PRESETS = ("scalping", "intraday", "swing", "tradingview")
SIDES = ("both", "long", "short")

BACKENDS = (AUTO, *Engine)
BENCH_BACKENDS = (*Engine, TALIB)
# What completion and help offer: the others are refused with the reason.
BACKENDS_HERE = tuple(each for each in BACKENDS if each not in NOT_BUILT)
BENCH_BACKENDS_HERE = tuple(each for each in BENCH_BACKENDS if each not in NOT_BUILT)
WANTS = (Want.LAST, Want.AVERAGE, Want.ALL)

SCAN_OUTPUTS = ("table", "json", "jsonl", "csv", "parquet", "markdown", "symbols")
ONE_BAR_OUTPUTS = ("table", "json")
SERIES_OUTPUTS = ("csv", "json", "parquet")
EXPLAIN_OUTPUTS = tuple(dict.fromkeys((*ONE_BAR_OUTPUTS, *SERIES_OUTPUTS)))
REPORT_OUTPUTS = ("table", "json")
