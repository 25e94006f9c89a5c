"""Gathered candles to rows: some are remembered or were made elsewhere, the others computed, and remembered."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter

from atc_cli.commands.ports import Ports
from atc_cli.commands.rows import computed
from atc_cli.data.away import Away
from atc_cli.data.gather import Gathered
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import Decision, ScanRow, Skipped
from atc_cli.domain.results.stored import Content
from atc_cli.engine.cost import Workload
from atc_cli.signals.rows import Recall
from atc_cli.stages import stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Signalled:
    """Unranked rows, those that could not be computed, the bars of the longest, and what computed how long.

    Rows that were made elsewhere lack what Gathered.whole adds.
    """

    rows: tuple[ScanRow, ...]
    skipped: tuple[Skipped, ...]
    longest_bars: int
    decision: Decision
    compute_ms: float


def signals_of(gathered: Gathered, params: Params, ports: Ports, backend: str, recall: Recall | None) -> Signalled:
    """A row of every series and of everything that is known; raises as Ports.choose does.

    `recall` is what `gathered` was asked with, None where nothing is remembered.
    """
    known = [] if recall is None else [recall.rows[each] for each in gathered.known]
    # Of all rows: the header names the same backend whatever is remembered.
    bars = [
        *map(len, gathered.series),
        *(each.bars for each in gathered.away),
        *(row.bars for row in known),
    ]
    with stage("route"):
        chosen, decision = ports.choose(Workload.of(bars, params.dialect, Want.LAST), backend)
    began = perf_counter()
    if gathered.series:
        ports.announce(chosen, params.dialect)
    fresh = computed(gathered.series, chosen, params, batch=decision.batch)
    compute_ms = (perf_counter() - began) * 1000
    came = [*fresh, *(each.came for each in gathered.away)]
    if recall is not None:
        with stage("signals cache"):
            recall.signals.remember(_storable(gathered.usable, came))
    return Signalled(
        rows=(*(each for each in came if isinstance(each, ScanRow)), *known),
        skipped=tuple(each for each in came if isinstance(each, Skipped)),
        longest_bars=max(bars, default=0),
        decision=decision,
        compute_ms=compute_ms,
    )


def _storable(series: Iterable[Candles | Away], came: Iterable[ScanRow | Skipped]) -> Iterator[tuple[Content, ScanRow]]:
    """Rows of candles that the store holds as they are; after a fetch it may hold newer ones by now."""
    for candles, row in zip(series, came, strict=True):
        if candles.content is not None and isinstance(row, ScanRow):
            yield candles.content, candles.whole(row) if isinstance(candles, Away) else row
