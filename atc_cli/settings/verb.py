"""What a command is: the sections that it takes, and what its help says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atc_cli.settings.option import Option, Section, options


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """What stands on the command line without a flag; `several` gives a list."""

    name: str
    help: str
    metavar: str
    parse: Callable[[str], Any] = str
    required: bool = False
    several: bool = False
    suggested: tuple[str, ...] = ()

    def value(self, typed: Any) -> Any:
        """Of what was typed: a list where there can be several, None where nothing was."""
        if self.several:
            return [self.parse(each) for each in typed or ()]
        return None if typed is None else self.parse(typed)


SYMBOLS = Argument(name="symbols", metavar="SYMBOL", help="all of the market if none", several=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One command. `cli/<name>.py` carries it out: its `run`, or for `cache ls` the `ls` of cli/cache.py.

    That function is handed the layered `settings` (resolved), what is its `own`, and the arguments, each where there
    is one. `flags` are the sections of --help in their order; they set fields of `settings` or `own`. Where there are
    many, `usual` are the keys of those that --help shows, and --help-all shows all.
    """

    name: str
    summary: str
    about: str = ""
    examples: tuple[str, ...] = ()
    exits: str = ""
    settings: type[Section] | None = None
    own: type[Section] | None = None
    flags: tuple[type[Section] | tuple[Option, ...], ...] = ()
    usual: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()

    @property
    def options(self) -> tuple[Option, ...]:
        """Every flag, in the order of --help."""
        return tuple(each for part in self.flags for each in (part if isinstance(part, tuple) else options(part)))

    @property
    def help(self) -> str:
        """What --help says above the flags; \\b keeps the lines of the examples."""
        examples = "\n".join(("Examples:\n\n\b", *(f"  {each}" for each in self.examples))) if self.examples else ""
        exits = f"Exit codes: {self.exits}" if self.exits else ""
        return "\n\n".join(part for part in (self.summary, self.about, examples, exits) if part)
