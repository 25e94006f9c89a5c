"""The cells of a page: each measure as a column of HTML, figures as the terminal draws them, exact ones as titles."""

import json
import re
from collections.abc import Callable, Sequence
from html import escape
from itertools import groupby, pairwise
from math import isfinite
from operator import itemgetter
from typing import Any, NamedTuple

from atc_cli.domain.measures import table as measures
from atc_cli.domain.measures.measure import Measure
from atc_cli.domain.results.scan import ScanRow
from atc_cli.reporting import figures
from atc_cli.reporting.cells import DOWN, FRESH, ODD, QUIET, STRONG, UP, Cell
from atc_cli.reporting.columns import COLUMNS, Scene
from atc_cli.reporting.documents import plain, time_or_none
from atc_cli.reporting.text import printable

NUMBERS = ("whole", "number")
CLASSES = {UP: "u", DOWN: "d", QUIET: "q", STRONG: "s", FRESH: "f", ODD: "o", "bold green": "U", "bold red": "D"}
_HARMLESS = re.compile(r"[A-Za-z0-9 .,:/%+_▲▼▴▾·-]*").fullmatch  # most cells, seen at once
_SPARK_HIGH, _SPARK_STEP = 15, 3


class PageColumn(NamedTuple):
    """A column of the page: what it tells, what heads it, and how a row fills it, as HTML."""

    measure: Measure
    title: str
    to_the_right: bool
    fill: Callable[[ScanRow], str]


def page_column(measure: Measure, scene: Scene) -> PageColumn:
    """The column of a measure, one that no table draws too."""
    read = measure.read
    if measure.look == "closes":
        return PageColumn(measure, safe(measure.title), False, lambda row: f"<td>{_spark(read(row), row.age_bars)}")
    exact = _EXACT.get(measure.type, _exact_json)
    if measure.look is None:
        words, right = _WORDS.get(measure.type, exact), measure.type in NUMBERS
        title = safe(measure.name.upper().replace("_", " "))
        return PageColumn(
            measure, title, right, lambda row: filled(((words(read(row)) or figures.NOTHING, ""),), exact(read(row)))
        )
    column = COLUMNS[measure.key]
    draw, right = column.cell, column.justify == "right"
    title = safe(column.title_in(scene.header))
    return PageColumn(measure, title, right, lambda row: filled(draw(row, scene), exact(read(row))))


def filled(cell: Cell, exact: str) -> str:
    """The terminal's cell as one of the page; what is exact is its title where the words do not say it."""
    if len(cell) == 1:
        ((text, style),) = cell
        title = f' title="{safe(exact)}"' if exact and not _says(text, exact) else ""
        named = CLASSES.get(style)
        return f"<td{title}>{safe(text)}" if named is None else f'<td class="{named}"{title}>{safe(text)}'
    text = "".join([part for part, _ in cell])
    title = f' title="{safe(exact)}"' if exact and not _says(text, exact) else ""
    runs = ((style, "".join([part for part, _ in run])) for style, run in groupby(cell, key=itemgetter(1)))
    return f"<td{title}>{''.join([_run(text, CLASSES.get(style)) for style, text in runs])}"


def _run(text: str, style: str | None) -> str:
    return safe(text) if style is None else f'<b class="{style}">{safe(text)}</b>'


def _says(text: str, exact: str) -> bool:
    """Whether a number's words are all of it: +1.000 is, +0.123 mostly is not."""
    if text.strip() == exact:
        return True
    if ":" in exact or not text[-1:].isdigit():  # a time, a share, a list: seen at once
        return False
    try:
        return float(text) == float(exact)
    except ValueError:
        return False


def _exact_json(value: object) -> str:
    return json.dumps(plain(value)) if value else ""


def _nothing(_: object) -> str:
    return ""


def _exact_number(value: float | None) -> str:
    return "" if value is None or not isfinite(value) else repr(value)


def _exact_whole(value: int | None) -> str:
    return "" if value is None else str(value)


def _exact_flag(value: bool | None) -> str:
    return _exact_whole(value).lower()


def _exact_families(values: Any) -> str:
    return ", ".join([f"{family} {value!r}" for family, value in values.items()])


def _short_families(values: Any) -> str:
    return " ".join([f"{value:.2f}" for value in values.values()])


# What JSON has, as text. Of a text nothing: it is seen as it is, but for what must not be seen.
_EXACT: dict[str, Callable[[Any], str]] = {
    "text": _nothing,
    "whole": _exact_whole,
    "number": _exact_number,
    "flag": _exact_flag,
    "time": lambda time_ms: time_or_none(time_ms) or "",
    "families": _exact_families,
}
# Of a measure that no column of the terminal draws.
_WORDS: dict[str, Callable[[Any], str]] = {"text": str, "families": _short_families}


def _spark(closes: Sequence[float], age_bars: int | None) -> str:
    """The last closes as two lines, newest right: dim up to the flip, in the side's colour since."""
    recent = closes[-measures.SPARK_CLOSES :]
    if len(recent) < 2:
        return ""
    low, high = min(recent), max(recent)
    scale = _SPARK_HIGH / (high - low) if high > low else 0.0
    levels = [round((high - each) * scale) for each in recent] if scale else [_SPARK_HIGH // 2] * len(recent)
    last = len(recent) - 1
    flip = 0 if age_bars is None else max(last - max(age_bars, 1), 0)
    before = f'<path class="q" d="{_line(levels[: flip + 1], 0)}"/>' if flip else ""
    wide, begin = _SPARK_STEP * (measures.SPARK_CLOSES - 1), _SPARK_STEP * (last + 1 - measures.SPARK_CLOSES)
    return f'<svg viewBox="{begin} -1 {wide} {_SPARK_HIGH + 2}">{before}<path d="{_line(levels[flip:], flip)}"/></svg>'


def _line(levels: Sequence[int], at: int) -> str:
    steps = [_STEPS[after - before] for before, after in pairwise(levels)]
    return f"M{at * _SPARK_STEP} {levels[0]}l{' '.join(steps)}"


_STEPS = {rise: f"{_SPARK_STEP}{'' if rise < 0 else ' '}{rise}" for rise in range(-_SPARK_HIGH, _SPARK_HIGH + 1)}


def safe(text: str) -> str:
    """As text of the page or of an attribute: nothing hidden, nothing that HTML would obey."""
    return text if _HARMLESS(text) else escape(printable(text))
