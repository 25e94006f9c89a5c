"""What `atc bench` measured: a table with bars, and JSON."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.table import Table
from rich.text import Text

from atc_cli.domain.results.bench import ADVANCE, EXTRAPOLATED, REANCHORED, BenchResult, BenchRow
from atc_cli.reporting import figures
from atc_cli.reporting.documents import Document, dumps
from atc_cli.reporting.layout import GAP, fitting, flow, natural_width, ruled_table
from atc_cli.reporting.text import printable

BENCH_SCHEMA = "atc.bench/1"
_HEADS = ("SIZE", "BACKEND", "DIALECT", "WANT", "MS", "MIN..MAX", "NS/BAR", "BARS/S", "PEAK MB")
_LEFT = _HEADS[:4]
# what goes first where the terminal is narrow; a figure is never cut
_LEAST_NEEDED = ("PEAK MB", "BARS/S", "WANT", "MIN..MAX", "DIALECT")
_BAR_CELLS, _BAR_MIN_CELLS = 24, 6
_EIGHTHS = " ▏▎▍▌▋▊▉"


def bench_table(result: BenchResult, *, width: int | None) -> list[Text | Table]:
    """The machine, a line per row, and in words what is wrong and what a figure is.

    The bar is bars a second against the fastest of the same size; on a narrow terminal it goes, and then columns
    do. `width` in terminal cells, None off a terminal.
    """
    if not result.rows:
        return [*_machine(result, width), Text(), Text("nothing was measured", "bold yellow")]
    table = fitting(_HEADS, _LEAST_NEEDED, lambda heads: _table(result.rows, heads, 0), width)
    room = _BAR_CELLS if width is None else min(width - natural_width(table) - GAP, _BAR_CELLS)
    if room >= _BAR_MIN_CELLS:
        table = _table(result.rows, [str(each.header) for each in table.columns], room)
    return [*_machine(result, width), Text(), table, *_notes(result, width)]


def _machine(result: BenchResult, width: int | None) -> list[Text]:
    machine = result.machine
    simd = machine.get("simd")
    words = [
        f"{machine.get('cpu')}",
        f"{machine.get('logical_cpus')} logical CPUs",
        f"SIMD {' '.join(map(str, simd)) if isinstance(simd, list) and simd else 'unknown'}",
        f"{machine.get('system')}",
        f"Python {machine.get('python')}",
        f"{machine.get('measured_at')}",
    ]
    return flow([((printable(each), "dim"),) for each in words], width)


def _table(rows: Iterable[BenchRow], heads: Sequence[str], bar_cells: int) -> Table:
    table = ruled_table()
    for head in heads:
        table.add_column(head, justify="left" if head in _LEFT else "right", no_wrap=True)
    if bar_cells:
        table.add_column("", no_wrap=True)
    for size, each in groupby(rows, key=_size):
        group = list(each)
        fastest = max((row.timing.bars_per_s for row in group if row.timing), default=1.0)
        for row in group:
            drawn = [_bar(row, fastest, bar_cells)] if bar_cells else []
            cells = dict(zip(_HEADS, [size if row is group[0] else "", *_cells(row)], strict=True))
            table.add_row(*(cells[head] for head in heads), *drawn, style=_style(row))
        table.add_section()
    return table


def _size(row: BenchRow) -> str:
    if row.mode == REANCHORED:
        return f"{row.symbols} x {row.bars} windows"
    return f"{row.symbols} x +1 bar" if row.mode == ADVANCE else f"{row.symbols} x {row.bars}"


def _style(row: BenchRow) -> str:
    return "bold red" if row.parity.broken else "dim" if row.parity != "equal" else ""


def _name(row: BenchRow) -> str:
    """rust avx2 2 threads; what needs a note carries a star."""
    threads = f"{row.threads} threads" if row.threads > 1 else ""
    star = "*" if row.detail and row.timing else ""
    return " ".join(filter(None, (printable(row.backend), printable(row.simd), threads))) + star


def _cells(row: BenchRow) -> list[str]:
    known = [_name(row), row.dialect, row.want]
    if row.timing is None:
        return [*known, "✘", row.parity.value, figures.NOTHING, figures.NOTHING, figures.NOTHING]
    timing = row.timing
    about = "~" if row.mode == EXTRAPOLATED else ""
    return [
        *known,
        about + _three_digits(timing.ms_median),
        f"{_three_digits(timing.ms_min)}..{_three_digits(timing.ms_max)}",
        about + _three_digits(timing.ns_per_bar),
        about + figures.human(timing.bars_per_s),
        figures.human(timing.peak_rss_mb),
    ]


def _three_digits(value: float) -> str:
    decimals = 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{decimals}f}"


def _bar(row: BenchRow, fastest: float, cells: int) -> Text:
    if row.timing is None:
        return Text()
    eighths = max(round(row.timing.bars_per_s / fastest * cells * 8), 1)
    whole, rest = divmod(eighths, 8)
    return Text("█" * whole + _EIGHTHS[rest].strip(), "cyan")


def _notes(result: BenchResult, width: int | None) -> list[Text]:
    """Once each: what is wrong in red, what a starred figure is."""
    wrong = dict.fromkeys(
        f"✘ {_name(row)}, {row.dialect}, {row.parity.value}: {printable(row.detail)}"
        for row in result.rows
        if row.parity.broken
    )
    starred = dict.fromkeys(f"* {row.backend}: {row.detail}" for row in result.rows if row.detail and row.timing)
    lines = [line for note in wrong for line in flow([((note, "bold red"),)], width)]
    lines += [line for note in starred for line in flow([((note, "dim"),)], width)]
    return [Text(), *lines] if lines else []


def bench_json(result: BenchResult) -> str:
    """One document, schema atc.bench/1: the machine, and a row per measurement; no time is null."""
    rows = [_document(row) for row in result.rows]
    return dumps({"schema": BENCH_SCHEMA, "machine": result.machine, "rows": rows}, indent=2) + "\n"


def _document(row: BenchRow) -> Document:
    timing = row.timing
    return {
        "backend": row.backend,
        "simd": row.simd,
        "threads": row.threads,
        "dialect": row.dialect,
        "mode": row.mode,
        "want": row.want,
        "symbols": row.symbols,
        "bars": row.bars,
        "ms_median": timing and timing.ms_median,
        "ms_min": timing and timing.ms_min,
        "ms_max": timing and timing.ms_max,
        "ns_per_bar": timing and timing.ns_per_bar,
        "bars_per_s": timing and timing.bars_per_s,
        "peak_rss_mb": timing and timing.peak_rss_mb,
        "parity": row.parity.value,
    }
