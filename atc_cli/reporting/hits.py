"""How often flips paid: a table and JSON for `atc hits`, one line above a scan."""

from collections.abc import Callable, Iterator
from datetime import tzinfo

from rich.table import Table
from rich.text import Text

from atc_cli.domain.results.hits import FEW, HITS_SCHEMA, Estimate, Hits, HitsResult, Horizon, SideHits
from atc_cli.domain.results.scan import Side
from atc_cli.reporting import figures
from atc_cli.reporting.banner import banner
from atc_cli.reporting.cells import SIDE_MARKS, Cell
from atc_cli.reporting.documents import Document, dumps, header_document, skip_document, time_or_none
from atc_cli.reporting.layout import fitting, flow, gone, plain_table
from atc_cli.reporting.summary import lost_of, many, notes_of, skip_lines
from atc_cli.reporting.text import printable

_HEADS = ("AFTER", "SIDE", "ENTRIES", "PAID, NET", "POINTS AHEAD", "MEAN BPS, NET", "BPS AHEAD")
_LEAST_NEEDED = ("POINTS AHEAD", "BPS AHEAD")
_PERCENT = 100.0


def hits_table(result: HitsResult, *, width: int | None, zone: tzinfo) -> list[Text | Table]:
    """A line per side and number of bars: the share that paid, the mean, how far ahead of any symbol both are."""
    hits = result.hits
    above = [*banner(result.header, width=width, zone=zone), *flow(_what(hits), width, indent=2), Text()]
    if not any(side.count or horizon.open_count for horizon in hits.horizons for side in horizon.sides):
        return [*above, Text("no flip among these candles", "bold yellow")]
    lines = [_line(horizon, side) for horizon in hits.horizons for side in horizon.sides]
    table = fitting(_HEADS, _LEAST_NEEDED, lambda heads: plain_table(lines, heads, left=_HEADS[:2]), width)
    return [*above, table, Text(), *flow(_below(hits), width), *gone(_HEADS, table, width)]


def _what(hits: Hits) -> list[Cell]:
    items = [hits.what, many(hits.symbols, "symbol"), *hits.costs]
    return [((printable(item), "dim"),) for item in items]


def _below(hits: Hits) -> list[Cell]:
    said = ["[95% interval]", "entered at the next open, left at the open so many bars later"]
    said.append("ahead: of any symbol that was entered at the same bars on the same side, at the same costs")
    waiting = ", ".join(f"{each.open_count} after {each.after_bars}" for each in hits.horizons if each.open_count)
    said += [f"not that old yet: {waiting} bars"] if waiting else []
    return [((each, "dim"),) for each in said]


def _line(horizon: Horizon, side: SideHits) -> dict[str, str]:
    cells = (
        figures.bars(horizon.after_bars),
        _title(side.side),
        f"{side.count:,}",
        share(side.paid_frac),
        points(side.paid_ahead_frac),
        bps(side.mean_bps),
        bps(side.mean_ahead_bps),
    )
    return dict(zip(_HEADS, cells, strict=True))


def _title(side: str) -> str:
    name = side.upper()
    return f"{SIDE_MARKS[Side(name)][0]} {name}" if name in set(Side) else f"  {name}"


def share(estimate: Estimate) -> str:
    """48.2% [46.1, 50.3]."""
    if estimate.value is None:
        return figures.NOTHING
    within = _within(estimate, lambda value: f"{value * _PERCENT:.1f}")
    return f"{estimate.value * _PERCENT:.1f}%{within}"


def points(estimate: Estimate) -> str:
    """-1.2 [-3.4, +1.0] percentage points."""
    return bps(Estimate(*(None if value is None else value * _PERCENT for value in estimate)))


def bps(estimate: Estimate) -> str:
    """-14.2 [-20.3, -8.1]."""
    return figures.signed(estimate.value, 1) + _within(estimate, lambda value: figures.signed(value, 1))


def _within(estimate: Estimate, written: Callable[[float], str]) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f" [{written(estimate.low)}, {written(estimate.high)}]"


def hits_line(hits: Hits, width: int | None) -> list[Text]:
    """What a scan says of its own candles."""
    items: list[Cell] = []
    for horizon in hits.horizons:
        items.append(((f"flips of these candles after {horizon.after_bars} bars, net of costs", "dim"),))
        items += [_short(side) for side in horizon.sides if side.side != "both"]
    return flow(items, width, indent=2)


def _short(side: SideHits) -> Cell:
    mark, style = SIDE_MARKS[Side(side.side.upper())]
    if side.count < FEW:
        return ((f"{mark} {side.count}: too few", style),)
    said = f" {share(side.paid_frac)} paid, mean {bps(side.mean_bps)} bps, ahead of any symbol by "
    return ((mark, style), (f"{said}{bps(side.mean_ahead_bps)}, n {side.count:,}", ""))


def hits_json(result: HitsResult) -> str:
    """One document, schema atc.hits/1."""
    document = {
        "schema": HITS_SCHEMA,
        **header_document(result.header),
        **hits_document(result.hits),
        "skipped": [skip_document(skip) for skip in result.skipped],
        "interrupted": result.interrupted,
        "timings_ms": result.header.timings_ms,
    }
    return dumps(document, indent=2) + "\n"


def hits_document(hits: Hits) -> Document:
    """Hit rates as a plain document."""
    return {
        "what": hits.what,
        "costs": hits.costs,
        "symbols": hits.symbols,
        "first_bar": time_or_none(hits.first_ms),
        "last_bar": time_or_none(hits.last_ms),
        "horizons": [_horizon_document(each) for each in hits.horizons],
        "notes": hits.notes,
    }


def _horizon_document(horizon: Horizon) -> Document:
    return {
        "after_bars": horizon.after_bars,
        "block_bars": horizon.block_bars,
        "bars": horizon.bars,
        "open": horizon.open_count,
        "sides": {side.side: _side_document(side) for side in horizon.sides},
    }


def _side_document(side: SideHits) -> Document:
    return {
        "n": side.count,
        **_estimate("paid_frac", side.paid_frac),
        **_estimate("mean_bps", side.mean_bps),
        "compared": side.compared,
        **_estimate("paid_ahead_frac", side.paid_ahead_frac),
        **_estimate("mean_ahead_bps", side.mean_ahead_bps),
    }


def _estimate(name: str, estimate: Estimate) -> Document:
    return {name: estimate.value, f"{name}_95": None if estimate.low is None else [estimate.low, estimate.high]}


def hits_summary(result: HitsResult, *, verbose: bool) -> Iterator[str]:
    """Plain lines: skips, what weakens the figures, warnings."""
    if result.interrupted:
        yield "interrupted: this is of what had arrived"
    yield from skip_lines(result.skipped, verbose=verbose)
    yield from map(printable, result.hits.notes)
    yield from notes_of(result.header, verbose=verbose)


def hits_losses(result: HitsResult) -> str:
    """One line for cron: how many symbols were lost and why."""
    wanted = many(result.hits.symbols + len(result.skipped), "symbol")
    return lost_of(result.skipped, wanted, interrupted=result.interrupted)
