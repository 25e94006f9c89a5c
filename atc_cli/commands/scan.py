"""`atc scan`: a universe in, ranked rows out."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from atc_cli.commands import others
from atc_cli.commands.header import header_of
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import needs_of, wanted_of
from atc_cli.commands.rows import listed
from atc_cli.commands.signals import signals_of
from atc_cli.data.gather import Gathered, gather
from atc_cli.data.market import Listing
from atc_cli.domain.classify import rank, sort_rows
from atc_cli.domain.growth import growth_exponent
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import Header, Remembered, ScanResult, ScanRow, Side
from atc_cli.engine import route
from atc_cli.settings.sections import Settings
from atc_cli.signals.rows import Recall
from atc_cli.stages import stage

STEEP_MULTIPLIER = 1.1


def run(
    settings: Settings, ports: Ports, *, typed: Sequence[str] = (), watchlist: Iterable[str] | None = None
) -> ScanResult:
    """Scan the typed and watched symbols, or all; `watchlist` are the lines of a watchlist.

    Raises the AtcErrors of gather and route; OutOfRangeError where lambda is too large for the window, and as
    others.check does.
    """
    params = settings.params()
    others.check(settings)
    route.check(ports.offers, settings.backend)
    needs = needs_of(settings, params, max_lag_bars=settings.max_lag)
    wanted = wanted_of(settings, needs, ports.clock_ms(), typed=typed, watchlist=watchlist)
    recall = None if ports.signals is None else Recall(ports.signals)
    gathered = gather(ports.markets, wanted, ports.progress, known=recall)
    found = signals_of(gathered, params, ports, settings.backend, recall)
    listings = gathered.listings()
    with stage("rank"):
        rows = _listed(found.rows, listings)
        kept, hidden = filtered(rows, settings)
    header = header_of(settings, params, ports, gathered, decision=found.decision, compute_ms=found.compute_ms)
    header = replace(header, warnings=(*header.warnings, *_steepness(params, found.longest_bars)))
    interrupted = gathered.interrupted
    if settings.with_ and not interrupted:
        with stage("other timeframes"):
            compared = others.with_others(kept, listings, settings, params, ports)
        kept, disagreeing = _agreeing(compared.rows, settings.agree)
        hidden |= {"--agree": disagreeing} if disagreeing else {}
        header = _beside_others(header, settings.with_, compared)
        interrupted = compared.interrupted
    with stage("rank"):
        top = top_per_side(sort_rows(rank(kept), settings.sort), settings.top)
    if len(top) < len(kept):
        hidden["--top"] = len(kept) - len(top)
    return ScanResult(
        header=header,
        rows=tuple(top),
        skipped=(*gathered.skipped, *found.skipped),
        scanned=_scanned(gathered),
        hidden=dict(Counter(gathered.universe.hidden) + Counter(hidden)),
        breadth=Counter(row.side for row in rows),
        interrupted=interrupted,
        remembered=None if ports.signals is None else Remembered(len(gathered.known), len(gathered.series)),
    )


def _agreeing(rows: Sequence[ScanRow], least: int) -> tuple[list[ScanRow], int]:
    """The rows that so many other timeframes agree with, and how many others there were."""
    kept = [row for row in rows if (row.agreement or 0) >= least]
    return kept, len(rows) - len(kept)


def _beside_others(header: Header, timeframes: tuple[str, ...], compared: others.Compared) -> Header:
    timings = {**header.timings_ms, "with": compared.took_ms}
    said = dict.fromkeys((*header.warnings, *compared.notes))
    return replace(header, others=timeframes, timings_ms=timings, warnings=tuple(said))


def _listed(rows: Iterable[ScanRow], listings: Mapping[tuple[str, str], Listing]) -> list[ScanRow]:
    """As listed now, in the order of the listings: the first row that a filter hides names it first."""
    place = {name: number for number, name in enumerate(listings)}
    ordered = sorted(rows, key=lambda row: place[row.exchange, row.symbol])
    return [listed(row, listings[row.exchange, row.symbol]) for row in ordered]


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
