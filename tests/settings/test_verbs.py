"""What every setting of the table can do: a file, a variable and a flag set it, or a flag alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from atc_cli.errors import ConfigError
from atc_cli.settings.layers import resolve
from atc_cli.settings.option import Option
from atc_cli.settings.sections import Settings
from atc_cli.settings.verbs import LAYERED, VERBS

OWN = {each.key: each for verb in VERBS for each in verb.options if not each.layered}
KINDS = dict.fromkeys(verb.settings for verb in VERBS if verb.settings is not None)
WRITTEN = {"long_threshold": "0.5", "short_threshold": "-0.5"}  # in the order and range that they must keep
TYPED = ("60", "0.5", "Europe/Berlin", "2h", "tcp://10.0.0.1:8786")


def other_than_default(option: Option) -> str:
    """A text that the option takes and that is not its default."""
    for typed in (
        WRITTEN.get(option.key, "no" if option.default is True else "yes"),
        *reversed(option.choices),
        *TYPED,
    ):
        try:
            if option.parse(typed) != option.default:
                return typed
        except ValueError:
            continue
    raise AssertionError(f"no text for {option.key}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("option", LAYERED.values(), ids=LAYERED)
def test_a_layered_setting_is_set_by_file_variable_and_flag(tmp_path: Path, option: Option, kind) -> None:
    typed = other_than_default(option)
    file = tmp_path / "atc.toml"
    file.write_text(f'{option.key} = "{typed}"')
    layers = {
        "atc.toml": ({}, {}, file),
        "environment": ({}, {option.variable: typed}, None),
        "flag": ({option.key: typed}, {}, None),
    }
    for origin, (flags, environment, config) in layers.items():
        result = resolve(kind, flags, environment, config=config, user_folder=tmp_path, folder=tmp_path / "no")
        assert result.origin(option.key) == origin
        shown = {key: source for key, _, source in result.shown()}
        if option.key in shown:
            assert getattr(result.settings, option.name) == option.parse(typed)
            assert shown[option.key] == origin


def test_every_layered_setting_is_a_flag_of_some_command() -> None:
    assert LAYERED.keys() == {each.key for verb in VERBS for each in verb.options if each.layered}


@pytest.mark.parametrize("key", sorted(OWN.keys() - LAYERED.keys() - {"config"}))
def test_a_setting_of_flags_alone_is_refused_in_a_file_and_a_variable(tmp_path: Path, key: str) -> None:
    (tmp_path / "atc.toml").write_text(f'{key} = "1"')
    with pytest.raises(ConfigError, match=f"atc.toml: unknown setting '{key}'"):
        resolve(Settings, {}, {}, config=None, user_folder=tmp_path / "no", folder=tmp_path)
    with pytest.raises(ConfigError, match=f"unknown environment variable {OWN[key].variable}"):
        resolve(Settings, {}, {OWN[key].variable: "1"}, config=None, user_folder=tmp_path, folder=tmp_path / "no")


def test_a_file_names_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "atc.toml").write_text('config = "other.toml"')
    with pytest.raises(ConfigError, match="unknown setting 'config'"):
        resolve(Settings, {}, {}, config=None, user_folder=tmp_path / "no", folder=tmp_path)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_flag_sets_a_field_of_what_the_command_is_handed(verb) -> None:
    for option in verb.options:
        holder = verb.settings if option.layered else verb.own
        assert holder.__dataclass_fields__[option.name].default == option.default
    assert len({option.flag for option in verb.options}) == len(verb.options)


NEW_FAMILY = """
import dataclasses
from pathlib import Path
from atc_cli.domain import catalog
count = len(catalog.FAMILIES)
catalog.FAMILIES += (dataclasses.replace(catalog.FAMILIES[0], id="zlma", title="ZLMA"),)
catalog.FAMILY_IDS += ("zlma",)
from atc_cli.settings.layers import resolve
from atc_cli.settings.sections import Settings
def settings(**flags):
    return resolve(Settings, flags, {"ATC_ZLMA_WEIGHT": "2"}, config=None, user_folder=Path("no"), folder=Path("no"))
by_default, given = settings(preset="swing").settings, settings(preset="swing", zlma_len="40")
assert (by_default.params().lengths[0], by_default.params().lengths[-1]) == (50, 28), by_default.params()
assert by_default.params().weights == (1.0,) * count + (2.0,)
assert given.settings.params().lengths[-1] == 40
assert {"zlma_len", "zlma_weight"} <= {key for key, _, _ in given.shown()}
"""


def test_a_new_family_of_the_catalogue_has_its_length_and_weight() -> None:
    """In a process of its own: the table is made once, when it is imported."""
    done = subprocess.run([sys.executable, "-c", NEW_FAMILY], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
