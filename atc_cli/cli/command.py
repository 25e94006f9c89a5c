"""A command made of its row in the table: its flags are parameters, its values stay as they were typed."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from atc_cli.settings.option import Option
from atc_cli.settings.parse import zone, zone_names
from atc_cli.settings.verb import Argument, Verb

_HELP_ALL = "help_all"
_TYPED = "atc typed"


class AsTyped:
    """Mixed into a command: values stay as they were typed, options parse them.

    For its own checks of types Typer would import pydantic, which takes a twentieth of a second.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As Typer does, the checks left out."""
        ctx.meta[_TYPED] = tuple(args)
        for parameter in self.get_params(ctx):  # type: ignore[attr-defined]
            parameter._runtime_param = self
        return super().parse_args(ctx, args)  # type: ignore[misc,no-any-return]

    def coerce(self, value: Any, **_: Any) -> Any:
        """The value itself."""
        return value


class UntypedGroup(AsTyped, TyperGroup):
    """Several commands."""


class VerbCommand(AsTyped, TyperCommand):
    """One row of the table as a command; its help lists the flags by section.

    Parameters are made when somebody asks for them: those of all commands would be a sixth of the time of --help.
    """

    def __init__(self, verb: Verb, perform: Callable[[Verb, Mapping[str, Any]], int]) -> None:
        super().__init__(verb.name.split()[-1], help=verb.help, rich_markup_mode=None)
        self._verb = verb
        self._perform = perform
        self._whole = False

    def get_params(self, ctx: Any) -> list[Any]:
        """Arguments and flags, and that of --help."""
        self.params = self.params or _parameters(self._verb)
        return super().get_params(ctx)

    def invoke(self, ctx: Any) -> Callable[[], int]:
        """What carries the command out, once the command line is read; it returns the exit code."""
        return partial(self._perform, self._verb, ctx.params)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """A dash begins a flag, but not where a flag before it waits for its value: --sort -signal."""
        last = ctx.meta.get(_TYPED, ())[-1:]
        for parameter in self.get_params(ctx):
            if last and last[0] in parameter.opts and not parameter.is_flag:
                return parameter.shell_complete(ctx, incomplete)
        return super().shell_complete(ctx, incomplete)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section per title, in the order of the flags; the usual ones only where the command has such."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = self._record(parameter, ctx) if self._shows(parameter) else None
            if record is not None:
                sections.setdefault(self._title(parameter), []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)
        more = len(self._verb.options) - len(self._verb.usual)
        if self._verb.usual and not self._whole:
            formatter.write_paragraph()
            formatter.write_text(f"{more} more flags: {ctx.command_path} --help-all")

    def _shows(self, parameter: Any) -> bool:
        usual = [*self._verb.usual, *(each.name for each in self._verb.arguments), "help", _HELP_ALL]
        return self._whole or not self._verb.usual or parameter.name.rstrip("_") in usual

    def _record(self, parameter: Any, ctx: Any) -> tuple[str, str] | None:
        """Its line of the help; of an argument without the type that Typer would add."""
        mine = {each.name: (each.metavar, each.help) for each in self._verb.arguments}
        record: tuple[str, str] | None = mine.get(parameter.name) or parameter.get_help_record(ctx)
        return record

    def get_whole_help(self, ctx: Any) -> str:
        """What --help-all prints: every flag."""
        self._whole = True
        return str(self.get_help(ctx))

    def _title(self, parameter: Any) -> str:
        if parameter.param_type_name == "argument":
            return "Arguments"
        if parameter.name == _HELP_ALL:
            return "Help"
        title: str | None = getattr(parameter, "rich_help_panel", None)
        return title or ("Help" if any(option.title for option in self._verb.options) else "Options")


def _parameters(verb: Verb) -> list[Any]:
    def command() -> None: ...

    made = [*(_argument(each) for each in verb.arguments), *(_option(each) for each in verb.options)]
    if verb.usual:
        made.append(_parameter(_HELP_ALL, _help_all(), bool))
    command.__signature__ = inspect.Signature(made)  # type: ignore[attr-defined]
    alone = typer.Typer(add_completion=False)
    alone.command()(command)
    return list(typer.main.get_command(alone).params)


def _help_all() -> Any:
    def show(ctx: typer.Context, wanted: bool) -> None:
        if wanted and isinstance(ctx.command, VerbCommand):
            typer.echo(ctx.command.get_whole_help(ctx))
            raise typer.Exit

    return typer.Option(False, "--help-all", help="every flag", callback=show, is_eager=True, show_default=False)


def _argument(argument: Argument) -> inspect.Parameter:
    made = typer.Argument(
        ... if argument.required else None,
        metavar=argument.metavar,
        help=argument.help,
        show_default=False,
        autocompletion=completion(argument.suggested, several=False),
    )
    return _parameter(argument.name, made, list[str] if argument.several else str)


def _option(option: Option) -> inspect.Parameter:
    made = typer.Option(
        None,
        option.declared,
        *([option.short] if option.short else []),
        help=option.help + option.default_words,
        count=option.counts,
        metavar=None if option.is_switch or option.counts else option.metavar or "|".join(option.choices) or None,
        rich_help_panel=option.title,
        show_default=False,
        autocompletion=_zones if option.parse is zone else completion(option.choices, several=option.takes_several),
    )
    return _parameter(option.name, made, int if option.counts else bool if option.is_switch else str)


def _parameter(name: str, made: Any, kind: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=made, annotation=kind)


def _zones(incomplete: str) -> list[str]:
    return [name for name in zone_names() if name.startswith(incomplete)]


def completion(choices: tuple[str, ...], *, several: bool) -> Callable[[str], list[str]] | None:
    """What completes a value, of several the last one; None where anything is allowed."""

    def complete(incomplete: str) -> list[str]:
        head, comma, last = incomplete.rpartition(",") if several else ("", "", incomplete)
        left = [name for name in choices if name not in head.split(",")]
        return [head + comma + name for name in left if name.startswith(last)]

    return complete if choices else None
