"""What a cell is, and the marks, colours and warnings that tables share."""

from atc_cli.domain.results.scan import Side
from atc_cli.reporting import figures

Span = tuple[str, str]
Cell = tuple[Span, ...]

UP, DOWN, QUIET, STRONG, FRESH, ODD = "green", "red", "dim", "bold", "bold yellow", "yellow"
SIDE_MARKS: dict[Side, Span] = {
    Side.LONG: ("▲", "bold green"),
    Side.SHORT: ("▼", "bold red"),
    Side.NEUTRAL: ("·", QUIET),
}
FORMING_MARK = "○"
UNSURE_MARK = "?"
SIMULATED = "SIMULATED MARKET - not real prices"
FORMING = "includes the forming bar: signals can change until it closes"


def family_mark(signal: float | None, cuts: tuple[float, float]) -> Span:
    """A family's signal as one mark: large beyond its cut, small within, a dot at zero."""
    if not figures.known(signal) or signal == 0:
        return "·", QUIET
    if signal > 0:
        return ("▲", "bold green") if signal > cuts[0] else ("▴", UP)
    return ("▼", "bold red") if signal < cuts[1] else ("▾", DOWN)


def direction_style(value: float | None) -> str:
    """Green above zero, red below, dim at zero and where there is nothing."""
    if not figures.known(value) or value == 0:
        return QUIET
    return UP if value > 0 else DOWN


def side_cell(side: Side) -> Cell:
    """▲ LONG in its colour."""
    mark, style = SIDE_MARKS[side]
    return ((f"{mark} {side.value}", style),)
