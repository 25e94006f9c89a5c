"""What exchanges publish of their pages and rates, written down apart from the table that is tested."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import NamedTuple

from tests.helpers.exchange_case import FORMING
from tests.loopback import (
    AnyWindow,
    BitgetServer,
    BybitServer,
    GateServer,
    KrakenServer,
    KucoinServer,
    LoopbackServer,
    OkxServer,
    Symbol,
    bitget,
    bybit,
    gate,
    kraken,
    kucoin,
    okx,
)


class Published(NamedTuple):
    """What an exchange publishes: the largest page, the weight of such a request, and the weight of a window."""

    exchange: str
    kind: str
    server: type[LoopbackServer]
    path: str
    page_bars: int
    cost: int
    weight: int
    window_ms: int
    held_bars: int = 10_000

    @contextmanager
    def serving(self, symbols: list[Symbol], *, enforced: bool = True, latency_ms: int = 0) -> Iterator[LoopbackServer]:
        """A server that refuses what is more, in any window of that length."""
        limits = AnyWindow(self.weight, self.window_ms) if enforced else None
        with self.server(symbols, now_ms=FORMING, limits=limits, latency_ms=latency_ms) as server:
            yield server

    def fewest(self, bars: int) -> int:
        """Requests for so many closed candles of one symbol."""
        return ceil(min(bars, self.held_bars) / self.page_bars)

    def least_ms(self, requests: int) -> float:
        """How long so many requests take at the published rate."""
        return requests * self.cost / self.weight * self.window_ms


KRAKEN = Published("kraken", "spot", KrakenServer, kraken.OHLC, 720, 1, 1, 1000, kraken.HELD_BARS)
KUCOIN = Published("kucoin", "spot", KucoinServer, kucoin.CANDLES, 1500, 3, 2000, 30_000)
BITGET = Published("bitget", "spot", BitgetServer, bitget.CANDLES, 1000, 1, 20, 1000)
BITGET_SWAP = Published("bitget", "swap", BitgetServer, bitget.CANDLES, 1000, 1, 20, 1000)
BYBIT = Published("bybit", "swap", BybitServer, bybit.KLINE, 1000, 1, 600, 5000)
GATE = Published("gate", "spot", GateServer, gate.CANDLESTICKS, 1000, 1, 200, 10_000)
OKX = Published("okx", "spot", OkxServer, okx.CANDLES, 300, 1, 40, 2000)


def name_of(published: Published) -> str:
    """Of the exchange and the market."""
    return f"{published.exchange} {published.kind}"
