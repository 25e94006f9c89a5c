"""An exchange on the loopback, and faults in the rows that it sends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from atc_cli.data.exchange.market import ExchangeMarket
from tests.helpers.exchange_case import FORMING, market_of
from tests.loopback import (
    KLINES,
    BinanceServer,
    BybitServer,
    Fault,
    KrakenServer,
    LoopbackServer,
    OkxServer,
    Symbol,
    Table,
    edited,
    fixed,
)
from tests.loopback.bybit import KLINE
from tests.loopback.kraken import HELD_BARS, OHLC
from tests.loopback.okx import CANDLES, HISTORY


def holed(page: list[Any]) -> list[Any]:
    """A page without its middle third."""
    third = len(page) // 3
    return [*page[:third], *page[len(page) - third :]] if third else page


class Place(NamedTuple):
    """An exchange on the loopback: its name, where its candles are, the bars that it keeps."""

    exchange: str
    server: type[LoopbackServer]
    paths: tuple[str, ...]
    kept: int = 12_000

    def plan(
        self, server: LoopbackServer, fault: Fault, nth: tuple[int, ...] | None = None, symbol: Symbol | None = None
    ) -> None:
        """A fault wherever the exchange is asked for candles, of one symbol if given."""
        for path in self.paths:
            server.plan(fault, path=path, nth=nth, symbol=symbol and self.native(symbol))

    def native(self, symbol: Symbol) -> str:
        """What the exchange calls it."""
        return f"{symbol.base}-{symbol.quote}" if self.exchange == "okx" else symbol.id

    def open_ms(self, row: list[Any]) -> int:
        """When a candle opened, of a row as this exchange sends it."""
        return int(row[0]) * (1000 if self.exchange == "kraken" else 1)

    @property
    def volume_column(self) -> int:
        """Of a row as this exchange sends it."""
        return 6 if self.exchange == "kraken" else 5

    def fault(self, change: Callable[[list[Any]], list[Any]]) -> Fault:
        """A change of the rows in an answer, oldest first."""

        def edit(document: Any) -> Any:
            if self.exchange == "binance":
                return change(document)
            if self.exchange == "kraken":
                result = {key: change(rows) if key != "last" else rows for key, rows in document["result"].items()}
                return {**document, "result": result}
            if self.exchange == "bybit":
                return {**document, "result": {**document["result"], "list": change(document["result"]["list"][::-1])}}
            return {**document, "data": change(document["data"][::-1])}

        return edited(edit)

    @contextmanager
    def with_candles(self, table: Table) -> Iterator[tuple[LoopbackServer, ExchangeMarket]]:
        symbols = [Symbol("BTC", bars=fixed(table))]
        with (
            self.server(symbols, now_ms=FORMING) as server,
            market_of(server, "spot", self.exchange) as (market, _),
        ):
            yield server, market


PLACES = [
    Place("binance", BinanceServer, (KLINES,)),
    Place("bybit", BybitServer, (KLINE,)),
    Place("okx", OkxServer, (CANDLES, HISTORY)),
    Place("kraken", KrakenServer, (OHLC,), HELD_BARS),
]
