"""What the help of each command shows at its end."""

SCAN_EXAMPLES = """
Examples:

\b
  atc scan                                      Binance USDT perpetuals, 15m
  atc scan --exchange demo                      a simulated market, no network
  atc scan BTCUSDT ETHUSDT --timeframe 1h
  atc scan --data candles/ --timeframe 1h --top 10
  atc scan --preset swing --side long --max-age 1 --output json
  atc scan --output symbols | atc scan --watchlist - --timeframe 4h

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
