"""The scan as one page that works offline: a table to sort and filter, what was computed on what, what was skipped."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo

from atc_cli.domain.measures import table as measures
from atc_cli.domain.results.scan import Header, ScanResult, Side
from atc_cli.domain.timeframe import iso, lasting
from atc_cli.reporting import figures
from atc_cli.reporting.banner import compared
from atc_cli.reporting.cells import FORMING, SIDE_MARKS, SIMULATED
from atc_cli.reporting.columns import Scene, checked_columns, default_columns
from atc_cli.reporting.page import asset, computed, head, listed, loud, skips
from atc_cli.reporting.page_cells import NUMBERS, PageColumn, page_column, safe
from atc_cli.reporting.summary import scan_counts
from atc_cli.reporting.text import with_other

_ROWS = {Side.LONG: "l", Side.SHORT: "h", Side.NEUTRAL: "n"}


def scan_html(result: ScanResult, *, columns: tuple[str, ...] | None = None, zone: tzinfo = UTC) -> str:
    """A page with every measure; the default columns, or those asked for, are first and all that is seen at first.

    Figures are those of the terminal's table, and a title has what JSON has where that says more. Nothing of it leads
    to another address, and no script but its own is allowed to run. Times are in `zone`, those in titles in UTC.
    """
    shown = checked_columns(columns) if columns else default_columns(result)
    scene = Scene.of(result, zone)
    first = [measures.COLUMNS[key] for key in shown]
    page = [page_column(each, scene) for each in (*first, *(each for each in measures.MEASURES if each not in first))]
    style = asset("page.css") + asset("scan_html.css") + "".join(_rules(page, len(shown)))
    script = asset("page.js") + asset("scan_html.js")
    parts = [
        *head(_name(result.header), style, (script,)),
        *_above(result, zone),
        *_table(result, page),
        *_below(result, zone),
        f"</footer><script>{script}</script>",
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _name(header: Header) -> str:
    return f"{header.exchange} {header.market} {header.timeframe}"


def _rules(page: Sequence[PageColumn], shown: int) -> Iterator[str]:
    """What depends on the columns, by their places: no cell has to say it."""
    right = [f"tr>:nth-child({place})" for place, each in enumerate(page, start=1) if each.to_the_right]
    if right:
        yield f"{','.join(right)}{{text-align:right}}\n"
    yield f"#all:not(:checked)~.scroll tr>:nth-child(n+{shown + 1}){{display:none}}\n"
    named = [place for place, each in enumerate(page, start=1) if each.measure.look == "symbol"]
    for place in named:
        yield f"tr>:nth-child({place}){{position:sticky;left:0;z-index:1}}\n"
        yield f"thead tr>:nth-child({place}){{z-index:3}}\n"


def _above(result: ScanResult, zone: tzinfo) -> Iterator[str]:
    header = result.header
    yield f"<body><header><h1>{safe(_name(header))}</h1>"
    said = [SIMULATED] if header.simulated else []
    said += [FORMING] if header.include_open else []
    said += ["interrupted: this is what had arrived"] if result.interrupted else []
    yield from loud(said)
    yield f'<ul class="facts">{"".join(f"<li>{safe(each)}" for each in _facts(header, zone))}</ul>'
    yield from _breadth(result)
    yield f"<p>{safe(scan_counts(result))}</p>"
    yield from (f'<p class="warning">warning: {safe(each)}</p>' for each in header.warnings)
    yield "</header>"


def _facts(header: Header, zone: tzinfo) -> Iterator[str]:
    yield figures.bars(header.bars)
    yield f"dialect {header.dialect}"
    yield f"preset {header.preset}{with_other(header.modified)}"
    if header.bar_time_ms is not None:
        age = "" if header.data_age_ms is None else f", {lasting(header.data_age_ms)} old"
        when = figures.closed(header.bar_time_ms, header.timeframe, zone, now_ms=header.generated_at_ms)
        yield f"newest bar closed {when}{age}"
    yield f"made {iso(header.generated_at_ms, zone)}"


def _breadth(result: ScanResult) -> Iterator[str]:
    """The sides of every symbol, filtered out or not, as a bar and in words."""
    total = sum(result.breadth.values())
    if not total:
        return
    at, bars, words = 0.0, [], []
    for side in (Side.LONG, Side.NEUTRAL, Side.SHORT):
        count = result.breadth.get(side, 0)
        share = count * 100 / total
        bars.append(f'<rect class="{_ROWS[side]}" x="{at:.2f}" width="{share:.2f}" height="1"/>')
        words.append(f'<span class="{_ROWS[side]}">{SIDE_MARKS[side][0]} {count} {side.value}</span>')
        at += share
    yield '<svg class="breadth" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">'
    yield f"{''.join(bars)}</svg>"
    yield f'<p class="sides">{" ".join(words)}</p>'


def _table(result: ScanResult, page: Sequence[PageColumn]) -> Iterator[str]:
    """Cells without end tags and without classes where a place in the row says as much: a thousand rows are a lot."""
    yield '<div class="tools" hidden><input id="find" type="search" placeholder="symbol" aria-label="symbol"> '
    sides = [row.side for row in result.rows]
    choices = [f"<option>{side.value}" for side in Side if side in sides]
    yield f'<select id="side" aria-label="side"><option value="">both sides{"".join(choices)}</select>'
    yield '<output id="count"></output><span class="q">a title sorts</span></div>'
    yield '<input id="all" type="checkbox"><label for="all">all columns</label>'
    yield f'<div class="scroll" tabindex="0"><table id="rows"><thead><tr>{"".join(map(_title, page))}</thead><tbody>'
    fills = [each.fill for each in page]
    for row in result.rows:
        yield f'<tr class="{_ROWS[row.side]}">{"".join([fill(row) for fill in fills])}</tr>'
    yield "</tbody></table></div>"


def _title(column: PageColumn) -> str:
    measure = column.measure
    told = ", ".join(filter(None, (measure.name, measure.unit)))
    kind = "number" if measure.type in NUMBERS else "text" if measure.type in ("text", "time", "flag") else ""
    order = f' data-sort="{kind}"{" data-largest" if measure.sort == "largest" else ""}' if kind else ""
    return f'<th scope="col" title="{safe(told)}"{order}{" data-find" if measure.type == "text" else ""}>{column.title}'


def _below(result: ScanResult, zone: tzinfo) -> Iterator[str]:
    yield "<footer>"
    counts = Counter(skip.reason.label for skip in result.skipped)
    why = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
    rows = [(skip.symbol, skip.reason.label, skip.detail, skip.exchange) for skip in result.skipped]
    yield from skips(rows, f"{len(rows)} skipped: {why}")
    yield from listed((("ranks", compared(result, zone)), *computed(result.header)), "what was computed, by what")
    yield "<p>Point at a figure for its exact value. Rank says how strong a signal is, not what it will earn.</p>"
