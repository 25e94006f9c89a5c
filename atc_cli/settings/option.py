"""What a setting is, and what a section of them is."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from keyword import iskeyword
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from atc_cli.errors import UsageError
from atc_cli.settings.parse import Choice, Parse, Several, switch, times

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting: a flag; a TOML key and an ATC_* variable too where it is layered.

    `parse` takes the text (or TOML value) and returns the value, or raises ValueError saying what is
    allowed; `suggested` is what completion offers where that is not all that `parse` takes.
    """

    key: str
    title: str | None
    layered: bool
    help: str
    parse: Parse
    default: Any
    metavar: str | None = None
    suggested: tuple[str, ...] = ()
    negatable: bool = True
    short: str | None = None

    @property
    def name(self) -> str:
        """The attribute that holds the value: lambda_ for lambda."""
        return f"{self.key}_" if iskeyword(self.key) else self.key

    @property
    def flag(self) -> str:
        """The long flag: --ema-len."""
        return "--" + self.key.replace("_", "-")

    @property
    def declared(self) -> str:
        """The long flag with its opposite, where it has one: --all/--no-all."""
        return f"{self.flag}/--no-{self.flag[2:]}" if self.is_switch and self.negatable else self.flag

    @property
    def variable(self) -> str:
        """The environment variable: ATC_EMA_LEN."""
        return "ATC_" + self.key.upper()

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return self.parse is switch

    @property
    def counts(self) -> bool:
        """Whether the flag takes no value and how often it is given counts."""
        return self.parse is times

    @property
    def takes_several(self) -> bool:
        """Whether the value is a comma-separated list."""
        return isinstance(self.parse, Several)

    @property
    def choices(self) -> tuple[str, ...]:
        """The names that completion offers; none where anything is allowed."""
        known = self.parse.choices if isinstance(self.parse, Choice | Several) else ()
        return self.suggested or known

    @property
    def default_words(self) -> str:
        """What --help says of the default."""
        if self.default in (None, ()) or self.is_switch or self.counts:
            return ""
        shown = ",".join(map(str, self.default)) if isinstance(self.default, tuple) else self.default
        return f" [{shown}]"

    def given(self, raw: Any) -> Any:
        """The value of a flag that was typed; UsageError names the flag and what is allowed."""
        try:
            return self.parse(raw)
        except ValueError as error:
            raise UsageError(f"{self.flag}: {error}") from None


def setting(text: str, parse: Parse, *, default: Any, **extra: Any) -> Any:
    """A field of a section: its help, its parser, its default; `extra` are other fields of its Option."""
    return dataclasses.field(default=default, metadata={"help": text, "parse": parse, "default": default, **extra})


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
def section(kind: type[T]) -> type[T]:
    """A frozen, keyword-only dataclass; to generate the methods of thirty would be a tenth of the time of --help."""
    return dataclass(frozen=True, kw_only=True, init=False, repr=False, eq=False)(kind)


@section
class Section:
    """Settings that belong together. A class of several sections has the settings of them all, in their order.

    `title` is the heading in --help. What is not `layered` is set by a flag alone, by no file and no variable.
    """

    title: ClassVar[str | None] = None
    layered: ClassVar[bool] = True
    _options: ClassVar[tuple[Option, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Give each setting its key, which is the name of its field, and the section's title."""
        cls._options = tuple(
            Option(key=name.rstrip("_"), title=cls.title, layered=cls.layered, **each.metadata)
            for name, each in vars(cls).items()
            if isinstance(each, dataclasses.Field) and "parse" in each.metadata
        )

    def __init__(self, **values: Any) -> None:
        for each in dataclasses.fields(self):
            made = each.default if each.default_factory is dataclasses.MISSING else each.default_factory()
            object.__setattr__(self, each.name, values.pop(each.name, made))
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    @classmethod
    def of_flags(cls, typed: Mapping[str, Any]) -> Self:
        """From what was typed, by field, None where nothing was; UsageError names the flag."""
        given = [option for option in options(cls) if typed.get(option.name) is not None]
        return cls(**{option.name: option.given(typed[option.name]) for option in given})

    def validate(self) -> None:
        """Raise OutOfRangeError naming the key where settings contradict each other."""


def options(section: type[Section]) -> tuple[Option, ...]:
    """Every setting of a class of sections, in the order of --help."""
    bases = [base for base in section.__mro__ if issubclass(base, Section)]
    return tuple(option for base in bases for option in vars(base)["_options"])


def only(section: type[Section], *keys: str) -> tuple[Option, ...]:
    """The named settings of a section, in that order."""
    by_key = {option.key: option for option in options(section)}
    return tuple(by_key[key] for key in keys)


def without(section: type[Section], *keys: str) -> tuple[Option, ...]:
    """A section's settings but for the named ones."""
    left_out = only(section, *keys)
    return tuple(option for option in options(section) if option not in left_out)


def plain(value: Any) -> Any:
    """A setting's value as JSON and TOML can hold it."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, StrEnum):
        return value.value
    return str(value) if isinstance(value, Path) else value
