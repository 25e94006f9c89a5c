"""Where settings come from: defaults < preset < user file < project file < ATC_* < flags."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from atc_cli.domain.catalog import FAMILY_IDS
from atc_cli.domain.engines import AUTO, SIMD_PATHS
from atc_cli.domain.merge import merged
from atc_cli.domain.params import OutOfRangeError
from atc_cli.errors import AtcError, ConfigError, UsageError, nearest
from atc_cli.settings.option import Section, options, plain
from atc_cli.settings.parse import Parse, choice
from atc_cli.settings.verbs import LAYERED

S = TypeVar("S", bound=Section)

CONFIG_VARIABLE = "ATC_CONFIG"
# They set no setting; what they may be where that is not anything.
_OTHER_VARIABLES: Mapping[str, Parse | None] = {
    CONFIG_VARIABLE: None,
    "ATC_TRACEBACK": None,
    "ATC_SIMD": choice("SIMD path", (AUTO, *SIMD_PATHS), fold=False),
}


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings of one origin; `label(key)` is how a person knows the value: --bars, ATC_BARS, file: bars."""

    origin: str
    values: Mapping[str, Any]
    error: type[AtcError] = ConfigError

    def label(self, key: str) -> str:
        """The name under which the value was given."""
        if self.origin == "flag":
            return LAYERED[key].flag
        return LAYERED[key].variable if self.origin == "environment" else f"{self.origin}: {key}"


@dataclass(frozen=True, slots=True)
class Resolved(Generic[S]):
    """Settings, and for each key the layer that gave its value, the strongest layer last in `layers`."""

    settings: S
    givers: Mapping[str, Layer]
    layers: tuple[Layer, ...]

    def origin(self, key: str) -> str:
        """Where the value of a key comes from: default, preset NAME, a file's name, environment or flag."""
        return self.givers[key].origin if key in self.givers else "default"

    def typed(self, key: str) -> bool:
        """Whether a flag gave the value."""
        return self.origin(key) == "flag"

    def shown(self) -> list[tuple[str, Any, str]]:
        """(key, value, origin) of every setting, secrets masked."""
        from atc_cli.domain.secrets import masked

        own = [option for option in options(type(self.settings)) if option.layered]
        rows = [(each.key, plain(getattr(self.settings, each.name)), self.origin(each.key)) for each in own]
        tables = getattr(self.settings, "ccxt", {})
        return rows + [(f"ccxt.{exchange}", masked(table), "file") for exchange, table in sorted(tables.items())]

    def words(self) -> Callable[[str], str]:
        """What takes every secret of these settings out of a text."""
        tables = getattr(self.settings, "ccxt", {})
        if not tables:
            return str
        from atc_cli.domain.secrets import hiding

        return hiding(tables.values())

    def also(self, **flags: Any) -> "Resolved[S]":
        """As if these flags had been typed too."""
        *below, typed = self.layers[1:]
        layers = [*below, replace(typed, values={**typed.values, **flags})]
        return _merged(type(self.settings), layers, getattr(self.settings, "ccxt", {}))

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
                where = f"{LAYERED[error.names[0]].variable}: "
            raise layer.error(f"{where}{error}") from None


def resolve(
    kind: type[S],
    flags: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    config: Path | None,
    user_folder: Path,
    folder: Path,
) -> Resolved[S]:
    """Merge every layer into settings of a kind; a later one wins key by key.

    `flags` holds the flags given, by key. `config`, or else the file that ATC_CONFIG names, takes the place of the
    user's and the project's file. What other commands have set there is checked and left aside. Raises UsageError for
    a flag and ConfigError for a file or variable, naming the value, what is allowed and the nearest valid name.
    """
    documents = _documents(config or named_file(environment), user_folder, folder)
    ccxt = _merged_ccxt([document for _, document in documents])
    layers = [Layer(file.name, _file_values(file.name, document)) for file, document in documents]
    layers.append(Layer("environment", _variables(environment)))
    layers.append(Layer("flag", flags, UsageError))
    return _merged(kind, layers, ccxt)


def _merged(kind: type[S], given: Sequence[Layer], ccxt: Mapping[str, Mapping[str, Any]]) -> Resolved[S]:
    preset = _preset_layer(given)
    layers = (preset, *given)
    values: dict[str, Any] = {}
    givers: dict[str, Layer] = {}
    for layer in layers:
        for key, raw in layer.values.items():
            values[key] = _parsed(layer, key, raw)
            givers[key] = layer
    modified = _modified(preset, values)
    if _folder_gives_way(givers, layers):
        del values["data"], givers["data"]
    of_kind = {each.name for each in fields(kind)}
    by_name = {LAYERED[key].name: value for key, value in values.items()} | {"ccxt": ccxt, "modified": modified}
    settings = kind(**{name: value for name, value in by_name.items() if name in of_kind})
    result = Resolved(settings, givers, layers)
    with result.blaming():
        settings.validate()
    return result


def preset_text(name: str) -> str:
    """The TOML of a preset, from the package itself (a checkout and a wheel alike)."""
    from importlib.resources import files

    return (files("atc_cli.settings") / "presets" / f"{name}.toml").read_text(encoding="utf-8")


def _preset_layer(layers: Sequence[Layer]) -> Layer:
    import tomllib

    name = str(LAYERED["preset"].default)
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
    return tuple(key for key, value in own.items() if values[key] != value and key not in idle)


def _parsed(layer: Layer, key: str, raw: Any) -> Any:
    try:
        return LAYERED[key].parse(raw)
    except ValueError as error:
        raise layer.error(f"{layer.label(key)}: {error}") from None


def _folder_gives_way(givers: Mapping[str, Layer], layers: Sequence[Layer]) -> bool:
    """Whether a stronger layer than the folder's names an exchange; both from one layer are refused."""
    if not {"data", "exchange"} <= givers.keys():
        return False
    data, exchange = givers["data"], givers["exchange"]
    if data is exchange:
        names = f"{data.label('data')} and {data.label('exchange')}"
        raise data.error(f"{names} are two places for candles", "give one of them")
    return layers.index(exchange) > layers.index(data)


def _documents(config: Path | None, user_folder: Path, folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    if config is not None:
        return [(config, read_toml(config))]
    return [(file, read_toml(file)) for file in usual_files(user_folder, folder).values() if _exists(file)]


def named_file(environment: Mapping[str, str]) -> Path | None:
    """The file that ATC_CONFIG names, if it does."""
    named = environment.get(CONFIG_VARIABLE)
    return Path(named).expanduser() if named else None


def usual_files(user_folder: Path, folder: Path) -> dict[str, Path]:
    """Where settings are read from where no file is named, the stronger last."""
    return {"user file": user_folder / "config.toml", "project file": folder / "atc.toml"}


def _exists(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError as error:
        raise ConfigError(f"cannot read {str(file)!r}: {error.strerror}") from None


def read_toml(file: Path) -> dict[str, Any]:
    """The document in a TOML file; ConfigError says what is wrong and where."""
    import tomllib

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
        if key not in LAYERED:
            raise ConfigError(f"{origin}: unknown setting {key!r}", _suggestion(key, [*LAYERED, "ccxt"]))
    return values


def check_other_variables(environment: Mapping[str, str]) -> None:
    """Raise ConfigError for a variable that sets no setting and has a value that it cannot have."""
    for name, parse in _OTHER_VARIABLES.items():
        try:
            if parse is not None and environment.get(name):
                parse(environment[name])
        except ValueError as error:
            raise ConfigError(f"{name}: {error}") from None


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    check_other_variables(environment)
    by_variable = {option.variable: key for key, option in LAYERED.items()}
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
