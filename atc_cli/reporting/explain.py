"""One symbol taken apart: the weight table of the published script."""

from collections.abc import Sequence
from datetime import tzinfo

from rich.text import Text

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.results import ExplainResult, FamilyView, Header, Member, ScanRow
from atc_cli.reporting import figures
from atc_cli.reporting.banner import banner
from atc_cli.reporting.columns import Cell, Justify, cuts, direction_style, family_mark, side_cell
from atc_cli.reporting.documents import dumps, header_document, row_document
from atc_cli.reporting.layout import GAP, TITLE, flow, line, rule, text_of, total, widths
from atc_cli.reporting.text import printable

EXPLAIN_SCHEMA = "atc.explain/1"
WIDTH = 80
_WARN, _ALARM = 1.1, 1.25
_FLOOR = 0.25
_SIGN_MARKS = {1: ("▲", "green"), -1: ("▼", "red"), 0: ("·", "dim")}
_DIRECTIONS = {1: (" LONG ", "bold black on green"), -1: (" SHORT ", "bold white on red")}


def explain_table(result: ExplainResult, *, zone: tzinfo) -> list[Text]:
    """Lines of at most 80 cells: per member its length, equity and sign, per family X, X_S and contribution."""
    return [
        *banner(result.header, width=WIDTH, zone=zone),
        Text(),
        *_verdict(result.row, result.header, zone),
        Text(),
        *_weights(result),
        Text(),
        *_thresholds(result),
        *_growth(result),
    ]


def explain_json(result: ExplainResult) -> str:
    """One document, schema atc.explain/1."""
    document = {
        "schema": EXPLAIN_SCHEMA,
        **header_document(result.header),
        "row": row_document(result.row),
        "families": [_family_document(view) for view in result.families],
        "multiplier": result.multiplier,
        "direction": result.direction,
        "timings_ms": result.header.timings_ms,
    }
    return dumps(document, indent=2) + "\n"


def _family_document(view: FamilyView) -> dict[str, object]:
    members = [{"length": each.length, "sign": each.sign, "equity": each.equity} for each in view.members]
    return {"id": view.id, "title": view.title, "signal": view.signal, "weight": view.weight, "members": members}


def _verdict(row: ScanRow, header: Header, zone: tzinfo) -> list[Text]:
    items: list[Cell] = [
        ((printable(row.symbol), "bold"),),
        side_cell(row.side),
        (("Average_Signal ", "dim"), (figures.signed(row.signal, 4), f"bold {direction_style(row.signal)}")),
    ]
    if row.age_bars is not None and row.flipped_at_ms is not None:
        since = f"{figures.bars(row.age_bars)} ago, {figures.moment(row.flipped_at_ms, zone)}"
        items.append((("flipped ", "dim"), (since, "")))
    items.append((("price ", "dim"), (figures.price(row.price), "")))
    if row.change_24h_frac is not None:
        items.append((("24 h ", "dim"), (figures.percent(row.change_24h_frac), direction_style(row.change_24h_frac))))
    items.append((("computed on ", "dim"), (figures.bars(row.bars), "yellow" if row.bars < header.bars else "")))
    if row.gap_bars:
        items.append(((f"{figures.bars(row.gap_bars)} missing inside", "yellow"),))
    if row.grid is None and header.dialect == Dialect.LTS:
        items.append((("off the price grid: ties are decided by rounding", "yellow"),))
    return flow(items, WIDTH, indent=2)


def _weights(result: ExplainResult) -> list[Text]:
    titles: list[Cell] = [((" ", ""),), *(((view.title, TITLE),) for view in result.families)]
    members = [_member_row(rank, result.families) for rank in range(len(result.families[0].members))]
    sums = _sums(result)
    grid = [titles, *members, *sums]
    column_widths = widths([""] * len(titles), grid)
    gap = GAP if total(column_widths) <= WIDTH else 1
    right: list[Justify] = ["right"]
    justify: list[Justify] = ["left", *right * len(result.families)]
    lines = [line(cells, column_widths, justify, gap) for cells in grid]
    across = rule(total(column_widths, gap))
    return [lines[0], across, *lines[1 : len(members) + 1], across, *lines[len(members) + 1 :]]


def _member_row(rank: int, views: Sequence[FamilyView]) -> list[Cell]:
    offset = views[0].members[rank].length - views[0].members[0].length
    label: Cell = ((f"n{offset:+d}" if offset else "n", "dim"),)
    return [label, *(_member(view.members[rank]) for view in views)]


def _member(member: Member) -> Cell:
    """Length, equity and sign; an equity worn down to the floor is dim."""
    mark, style = _SIGN_MARKS[member.sign]
    worn = member.equity is None or member.equity <= _FLOOR
    equity = f"{figures.equity(member.equity):>5}"
    return (f"{member.length} ", "dim"), (equity, "dim" if worn else style), (mark, style)


def _sums(result: ExplainResult) -> list[list[Cell]]:
    cut, views = cuts(result.header), result.families
    signals: list[Cell] = [_signal(view.signal, cut) for view in views]
    weights: list[Cell] = [((figures.equity(view.weight), ""), (" ", "")) for view in views]
    shares: list[Cell] = [_share(value) for value in contributions(result)]
    return [
        [(("X", "bold"),), *signals],
        [(("X_S", "bold"),), *weights],
        [(("adds", "bold"),), *shares],
    ]


def _signal(value: float | None, cut: tuple[float, float]) -> Cell:
    mark = family_mark(value, cut)
    return (figures.signed(value, 2), mark[1]), mark


def _share(value: float | None) -> Cell:
    return (figures.signed(value, 3), direction_style(value)), (" ", "")


def contributions(result: ExplainResult) -> list[float | None]:
    """What each family adds to the average: cut(X) * X_S / sum of X_S; None where the equities are undefined."""
    above, below = cuts(result.header)
    weights = [view.weight for view in result.families]
    known = [weight for weight in weights if weight is not None and figures.known(weight)]
    if len(known) < len(weights):
        return [None] * len(weights)
    signs = [0 if view.signal is None else (view.signal > above) - (view.signal < below) for view in result.families]
    return [sign * weight / sum(known) for sign, weight in zip(signs, known, strict=True)]


def _thresholds(result: ExplainResult) -> list[Text]:
    params = result.header.params
    above, below = cuts(result.header)
    lines = flow(
        [
            ((f"a family counts beyond {above:+g} / {below:+g}", "dim"),),
            ((f"LONG above {params['long_threshold']:+g}, SHORT below {params['short_threshold']:+g}", "dim"),),
        ],
        WIDTH,
    )
    if result.header.dialect == Dialect.TRADINGVIEW:
        direction = _DIRECTIONS.get(result.direction or 0, ("none yet: no threshold has been crossed", "dim"))
        lines.append(text_of((("direction ", "dim"), direction)))
    return lines


def _growth(result: ExplainResult) -> list[Text]:
    """The multiplier, and what a large one means."""
    value = result.multiplier
    style = "bold red" if value > _ALARM else "bold yellow" if value > _WARN else "bold"
    lines = [text_of((("growth multiplier ", "dim"), (f"x{value:.4g}", style), (" at the last bar", "dim")))]
    if value <= _WARN:
        return lines
    words = (
        f"{'far too' if value > _ALARM else 'rather'} steep: the returns of the last bars weigh {value:.4g} times "
        "those of the first. Lower --lambda, load fewer --bars or raise --cutout"
    )
    return lines + flow([((words, style.removeprefix("bold ")),)], WIDTH)
