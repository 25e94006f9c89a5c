"""The command line: options -> settings -> command -> render -> exit code. The only importer of typer."""

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from atc_cli import __version__
from atc_cli.cli.as_typed import AsTyped
from atc_cli.cli.examples import (
    BENCH_EXAMPLES,
    CACHE_EXAMPLES,
    EXPLAIN_EXAMPLES,
    EXPORT_EXAMPLES,
    IMPORT_EXAMPLES,
    SCAN_EXAMPLES,
    WARM_EXAMPLES,
)
from atc_cli.errors import ExitCode
from atc_cli.settings.cache_options import CACHE
from atc_cli.settings.layers import Resolved, resolve
from atc_cli.settings.option import BENCH, EXPLAIN, SCAN, WARM, Option, completion
from atc_cli.settings.run_options import WARM_OWN, own_values, run_options
from atc_cli.settings.sections import BENCH_OPTIONS, FIELDS, OPTIONS, BenchSettings


class UntypedGroup(AsTyped, TyperGroup):
    """The commands."""


class SectionedCommand(AsTyped, TyperCommand):
    """A command whose help lists its options by section."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section per panel, in the order of the options."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(_section(parameter), []).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _section(parameter: Any) -> str:
    own: str | None = getattr(parameter, "rich_help_panel", None)
    return own or ("Arguments" if parameter.param_type_name == "argument" else "Help")


app = typer.Typer(
    name="atc",
    cls=UntypedGroup,
    help="A market scanner built on the Adaptive Trend Classification: ranked LONG/SHORT signals.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
_GROUP: dict[str, Any] = {"cls": UntypedGroup, "no_args_is_help": True, "rich_markup_mode": None}
config_app = typer.Typer(help="Show, check and locate settings.", **_GROUP)
app.add_typer(config_app, name="config")
cache_app = typer.Typer(help="Stored candles: list, check, prune, bring in, take out.", **_GROUP)
app.add_typer(cache_app, name="cache")


def _given(command: str) -> list[inspect.Parameter]:
    """The flags of a command as parameters that Typer reads, from the tables of options."""
    if command in CACHE:
        return [_option(option, SCAN) for option in CACHE[command]]
    table = BENCH_OPTIONS if command == BENCH else OPTIONS
    settings = [option for option in table.values() if command in option.commands]
    return [_option(option, command) for option in (*settings, *run_options(command))]


def _option(option: Option, command: str) -> inspect.Parameter:
    declared = option.flag
    choices = (command == EXPLAIN and option.explain_choices) or option.choices
    if option.is_switch and option.negatable:
        declared = f"{option.flag}/--no-{option.flag[2:]}"
    metavar = option.metavar or ("|".join(choices) if choices else None)
    made = typer.Option(
        declared,
        *([option.short] if option.short else []),
        help=option.help + option.default_words,
        metavar=None if option.is_switch else metavar,
        rich_help_panel=option.panel,
        show_default=False,
        autocompletion=completion(choices, several=option.takes_several),
    )
    kind = bool | None if option.is_switch else str | None
    name = FIELDS.get(option.key, option.key)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind, made])


def _with_options(command: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a function the flags of `command` behind its own parameters."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function)
        own = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
        function.__signature__ = signature.replace(parameters=[*own, *_given(command)])  # type: ignore[attr-defined]
        return function

    return decorate


_SymbolArguments = Annotated[
    list[str] | None, typer.Argument(metavar="SYMBOL", help="all of the market if none", show_default=False)
]


@app.command(cls=SectionedCommand, help="Scan a market and print ranked signals.\n" + SCAN_EXAMPLES)
@_with_options(SCAN)
def scan(symbols: _SymbolArguments = None, **given: Any) -> None:
    """Scan a market and print ranked signals."""
    from atc_cli.cli import flow
    from atc_cli.cli.lock import alone

    resolved = _resolved(given)
    if given["show_settings"]:
        _finish(flow.show_settings(resolved))
    with alone(SCAN, resolved, symbols, given):
        _finish(flow.scan(resolved, list(symbols or []), quiet=given["quiet"], verbose=given["verbose"]))


@app.command(WARM, cls=SectionedCommand, help="Store candles, so that scans find them.\n" + WARM_EXAMPLES)
@_with_options(WARM)
def warm_cache(symbols: _SymbolArguments = None, **given: Any) -> None:
    """Store candles of a universe and several timeframes."""
    from atc_cli.cli import flow
    from atc_cli.cli import warm_cache as flow_warm
    from atc_cli.cli.lock import alone

    own = own_values(WARM_OWN, given)
    flags = {key: value for key, value in given.items() if key not in own}
    resolved = _resolved(flags)
    if given["show_settings"]:
        _finish(flow.show_settings(resolved))
    with alone(WARM, resolved, [*(symbols or []), *own["timeframe"], *own["signals"]], given):
        _finish(flow_warm.warm(resolved, {**given, **own}, symbols or [], lambda more: _resolved({**flags, **more})))


@app.command(cls=SectionedCommand, help="Take one symbol's signal apart.\n" + EXPLAIN_EXAMPLES)
@_with_options(EXPLAIN)
def explain(
    symbol: Annotated[
        str, typer.Argument(metavar="SYMBOL", help="BTCUSDT, BTC/USDT, BINANCE:BTCUSDT.P, ..", show_default=False)
    ],
    **given: Any,
) -> None:
    """Take one symbol's signal apart."""
    from atc_cli.cli import flow

    resolved = _resolved(given)
    if given["show_settings"]:
        _finish(flow.show_settings(resolved))
    _finish(flow.explain(resolved, symbol, quiet=given["quiet"], verbose=given["verbose"]))


@app.command(cls=SectionedCommand, help="Time every backend whose bits are right.\n" + BENCH_EXAMPLES)
@_with_options(BENCH)
def bench(**given: Any) -> None:
    """Time every backend whose bits are right."""
    from atc_cli.cli import flow

    flags = {key: given[key] for key in BENCH_OPTIONS if given[key] is not None}
    _finish(flow.bench(BenchSettings.of_flags(flags), quiet=given["quiet"]))


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Check this installation; the exit code is the verdict."""
    from atc_cli.cli import flow

    _finish(flow.doctor(as_json=as_json))


@config_app.command("show", cls=SectionedCommand)
@_with_options(SCAN)
def config_show(**given: Any) -> None:
    """Every setting of a scan with these flags, and where each comes from."""
    from atc_cli.cli import flow

    _finish(flow.show_settings(_resolved(given)))


@config_app.command("validate")
def config_validate(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="a settings file; those in force if none", show_default=False)
    ] = None,
) -> None:
    """Check a settings file; exit code 78 says what is wrong with it."""
    from atc_cli.cli import flow

    _finish(flow.validate(Path(file) if file else None))


@config_app.command("path")
def config_path() -> None:
    """Where settings and the cache live."""
    from atc_cli.cli import flow

    _finish(flow.show_places())


@config_app.command("presets")
def config_presets(
    name: Annotated[str | None, typer.Argument(help="one preset; all if none", show_default=False)] = None,
) -> None:
    """The presets, as the TOML that a settings file would hold."""
    from atc_cli.cli import flow

    _finish(flow.show_presets(name))


_Folder = Annotated[str, typer.Argument(metavar="DIR", help="files named SYMBOL-TIMEFRAME.parquet", show_default=False)]
_Symbols = Annotated[list[str] | None, typer.Argument(metavar="SYMBOL", help="all if none", show_default=False)]


def _cache_command(name: str, text: str) -> None:
    """`atc cache NAME` without arguments."""

    def command(**given: Any) -> None:
        from atc_cli.cli import cache as flow_cache

        _finish(flow_cache.PLAIN[name](_flags_of(given)))

    cache_app.command(name, cls=SectionedCommand, help=text)(_with_options(name)(command))


for _name, _text in CACHE_EXAMPLES.items():
    _cache_command(_name, _text)


@cache_app.command("import", cls=SectionedCommand, help=IMPORT_EXAMPLES)
@_with_options("import")
def cache_import(folder: _Folder, **given: Any) -> None:
    """Store the candles of a folder."""
    from atc_cli.cli import cache as flow_cache

    _finish(flow_cache.import_(_flags_of(given), Path(folder)))


@cache_app.command("export", cls=SectionedCommand, help=EXPORT_EXAMPLES)
@_with_options("export")
def cache_export(folder: _Folder, symbols: _Symbols = None, **given: Any) -> None:
    """Write stored candles to a folder."""
    from atc_cli.cli import cache as flow_cache

    _finish(flow_cache.export(_flags_of(given), Path(folder), list(symbols or [])))


def _flags_of(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}


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


def _resolved(given: dict[str, Any]) -> Resolved:
    from atc_cli.disk.folders import user_folder

    flags = {key: given[name] for key, name in FIELDS.items() if given.get(name) is not None}
    config = given.get("config") or os.environ.get("ATC_CONFIG")
    file = Path(config).expanduser() if config else None
    return resolve(flags, os.environ, config=file, user_folder=user_folder(), folder=Path())


def _finish(code: ExitCode) -> NoReturn:
    raise typer.Exit(int(code))


def run() -> int:
    """Run what was typed; its exit code. Raises AtcError and whatever else goes wrong."""
    try:
        outcome = app(standalone_mode=False, prog_name="atc")
        return outcome if isinstance(outcome, int) else ExitCode.OK
    except TyperException as error:
        error.show()  # type: ignore[attr-defined]
        return error.exit_code
