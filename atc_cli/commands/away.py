"""Rows made where candles are read: groups of symbols that workers load and compute; nothing else comes back."""

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

from atc_cli.commands.ports import Ports
from atc_cli.commands.rows import computed
from atc_cli.data.away import Away, Came
from atc_cli.data.load import Elsewhere, Needs, ready
from atc_cli.data.market import Arrived, Listing, Progress, Shared
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.window import Window
from atc_cli.engine.backend import Backend
from atc_cli.engine.cost import Workload
from atc_cli.engine.workers import Workers, failed_twice
from atc_cli.errors import UnavailableError


def elsewhere(ports: Ports, params: Params, requested: str) -> Elsewhere | None:
    """What loads and computes on workers; None where candles are computed here, or several exchanges are asked at once.

    Raises as Ports.choose does.
    """
    if len(ports.markets) > 1 and any(each.live for each in ports.markets):
        return None
    backend, _ = ports.choose(Workload.of((), params.dialect, Want.LAST), requested)
    return _Elsewhere(backend, params, ports.progress) if isinstance(backend, Workers) else None


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    workers: Workers
    params: Params
    progress: Progress

    def __call__(
        self, shared: Shared, listings: Sequence[Listing], window: Window, needs: Needs, live: bool
    ) -> Generator[Came]:
        """What became of each group, as they come; nothing where no worker sees the candles."""
        if not self._seen(shared):
            return
        rows = self.workers.groups([window.bars or 0] * len(listings))
        groups = [listings[each] for each in rows]
        tasks = (_Rows(shared.part(each), each, window, needs, live, self.params) for each in groups)
        with closing(self.workers.done(tasks)) as done:
            for number, found in done:
                yield found if isinstance(found, Came) else _lost(groups[number], found)

    def _seen(self, shared: Shared) -> bool:
        """Whether the workers see what is seen here, all of them or none; another process may write to it meanwhile.

        Raises UnavailableError that names those which do not.
        """
        path, right = repr(str(shared.path)), {shared.mark()}
        found = self.workers.answers(shared.mark)
        right.add(shared.mark())
        blind = {worker: mark for worker, mark in found.items() if mark not in right}
        if not blind:
            return True
        if len(blind) < len(found):
            worker, mark = next(iter(blind.items()))
            more = f" (and {len(blind) - 1} more)" if len(blind) > 1 else ""
            there = "other candles" if mark else "nothing"
            raise UnavailableError(
                f"worker {worker}{more} finds {there} at {path}, where other workers find the candles",
                "mount the same folder at that path there, or stop that worker",
            )
        self.progress.lasting(f"no worker finds the candles at {path}: they are loaded here and shipped")
        return False


@dataclass(frozen=True, slots=True)
class _Rows:
    """Listings to load where this arrives, and what is asked of them."""

    shared: Shared
    listings: Sequence[Listing]
    window: Window
    needs: Needs
    live: bool
    params: Params

    def __call__(self, backend: Backend) -> Came:
        """Rows, skips and notes."""
        series: list[Candles] = []
        skipped: list[Skipped] = []

        def deliver(arrived: Arrived) -> None:
            usable = ready(arrived, self.window, self.needs, live=self.live)
            if isinstance(usable, Skipped):
                skipped.append(usable)
            else:
                series.append(usable)

        noted = self.shared.read(self.listings, self.window, deliver)
        rows = computed(series, backend, self.params)
        return Came(tuple(map(Away.of, series, rows)), tuple(skipped), noted)


def _lost(listings: Sequence[Listing], error: Exception) -> Came:
    why = failed_twice(error)
    skipped = (Skipped(each.symbol, SkipReason.NOT_COMPUTED, why, each.exchange) for each in listings)
    return Came((), tuple(skipped), Counter())
