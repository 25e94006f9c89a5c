"""Folders of candles for `--data`."""

from pathlib import Path

import numpy as np

HOUR_MS = 3_600_000
BEGIN_MS = 1_750_000_000_000 // (24 * HOUR_MS) * 24 * HOUR_MS
NAMES = [3 * letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def random_walks(folder: Path, *, symbols: int, bars: int, seed: int = 5, decimals: int = 2) -> Path:
    """AAA-1h.csv, BBB-1h.csv, ..: seeded walks on a grid of prices; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(NAMES[:symbols]):
        write_candles(folder / f"{name}-1h.csv", walk(seed + number, bars, decimals))
    return folder


def walk(seed: int, bars: int, decimals: int = 2) -> np.ndarray:
    """Open, high, low, close and volume, shape [bars, 5]."""
    random = np.random.default_rng(seed)
    trend = np.repeat(random.normal(0, 0.002, -(-bars // 40)), 40)[:bars]
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, bars) + trend))
    opened = np.concatenate(([100.0], close[:-1])) * np.exp(random.normal(0, 0.001, bars))
    wick = np.abs(random.normal(0, 0.004, (2, bars)))
    high, low = np.maximum(opened, close) * (1 + wick[0]), np.minimum(opened, close) * (1 - wick[1])
    return np.column_stack(
        [np.round(np.stack([opened, high, low, close]), decimals).T, random.uniform(1, 9, bars).round(3)]
    )


def write_candles(file: Path, values: np.ndarray, begin_ms: int = BEGIN_MS, step_ms: int = HOUR_MS) -> None:
    """One CSV of candles, a bar every step."""
    rows = (f"{begin_ms + bar * step_ms},{','.join(map(repr, each))}" for bar, each in enumerate(values.tolist()))
    file.write_text("\n".join(("timestamp,open,high,low,close,volume", *rows)) + "\n")
