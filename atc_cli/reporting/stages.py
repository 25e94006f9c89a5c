"""Where the time of a run went: its stages as a tree."""

from collections.abc import Iterable, Sequence

from atc_cli.domain.results.profile import REST
from atc_cli.stages import StageTime

INDENT = "  "


def stage_lines(total_ns: int, times: Sequence[StageTime]) -> list[str]:
    """A line a stage: time with and without the stages in it (ms), share of the whole, how often it began."""
    named_ns = sum(each.total_ns for each in times if len(each.path) == 1)
    rest = StageTime((REST,), 1, total_ns - named_ns, total_ns - named_ns)
    rows = [_cells(each, total_ns) for each in (*times, rest)]
    return aligned([("STAGE", "MS", "OWN", "SHARE", "TIMES"), *rows, ("in all", f"{total_ns / 1e6:.1f}", "", "", "")])


def _cells(each: StageTime, total_ns: int) -> tuple[str, ...]:
    name = INDENT * (len(each.path) - 1) + each.path[-1]
    share = each.total_ns / max(total_ns, 1)
    return name, f"{each.total_ns / 1e6:.1f}", f"{each.own_ns / 1e6:.1f}", f"{share:.1%}", f"{each.calls}"


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Cells under each other: the first of a row to the left, the others to the right."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in zip(*columns, strict=True)
    ]
