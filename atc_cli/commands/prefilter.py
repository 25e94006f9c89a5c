"""`atc scan --prefilter N`: rows of short windows say which symbols need a whole one."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial

from atc_cli.commands.ports import Ports
from atc_cli.commands.rows import computed, listed
from atc_cli.commands.tally import Tally
from atc_cli.data.gather import Gathered, Wanted, gather
from atc_cli.data.load import Elsewhere
from atc_cli.data.market import Price
from atc_cli.data.prefilter import Glimpse, Name, Prefetched, prefetch
from atc_cli.domain.candidates import candidates
from atc_cli.domain.catalog import Want
from atc_cli.domain.classify import rank
from atc_cli.domain.features import ATR_BARS
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import Prefiltered, ScanRow, Skipped
from atc_cli.engine.cost import Workload
from atc_cli.settings.sections import Settings
from atc_cli.signals.rows import Recall

_TRENDS = {"long": (1,), "short": (-1,)}
_BOTH = (1, -1)


@dataclass(frozen=True, slots=True)
class Found:
    """Whole windows, what came of short ones that none followed, and what was done; None where all are whole."""

    gathered: Gathered
    approximate: Sequence[ScanRow | Skipped] = ()
    prefiltered: Prefiltered | None = None

    @property
    def rows(self) -> list[ScanRow]:
        """The approximate ones."""
        return [each for each in self.approximate if isinstance(each, ScanRow)]

    @property
    def skipped(self) -> list[Skipped]:
        """Short windows that gave no row."""
        return [each for each in self.approximate if isinstance(each, Skipped)]


@dataclass(frozen=True, slots=True)
class Search:
    """A scan's candles: whole windows of all, or with --prefilter of those that could matter, all of them here."""

    settings: Settings
    ports: Ports
    params: Params
    recall: Recall | None
    passes: Callable[[ScanRow], bool]
    tally: Tally | None
    elsewhere: Elsewhere | None = None

    def run(self, wanted: Wanted) -> Found:
        """Raises as `gather` does."""
        per_side = self.settings.prefilter
        if per_side is None:
            asked = (self.ports.markets, wanted, self.ports.progress)
            return Found(gather(*asked, known=self.recall, elsewhere=self.elsewhere))
        fetched = prefetch(
            self.ports.markets,
            wanted,
            self.ports.progress,
            self._chosen,
            choices_max=per_side * len(self._trends),
            sent=self._sent,
            known=self.recall,
        )
        approximate = self._approximate(fetched.short)
        return Found(fetched.gathered, approximate, _said(fetched, per_side, len(approximate)))

    @property
    def _trends(self) -> tuple[int, ...]:
        return _TRENDS.get(self.settings.side, _BOTH)

    def _chosen(self, glimpse: Glimpse) -> Collection[Name]:
        known = [] if self.recall is None else [self.recall.rows[each] for each in glimpse.known]
        rows = [*self._computed(glimpse.whole, self.params), *known, *self._approximate(glimpse.short)]
        listings = glimpse.listings
        able = [listed(row, listings[row.exchange, row.symbol]) for row in rows if isinstance(row, ScanRow)]
        order = partial(rank, tie=self.settings.tie)
        return candidates(
            able, self.settings.prefilter or 0, self.params.cuts, self._trends, passes=self.passes, order=order
        )

    def _approximate(self, short: Sequence[Candles]) -> list[ScanRow | Skipped]:
        """Rows of short windows, equities from their first bar on: a cut-out would leave nothing of them.

        Their ATR is of as many bars as there are, so that a stretch orders them where 100 are too many.
        """
        bars = min((len(each) for each in short), default=ATR_BARS)
        rows = self._computed(short, replace(self.params, cutout=0), atr_bars=min(bars, ATR_BARS))
        return [replace(row, approximate=True) if isinstance(row, ScanRow) else row for row in rows]

    def _computed(
        self, series: Sequence[Candles], params: Params, *, atr_bars: int = ATR_BARS
    ) -> list[ScanRow | Skipped]:
        if not series:
            return []
        workload = Workload.of(list(map(len, series)), params.dialect, Want.LAST)
        backend, decision = self.ports.choose(workload, self.settings.backend)
        return computed(series, backend, params, atr_bars=atr_bars, batch=decision.batch)

    def _sent(self) -> Price:
        return Price(0, 0) if self.tally is None else Price(self.tally.requests, self.tally.weight)


def _said(fetched: Prefetched, per_side: int, approximate: int) -> Prefiltered:
    return Prefiltered(
        per_side=per_side,
        bars=fetched.bars,
        short=fetched.asked,
        whole=fetched.whole,
        approximate=approximate,
        requests=fetched.spent.requests,
        weight=fetched.spent.weight,
        plain_requests=fetched.plain.requests,
        plain_weight=fetched.plain.weight,
    )
