"""A market whose candles go through the store, and what can be wrong with it."""

from pathlib import Path

import numpy as np

from atc_cli.data.store.ledger import Update
from atc_cli.data.store.shelf import Store
from atc_cli.errors import UnavailableError
from tests.helpers.markets import HOUR_MS, NOW_MS, HistoryMarket, book

LAST_MS = NOW_MS // HOUR_MS * HOUR_MS - HOUR_MS  # the newest closed bar
BARS = 50


def market(symbols: int = 5, bars: int = 200) -> HistoryMarket:
    books = {f"COIN{i}": book(bars, i, last_open_ms=LAST_MS + 100 * HOUR_MS) for i in range(symbols)}
    return HistoryMarket(books, now_ms=NOW_MS)


def hole_in_an_import(inner: HistoryMarket, folder: Path) -> None:
    """Candles from elsewhere, four bars missing, as `atc cache import` stores them."""
    names = [LAST_MS - back * HOUR_MS for back in range(BARS - 1, -1, -1) if not 10 <= back < 14]
    table = np.array([inner.books["COIN0"][name] for name in names])
    update = Update(native="COIN0", symbol="COIN0", quote="USDT", timestamp=np.array(names), values=table.T)
    Store(folder, print).shelf("memory", "swap", "1h").write([update])


def unavailable(symbol: str) -> None:
    raise UnavailableError("no network")
