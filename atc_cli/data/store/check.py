"""Whether the candles in a file are candles, and as many as the file says."""

from collections.abc import Iterator, Sequence

import numpy as np

from atc_cli.data.store.block import Unpack
from atc_cli.data.store.file import Group
from atc_cli.data.store.held import Held
from atc_cli.data.store.read import read
from atc_cli.domain.panel import RawCandles, check
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.results.stored import Entry

_BARS_AT_ONCE = 1_000_000


def fault_of(group: Group, unpack: Unpack) -> str | None:
    """What is wrong with the first symbol that is wrong, None if nothing is. Raises DamagedError."""
    for piece in group.pieces.values():
        piece.checked()
    for some in _batches(group.entries):
        bars = max(each.bars for each in some)
        for held in read(group, {each.native for each in some}, bars, unpack):
            fault = _fault(held)
            if fault is not None:
                return f"{held.entry.symbol}: {fault}"
    return None


def _batches(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Symbols that are read at once: all of a short history, few of a long one."""
    held = sorted((each for each in entries if each.bars), key=lambda each: each.bars)
    size = max(_BARS_AT_ONCE // held[-1].bars, 1) if held else 1
    return (held[i : i + size] for i in range(0, len(held), size))


def _fault(held: Held) -> str | None:
    entry, stamps = held.entry, held.timestamp
    if (entry.bars, entry.first_ms, entry.last_ms) != (len(stamps), int(stamps[0]), int(stamps[-1])):
        return f"{len(stamps)} bars where {entry.bars} are listed"
    raw = RawCandles(
        exchange="",
        symbol=entry.symbol,
        timeframe=held.timeframe,
        timestamp=stamps.astype(np.float64),
        values=np.ascontiguousarray(held.values.T),
    )
    checked = check(raw)
    return checked.detail if isinstance(checked, Skipped) else None
