"""Which column of a file is which: the names that the world writes, where they can mean one thing only. Pure."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from atc_cli.domain.panel import COLUMNS
from atc_cli.errors import nearest

TIME = "timestamp"
# Other names of the time, in a file that has no column of ours: those of an epoch before those of a date.
_TIMES = (("unix", "open_time", "opentime", "open time"), ("date", "time", "datetime"))
_WITHOUT_HEADER = (6, 12)  # columns: as ccxt gives candles, and as Binance writes them


class NamesError(ValueError):
    """The columns cannot be told apart; one line."""


@dataclass(frozen=True, slots=True)
class Names:
    """The file's own name of each column of ours; `taken` says in words what was taken for what, "" where as named."""

    held: Mapping[str, str]
    taken: str = ""


def names_of(header: Sequence[str]) -> Names:
    """Time, prices and, if there is one, volume, in any case and order; others are ignored. Raises NamesError."""
    by_name: dict[str, list[str]] = {}
    for held in header:
        by_name.setdefault(held.strip().casefold(), []).append(held)
    for name in (TIME, *COLUMNS):
        if len(by_name.get(name, ())) > 1:
            raise NamesError(f"two columns {name!r}: {by_name[name][0]!r} and {by_name[name][1]!r}")
    found = {name: by_name[name][0] for name in (TIME, *COLUMNS) if name in by_name}
    taken = ""
    if TIME not in found:
        found[TIME] = _time(by_name, header)
        taken = f"{found[TIME]!r} as {TIME}"
    for name in COLUMNS[:-1]:
        if name not in found:
            raise NamesError(_missing(name, header))
    return Names(found, taken)


def without_header(first: Sequence[str]) -> Names | None:
    """The columns of a file whose first line is a candle already: time, open, high, low, close, volume by place.

    They are called by their places: "0" to "5". None where the line is no candle.
    """
    if len(first) not in _WITHOUT_HEADER or not _is_time(first[0]) or not all(map(_is_number, first[1:6])):
        return None
    held = {name: str(place) for place, name in enumerate((TIME, *COLUMNS))}
    return Names(held, f"no header: columns 1 to 6 as {', '.join((TIME, *COLUMNS))}")


def _time(by_name: Mapping[str, Sequence[str]], header: Sequence[str]) -> str:
    for names in _TIMES:
        found = [held for name in names for held in by_name.get(name, ())]
        if len(found) == 1:
            return found[0]
        if found:
            both = " and ".join(map(repr, found))
            raise NamesError(f"no column {TIME!r}, and {both} could each be it: call one of them {TIME!r}")
    raise NamesError(_missing(TIME, header))


def _missing(name: str, header: Sequence[str]) -> str:
    close = nearest(name, header, cutoff=0.6)
    meant = f"; is it {close!r}? call that {name!r}" if close else ""
    return f"no column {name!r}{meant} (has: {', '.join(header)})"


def _is_number(text: str) -> bool:
    with suppress(ValueError):
        float(text)
        return True
    return False


def _is_time(text: str) -> bool:
    if _is_number(text):
        return True
    with suppress(ValueError):
        return datetime.fromisoformat(text).tzinfo is not None
    return False
