"""What `atc doctor` found, as lines for people."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from atc_cli.domain.results.doctor import Check, Status
from atc_cli.reporting.cells import Span
from atc_cli.reporting.documents import dumps
from atc_cli.reporting.layout import GAP, text_of
from atc_cli.reporting.text import printable

DOCTOR_SCHEMA = "atc.doctor/1"
_DETAIL_MIN = 10
_MARKS: dict[Status, Span] = {
    "ok": ("✔", "bold green"),
    "warn": ("!", "bold yellow"),
    "fail": ("✘", "bold red"),
    "absent": ("○", "dim"),
}


def doctor_table(checks: Sequence[Check], *, width: int | None = None) -> list[Text | Table]:
    """A line per check and one per remedy, wrapped under their column at `width` (None: not wrapped)."""
    names = [text_of((_MARKS[check.status], (f" {printable(check.name)}", "bold"))) for check in checks]
    taken = max((name.cell_len for name in names), default=0) + GAP
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", max_width=max(width - taken, _DETAIL_MIN) if width else None)
    for name, check in zip(names, checks, strict=True):
        grid.add_row(name, _found(check))
    counts = {status: sum(check.status == status for check in checks) for status in _MARKS}
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return [grid, Text(), Text(said or "nothing was checked", "dim")]


def doctor_json(checks: Sequence[Check]) -> str:
    """One document, schema atc.doctor/1."""
    listed = [
        {"name": each.name, "status": each.status, "detail": each.detail, "remedy": each.remedy or None}
        for each in checks
    ]
    return dumps({"schema": DOCTOR_SCHEMA, "checks": listed}, indent=2) + "\n"


def _found(check: Check) -> Text:
    text = Text(printable(check.detail), "dim" if check.status == "absent" else "")
    return text.append(f"\n→ {printable(check.remedy)}", "not dim cyan") if check.remedy else text
