"""`atc scan`: a universe in, ranked rows out."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

from atc_cli.commands.header import header_of
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import needs_of, wanted_of
from atc_cli.commands.rows import computed, judge_of, jump_warnings, listed, without_jumps
from atc_cli.data.gather import Gathered, gather
from atc_cli.data.market import Listing
from atc_cli.domain.catalog import Want
from atc_cli.domain.cautions import Bounds
from atc_cli.domain.classify import rank, sort_rows
from atc_cli.domain.growth import growth_exponent
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import Remembered, ScanResult, ScanRow, Side, Skipped
from atc_cli.domain.results.stored import Content
from atc_cli.engine import route
from atc_cli.engine.backend import Workload
from atc_cli.settings.sections import Settings
from atc_cli.signals.rows import Recall

STEEP_MULTIPLIER = 1.1


def run(
    settings: Settings, ports: Ports, *, typed: Sequence[str] = (), watchlist: Iterable[str] | None = None
) -> ScanResult:
    """Scan the typed and watched symbols, or all; `watchlist` are the lines of a watchlist.

    Raises the AtcErrors of gather and route; OutOfRangeError where lambda is too large for the window.
    """
    params = settings.params()
    route.check(ports.offers, settings.backend)
    needs = needs_of(settings, params, max_lag_bars=settings.max_lag)
    wanted = wanted_of(settings, needs, ports.clock_ms(), typed=typed, watchlist=watchlist)
    recall = None if ports.signals is None else Recall(ports.signals)
    gathered = gather(ports.markets, wanted, ports.progress, known=recall)
    known = [] if recall is None else [recall.rows[each] for each in gathered.known]
    # Of all rows: the header names the same backend whatever is remembered.
    bars = [*map(len, gathered.series), *(row.bars for row in known)]
    workload = Workload.of(bars, params.dialect, Want.LAST)
    backend, decision = route.choose(workload, ports.offers, settings.backend)
    began = perf_counter()
    fresh = computed(gathered, backend, params)
    compute_ms = (perf_counter() - began) * 1000
    if ports.signals is not None:
        ports.signals.remember(_storable(gathered, fresh))
    rows = _listed((*_rows(fresh), *known), gathered.listings())
    rows, jumped = without_jumps(rows, settings.max_jump) if settings.skip_jumps else (rows, [])
    jumping = jump_warnings(rows, settings.max_jump)
    breadth = Counter(row.side for row in rows)
    kept, hidden = filtered(rows, settings)
    judge = judge_of(Bounds.of(breadth, settings.max_jump), settings.stop_atr)
    top = top_per_side(rank(kept, settings.tie, judge), settings.top)
    if len(top) < len(kept):
        hidden["--top"] = len(kept) - len(top)
    header = header_of(settings, params, ports, gathered, decision=decision, compute_ms=compute_ms)
    return ScanResult(
        header=replace(header, warnings=(*header.warnings, *jumping, *_steepness(params, max(bars, default=0)))),
        rows=sort_rows(top, settings.sort),
        skipped=(*gathered.skipped, *(each for each in fresh if isinstance(each, Skipped)), *jumped),
        scanned=_scanned(gathered),
        hidden=dict(Counter(gathered.universe.hidden) + Counter(hidden)),
        breadth=breadth,
        interrupted=gathered.interrupted,
        remembered=None if ports.signals is None else Remembered(len(gathered.known), len(gathered.series)),
    )


def _rows(fresh: Iterable[ScanRow | Skipped]) -> Iterator[ScanRow]:
    return (each for each in fresh if isinstance(each, ScanRow))


def _listed(rows: Iterable[ScanRow], listings: Mapping[tuple[str, str], Listing]) -> list[ScanRow]:
    """As listed now, in the order of the listings: the first row that a filter hides names it first."""
    place = {name: number for number, name in enumerate(listings)}
    ordered = sorted(rows, key=lambda row: place[row.exchange, row.symbol])
    return [listed(row, listings[row.exchange, row.symbol]) for row in ordered]


def _storable(gathered: Gathered, fresh: Iterable[ScanRow | Skipped]) -> Iterator[tuple[Content, ScanRow]]:
    """Rows of candles that the store holds as they are; after a fetch it may hold newer ones by now."""
    for candles, row in zip(gathered.series, fresh, strict=True):
        if candles.content is not None and isinstance(row, ScanRow):
            yield candles.content, row


def _steepness(params: Params, bars: int) -> tuple[str, ...]:
    multiplier = math.exp(growth_exponent(params, bars))
    if multiplier <= STEEP_MULTIPLIER:
        return ()
    return (f"growth multiplier x{multiplier:.4g}: the last bars weigh that much more than the first; lower lambda?",)


def _scanned(gathered: Gathered) -> int:
    """Every symbol that was asked for: computed, skipped, or taken out by a filter before the fetch."""
    return len(gathered.series) + len(gathered.known) + len(gathered.skipped) + sum(gathered.universe.hidden.values())


def filtered(rows: Iterable[ScanRow], settings: Settings) -> tuple[list[ScanRow], dict[str, int]]:
    """Rows that pass, and how many each filter took out; the first filter that objects counts."""
    kept: list[ScanRow] = []
    hidden: Counter[str] = Counter()
    for row in rows:
        objection = _objection(row, settings)
        if objection is None:
            kept.append(row)
        else:
            hidden[objection] += 1
    return kept, dict(hidden)


def _objection(row: ScanRow, settings: Settings) -> str | None:
    """The first filter that takes the row out, None if it passes."""
    neutral, volume, least = row.side is Side.NEUTRAL, row.quote_volume, settings.min_volume
    objections = {
        "NEUTRAL": neutral and not settings.all,
        "--side": settings.side != "both" and not neutral and row.side.value.casefold() != settings.side,
        "--min-signal": abs(row.signal) < settings.min_signal,
        "--max-age": settings.max_age is not None and (row.age_bars is None or row.age_bars > settings.max_age),
        "--min-volume": least is not None and volume is not None and volume < least,
        "--min-volume (24 h volume unknown)": least is not None and volume is None,
    }
    return next((name for name, objects in objections.items() if objects), None)


def top_per_side(rows: Iterable[ScanRow], top: int | None) -> list[ScanRow]:
    """The first `top` rows of each side, order and rank numbers kept."""
    taken: Counter[Side] = Counter()
    kept = []
    for row in rows:
        taken[row.side] += 1
        if top is None or taken[row.side] <= top:
            kept.append(row)
    return kept
