"""What commands are handed by wiring: everything that touches the world."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from atc_cli.data.source import Market, Progress
from atc_cli.engine.backend import Offer, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Markets to scan, backends on offer, the wall clock (UTC ms), and where progress goes."""

    markets: Sequence[Market]
    offers: Sequence[Offer | Unavailable]
    clock_ms: Callable[[], int]
    progress: Progress
