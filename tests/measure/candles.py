"""Candles to fill a store with: made up, or the recorded ones of a folder."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from atc_cli.data.store.ledger import Update
from atc_cli.domain.timeframe import HOUR_MS
from tests.loopback.symbols import wandering

NEWEST_MS = 1_760_000_000_000 // HOUR_MS * HOUR_MS


def parser(doc: str, program: str) -> argparse.ArgumentParser:
    """The flags that every measurement of the store has."""
    flags = argparse.ArgumentParser(prog=f"python -m {program}", description=doc)
    flags.add_argument("--symbols", type=int, default=1000, metavar="N")
    flags.add_argument("--bars", type=int, default=1500, metavar="N", help="hourly candles of each")
    flags.add_argument("--data", type=Path, metavar="DIR", help="recorded *.parquet in place of made-up candles")
    flags.add_argument("--runs", type=int, default=9, metavar="N", help="the median of so many counts")
    return flags


def updates(given: argparse.Namespace) -> Iterator[Update]:
    """The newest bars of every symbol; a folder with fewer files is gone through again under other names."""
    yield from _recorded(given) if given.data else _made_up(given)


def _made_up(given: argparse.Namespace) -> Iterator[Update]:
    first_ms = NEWEST_MS - HOUR_MS * (given.bars - 1)
    for i in range(given.symbols):
        bars = wandering(i, tick="0.0001")("1h", first_ms, NEWEST_MS, NEWEST_MS + HOUR_MS)
        yield _update(f"C{i:05}USDT", bars[:, 0], bars[:, 1:].round(4))


def _recorded(given: argparse.Namespace) -> Iterator[Update]:
    from atc_cli.data.files.candle_file import read_candles

    files = sorted(given.data.glob("*.parquet"))
    tables = [read_candles(file) for file in files[: given.symbols]]
    for i in range(given.symbols):
        stamps, values = tables[i % len(tables)]
        yield _update(f"C{i:05}USDT", stamps[-given.bars :], values[-given.bars :])


def _update(name: str, stamps, values) -> Update:
    return Update(
        native=name, symbol=name, quote="USDT", timestamp=stamps.astype("int64"), values=values.T, complete=True,
        now_ms=NEWEST_MS + HOUR_MS,
    )  # fmt: skip
