"""The command line: options -> settings -> command -> render -> exit code. Made from the table of the commands."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.exceptions import TyperException

from atc_cli import __version__
from atc_cli.cli.command import UntypedGroup, VerbCommand
from atc_cli.errors import ExitCode
from atc_cli.settings.layers import Resolved, resolve
from atc_cli.settings.option import Section
from atc_cli.settings.own import General
from atc_cli.settings.verb import Verb
from atc_cli.settings.verbs import GROUPS, VERBS
from atc_cli.stages import SETTINGS, STARTUP, stage


class Root(UntypedGroup):
    """Every command of the table, those of two words in groups."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        groups = {
            name: UntypedGroup(name=name, help=text, no_args_is_help=True, rich_markup_mode=None)
            for name, text in GROUPS.items()
        }
        for verb in VERBS:
            group = groups.get(verb.name.split()[0], self)
            group.add_command(VerbCommand(verb, perform))
        for group in groups.values():
            self.add_command(group)


app = typer.Typer(
    name="atc",
    cls=Root,
    help="A market scanner built on the Adaptive Trend Classification: ranked LONG/SHORT signals.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"atc {__version__}\n")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", help="print the version", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """A market scanner built on the Adaptive Trend Classification: ranked LONG/SHORT signals."""


def perform(verb: Verb, typed: Mapping[str, Any]) -> int:
    """Make values of what was typed and hand them to the command's function; its exit code."""
    values: list[Any] = []
    own = None if verb.own is None else verb.own.of_flags(typed)
    if verb.settings is not None:
        with stage(SETTINGS):
            resolved = _resolved(verb, verb.settings, own, typed)
        if isinstance(own, General) and own.show_settings:
            return int(function_of("config show")(resolved, own))
        values.append(resolved)
    if own is not None:
        values.append(own)
    values += [each.value(typed[each.name]) for each in verb.arguments]
    with stage(STARTUP):
        function = function_of(verb.name)
    return int(function(*values))


def function_of(name: str) -> Any:
    """What carries a command out: `run` of cli/scan.py for scan, `ls` of cli/cache.py for cache ls."""
    module, *word = name.replace("-", "_").split()
    function = "".join(word) or "run"
    return getattr(import_module(f"atc_cli.cli.{module}"), f"{function}_" if iskeyword(function) else function)


def _resolved(verb: Verb, kind: type[Section], own: Section | None, typed: Mapping[str, Any]) -> Resolved[Section]:
    from atc_cli.cli.terminal import hide
    from atc_cli.disk.folders import user_folder

    given = ((each.key, typed[each.name]) for each in verb.options if each.layered)
    flags = {key: value for key, value in given if value is not None}
    config = own.config if isinstance(own, General) else None
    hide(str)
    resolved = resolve(kind, flags, os.environ, config=config, user_folder=user_folder(), folder=Path())
    hide(resolved.words())
    return resolved


def run() -> int:
    """Run what was typed; its exit code. Raises AtcError and whatever else goes wrong."""
    _join_words()
    try:
        with stage("command line"):
            outcome = app(standalone_mode=False, prog_name="atc")
        if callable(outcome):
            return int(outcome())
        return outcome if isinstance(outcome, int) else ExitCode.OK
    except TyperException as error:
        _show(error)
        return error.exit_code


def _join_words() -> None:
    """bash hands `--exchange=a,b` over as three words; Typer looks for a flag in the word before the last."""
    words = os.environ.get("COMP_WORDS", "").split(" ")
    at = int(os.environ.get("COMP_CWORD", "0"))
    apart = [i for i in range(2, min(at, len(words))) if words[i] == "=" and words[i - 1].startswith("--")]
    if "_ATC_COMPLETE" in os.environ and apart:
        os.environ["COMP_WORDS"] = " ".join(word for i, word in enumerate(words) if i not in apart)
        os.environ["COMP_CWORD"] = str(at - len(apart))


def _show(error: TyperException) -> None:
    """As Typer does, but a line off a terminal says when it was written."""
    import io

    from atc_cli.cli.terminal import stamp

    text = io.StringIO()
    error.show(file=text)  # type: ignore[attr-defined]
    when = stamp()
    lines = (line for line in text.getvalue().splitlines() if line or not when)
    with suppress(OSError):
        sys.stderr.writelines(f"{when}{line}\n" for line in lines)
