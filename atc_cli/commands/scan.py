"""`atc scan`: a universe in, ranked rows out."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from atc_cli.commands import others
from atc_cli.commands.away import elsewhere
from atc_cli.commands.compare import earlier_of, keep, since
from atc_cli.commands.header import header_of
from atc_cli.commands.ports import Ports
from atc_cli.commands.prefilter import Search
from atc_cli.commands.question import needs_of, wanted_of
from atc_cli.commands.rows import judge_of, jump_warnings, listed, without_jumps
from atc_cli.commands.signals import signals_of
from atc_cli.commands.tally import Tally
from atc_cli.data.gather import Gathered, Wanted
from atc_cli.data.market import Listing
from atc_cli.domain.cautions import Bounds
from atc_cli.domain.classify import rank, sort_rows
from atc_cli.domain.growth import growth_exponent
from atc_cli.domain.params import Params
from atc_cli.domain.results.scan import Header, Remembered, ScanResult, ScanRow, Side, SkipReason
from atc_cli.engine import route
from atc_cli.settings.sections import Settings
from atc_cli.signals.last import Last
from atc_cli.signals.rows import Recall
from atc_cli.stages import stage

if TYPE_CHECKING:
    from atc_cli.domain.results.hits import Hits

STEEP_MULTIPLIER = 1.1


def run(
    settings: Settings,
    ports: Ports,
    *,
    typed: Sequence[str] = (),
    watchlist: Iterable[str] | None = None,
    tally: Tally | None = None,
    last: Last | None = None,
    hits_of: "Callable[[Gathered], Hits] | None" = None,
) -> ScanResult:
    """Scan the typed and watched symbols, or all; `watchlist` are the lines of a watchlist.

    `tally` counts what the markets ask for, where they report to it. `last` has the ranks of an earlier scan of the
    same, and is given those of this one. `hits_of` says how often flips paid.

    Raises the AtcErrors of gather and route; OutOfRangeError where lambda is too large for the window, and as
    others.check does.
    """
    params = settings.params()
    wanted = _checked(settings, ports, params, typed, watchlist)
    recall = None if ports.signals is None else Recall(ports.signals)
    away = elsewhere(ports, params, settings.backend) if hits_of is None else None
    searched = Search(settings, ports, params, recall, _may_matter(settings), tally, away).run(wanted)
    gathered = searched.gathered
    found = signals_of(gathered, params, ports, settings.backend, recall)
    listings = gathered.listings()
    with stage("rank"):
        rows = _listed((*found.rows, *searched.rows), listings)
        rows, jumped = without_jumps(rows, settings.max_jump) if settings.skip_jumps else (rows, [])
        kept, hidden = filtered(rows, settings)
    breadth = Counter(row.side for row in rows)
    header = header_of(settings, params, ports, gathered, decision=found.decision, compute_ms=found.compute_ms)
    header = _warned(header, *jump_warnings(rows, settings.max_jump), *_steepness(params, found.longest_bars))
    interrupted = gathered.interrupted or any(each.reason is SkipReason.INTERRUPTED for each in found.skipped)
    if settings.with_ and not interrupted:
        compared = others.with_others(kept, listings, settings, params, ports)
        kept, header, interrupted = compared.rows, compared.said_in(header), compared.interrupted
        hidden |= compared.hidden
    with stage("rank"):
        earlier = earlier_of(last, gathered)
        bounds = Bounds.of(breadth, settings.max_jump, params.dialect)
        ranked = rank(kept, settings.tie, judge_of(bounds, settings.stop_atr), since(earlier))
        top = gathered.whole(top_per_side(_sorted(ranked, settings.sort), settings.top))
    hidden |= {"--top": len(kept) - len(top)} if len(top) < len(kept) else {}
    skipped = (*gathered.skipped, *found.skipped, *searched.skipped, *jumped)
    if last is not None and not interrupted:
        keep(last, header, [row for row in ranked if not row.approximate], skipped)
    return ScanResult(
        header=header,
        rows=tuple(top),
        skipped=skipped,
        scanned=_scanned(gathered) + len(searched.approximate),
        hidden=dict(Counter(gathered.universe.hidden) + Counter(hidden)),
        breadth=breadth,
        interrupted=interrupted,
        remembered=None if ports.signals is None else Remembered(len(gathered.known), len(gathered.usable)),
        prefiltered=searched.prefiltered,
        earlier=earlier,
        hits=None if hits_of is None else hits_of(gathered),
    )


def _checked(
    settings: Settings, ports: Ports, params: Params, typed: Sequence[str], watchlist: Iterable[str] | None
) -> Wanted:
    """The candles that are asked for; raises where the settings ask for what cannot be."""
    others.check(settings)
    route.check(ports.offers, settings.backend)
    needs = needs_of(settings, params, max_lag_bars=settings.max_lag)
    return wanted_of(settings, needs, ports.clock_ms(), typed=typed, watchlist=watchlist)


def _warned(header: Header, *warnings: str) -> Header:
    return replace(header, warnings=(*header.warnings, *warnings))


def _may_matter(settings: Settings) -> Callable[[ScanRow], bool]:
    """Whether nothing but side and size of the signal, which a short window tells nearly, takes a row out."""
    unlimited = replace(settings, side="both", min_signal=0.0, all=True)
    return lambda row: _objection(row, unlimited) is None


def _sorted(rows: Sequence[ScanRow], key: str) -> tuple[ScanRow, ...]:
    """Approximate rows come behind all others."""
    exact, approximate = ([row for row in rows if row.approximate is each] for each in (False, True))
    return (*sort_rows(exact, key), *sort_rows(approximate, key))


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
    hidden = sum(gathered.universe.hidden.values())
    return len(gathered.usable) + len(gathered.known) + len(gathered.skipped) + hidden


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
