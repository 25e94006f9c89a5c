"""Where settings come from: defaults < preset < user file < project file < ATC_* < flags."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.merge import merged
from atc_cli.domain.params import OutOfRangeError
from atc_cli.errors import AtcError, ConfigError, UsageError, nearest
from atc_cli.settings.option import plain
from atc_cli.settings.sections import FIELDS, OPTIONS, Settings

PROJECT_FILE = "atc.toml"
_SECRET_WORDS = ("key", "secret", "password", "token", "uid", "privatekey")
_OTHER_VARIABLES = frozenset({"ATC_CONFIG", "ATC_TRACEBACK", "ATC_SIMD"})


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings of one origin; `label(key)` is how a person knows the value: --bars, ATC_BARS, file: bars."""

    origin: str
    values: Mapping[str, Any]
    error: type[AtcError] = ConfigError

    def label(self, key: str) -> str:
        """The name under which the value was given."""
        if self.origin == "flag":
            return OPTIONS[key].flag
        return OPTIONS[key].variable if self.origin == "environment" else f"{self.origin}: {key}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings, and for each key the layer that gave its value, the strongest layer last in `layers`."""

    settings: Settings
    givers: Mapping[str, Layer]
    layers: tuple[Layer, ...]

    def origin(self, key: str) -> str:
        """Where the value of a key comes from: default, preset NAME, a file's name, environment or flag."""
        return self.givers[key].origin if key in self.givers else "default"

    def shown(self) -> list[tuple[str, Any, str]]:
        """(key, value, origin) of every setting, secrets masked."""
        rows = [(key, plain(getattr(self.settings, name)), self.origin(key)) for key, name in FIELDS.items()]
        return rows + [
            (f"ccxt.{exchange}", _masked(options), "file") for exchange, options in sorted(self.settings.ccxt.items())
        ]

    @contextmanager
    def blaming(self) -> Iterator[None]:
        """Turn an OutOfRangeError into the error of the strongest layer that had a hand in it."""
        try:
            yield
        except OutOfRangeError as error:
            givers = [self.givers[name] for name in error.names if name in self.givers]
            layer = max(givers, key=self.layers.index, default=Layer("flag", {}, UsageError))
            where = "--" if layer.origin == "flag" else f"{layer.origin}: "
            if layer.origin == "environment":
                where = f"{OPTIONS[error.names[0]].variable}: "
            raise layer.error(f"{where}{error}") from None


def resolve(
    flags: Mapping[str, Any], environment: Mapping[str, str], *, config: Path | None, user_folder: Path, folder: Path
) -> Resolved:
    """Merge every layer; a later one wins key by key.

    `flags` holds the flags given, by key. `config` takes the place of the user's and the project's file.
    Raises UsageError for a flag and ConfigError for a file or variable, naming the value, what is allowed
    and the nearest valid name.
    """
    documents = _documents(config, user_folder, folder)
    ccxt = _merged_ccxt([document for _, document in documents])
    layers = [Layer(file.name, _file_values(file.name, document)) for file, document in documents]
    layers.append(Layer("environment", _variables(environment)))
    layers.append(Layer("flag", flags, UsageError))
    preset = _preset_layer(layers)
    values: dict[str, Any] = {}
    origins: dict[str, Layer] = {}
    for layer in [preset, *layers]:
        for key, raw in layer.values.items():
            values[FIELDS[key]] = _parsed(layer, key, raw)
            origins[key] = layer
    settings = Settings(**values, ccxt=ccxt, modified=_modified(preset, values))
    result = _one_place(Resolved(settings, origins, (preset, *layers)))
    with result.blaming():
        settings.check()
    return result


def preset_text(name: str) -> str:
    """The TOML of a preset, from the package itself (a checkout and a wheel alike)."""
    return (files("atc_cli.settings") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def _preset_layer(layers: list[Layer]) -> Layer:
    name = str(OPTIONS["preset"].default)
    for layer in layers:
        if "preset" in layer.values:
            name = _parsed(layer, "preset", layer.values["preset"])
    document = tomllib.loads(preset_text(name))
    return Layer(f"preset {name}", {**_file_values(f"preset {name}", document), "preset": name})


def _modified(preset: Layer, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Keys that differ from the preset's, without those of families that take no part."""
    own = {key: _parsed(preset, key, raw) for key, raw in preset.values.items()}
    idle = {
        f"{family}_{what}" for family in FAMILY_IDS if family not in values["families"] for what in ("len", "weight")
    }
    return tuple(key for key, value in own.items() if values[FIELDS[key]] != value and key not in idle)


def _parsed(layer: Layer, key: str, raw: Any) -> Any:
    try:
        return OPTIONS[key].parse(raw)
    except ValueError as error:
        raise layer.error(f"{layer.label(key)}: {error}") from None


def _one_place(resolved: Resolved) -> Resolved:
    """Of a folder and an exchange, the one that the stronger layer gave."""
    data, exchange = (resolved.givers.get(key) for key in ("data", "exchange"))
    if data is None or exchange is None:
        return resolved
    if data is exchange:
        names = f"{data.label('data')} and {data.label('exchange')}"
        raise data.error(f"{names} are two places for candles", "give one of them")
    if resolved.layers.index(exchange) < resolved.layers.index(data):
        return resolved
    givers = {key: layer for key, layer in resolved.givers.items() if key != "data"}
    return replace(resolved, settings=replace(resolved.settings, data=None), givers=givers)


def _documents(config: Path | None, user_folder: Path, folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    if config is not None:
        return [(config, read_toml(config))]
    candidates = [user_folder / "config.toml", folder / PROJECT_FILE]
    return [(file, read_toml(file)) for file in candidates if _exists(file)]


def _exists(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError as error:
        raise ConfigError(f"cannot read {str(file)!r}: {error.strerror}") from None


def read_toml(file: Path) -> dict[str, Any]:
    """The document in a TOML file; ConfigError says what is wrong and where."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"no configuration file {str(file)!r}") from None
    except OSError as error:
        raise ConfigError(f"cannot read {str(file)!r}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from None


def _file_values(origin: str, document: Mapping[str, Any]) -> dict[str, Any]:
    values = {key.replace("-", "_"): value for key, value in document.items() if key != "ccxt"}
    for key in values:
        if key not in OPTIONS:
            raise ConfigError(f"{origin}: unknown setting {key!r}", _suggestion(key, [*OPTIONS, "ccxt"]))
    return values


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    by_variable = {option.variable: key for key, option in OPTIONS.items()}
    values = {}
    for name, value in environment.items():
        if not name.startswith("ATC_") or name in _OTHER_VARIABLES:
            continue
        if name not in by_variable:
            raise ConfigError(f"unknown environment variable {name}", _suggestion(name, by_variable))
        values[by_variable[name]] = value
    return values


def _suggestion(name: str, valid: Any) -> str:
    close = nearest(name, valid)
    return f"did you mean {close}?" if close else "`atc config show` lists every setting"


def _merged_ccxt(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    tables_of: dict[str, dict[str, Any]] = {}
    for document in documents:
        tables = document.get("ccxt", {})
        if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
            raise ConfigError("ccxt must be tables, one per exchange", "write [ccxt.binance] and its options below")
        for exchange, table in tables.items():
            tables_of[exchange] = merged(tables_of.get(exchange, {}), table)
    return tables_of


def _masked(options: Mapping[str, Any]) -> dict[str, Any]:
    def shown(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return _masked(value)
        if any(word in key.casefold() for word in _SECRET_WORDS):
            return "***"
        # A proxy's address can hold a password: http://user:password@host
        return re.sub(r"//[^/@]*@", "//***@", value) if isinstance(value, str) else value

    return {key: shown(key, value) for key, value in options.items()}
