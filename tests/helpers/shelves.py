"""Random walks on a shelf of the store, and names that no folder should be given."""

from pathlib import Path

import numpy as np

from atc_cli.data.store.ledger import Update
from atc_cli.data.store.shelf import Shelf, Store
from tests.helpers.backends import HOUR_MS, tick_walk

START_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS
HOSTILE = ["../../etc/passwd", "/abs", "a\0b", ".", "..", "x" * 5000, "\udcff", "A\nB", "NUL", "", "-rf", "\x1b[2J"]


def shelf(folder: Path, timeframe: str = "1h") -> Shelf:
    return Store(folder, print).shelf("memory", "swap", timeframe)


def update(name: str, values: np.ndarray, *, first: int = 0, slots: list[int] | None = None, **extra: object) -> Update:
    stamps = START_MS + HOUR_MS * np.array(slots or range(first, first + values.shape[1]), dtype=np.int64)
    return Update(**{"native": name, "symbol": name, "quote": "USDT", "timestamp": stamps, "values": values, **extra})


def walk(bars: int, seed: int = 0) -> np.ndarray:
    return tick_walk(bars, seed).values
