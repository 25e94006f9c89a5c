"""Names that settings take, where no table of the domain has them: each list once."""

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

_ENGINES = ("reference", "numba", "rust", "cuda", "dask")
BACKENDS = ("auto", *_ENGINES)
BENCH_BACKENDS = (*_ENGINES, "talib")
WANTS = ("last", "average", "all")

SCAN_OUTPUTS = ("table", "json", "jsonl", "csv", "parquet", "markdown", "symbols")
ONE_BAR_OUTPUTS = ("table", "json")
SERIES_OUTPUTS = ("csv", "json", "parquet")
EXPLAIN_OUTPUTS = tuple(dict.fromkeys((*ONE_BAR_OUTPUTS, *SERIES_OUTPUTS)))
REPORT_OUTPUTS = ("table", "json")
