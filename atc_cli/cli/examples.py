"""What the help of each command shows at its end."""

SCAN_EXAMPLES = """
Examples:

\b
  atc scan                                      Binance USDT perpetuals, 15m
  atc scan --exchange demo                      a simulated market, no network
  atc scan BTCUSDT ETHUSDT --timeframe 1h
  atc scan --data candles/ --timeframe 1h --top 10
  atc scan --offline                            what was stored by scans before
  atc scan --preset swing --side long --max-age 1 --output json
  atc scan --output symbols | atc scan --watchlist - --timeframe 4h
  atc scan --timeframe 1h --max-age 0 --lock --quiet --out signals.json

Exit codes: 0 ok, 2 usage, 3 partial, 4 no data, 69 unavailable, 75 try later, 78 configuration, 130 interrupted.
"""
EXPLAIN_EXAMPLES = """
Examples:

\b
  atc explain SIM001 --exchange demo            the weight table at the last bar
  atc explain BTCUSDT --timeframe 4h            from Binance
  atc explain BTCUSDT --data candles/ --timeframe 1h --series --out btc.parquet
"""
BENCH_EXAMPLES = """
Each backend is first compared with the reference, on the grid and off it: one whose bits differ gets no time, a red
line, and exit code 1. The reference itself is extrapolated from a few bars.

Examples:

\b
  atc bench                                     1, 99 and 1000 symbols x 1500 bars
  atc bench --symbols 99 --dialect lts,tradingview
  atc bench --backend rust,numba --want last --runs 11
  atc bench --data candles/ --timeframe 1h --output json --out bench.json

Exit codes: 0 ok, 1 bits differ or a run failed, 2 usage, 4 no data, 69 unavailable, 130 interrupted.
"""
CACHE_EXAMPLES = {
    "ls": """What is stored, and what is known of missing bars.

Examples:

\b
  atc cache ls
  atc cache ls --output json                    every symbol, every hole
""",
    "verify": """Read every bit that is stored; the exit code is the verdict.

Examples:

\b
  atc cache verify && echo sound

Exit codes: 0 every file is what was written, 69 one is not.
""",
    "prune": """Throw away damaged files, what no scan uses, and what is above the size limit.

Examples:

\b
  atc cache prune --older-than 90               symbols that no scan used for 90 days
  atc cache prune --signals                     and all that --signals-cache remembers
  atc cache prune --cache-max-mb 500            those not used for the longest time, until 500 MB are left
""",
    "path": """Where the candles are stored.

Examples:

\b
  atc cache path
  ATC_CACHE_DIR=/mnt/fast/atc atc cache path
""",
}
IMPORT_EXAMPLES = """Store the candles of a folder, as an exchange's; files are named as the exchange names symbols.

Examples:

\b
  atc cache import candles/ --exchange binance --market swap
  atc cache import candles/ --exchange binance --market swap --timeframe 1h

Exit codes: 0 ok, 3 some files were left out, 4 no data, 69 the disk is full.
"""
EXPORT_EXAMPLES = """Write stored candles to a folder, one Parquet file a symbol, as --data reads them.

Examples:

\b
  atc cache export candles/ --exchange binance --market swap --timeframe 1h
  atc cache export candles/ BTCUSDT ETHUSDT
"""
WARM_EXAMPLES = """
Fetches what the store lacks and nothing else: a second run, or one after a kill, goes on where the last one was.

Examples:

\b
  atc warm-cache --timeframe 15m,1h,4h          every Binance USDT perpetual, three timeframes
  atc warm-cache BTCUSDT ETHUSDT --timeframe 1h --bars 20000
  atc warm-cache --signals intraday,swing       their timeframes, and their signals for --signals-cache
  atc warm-cache --exchange bybit --jobs 16     more requests at once, where an exchange answers slowly
  atc warm-cache --timeframe 1h --lock --quiet --output json --out warm.json

Exit codes: as scan. 75 also where --lock finds the same command at work.
"""
