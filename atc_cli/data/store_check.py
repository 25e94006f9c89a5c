"""Whether the candles in a file are candles, and as many as the file says."""

import numpy as np

from atc_cli.data.store_block import Unpack
from atc_cli.data.store_file import Group
from atc_cli.data.store_group import Held, read
from atc_cli.domain.panel import RawCandles, check
from atc_cli.domain.results import Skipped


def fault_of(group: Group, step_ms: int, timeframe: str, unpack: Unpack) -> str | None:
    """What is wrong with the first symbol that is wrong, None if nothing is. Raises DamagedError."""
    for piece in group.pieces.values():
        piece.checked()
    for entry in group.entries:
        for held in read(group, {entry.native}, max(entry.bars, 1), step_ms, unpack):
            fault = _fault(held, timeframe)
            if fault is not None:
                return f"{entry.symbol}: {fault}"
    return None


def _fault(held: Held, timeframe: str) -> str | None:
    entry, stamps = held.entry, held.timestamp
    if (entry.bars, entry.first_ms, entry.last_ms) != (len(stamps), int(stamps[0]), int(stamps[-1])):
        return f"{len(stamps)} bars where {entry.bars} are listed"
    raw = RawCandles(
        exchange="",
        symbol=entry.symbol,
        timestamp=stamps.astype(np.float64),
        values=np.ascontiguousarray(held.values.T),
    )
    checked = check(raw, timeframe)
    return checked.detail if isinstance(checked, Skipped) else None
