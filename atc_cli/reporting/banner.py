"""The lines above every table: what was computed, and on what."""

from collections.abc import Mapping
from datetime import tzinfo

from rich.text import Text

from atc_cli.domain.results.scan import Header, ScanResult, Side
from atc_cli.domain.timeframe import TIMEFRAMES_MS, lasting
from atc_cli.reporting import figures
from atc_cli.reporting.cells import FORMING, FORMING_MARK, SIDE_MARKS, SIMULATED, Cell
from atc_cli.reporting.layout import flow
from atc_cli.reporting.text import printable, with_other

_INDENT = 2


def banner(header: Header, *, width: int | None, zone: tzinfo) -> list[Text]:
    """What makes a signal this signal, at most `width` wide; a simulated market says so first."""
    lines = [Text(f" {SIMULATED} ", "bold black on yellow")] if header.simulated else []
    if header.include_open:
        lines += flow([((f"{FORMING_MARK} {FORMING}", "yellow"),)], width)
    for items in (_identity(header), _times(header, zone)):
        lines += flow(items, width, indent=_INDENT)
    return lines


def breadth(counts: Mapping[Side, int], *, width: int | None) -> list[Text]:
    """How many symbols are on each side, filtered out or not; nothing where no symbol has a signal."""
    if not any(counts.values()):
        return []
    words = [(f"{SIDE_MARKS[side][0]} {counts.get(side, 0)} {side.value}", SIDE_MARKS[side][1]) for side in Side]
    first, *others = words
    items: list[Cell] = [(("breadth ", "dim"), first), *((each,) for each in others)]
    return flow(items, width, separator="  ", indent=_INDENT)


def _labelled(label: str, value: str, style: str = "") -> Cell:
    return (f"{label} ", "dim"), (value, style)


def _identity(header: Header) -> list[Cell]:
    return [
        ((printable(header.exchange), "bold cyan"), (" ", ""), (printable(header.market), "bold")),
        ((header.timeframe, "bold"),),
        ((figures.bars(header.bars), "bold"),),
        _labelled("dialect", header.dialect),
        (*_labelled("preset", printable(header.preset)), (with_other(header.modified), "yellow")),
    ]


def _times(header: Header, zone: tzinfo) -> list[Cell]:
    items: list[Cell] = []
    if header.bar_time_ms is not None:
        when = figures.closed(header.bar_time_ms, header.timeframe, zone, now_ms=header.generated_at_ms)
        items.append((*_labelled("newest bar closed", when), *_age(header)))
    return items + [_labelled(printable(what), figures.took(ms)) for what, ms in header.timings_ms.items()]


def _age(header: Header) -> Cell:
    """How long ago the bar closed, where the data may be old; yellow once a fresh run would have newer bars."""
    if header.data_age_ms is None:
        return ()
    old = header.data_age_ms >= TIMEFRAMES_MS.get(header.timeframe, 0)
    return ((f", {lasting(header.data_age_ms)} ago", "yellow" if old else "dim"),)


def compared(result: ScanResult, zone: tzinfo) -> str:
    """What the column of earlier ranks is compared with."""
    earlier, header = result.earlier, result.header
    if earlier is None:
        return "no earlier result of these settings is known"
    when = figures.closed(earlier.bar_time_ms, header.timeframe, zone, now_ms=header.generated_at_ms)
    return f"was: the rank in the scan before, whose newest bar closed {when}"
