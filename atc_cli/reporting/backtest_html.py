"""The backtest as one page that works offline: curves to zoom, months, trades on prices, symbols, what was done how.

The charts are drawn by Lightweight Charts 4.1.3 (TradingView, Apache-2.0), the standalone script as it lies in the
wheel of `lightweight-charts` 2.1; its licence and notice are in the folder `lightweight_charts`.
"""

import json
from collections.abc import Iterable, Iterator

from atc_cli.domain.results.backtest import BacktestResult, Figures
from atc_cli.domain.results.scan import Side
from atc_cli.domain.timeframe import iso
from atc_cli.reporting import backtest_figures as chosen
from atc_cli.reporting import backtest_words as words
from atc_cli.reporting.backtest_curves import charts
from atc_cli.reporting.backtest_detail import MONTHS, month_words, strength
from atc_cli.reporting.backtest_figures import APART, Chosen, of_side
from atc_cli.reporting.backtest_symbols import SYMBOL_COLUMNS, best_first
from atc_cli.reporting.cells import SIDE_MARKS
from atc_cli.reporting.page import asset, computed, head, listed, loud, skips
from atc_cli.reporting.page_cells import CLASSES, filled, safe

_LIBRARY = "lightweight_charts/lightweight-charts.js"
_NOTICE = "lightweight_charts/NOTICE"
_TRADINGVIEW = "https://www.tradingview.com/"
_CHECKS = {"✔": "u", "✘": "D", "•": "", "·": "q"}


def backtest_html(result: BacktestResult) -> str:
    """A page with everything but the single bars: nothing of it is fetched, no script but its own two may run."""
    style = asset("page.css") + asset("backtest_html.css")
    scripts = (asset(_LIBRARY), asset("page.js") + asset("backtest_html.js"))
    parts = [
        *head(f"backtest: {_name(result)}", style, scripts),
        *_above(result),
        "<main>",
        *_curves(),
        *_told(result),
        "</main>",
        *_months(result.whole),
        *_apart(result),
        *_parts(result),
        *_prices(result),
        *_symbols(result),
        *_below(result),
        f'<script id="data" type="application/json">{_data(result)}</script>',
        *(f"<script>{each}</script>" for each in scripts),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _name(result: BacktestResult) -> str:
    header = result.header
    return f"{header.exchange} {header.market} {header.timeframe}"


def _data(result: BacktestResult) -> str:
    """JSON that no tag can end, nothing in it but ASCII."""
    return json.dumps(charts(result), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _above(result: BacktestResult) -> Iterator[str]:
    yield f"<body><header><h1>Backtest: {safe(_name(result))}</h1>"
    yield from loud(words.loud(result))
    facts = (*words.period(result), *words.tested(result)[2:])
    yield f'<ul class="facts">{"".join(f"<li>{safe(each)}" for each in facts)}</ul></header>'
    yield '<ul class="tiles">'
    for each in chosen.first(result.whole):
        yield _tile(each, result.whole)
    yield "</ul>"


def _tile(each: Chosen, part: Figures) -> str:
    """The figure, what explains it and what holding the benchmark would have made of it."""
    metric = part.metrics[each.key]
    benchmark = part.metrics.get(f"benchmark_{each.key}")
    said = [chosen.beside(each, part.metrics)]
    if benchmark is not None and benchmark.value is not None:
        said.append(f"benchmark {chosen.words(benchmark)}")
    told = ", ".join(filter(None, (metric.title, metric.period, metric.warning)))
    look = CLASSES.get(chosen.style(metric), "")
    shown = f'<b class="{look}">{safe(chosen.shown(each, metric))}</b>'
    beside = "<br>".join(map(safe, filter(None, said)))
    return f'<li title="{safe(told)}"><span>{safe(each.title)}</span>{shown}<small>{beside}</small>'


def _curves() -> Iterator[str]:
    yield '<section id="curves"><div class="bar"><h2>Equity</h2>'
    yield '<span class="key e">equity <b data-of="equity"></b></span>'
    yield '<span class="key b">benchmark <b data-of="benchmark"></b></span><span class="tools" hidden>'
    spans = (("30", "1M"), ("91", "3M"), ("182", "6M"), ("365", "1Y"), ("", "all"))
    yield "".join(f'<button type="button" data-days="{days}">{said}</button>' for days, said in spans)
    yield '<label><input type="checkbox" id="log"> log</label></span></div>'
    yield '<div id="equity" class="chart"></div><div class="bar"><h2>Drawdown</h2>'
    yield '<span class="key d"><b data-of="drawdown"></b></span></div>'
    yield '<div id="drawdown" class="chart low"></div><p class="q" id="thinned"></p>'
    yield "<noscript><p>The charts need the script of this page.</p></noscript></section>"


def _told(result: BacktestResult) -> Iterator[str]:
    """What was checked, what to doubt, what was done and what that costs."""
    yield "<aside>"
    yield '<h2>Checks</h2><ul class="checks">'
    for mark, said in words.checks(result):
        yield f'<li class="{"q" if mark == "·" else ""}"><b class="{_CHECKS[mark]}">{mark}</b> {safe(said)}'
    yield "</ul>"
    notes = [f"{chosen.WEAK_MARK} {said}" if weak else said for said, weak in words.warnings(result)]
    yield from _list("Notes", notes, "o")
    yield from _list("Rule", words.rule(result.rules))
    yield from _list("Signals", [words.signals(result)])
    yield from _list("Costs", words.costs(result.costs), "o" if words.free(result.costs) else "")
    yield from _list("Benchmark", [result.benchmark_title])
    yield "</aside>"


def _list(title: str, items: Iterable[str], look: str = "") -> Iterator[str]:
    told = "".join(f"<li>{safe(each)}" for each in items)
    if told:
        yield f'<h2>{title}</h2><ul class="{look}">{told}</ul>'


def _months(part: Figures) -> Iterator[str]:
    """A row per year, a cell per month; five strengths of two colours."""
    if not part.months:
        return
    found = {(year, month): frac for year, month, frac in part.months}
    largest = max(map(abs, found.values()))
    yield '<section><h2>Months, in percent</h2><div class="scroll"><table class="months"><thead><tr><th>'
    yield "".join(f"<th>{each}" for each in MONTHS) + "</thead><tbody>"
    for year in sorted({year for year, _ in found}):
        cells = [_month(found.get((year, month)), largest) for month in range(1, 13)]
        yield f'<tr><th scope="row">{year}{"".join(cells)}'
    yield "</tbody></table></div></section>"


def _month(frac: float | None, largest: float) -> str:
    if frac is None:
        return "<td>"
    return f'<td class="m{strength(frac, largest, 5):+d}" title="{frac!r}">{month_words(frac)}'


def _apart(result: BacktestResult) -> Iterator[str]:
    metrics = result.whole.metrics
    if not chosen.has_sides(metrics):
        return
    keys = [key for key in APART if key in metrics]
    yield '<section><h2>Long and short</h2><div class="scroll"><table class="figures"><thead><tr><th>'
    yield "".join(f"<th>{safe(metrics[key].title)}" for key in keys) + "</thead><tbody>"
    for side in (Side.LONG, Side.SHORT):
        mark, look = SIDE_MARKS[side]
        cells = "".join(_figure(result.whole, Chosen(of_side(side, key), "")) for key in keys)
        yield f'<tr><th scope="row"><b class="{CLASSES[look]}">{mark} {side.value}</b>{cells}'
    yield "</tbody></table></div></section>"


def _figure(part: Figures, each: Chosen) -> str:
    metric = part.metrics.get(each.key)
    if metric is None:
        return '<td class="q">-'
    return filled(
        ((chosen.shown(each, metric), chosen.style(metric)),), "" if metric.value is None else repr(metric.value)
    )


def _parts(result: BacktestResult) -> Iterator[str]:
    """The stretches of a split side by side."""
    if not result.parts:
        return
    stretches = (result.whole, *result.parts)
    yield '<section><h2>Split in time</h2><div class="scroll"><table class="figures"><thead><tr><th>'
    yield "".join(f"<th>{safe(each.title)}<br>{words.span(each)}" for each in stretches) + "</thead><tbody>"
    for each in chosen.first(result.whole):
        yield f'<tr><th scope="row">{safe(each.title)}{"".join(_figure(part, each) for part in stretches)}'
    yield "</tbody></table></div></section>"


def _prices(result: BacktestResult) -> Iterator[str]:
    if not result.candles:
        return
    yield '<section id="prices"><div class="bar"><h2>Trades on prices</h2><span class="tools" hidden>'
    yield '<select id="symbol" aria-label="symbol"></select>'
    yield '<label><input type="checkbox" id="logprice"> log</label></span></div>'
    yield '<div id="price" class="chart"></div><p class="q" id="merged"></p></section>'


def _symbols(result: BacktestResult) -> Iterator[str]:
    """A row per symbol, the best first; a title sorts."""
    if not result.symbols:
        return
    yield f'<section><h2>Symbols ({len(result.symbols)})</h2><div class="scroll" tabindex="0">'
    heads = "".join(_sorting(each.head, each.told, numbers=each.kind == "number") for each in SYMBOL_COLUMNS)
    yield f'<table id="symbols" class="figures"><thead><tr>{heads}</thead><tbody>'
    for symbol in best_first(result.symbols):
        cells = [filled((each.cell(symbol),), each.exact(symbol)) for each in SYMBOL_COLUMNS]
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div></section>"


def _sorting(head: str, told: str, *, numbers: bool) -> str:
    """A title that sorts, numbers the largest first."""
    order = ' data-sort="number" data-largest' if numbers else ' data-sort="text"'
    return f'<th scope="col" title="{safe(told)}"{order}>{head}'


def _below(result: BacktestResult) -> Iterator[str]:
    yield "<footer>"
    yield from _every_figure(result)
    rows = [(each.symbol, each.reason.label, each.detail, each.exchange) for each in result.skipped]
    yield from skips(rows, words.skips(result))
    yield from listed(
        (("made", iso(result.header.generated_at_ms)), *computed(result.header)), "what was computed, by what"
    )
    notice = ", ".join(asset(_NOTICE).replace(_TRADINGVIEW, "").split("\n")).strip(", ")
    yield f"<p>Charts: {safe(notice)} "
    yield f'<a href="{_TRADINGVIEW}" rel="noopener noreferrer">{_TRADINGVIEW}</a>, Apache License 2.0.</p>'
    yield "<p>What happened is not what will happen.</p></footer>"


def _every_figure(result: BacktestResult) -> Iterator[str]:
    stretches = (result.whole, *result.parts)
    yield '<details><summary>every figure</summary><div class="scroll"><table class="figures"><thead><tr><th>'
    yield "".join(f"<th>{safe(each.title)}" for each in stretches) + '<th class="w">of</thead><tbody>'
    for key, metric in result.whole.metrics.items():
        cells = "".join(_figure(part, Chosen(key, "")) for part in stretches)
        said = ", ".join(filter(None, (metric.period, metric.warning)))
        look = "o" if metric.warning else "q"
        yield f'<tr><th scope="row">{safe(metric.title)}{cells}<td class="w {look}">{safe(said)}'
    yield "</tbody></table></div></details>"
