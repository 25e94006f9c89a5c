"""What `atc warm-cache` tells: a table and JSON of what was fetched, and words about what was not."""

from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from atc_cli.domain.results.scan import Skipped
from atc_cli.domain.results.warm import Warmed, WarmResult
from atc_cli.reporting import figures
from atc_cli.reporting.documents import dumps, skip_document
from atc_cli.reporting.layout import fitting, flow, gone, plain_table
from atc_cli.reporting.summary import lost_of, many, skip_lines
from atc_cli.reporting.text import printable

WARM_SCHEMA = "atc.warm-cache/1"
_HEADS = ("TIMEFRAME", "SYMBOLS", "BARS", "REQUESTS", "WEIGHT", "HITS BEFORE", "AFTER", "TOOK")
_LEAST_NEEDED = ("WEIGHT", "REQUESTS", "TOOK", "HITS BEFORE")


def warm_table(result: WarmResult, *, width: int | None) -> list[Table | Text]:
    """A line per timeframe: symbols, what came over the network, the share that needs no request before and after."""
    lines = [_line(each) for each in result.warmed]
    table = fitting(_HEADS, _LEAST_NEEDED, lambda heads: plain_table(lines, heads, left=_HEADS[:1]), width)
    head = [f"{result.exchange} {result.market}", f"{result.window_bars} bars"]
    head += [f"{each.backend} {each.dialect} compiled in {figures.took(each.took_ms)}" for each in result.compiled]
    head += [
        f"signals of {each.preset} {each.timeframe}: {each.computed} computed, {each.hits_before} known, "
        f"in {figures.took(each.took_ms)}"
        for each in result.signalled
    ]
    above = flow([((printable(item), "dim"),) for item in head], width)
    return [*above, Text(), table, *gone(_HEADS, table, width)]


def _line(each: Warmed) -> dict[str, str]:
    counts = (each.symbols, each.bars, each.requests, each.weight)
    rates = (each.before_frac, each.after_frac)
    figure = (*(f"{count:,}" for count in counts), *(f"{rate:.1%}" for rate in rates))
    return dict(zip(_HEADS, (each.timeframe, *figure, figures.took(each.took_ms)), strict=True))


def warm_json(result: WarmResult) -> str:
    """One document, schema atc.warm-cache/1."""
    warmed = [
        {
            "timeframe": each.timeframe,
            "symbols": each.symbols,
            "bars_fetched": each.bars,
            "requests": each.requests,
            "weight": each.weight,
            "hits_before": each.hits_before,
            "hits_after": each.hits_after,
            "hit_rate_before": each.before_frac,
            "hit_rate_after": each.after_frac,
            "took_ms": each.took_ms,
        }
        for each in result.warmed
    ]
    document = {
        "schema": WARM_SCHEMA,
        "exchange": result.exchange,
        "market": result.market,
        "bars": result.window_bars,
        "timeframes": warmed,
        "compiled": [
            {"backend": each.backend, "dialect": each.dialect, "took_ms": each.took_ms} for each in result.compiled
        ],
        "signals": [asdict(each) for each in result.signalled],
        "warnings": result.notes,
        "interrupted": result.interrupted,
        "skipped": [{"timeframe": each.timeframe, **skip_document(each.skip)} for each in result.lost],
    }
    return dumps(document, indent=2) + "\n"


def warm_summary(result: WarmResult, *, verbose: bool) -> list[str]:
    """Plain lines: what is stored now, what was lost and why, warnings; `verbose` names every loss."""
    head = ["interrupted: what had arrived is stored"] if result.interrupted else []
    lines = [f"{each.timeframe}: {many(each.symbols, 'symbol')}, {each.hits_after} ready" for each in result.warmed]
    for timeframe in dict.fromkeys(each.timeframe for each in result.lost):
        lines += [f"{timeframe}: {line.strip()}" for line in skip_lines(_of(result, timeframe), verbose=verbose)]
    return [*head, *lines, *(f"warning: {printable(note)}" for note in result.notes)]


def _of(result: WarmResult, timeframe: str) -> list[Skipped]:
    return [each.skip for each in result.lost if each.timeframe == timeframe]


def warm_losses(result: WarmResult) -> str:
    """One line for cron: how much was lost and why."""
    wanted = sum(each.symbols for each in result.warmed)
    return lost_of([each.skip for each in result.lost], f"{wanted} series", interrupted=result.interrupted)
