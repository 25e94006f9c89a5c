"""The settings in force and where each comes from (--show-settings, config show)."""

from collections.abc import Sequence

from rich.text import Text

from atc_cli.reporting.columns import Cell, Justify
from atc_cli.reporting.documents import dumps, plain
from atc_cli.reporting.layout import TITLE, line, rule, total, widths
from atc_cli.reporting.text import printable

SETTINGS_SCHEMA = "atc.settings/1"
_DEFAULT = "default"
_JUSTIFY: tuple[Justify, ...] = ("left", "left", "left")

Setting = tuple[str, object, str]


def settings_table(rows: Sequence[Setting]) -> list[Text]:
    """One line per (key, value, origin); what is not a default stands out."""
    titles: list[Cell] = [((title, TITLE),) for title in ("SETTING", "VALUE", "FROM")]
    cells = [_cells(key, value, origin) for key, value, origin in rows]
    column_widths = widths(["SETTING", "VALUE", "FROM"], cells)
    head = [line(titles, column_widths, _JUSTIFY), rule(total(column_widths))]
    return head + [line(each, column_widths, _JUSTIFY) for each in cells]


def _cells(key: str, value: object, origin: str) -> list[Cell]:
    given = origin != _DEFAULT
    return [
        ((printable(key), ""),),
        ((printable(_value(value)), "bold" if given else "dim"),),
        ((printable(origin), "cyan" if given else "dim"),),
    ]


def _value(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(str(each) for each in value) if isinstance(value, list | tuple | set | frozenset) else str(value)


def settings_json(rows: Sequence[Setting]) -> str:
    """One document, schema atc.settings/1: {key: {value, from}}; values that JSON has no type for are text."""
    settings = {key: {"value": _jsonable(value), "from": origin} for key, value, origin in rows}
    return dumps({"schema": SETTINGS_SCHEMA, "settings": settings}, indent=2) + "\n"


def _jsonable(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_jsonable(each) for each in value]
    return plain(value) if value is None or isinstance(value, bool | int | float | str | dict) else str(value)
