"""Candles that came, checked for one window: what is broken before it costs nothing, and is told."""

from dataclasses import replace

from atc_cli.domain.panel import Candles, DefectError, RawCandles, checked
from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.window import Window


def sound(raw: RawCandles, window: Window) -> Candles | Skipped:
    """As `check`; where the newest bars that the window counts are sound, only those after the last broken bar."""
    first: DefectError | None = None
    rest = raw
    while True:
        try:
            candles = checked(rest)
            break
        except DefectError as defect:
            first = first or defect
            if defect.last_row is None or window.bars is None:
                return _skipped(raw, first)
            after = defect.last_row + 1
            rest = replace(rest, timestamp=rest.timestamp[after:], values=rest.values[after:])
    if first is None:
        return candles
    if window.closed(candles.timestamp) < (window.bars or 0):
        return _skipped(raw, first)
    return replace(candles, broken_before=first.detail)


def _skipped(raw: RawCandles, defect: DefectError) -> Skipped:
    return Skipped(raw.symbol, defect.reason, defect.detail, raw.exchange)
