"""Candles that another process read and used up: what is told of them here, and what became of them."""

from collections import Counter
from dataclasses import dataclass
from typing import Self

from atc_cli.domain.panel import Candles
from atc_cli.domain.results.scan import ScanRow, Skipped
from atc_cli.domain.results.stored import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """What is asked of candles that are not here; `came` is the row that they gave, or why they gave none."""

    exchange: str
    symbol: str
    bars: int
    last_ms: int
    step_ms: int
    forming: bool
    content: Content | None
    repeated: int
    broken_before: str | None
    came: ScanRow | Skipped

    @classmethod
    def of(cls, candles: Candles, came: ScanRow | Skipped) -> Self:
        """What is left of candles."""
        return cls(
            exchange=candles.exchange,
            symbol=candles.symbol,
            bars=len(candles),
            last_ms=int(candles.timestamp[-1]),
            step_ms=candles.step_ms,
            forming=candles.forming,
            content=candles.content,
            repeated=candles.repeated,
            broken_before=candles.broken_before,
            came=came,
        )


@dataclass(frozen=True, slots=True)
class Came:
    """What came of some listings, and what was noted of how many of their files."""

    away: tuple[Away, ...]
    skipped: tuple[Skipped, ...]
    noted: Counter[str]
