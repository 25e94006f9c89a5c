"""An exchange whose answers and clocks can go wrong, scanned through the store, and the truth that it serves."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from atc_cli.data.exchange.market import ExchangeMarket
from atc_cli.data.load import Loaded, Needs, load
from atc_cli.data.store.market import StoredMarket
from atc_cli.data.store.shelf import Store
from atc_cli.domain.panel import Candles
from atc_cli.domain.timeframe import HOUR_MS, MINUTE_MS
from atc_cli.domain.window import Window
from atc_cli.reporting.progress import SilentProgress
from tests.helpers.exchange_case import Waits
from tests.loopback import BinanceServer, KrakenServer, LoopbackServer, OkxServer, Symbol, edited, wandering

OPEN_MS = 1_760_000_400_000  # an hour begins


NOW = OPEN_MS + 20 * MINUTE_MS


BARS = 40


@dataclass
class World:
    """An exchange whose time is told by `name`, a cache folder, and a clock of ours that is `own_ahead_ms` wrong."""

    exchange: str
    server: LoopbackServer
    time: str
    told: Callable[[int], Any]
    folder: Path
    own_ahead_ms: int = 0
    options: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    kind: str = "spot"
    bars: int = BARS

    def own_ms(self) -> int:
        return self.server.now_ms + self.own_ahead_ms

    @contextmanager
    def market(self) -> Iterator[ExchangeMarket]:
        options = {**self.server.options(), **self.options}
        world = {"pause": Waits(), "clock_ms": self.own_ms, "folder": self.folder}
        with closing(ExchangeMarket(self.exchange, self.kind, options, **world)) as market:
            yield market
            self.notes += market.notes

    def now_ms(self) -> int:
        with self.market() as market:
            return market.now_ms()

    def tell(self, ahead_ms: int, *, nth: tuple[int, ...] | None = None, **headers: str) -> None:
        """Let the exchange tell a time that is wrong by so much."""
        self.server.plan(edited(lambda _: self.told(self.server.now_ms + ahead_ms), **headers), path=self.time, nth=nth)

    def scan(self) -> Loaded:
        """A scan through the store."""
        with self.market() as market:
            stored = StoredMarket(market, Store(self.folder / "candles", market.notes.append), limit_bytes=1e9)
            window = Window(timeframe="1h", now_ms=0, bars=self.bars)
            needs = Needs(warmup_bars=1, min_bars=0, cutout_bars=0, max_lag_bars=0)
            listings = stored.listings(quote="USDT", tickers=False)
            return load(stored, listings, window, needs, SilentProgress())

    def truth(self, native: str, opens_ms: np.ndarray) -> np.ndarray:
        """The closed bars that open then."""
        symbol = next(each for each in self.server.symbols.values() if each.base == native[:3])
        first, last = int(opens_ms[0]), int(opens_ms[-1])
        table = symbol.bars("1h", first, last, self.server.now_ms)
        return np.asarray(table)[:, 1:].round(4).T

    def assert_true(self, candles: Candles) -> None:
        np.testing.assert_array_equal(candles.values.round(4), self.truth(candles.symbol, candles.timestamp))

    def assert_stored_is_true(self) -> None:
        """Every stored bar is closed, and as it closed."""
        shelf = Store(self.folder / "candles", print).shelf(self.exchange, "spot", "1h")
        entries = shelf.entries()
        assert len(entries) == len(self.server.symbols)
        newest_ms = self.server.now_ms // HOUR_MS * HOUR_MS - HOUR_MS
        for group in shelf.read([each.native for each in entries], shelf.everything):
            for held in group:
                assert max(held.entry.last_ms, held.entry.asked_ms) <= newest_ms
                self.assert_true(held.candles(self.exchange, held.entry.symbol))


def born(number: int, open_ms: int = OPEN_MS) -> Symbol:
    born_ms = open_ms - 300 * HOUR_MS
    return Symbol(f"CO{number}", born_ms=born_ms, bars=wandering(number, born_ms=born_ms))


EXCHANGES = {
    "binance": (BinanceServer, "time", lambda ms: {"serverTime": ms}),
    "kraken": (KrakenServer, "Time", lambda ms: {"error": [], "result": {"unixtime": ms // 1000}}),
    "okx": (OkxServer, "public/time", lambda ms: {"code": "0", "msg": "", "data": [{"ts": str(ms)}]}),
}
