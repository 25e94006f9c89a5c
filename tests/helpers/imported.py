"""Candles in files, and the command that brings them into the store."""

from pathlib import Path

import numpy as np

from tests.helpers.backends import HOUR_MS, tick_walk
from tests.helpers.shelves import START_MS

IMPORT = ("cache", "import", "data", "--exchange", "binance", "--market", "swap")


def write(file: Path, seed: int, *, missing: range = range(0), bars: int = 300) -> None:
    candles = tick_walk(bars, seed)
    stamps = START_MS + HOUR_MS * np.arange(bars)
    rows = [
        f"{stamp},{','.join(map(repr, row))}"
        for i, (stamp, row) in enumerate(zip(stamps.tolist(), candles.values.T.tolist(), strict=True))
        if i not in missing
    ]
    file.write_text("timestamp,open,high,low,close,volume\n" + "\n".join(rows) + "\n")


def coins(folder: Path, count: int) -> Path:
    """The folder, with candles of so many symbols in its data/."""
    (folder / "data").mkdir()
    for seed in range(count):
        write(folder / "data" / f"COIN{seed}USDT-1h.csv", seed)
    return folder


SYMBOLS, BARS, _LATER_BARS = 8, 200, 60


def at_bar(here: Path, later: int) -> None:
    """Files in data/ as they are so many bars later: what was there before stays as it was."""
    for i in range(SYMBOLS):
        file = here / "data" / f"COIN{i}USDT-1h.csv"
        write(file, i, bars=BARS + _LATER_BARS)
        file.write_text("".join(file.read_text().splitlines(keepends=True)[: 1 + BARS + later]))


def cache(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".cache" / "atc" / "candles"
