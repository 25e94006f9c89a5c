"""Small exchanges on 127.0.0.1 for tests and for trying things by hand: `python -m tests.loopback --help`.

Nothing in it is recorded: symbols and candles are given by the test or made from a seed.

    with BinanceServer([Symbol("BTC", bars=fixed(table))], now_ms=NOW) as server:
        server.plan(rate_limited(retry_after_s=3), path=KLINES, symbol="BTCUSDT", nth=(1,))
        market = ExchangeMarket("binance", "swap", server.options())
"""

from tests.loopback.binance import EXCHANGE_INFO, KLINES, TICKERS, TIME, BinanceServer
from tests.loopback.bitget import BitgetServer
from tests.loopback.bybit import BybitServer
from tests.loopback.faults import Fault, cut_off, edited, malformed, rate_limited, refused, reset, stalled
from tests.loopback.gate import GateServer
from tests.loopback.kraken import KrakenServer
from tests.loopback.kucoin import KucoinServer
from tests.loopback.limits import AnyWindow, Limits
from tests.loopback.okx import OkxServer
from tests.loopback.server import Answered, LoopbackServer
from tests.loopback.symbols import BarSource, Symbol, Table, fixed, wandering

__all__ = [
    "EXCHANGE_INFO",
    "KLINES",
    "TICKERS",
    "TIME",
    "Answered",
    "AnyWindow",
    "BarSource",
    "BinanceServer",
    "BitgetServer",
    "BybitServer",
    "Fault",
    "GateServer",
    "KrakenServer",
    "KucoinServer",
    "Limits",
    "LoopbackServer",
    "OkxServer",
    "Symbol",
    "Table",
    "cut_off",
    "edited",
    "fixed",
    "malformed",
    "rate_limited",
    "refused",
    "reset",
    "stalled",
    "wandering",
]
