"""Text to value: one parser for flags, variables and TOML. Each raises ValueError saying what is allowed."""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any

from atc_cli.errors import unknown_name

Parse = Callable[[Any], Any]


def switch(raw: Any) -> bool:
    """True or false."""
    if isinstance(raw, bool):
        return raw
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if str(raw).casefold() not in words:
        raise ValueError(f"{raw!r} is neither true nor false")
    return words[str(raw).casefold()]


def times(raw: Any) -> int:
    """How often a flag was given."""
    return int(raw)


def text(raw: Any) -> str:
    """Any text that is not empty."""
    if not isinstance(raw, str) or not raw.strip():
        raise ValueError("is empty" if raw == "" else f"{raw!r} is not a text")
    return raw.strip()


def path(raw: Any) -> Path:
    """A path; ~ is the home folder."""
    if "\0" in text(raw):
        raise ValueError(f"{raw!r} is no path")
    try:
        return Path(text(raw)).expanduser()
    except RuntimeError as error:  # ~somebody without a home folder
        raise ValueError(f"{raw!r}: {error}") from None


def address(raw: Any) -> str:
    """Where a scheduler listens: tcp://HOST:PORT or tls://HOST:PORT."""
    if not re.fullmatch(r"(tcp|tls)://[^/\s]+:\d{1,5}", text(raw)):
        raise ValueError(f"{raw!r} is no address, allowed: tcp://HOST:PORT, tls://HOST:PORT; usually port 8786")
    return text(raw)


def outfile(raw: Any) -> Path | None:
    """A path; - is stdout."""
    return None if raw == "-" else path(raw)


def lower(raw: Any) -> str:
    """A name in lower case."""
    return text(raw).casefold()


def whole(low: int, high: int | None = None) -> Parse:
    """A whole number in low..high."""
    allowed = f"{low} to {high}" if high is not None else f"{low} or more"

    def parse(raw: Any) -> int:
        try:
            value = int(raw) if not isinstance(raw, bool | float) else None
        except (TypeError, ValueError):
            value = None
        if value is None:
            raise ValueError(f"{raw!r} is not a whole number, allowed: {allowed}")
        if value < low or (high is not None and value > high):
            raise ValueError(f"{value} is out of range, allowed: {allowed}")
        return value

    return parse


def number(low: float = -math.inf, high: float = math.inf) -> Parse:
    """A finite number in low..high."""
    bounds = [f">= {low:g}"] * math.isfinite(low) + [f"<= {high:g}"] * math.isfinite(high)
    allowed = " and ".join(bounds) or "a finite number"

    def parse(raw: Any) -> float:
        try:
            value = float(raw) if not isinstance(raw, bool) else math.nan
        except (TypeError, ValueError, OverflowError):
            value = math.nan
        if not math.isfinite(value):
            raise ValueError(f"{raw!r} is not a number, allowed: {allowed}")
        if not low <= value <= high:
            raise ValueError(f"{value!r} is out of range, allowed: {allowed}")
        return value

    return parse


@dataclass(frozen=True, slots=True)
class Choice:
    """Parses one of the valid names, regardless of case if `fold`, and makes a value of it."""

    kind: str
    choices: tuple[str, ...]
    make: Callable[[str], Any]
    fold: bool

    def __call__(self, raw: Any) -> Any:
        """The value; ValueError lists the names and the nearest."""
        by_written = {self._written(name): name for name in self.choices}
        written = self._written(raw).strip()
        if written not in by_written:
            message, hint = unknown_name(self.kind, str(raw), [str(name) for name in self.choices])
            raise ValueError(f"{message}; {hint}")
        return self.make(by_written[written])

    def _written(self, name: Any) -> str:
        return str(name).casefold() if self.fold else str(name)


def choice(kind: str, valid: Iterable[str] | type[StrEnum], *, fold: bool = True) -> Choice:
    """One of the valid names; an enumeration gives its member."""
    return Choice(kind, tuple(valid), valid if isinstance(valid, type) else str, fold)


@dataclass(frozen=True, slots=True)
class Several:
    """Parses a comma-separated list (or a TOML array): each item by `one`, none twice, in `order` if there is one."""

    one: Parse
    order: tuple[str, ...] = ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The names of which it takes several; none where anything is allowed."""
        return self.one.choices if isinstance(self.one, Choice) else ()

    def __call__(self, raw: Any) -> tuple[Any, ...]:
        """The items; ValueError where there are none."""
        items = raw if isinstance(raw, list | tuple) else [item for item in str(raw).split(",") if item.strip()]
        values = dict.fromkeys(self.one(item) for item in items)
        if not values:
            raise ValueError(f"{raw!r} names nothing")
        return tuple(sorted(values, key=self.order.index) if self.order else values)


_SPANS_MS = {"s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


def span(raw: Any) -> str:
    """A length of time: 90s, 45m, 2h, 1.5d, 1w."""
    span_ms(text(raw))
    return text(raw)


def span_ms(words: str) -> int:
    """The same in ms; ValueError says what is allowed."""
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]+)", words.casefold())
    if found is None or found[2] not in _SPANS_MS or float(found[1]) == 0:
        raise ValueError(f"{words!r} is no length of time, allowed: a number and {', '.join(_SPANS_MS)}, such as 2h")
    return round(float(found[1]) * _SPANS_MS[found[2]])


def moment(raw: Any) -> int:
    """A time in UTC ms: a date, which begins in UTC, or ISO 8601 with an offset."""
    allowed = "2025-01-31, 2025-01-31T08:00Z or 2025-01-31T08:00+01:00"
    try:
        time = datetime.fromisoformat(text(raw))
    except ValueError:
        raise ValueError(f"{raw!r} is no time, allowed: {allowed}") from None
    if time.tzinfo is None and len(text(raw)) > len("2025-01-31"):
        raise ValueError(f"{raw!r} has no offset from UTC, allowed: {allowed}")
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def pattern(raw: Any) -> str:
    """A regular expression."""
    try:
        re.compile(text(raw))
    except re.error as error:
        raise ValueError(f"{raw!r} is not a regular expression: {error}") from None
    return text(raw)


def zone(raw: Any) -> str:
    """UTC, local, or a zone of the time zone database such as Europe/Berlin."""
    zone_of(text(raw))
    return text(raw)


def zone_names() -> list[str]:
    """Every name of a time zone."""
    import zoneinfo

    return ["UTC", "local", *sorted(zoneinfo.available_timezones() - {"UTC"})]


def zone_of(name: str) -> tzinfo:
    """The time zone of that name; ValueError names the nearest where there is none."""
    if name.casefold() == "utc":
        return UTC
    import zoneinfo

    if name.casefold() == "local":
        import tzlocal

        try:
            return tzlocal.get_localzone()
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"the machine's own time zone is unknown: {error}") from None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        message, hint = unknown_name("time zone", name, zone_names())
        raise ValueError(f"{message}; {hint}") from None
