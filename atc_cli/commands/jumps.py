"""Symbols whose close jumps from one bar to the next: are these prices of one thing?"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from atc_cli.domain.panel import Candles
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.timeframe import iso
from atc_cli.settings.sections import Settings


def jump_words(jump: float, at_ms: int) -> str:
    """What a close / the close before says, of a bar that opens at `at_ms`."""
    factor = max(jump, 1 / jump)
    written = f"{factor:,.0f}" if factor >= 100 else f"{factor:.3g}"
    return f"the close goes to {'x' if jump > 1 else '1/'}{written} at {iso(at_ms)}; prices of one thing?"


def jumping_of(series: Iterable[Candles], max_jump: float) -> list[Skipped]:
    """Those whose close becomes `max_jump` times as large, or as small, from one bar to the next."""
    largest = ((each, *_largest(each)) for each in series)
    return [
        Skipped(each.symbol, SkipReason.JUMP, jump_words(jump, at_ms), each.exchange)
        for each, jump, at_ms in largest
        if jump >= max_jump or jump <= 1 / max_jump
    ]


def _largest(candles: Candles) -> tuple[float, int]:
    """The largest step, up or down, and the bar at which it was made."""
    if len(candles) < 2:
        return 1.0, 0
    steps = candles.close[1:] / candles.close[:-1]
    at = int(np.maximum(steps, 1 / steps).argmax())
    return float(steps[at]), int(candles.timestamp[at + 1])


def usable(series: Sequence[Candles], jumping: Sequence[Skipped], settings: Settings) -> list[Candles]:
    """Without those that jump, where --skip-jumps says so."""
    left_out = {(each.exchange, each.symbol) for each in jumping} if settings.skip_jumps else set()
    return [each for each in series if (each.exchange, each.symbol) not in left_out]


def jump_notes(jumping: Sequence[Skipped], settings: Settings) -> Iterator[str]:
    """A warning that names the first of them, where they stay in and their moves count."""
    if jumping and not settings.skip_jumps:
        more = f" (and {len(jumping) - 1} more)" if len(jumping) > 1 else ""
        yield f"{jumping[0].symbol}{more}: {jumping[0].detail} Its moves count; --skip-jumps leaves it out"
