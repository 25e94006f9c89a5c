"""What an option is, and how its text becomes a value. One parser for flags, environment and TOML."""

import dataclasses
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any

from atc_cli.errors import UsageError, unknown_name

Parse = Callable[[Any], Any]

SCAN = "scan"
EXPLAIN = "explain"
BENCH = "bench"
WARM = "warm-cache"
BOTH = frozenset({SCAN, EXPLAIN})
SCAN_ONLY = frozenset({SCAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting: a flag of the listed commands, a TOML key and an ATC_* variable at once.

    `parse` takes the text (or TOML value) and returns the value, or raises ValueError saying what is
    allowed; `choices` feed completion, `explain_choices` where `explain` takes fewer.
    """

    key: str
    panel: str
    help: str
    parse: Parse
    default: Any
    metavar: str | None = None
    commands: frozenset[str] = BOTH
    choices: tuple[str, ...] = ()
    explain_choices: tuple[str, ...] = ()
    negatable: bool = True
    short: str | None = None

    @property
    def flag(self) -> str:
        """The long flag: --ema-len."""
        return "--" + self.key.replace("_", "-")

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return self.parse is switch

    @property
    def takes_several(self) -> bool:
        """Whether the value is a comma-separated list."""
        return isinstance(self.parse, Several)

    @property
    def variable(self) -> str:
        """The environment variable: ATC_EMA_LEN."""
        return "ATC_" + self.key.upper()

    @property
    def default_words(self) -> str:
        """What --help says of the default."""
        if self.default in (None, ()) or self.is_switch:
            return ""
        shown = ",".join(self.default) if isinstance(self.default, tuple) else self.default
        return f" [{shown}]"


def given_value(option: Option, raw: Any) -> Any:
    """The value of a flag that was given; UsageError names the flag and what is allowed."""
    try:
        return option.parse(raw)
    except ValueError as error:
        raise UsageError(f"{option.flag}: {error}") from None


def completion(choices: tuple[str, ...], *, several: bool) -> Callable[[str], list[str]] | None:
    """What completes a value, of several the last one; None where anything is allowed."""

    def complete(incomplete: str) -> list[str]:
        head, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        left = [name for name in choices if name not in head.split(",")]
        return [head + comma + name for name in left if name.startswith(last)]

    return complete if choices else None


def setting(key: str, panel: str, text: str, parse: Parse, default: Any, **extra: Any) -> Any:
    """A Settings field that carries its option."""
    option = Option(key=key, panel=panel, help=text, parse=parse, default=default, **extra)
    return dataclasses.field(default=default, metadata={"option": option})


def switch(raw: Any) -> bool:
    """True or false."""
    if isinstance(raw, bool):
        return raw
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if str(raw).casefold() not in words:
        raise ValueError(f"{raw!r} is neither true nor false")
    return words[str(raw).casefold()]


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


def choice(kind: str, valid: Iterable[str] | type[StrEnum], *, fold: bool = True) -> Parse:
    """One of the valid names, regardless of case if `fold`; an enumeration gives its member."""
    make: Callable[[str], Any] = valid if isinstance(valid, type) else str
    by_written = {str(name).casefold() if fold else str(name): name for name in valid}

    def parse(raw: Any) -> Any:
        written = str(raw).strip().casefold() if fold else str(raw).strip()
        if written not in by_written:
            message, hint = unknown_name(kind, str(raw), [str(name) for name in by_written.values()])
            raise ValueError(f"{message}; {hint}")
        return make(by_written[written])

    return parse


@dataclass(frozen=True, slots=True)
class Several:
    """Parses a comma-separated list (or a TOML array): each item by `one`, none twice, in `order` if there is one."""

    one: Parse
    order: tuple[str, ...] = ()

    def __call__(self, raw: Any) -> tuple[Any, ...]:
        """The items; ValueError where there are none."""
        items = raw if isinstance(raw, list | tuple) else [item for item in str(raw).split(",") if item.strip()]
        values = dict.fromkeys(self.one(item) for item in items)
        if not values:
            raise ValueError(f"{raw!r} names nothing")
        return tuple(sorted(values, key=self.order.index) if self.order else values)


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
        message, hint = unknown_name("time zone", name, ["UTC", "local", *sorted(zoneinfo.available_timezones())])
        raise ValueError(f"{message}; {hint}") from None


def plain(value: Any) -> Any:
    """A setting's value as JSON and TOML can hold it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, StrEnum):
        return value.value
    return str(value) if isinstance(value, Path) else value
