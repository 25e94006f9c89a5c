"""One symbol taken apart: the weight table of the published script."""

from datetime import tzinfo
from functools import partial

from rich.table import Table
from rich.text import Text

from atc_cli.domain.catalog import Dialect
from atc_cli.domain.cautions import that_occur
from atc_cli.domain.results.explain import ExplainResult, FamilyView, Member
from atc_cli.reporting import figures
from atc_cli.reporting.banner import banner
from atc_cli.reporting.cells import DOWN, QUIET, SIDE_MARKS, UP, Cell, direction_style, family_mark, side_cell
from atc_cli.reporting.documents import Document, dumps, header_document, row_document
from atc_cli.reporting.layout import GAP, flow, natural_width, ruled_table, text_of
from atc_cli.reporting.text import printable

EXPLAIN_SCHEMA = "atc.explain/1"
WIDTH = 80
_WARN, _ALARM = 1.1, 1.25
_FLOOR = 0.25
_EQUITY_CELLS = 5
_SIGN_MARKS = {1: ("▲", UP), -1: ("▼", DOWN), 0: ("·", QUIET)}
_DIRECTIONS = {1: (" LONG ", "bold black on green"), -1: (" SHORT ", "bold white on red")}


def explain_table(result: ExplainResult, *, zone: tzinfo) -> list[Text | Table]:
    """At most 80 cells wide: per member its length, equity and sign, per family X, X_S and contribution."""
    return [
        *banner(result.header, width=WIDTH, zone=zone),
        Text(),
        *_verdict(result, zone),
        Text(),
        _weights(result),
        Text(),
        *_thresholds(result),
        *_growth(result),
    ]


def explain_json(result: ExplainResult) -> str:
    """One document, schema atc.explain/1."""
    return dumps(explain_document(result), indent=2) + "\n"


def explain_document(result: ExplainResult) -> Document:
    """The same as plain values."""
    return {
        "schema": EXPLAIN_SCHEMA,
        **header_document(result.header),
        "row": row_document(result.row),
        "families": [_family_document(view) for view in result.families],
        "lag_bars": result.lag_bars,
        "multiplier": result.multiplier,
        "direction": result.direction,
        "timings_ms": result.header.timings_ms,
    }


def _family_document(view: FamilyView) -> dict[str, object]:
    members = [{"length": each.length, "sign": each.sign, "equity": each.equity} for each in view.members]
    return {
        "id": view.id,
        "title": view.title,
        "signal": view.signal,
        "weight": view.weight,
        "contribution": view.contribution,
        "members": members,
    }


def _verdict(result: ExplainResult, zone: tzinfo) -> list[Text]:
    row, header = result.row, result.header
    items: list[Cell] = [
        ((printable(row.symbol), "bold"),),
        side_cell(row.side),
        (("Average_Signal ", "dim"), (figures.signed(row.signal, 4), SIDE_MARKS[row.side][1])),
    ]
    behind = f", {figures.bars(result.lag_bars)} behind" if result.lag_bars else ""
    closed = partial(figures.closed, timeframe=header.timeframe, zone=zone, now_ms=header.generated_at_ms)
    verb = "closes" if row.forming else "closed"
    items.append(((f"bar {verb} ", "dim"), (f"{closed(row.bar_time_ms)}{behind}", "bold yellow" if behind else "")))
    if row.age_bars is not None and row.flipped_at_ms is not None:
        since = f"{figures.bars(row.age_bars)} ago, {closed(row.flipped_at_ms)}"
        items.append((("flipped ", "dim"), (since, "")))
    items.append((("price ", "dim"), (figures.price(row.price, row.grid), "")))
    if row.change_24h_frac is not None:
        items.append((("24 h ", "dim"), (figures.percent(row.change_24h_frac), direction_style(row.change_24h_frac))))
    items.append((("computed on ", "dim"), (figures.bars(row.bars), "yellow" if row.bars < header.bars else "")))
    if row.gap_bars:
        items.append(((f"{figures.bars(row.gap_bars)} missing inside", "yellow"),))
    if row.grid is None and header.dialect == Dialect.LTS:
        items.append((("off the price grid: ties are decided by rounding", "yellow"),))
    items += [((each.words, "yellow"),) for each in that_occur((row,))]
    return flow(items, WIDTH, indent=2)


def _weights(result: ExplainResult) -> Table:
    table = _weight_table(result, GAP)
    width = natural_width(table)
    if width > WIDTH:
        table = _weight_table(result, 1)
        width = natural_width(table)
    table.width = width
    return table


def _weight_table(result: ExplainResult, gap: int) -> Table:
    views, cuts = result.families, result.header.cuts
    table = ruled_table(gap=gap)
    table.add_column(no_wrap=True)
    for view in views:
        table.add_column(view.title, justify="right", no_wrap=True)
    for members in zip(*(view.members for view in views), strict=True):
        offset = members[0].length - views[0].members[0].length
        table.add_row(Text(f"n{offset:+d}" if offset else "n", "dim"), *map(_member, members))
    table.add_section()
    table.add_row(Text("X", "bold"), *(_signal(view.signal, cuts) for view in views))
    table.add_row(Text("X_S", "bold"), *(Text(figures.equity(view.weight)) for view in views))
    table.add_row(Text("adds", "bold"), *(_share(view.contribution) for view in views))
    return table


def _member(member: Member) -> Text:
    """Length, sign and equity; an equity worn down to the floor is dim."""
    mark, style = _SIGN_MARKS[member.sign]
    worn = member.equity is None or member.equity <= _FLOOR
    equity = f"{figures.equity(member.equity):>{_EQUITY_CELLS}}"
    return text_of(((f"{member.length} ", "dim"), (mark, style), (equity, "dim" if worn else style)))


def _signal(value: float | None, cuts: tuple[float, float]) -> Text:
    mark, style = family_mark(value, cuts)
    return Text(f"{mark}{figures.signed(value, 2):>{_EQUITY_CELLS}}", style)


def _share(value: float | None) -> Text:
    return Text(figures.signed(value, 3), direction_style(value))


def _thresholds(result: ExplainResult) -> list[Text]:
    params = result.header.params
    above, below = result.header.cuts
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
