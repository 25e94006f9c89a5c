"""Symbols whose close jumps from one bar to the next: are these prices of one thing?"""

from collections.abc import Iterable, Iterator, Sequence

from atc_cli.domain.panel import Candles
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.settings.sections import Settings


def jumping_of(series: Iterable[Candles], max_jump: float) -> list[Skipped]:
    """Those whose close becomes `max_jump` times as large, or as small, from one bar to the next."""
    steps = ((each, _largest_step(each)) for each in series)
    return [
        Skipped(each.symbol, SkipReason.JUMP, f"the close goes to x{step:.3g} or 1/{step:.3g}", each.exchange)
        for each, step in steps
        if step >= max_jump
    ]


def _largest_step(candles: Candles) -> float:
    steps = candles.close[1:] / candles.close[:-1]
    return max(float(steps.max()), 1 / float(steps.min())) if len(steps) else 1.0


def usable(series: Sequence[Candles], jumping: Sequence[Skipped], settings: Settings) -> list[Candles]:
    """Without those that jump, where --skip-jumps says so."""
    left_out = {(each.exchange, each.symbol) for each in jumping} if settings.skip_jumps else set()
    return [each for each in series if (each.exchange, each.symbol) not in left_out]


def jump_notes(jumping: Sequence[Skipped], settings: Settings) -> Iterator[str]:
    """A warning that names the first of them, where they stay in."""
    if jumping and not settings.skip_jumps:
        more = f" (and {len(jumping) - 1} more)" if len(jumping) > 1 else ""
        yield f"{jumping[0].symbol}{more}: the close jumps, and its moves count; --skip-jumps leaves it out"
