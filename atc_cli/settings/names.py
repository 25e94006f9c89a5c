"""Names that settings take, where no table of the domain has them: each list once."""

from typing import NamedTuple

from atc_cli.domain.catalog import Want
from atc_cli.domain.engines import AUTO, ELSEWHERE, TALIB, Engine

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
BENCH_BACKENDS_HERE = tuple(each for each in BENCH_BACKENDS if each not in ELSEWHERE)
THREADS_MAX = 4096
WANTS = (Want.LAST, Want.AVERAGE, Want.ALL)


class Format(NamedTuple):
    """A way to write a scan: scan_NAME of reporting/`file`.py, which is given the result and what it `takes` besides.

    `extra` installs the `library` that it needs, where that is not one of ours. `approximate`: each row says there
    whether it is that, so that those of a prefilter are written too.
    """

    name: str
    file: str
    takes: tuple[str, ...] = ()
    extension: str = ""
    binary: bool = False
    extra: str = ""
    library: str = ""
    approximate: bool = False


SCAN_FORMATS = {
    each.name: each
    for each in (
        Format("table", "scan_table", ("columns", "width", "zone", "first")),
        Format("json", "scan_documents", extension=".json", approximate=True),
        Format("jsonl", "scan_documents", extension=".jsonl", approximate=True),
        Format("csv", "scan_documents", extension=".csv", approximate=True),
        Format("parquet", "scan_documents", extension=".parquet", binary=True, approximate=True),
        Format("markdown", "scan_markdown", ("columns", "zone"), extension=".md"),
        Format("symbols", "scan_documents"),
        Format("html", "scan_html", ("columns", "zone"), extension=".html"),
        Format(
            "xlsx", "scan_xlsx", extension=".xlsx", binary=True, extra="xlsx", library="xlsxwriter", approximate=True
        ),
    )
}
BY_EXTENSION = {each.extension: each.name for each in SCAN_FORMATS.values() if each.extension}
SCAN_OUTPUTS = tuple(SCAN_FORMATS)
ONE_BAR_OUTPUTS = ("table", "json")
SERIES_OUTPUTS = ("csv", "json", "parquet")
EXPLAIN_OUTPUTS = tuple(dict.fromkeys((*ONE_BAR_OUTPUTS, *SERIES_OUTPUTS)))
REPORT_OUTPUTS = ("table", "json")
BACKTEST_OUTPUTS = ("table", "json", "csv", "parquet", "html")
