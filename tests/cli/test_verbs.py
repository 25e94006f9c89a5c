"""Every row of the table of commands is a command that works: its function, its help, its examples, its completion."""

import inspect
import re
import shlex
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import typer

from atc_cli.cli.app import app, function_of
from atc_cli.settings.verb import Verb
from atc_cli.settings.verbs import VERBS

EXAMPLES = [(verb, example) for verb in VERBS for example in verb.examples]


def parsed(words: list[str]) -> tuple[str, Any]:
    """(name of the command, context) after the words were read as `atc` reads them; nothing is carried out."""
    command, name = typer.main.get_command(app), []
    context = command.make_context("atc", list(words))
    while hasattr(command, "commands"):
        word, command, words = command.resolve_command(context, list(words))
        name.append(word)
        context = command.make_context(word, list(words), parent=context)
    return " ".join(name), context


def context_of(verb: Verb) -> Any:
    """The context of a command whose arguments are still to be typed."""
    command = typer.main.get_command(app)
    context = command.make_context("atc", verb.name.split())
    for word in verb.name.split():
        command = command.commands[word]
        context = command.make_context(word, [], parent=context, resilient_parsing=True)
    return context


def commands_of(example: str) -> Iterator[list[str]]:
    """The words of each `atc ..` of a line; what stands two blanks behind is a remark."""
    for part in re.split(r"\||&&", re.split(r"\s{2,}", example)[0]):
        words = [word for word in shlex.split(part) if not re.match(r"ATC_\w+=", word)]
        if words[0] == "atc":
            yield words[1:]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_the_function_of_a_command_takes_what_its_row_says(verb: Verb) -> None:
    given = list(inspect.signature(function_of(verb.name)).parameters.values())
    assert len(given) == (verb.settings is not None) + (verb.own is not None) + len(verb.arguments)
    if verb.settings is not None:
        (wanted,) = get_args(given.pop(0).annotation)
        assert issubclass(verb.settings, wanted)
    if verb.own is not None:
        assert issubclass(verb.own, given.pop(0).annotation)
    assert [each.name for each in given] == [each.name for each in verb.arguments]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_help_says_every_flag_under_its_title(verb: Verb) -> None:
    context = context_of(verb)
    text = context.command.get_whole_help(context)
    assert verb.summary in " ".join(text.split())
    for option in verb.options:
        under = text.split(f"\n{option.title or 'Options'}:\n")[1].split("\n\n")[0]
        assert re.search(rf"^  (-\w, )?{option.flag}( |$)", under, flags=re.MULTILINE), option.flag
    for example in verb.examples:
        assert example in text


@pytest.mark.parametrize(("verb", "example"), EXAMPLES, ids=[example for _, example in EXAMPLES])
def test_an_example_of_help_is_a_command_line_that_is_understood(verb: Verb, example: str) -> None:
    names = []
    by_name = {each.name: each for each in VERBS}
    for words in commands_of(example):
        name, context = parsed(words)
        names.append(name)
        typed = {key: value for key, value in context.params.items() if value is not None}
        for option in by_name[name].options:
            if option.name in typed:
                option.given(typed[option.name])
    assert verb.name in names


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 20
    assert sum(1 for _, example in EXAMPLES for _ in commands_of(example)) > len(EXAMPLES)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_completion_offers_every_flag_and_every_name(verb: Verb) -> None:
    context = context_of(verb)
    flags = {item.value for item in context.command.shell_complete(context, "--")}
    assert {option.flag for option in verb.options} <= flags
    by_name = {parameter.name: parameter for parameter in context.command.get_params(context)}
    for option in verb.options:
        offered = [item.value for item in by_name[option.name].shell_complete(context, "")]
        assert offered == list(option.choices), option.flag
