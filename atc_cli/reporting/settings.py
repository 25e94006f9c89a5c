"""The settings in force and where each comes from (--show-settings, config show)."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from atc_cli.reporting.documents import dumps, plain
from atc_cli.reporting.layout import ruled_table
from atc_cli.reporting.text import printable

SETTINGS_SCHEMA = "atc.settings/1"
_DEFAULT = "default"

Setting = tuple[str, object, str]


def settings_table(rows: Sequence[Setting]) -> list[Table]:
    """One row per (key, value, origin); what is not a default stands out, a long value wraps in its column."""
    table = ruled_table()
    table.add_column("SETTING", no_wrap=True)
    table.add_column("VALUE", overflow="fold")
    table.add_column("FROM", overflow="fold")
    for key, value, origin in rows:
        given = origin != _DEFAULT
        table.add_row(
            Text(printable(key)),
            Text(printable(_value(value)), "bold" if given else "dim"),
            Text(printable(origin), "cyan" if given else "dim"),
        )
    return [table]


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
