"""What the cost model chooses, as a table and as JSON."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from atc_cli.domain.results.routes import WITHIN, RouteRow, RoutesResult
from atc_cli.reporting import figures
from atc_cli.reporting.documents import Document, dumps
from atc_cli.reporting.layout import fitting, flow, ruled_table
from atc_cli.reporting.summary import many
from atc_cli.reporting.text import printable

ROUTES_SCHEMA = "atc.routes/1"
_HEADS = ("WORKLOAD", "CHOSEN", "ESTIMATED", "TOOK", "FASTEST", "LEAST", "RATIO")
_LEFT = ("WORKLOAD", "CHOSEN", "FASTEST")
# what goes first where the terminal is narrow
_LEAST_NEEDED = ("ESTIMATED", "LEAST", "TOOK", "FASTEST")


def routes_table(result: RoutesResult, *, width: int | None) -> list[Text | Table]:
    """The machine, a line per workload, and how many were right."""
    machine = result.machine
    named = [machine.get(key) for key in ("cpu", "gpu", "system", "measured_at")]
    words = [f"{each}" for each in named if each] + [f"coefficients {result.coefficients}"]
    if cpus := machine.get("logical_cpus"):
        words.insert(1, f"{cpus} logical CPUs")
    if load := machine.get("load_average"):
        words.append(f"load average {load}: waits of a busy machine are in every time")
    table = fitting(_HEADS, _LEAST_NEEDED, lambda heads: _table(result.rows, heads), width)
    lines = flow([((printable(each), "dim"),) for each in words], width)
    return [*lines, Text(), table, Text(), Text(_verdict(result))]


def _table(rows: Sequence[RouteRow], heads: Sequence[str]) -> Table:
    table = ruled_table()
    for head in heads:
        table.add_column(head, justify="left" if head in _LEFT else "right", no_wrap=True)
    for row in rows:
        cells = _cells(row)
        table.add_row(*(cells[head] for head in heads), style="" if (row.ratio or 0) <= WITHIN else "bold yellow")
    return table


def _cells(row: RouteRow) -> dict[str, str]:
    measured = row.measured_ms
    cells = [
        row.workload,
        printable(row.chosen),
        figures.took(row.estimates_ms[row.chosen]),
        figures.took(measured[row.chosen]) if measured else figures.NOTHING,
        printable(row.fastest or figures.NOTHING),
        figures.took(measured[row.fastest]) if row.fastest else figures.NOTHING,
        f"{row.ratio:.2f}" if row.ratio is not None else figures.NOTHING,
    ]
    return dict(zip(_HEADS, cells, strict=True))


def _verdict(result: RoutesResult) -> str:
    measured = [row for row in result.rows if row.ratio is not None]
    if result.within_20_frac is None:
        return f"{many(len(result.rows), 'workload')}: what would be chosen, starts counted; nothing was measured"
    skipped = sum(len(row.skipped) for row in measured)
    words = f"within 20% of the fastest: {result.within_20_frac:.1%} of {len(measured)} workloads"
    return (
        f"{words}; {many(skipped, 'way')} not measured, estimated at more than 20 times the best, or the slow reference"
    )


def routes_json(result: RoutesResult) -> str:
    """One document, schema atc.routes/1."""
    document = {
        "schema": ROUTES_SCHEMA,
        "machine": result.machine,
        "coefficients": result.coefficients,
        "rows": [_document(row) for row in result.rows],
        "within_20_frac": result.within_20_frac,
    }
    return dumps(document, indent=2) + "\n"


def _document(row: RouteRow) -> Document:
    return {
        "workload": row.workload,
        "chosen": row.chosen,
        "fastest": row.fastest,
        "ratio": row.ratio,
        "estimates_ms": row.estimates_ms,
        "measured_ms": row.measured_ms or None,
        "least_ms": row.least_ms or None,
        "skipped": row.skipped,
    }
