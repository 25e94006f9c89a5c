"""Thirty symbols such as an exchange lists: old, young, sparse, silent for longer than a page, one that stopped, one
whose name is not text; and their candles as files."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from atc_cli.domain.timeframe import HOUR_MS
from tests.helpers.worlds import OPEN_MS
from tests.loopback import BarSource, Symbol, Table, bodies, wandering

PAGE_BARS = 310  # longer than a page of OKX

_OLD, _ODD_NAME = 2000, "BAD\ud83d"
_Traded = Callable[[Table], NDArray[np.bool_]]


def cast(numbers: Collection[int] = range(1, 31)) -> list[Symbol]:
    """Some of them, or all: as of OPEN_MS and some weeks after it."""
    ages = {17: 60, 18: -40, 19: -200}
    traded: dict[int, _Traded] = {
        20: _now_and_then(20, 1 / 2),
        21: _now_and_then(21, 1 / 2),
        22: _now_and_then(22, 1 / 3),
        23: _silent(-30 - PAGE_BARS, -30),
        24: _silent(-70 - PAGE_BARS, -70),
        25: _silent(50, 95),
        26: _silent(-5, 3),
        29: _silent(-30, 10**6),
    }
    coins = [_coin(number, ages.get(number, _OLD), traded.get(number)) for number in numbers]
    return [replace(each, base=_ODD_NAME) if each.base == "CO30" else each for each in coins]


def _coin(number: int, age_bars: int, traded: _Traded | None) -> Symbol:
    born_ms = OPEN_MS - age_bars * HOUR_MS
    bars = wandering(number, born_ms=born_ms)
    return Symbol(f"CO{number}", born_ms=born_ms, bars=bars if traded is None else _where(bars, traded))


def _where(source: BarSource, traded: _Traded) -> BarSource:
    """Only the bars in which there were trades."""

    def some(timeframe: str, first_ms: int, last_ms: int, now_ms: int) -> Table:
        bars = source(timeframe, first_ms, last_ms, now_ms)
        return bars[traded(bars[:, 0])]

    return some


def _now_and_then(seed: int, share: float) -> _Traded:
    return lambda opens: (opens // HOUR_MS + seed) * 40_503 % 65_536 < share * 65_536


def _silent(first: int, stop: int) -> _Traded:
    """No trades in so many hours after OPEN_MS."""
    return lambda opens: (opens < OPEN_MS + first * HOUR_MS) | (opens >= OPEN_MS + stop * HOUR_MS)


def spelt(symbol: Symbol, last_ms: int, bars: int) -> list[list[str]]:
    """The newest bars up to the one that opens at `last_ms`, closed, as exchanges spell them: open time, prices,
    volume."""
    closed_ms = last_ms + HOUR_MS
    table = symbol.bars("1h", min(symbol.born_ms, last_ms), last_ms, closed_ms)[-bars:]
    return [[str(each) for each in row[:6]] for row in bodies.klines_rows(table, HOUR_MS, symbol.decimals)]


def truth(symbol: Symbol, last_ms: int, bars: int, first_ms: int = 0) -> Table:
    """The same as numbers, from `first_ms` on, [bars, 6]."""
    table = np.array(spelt(symbol, last_ms, bars), dtype=np.float64).reshape(-1, 6)
    return table[table[:, 0] >= first_ms]


def write_files(symbols: Iterable[Symbol], folder: Path, last_ms: int, bars: int) -> None:
    """So many bars of each symbol, in files as `--data` reads them."""
    folder.mkdir()
    for each in symbols:
        lines = [",".join(row) for row in spelt(each, last_ms, bars)]
        (folder / f"{each.id}-1h.csv").write_text("timestamp,open,high,low,close,volume\n" + "\n".join(lines))
