"""The scan as a GitHub table: the cells of the terminal, without colours."""

import re
from datetime import UTC, tzinfo

from atc_cli.domain.cautions import that_occur
from atc_cli.domain.results.scan import Header, ScanResult, ScanRow
from atc_cli.domain.timeframe import lasting
from atc_cli.reporting import figures
from atc_cli.reporting.cells import FORMING, SIMULATED
from atc_cli.reporting.columns import COLUMNS, Scene, checked_columns, default_columns
from atc_cli.reporting.text import printable, with_other

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#])")


def scan_markdown(result: ScanResult, *, columns: tuple[str, ...] | None = None, zone: tzinfo = UTC) -> str:
    """A GitHub table under one line that says what was computed; every default column, or those asked for."""
    keys = checked_columns(columns) if columns else default_columns(result)
    scene = Scene.of(result, zone)
    rules = ["---:" if COLUMNS[key].justify == "right" else "---" for key in keys]
    above = [_row([COLUMNS[key].title_in(result.header) for key in keys]), _row(rules)]
    rows = [_row([_cell(key, row, scene) for key in keys]) for row in result.rows]
    cautions = that_occur(result.rows) if "cautions" in keys else ()
    below = ["", " · ".join(f"{each.mark} {each.words}" for each in cautions)] if cautions else []
    return "\n".join([_said(result.header, zone), "", *above, *rows, *below, ""])


def _said(header: Header, zone: tzinfo) -> str:
    said = [header.exchange, header.market, header.timeframe, f"{header.bars} bars", header.dialect]
    said.append(header.preset + with_other(header.modified))
    if header.bar_time_ms is not None:
        when = figures.closed(header.bar_time_ms, header.timeframe, zone, now_ms=header.generated_at_ms)
        said.append(f"newest bar closed {when}")
    said += [f"{lasting(header.data_age_ms)} old"] if header.data_age_ms is not None else []
    said += [FORMING] if header.include_open else []
    warning = [f"**{SIMULATED}**"] if header.simulated else []
    return " · ".join([*warning, *(_escaped(printable(each)) for each in said)])


def _cell(key: str, row: ScanRow, scene: Scene) -> str:
    """The table's cell; blanks between family marks stay, so that a mark stays under its letter."""
    text = "".join([part for part, _ in COLUMNS[key].cell(row, scene)])
    return text.replace(" ", "\u00a0") if key in ("families", "with") else _escaped(text.strip())


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
