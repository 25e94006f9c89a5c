"""What `atc doctor` found, as lines for people."""

from collections.abc import Sequence
from typing import Protocol

from rich.cells import cell_len
from rich.text import Text

from atc_cli.reporting.columns import Cell, Span
from atc_cli.reporting.documents import dumps
from atc_cli.reporting.layout import broken, text_of
from atc_cli.reporting.text import printable

DOCTOR_SCHEMA = "atc.doctor/1"
_MARKS: dict[str, Span] = {
    "ok": ("✔", "bold green"),
    "warn": ("!", "bold yellow"),
    "fail": ("✘", "bold red"),
    "absent": ("○", "dim"),
}


class Check(Protocol):
    """One thing looked at; `status` is ok, warn, fail or absent (an optional part that is not there)."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def status(self) -> str:
        """ok, warn, fail or absent."""

    @property
    def detail(self) -> str:
        """What was found."""

    @property
    def remedy(self) -> str | None:
        """What to do about it, if anything."""


def doctor_table(checks: Sequence[Check], *, width: int | None = None) -> list[Text]:
    """A line per check and one per remedy, wrapped under their column at `width` (None: not wrapped)."""
    names = max((cell_len(printable(check.name)) for check in checks), default=0)
    lines = [line for check in checks for line in _lines(check, names, width)]
    counts = {status: sum(check.status == status for check in checks) for status in _MARKS}
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    return [*lines, Text(), Text(said or "nothing was checked", "dim")]


def doctor_json(checks: Sequence[Check]) -> str:
    """One document, schema atc.doctor/1."""
    listed = [
        {"name": each.name, "status": each.status, "detail": each.detail, "remedy": each.remedy or None}
        for each in checks
    ]
    return dumps({"schema": DOCTOR_SCHEMA, "checks": listed}, indent=2) + "\n"


def _lines(check: Check, names: int, width: int | None) -> list[Text]:
    mark, style = _MARKS[check.status]
    name = printable(check.name)
    head: Cell = ((mark, style), (f" {name}{' ' * (names - cell_len(name))}  ", "bold"))
    indent = names + 4
    detail = _wrapped(((printable(check.detail), "dim" if check.status == "absent" else ""),), indent, width)
    remedy = _wrapped(((f"→ {printable(check.remedy)}", "cyan"),), indent, width) if check.remedy else []
    first, *others = detail
    return [text_of(head).append_text(first), *(Text(" " * indent).append_text(each) for each in [*others, *remedy])]


def _wrapped(cell: Cell, indent: int, width: int | None) -> list[Text]:
    return broken(text_of(cell), max(width - indent, 10) if width else None)
