"""What commands are handed by wiring: everything that touches the world."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atc_cli.data.market import Market, Progress
from atc_cli.domain.catalog import Dialect
from atc_cli.domain.results.scan import Decision
from atc_cli.engine import route
from atc_cli.engine.backend import Backend, Offer, Unavailable
from atc_cli.engine.cost import Workload
from atc_cli.engine.rust import processors
from atc_cli.signals.rows import Signals

if TYPE_CHECKING:
    from atc_cli.signals.windows import Windows


def crowded(threads: int | None) -> list[str]:
    """That more threads are asked for than can run at once."""
    most = processors()
    if threads is None or threads <= most:
        return []
    return [f"--threads {threads}: {most} can run at once here, more wait for each other"]


def _unknown() -> None:
    """Nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Markets to scan, backends on offer, the wall clock (UTC ms), where progress goes.

    `signals` are rows of earlier scans, `windows` values of windows that were replayed before; `notes` grow by what a
    person must hear of them. `threads`: how many compute, None for as many as are worth it; `free_bytes` says how much
    memory there is, None where that is not known.
    """

    markets: Sequence[Market]
    offers: Sequence[Offer | Unavailable]
    clock_ms: Callable[[], int]
    progress: Progress
    signals: Signals | None = None
    windows: "Windows | None" = None
    notes: Sequence[str] = ()
    threads: int | None = None
    free_bytes: Callable[[], int | None] = _unknown

    def choose(self, workload: Workload, requested: str) -> tuple[Backend, Decision]:
        """What computes this, and why; raises as route.check does."""
        return route.choose(workload, self.offers, requested, threads=self.threads, free_bytes=self.free_bytes())

    def announce(self, backend: Backend, dialect: Dialect) -> None:
        """Say that a backend compiles before it computes, if it has to."""
        if backend.compiling(dialect):
            self.progress.lasting(
                f"backend {backend.name} compiles for dialect {dialect}, which may take half a minute"
            )

    def all_notes(self) -> tuple[str, ...]:
        """What a person must hear and no symbol is lost by, as of now."""
        return (*self.notes, *(note for market in self.markets for note in market.notes))
