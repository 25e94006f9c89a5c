"""Funding rates in a Parquet or CSV file: symbol, timestamp, rate."""

from pathlib import Path

import numpy as np

from atc_cli.data.files.candle_file import FileFaultError, read_columns
from atc_cli.domain.panel import Floats, Ints
from atc_cli.domain.timeframe import iso
from atc_cli.errors import UsageError

_COLUMNS = ("symbol", "timestamp", "rate")
_SECONDS_MAX = 1e10


def read_funding(path: Path) -> dict[str, tuple[Ints, Floats]]:
    """Moments (UTC ms, ascending) and rates (fractions of the value held, paid by longs) of each symbol.

    Raises UsageError naming the row for a file that cannot be read, rows out of order, moments that come twice, and
    rates that are no number or beyond +-0.1.
    """
    try:
        columns = read_columns(path, _COLUMNS)
    except FileFaultError as fault:
        raise _refused(path, str(fault)) from None
    symbols, times, rates = columns["symbol"], columns["timestamp"], columns["rate"]
    if not len(times):
        raise _refused(path, "it has no rows")
    timeless = np.flatnonzero(~np.isfinite(times))
    if len(timeless):
        raise _refused(path, f"row {timeless[0] + 1}: it has no timestamp")
    wrong = np.flatnonzero(~np.isfinite(rates) | (np.abs(rates) > 0.1))
    if len(wrong):
        raise _refused(path, f"row {wrong[0] + 1}: rate {float(rates[wrong[0]])!r} is not a fraction of -0.1 to 0.1")
    times_ms = np.where(times < _SECONDS_MAX, times * 1000, times).astype(np.int64)
    found = {}
    for symbol in dict.fromkeys(symbols.tolist()):
        own = np.flatnonzero(symbols == symbol)
        back = np.flatnonzero(np.diff(times_ms[own]) <= 0)
        if len(back):
            at = own[back[0] + 1]
            raise _refused(path, f"row {at + 1}: {symbol} at {iso(int(times_ms[at]))} does not follow the row before")
        found[str(symbol)] = times_ms[own], rates[own]
    return found


def _refused(path: Path, why: str) -> UsageError:
    return UsageError(f"--funding {path.name!r}: {why}", f"columns {', '.join(_COLUMNS)}, each symbol oldest first")
