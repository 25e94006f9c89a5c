"""atc in a notebook or a script: the commands as functions that return pandas DataFrames.

    import atc_cli.api as atc

    test = atc.backtest("BTCUSDT", timeframe="1h", start="2025-01-01", exit="flip,stop-atr:3")
    test.equity.plot()

    rows = atc.scan(exchange="binance", timeframe="4h", side="long", top=10)
    bars = atc.explain("BTCUSDT", timeframe="4h")

The same code as `atc scan`, `atc explain` and `atc backtest`, and the same settings in the same order: defaults <
preset < the user's config.toml < ./atc.toml < ATC_* < keywords. A keyword is the key
of a setting (`atc config show` lists them), its value what a file could hold; `lambda_` and `with_` end in an
underscore because Python has taken their names. `config` names a file in place of the user's and the project's. What is
wrong raises an AtcError: UsageError for a keyword.
"""

import json
import os
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from atc_cli.cli import wiring
from atc_cli.cli.shared import lines_of
from atc_cli.commands import backtest as backtest_command
from atc_cli.commands import explain as explain_command
from atc_cli.commands import scan as scan_command
from atc_cli.commands.hits import of_scan
from atc_cli.commands.ports import Ports
from atc_cli.data.market import Market
from atc_cli.disk.atomic import write_atomically
from atc_cli.disk.folders import user_folder
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.results.backtest import BacktestResult
from atc_cli.domain.results.scan import Header, ScanResult, Skipped
from atc_cli.errors import AtcError, ConfigError, NoDataError, UnavailableError, UsageError, unknown_name
from atc_cli.reporting.backtest_documents import backtest_json
from atc_cli.reporting.backtest_html import backtest_html
from atc_cli.reporting.backtest_rows import TIME, bar_columns, trade_columns
from atc_cli.reporting.documents import plain
from atc_cli.reporting.explain import explain_document
from atc_cli.reporting.progress import SilentProgress
from atc_cli.reporting.scan_documents import flat_fields, scan_document, utf8
from atc_cli.reporting.summary import lost_of, many
from atc_cli.settings.backtest import BacktestRun, Paid, Stretch, Trade
from atc_cli.settings.layers import Resolved, resolve
from atc_cli.settings.option import options
from atc_cli.settings.sections import EveryBar, Output, Settings

if TYPE_CHECKING:
    from pandas import DataFrame, Series  # type: ignore[import-untyped]

__all__ = ["AtcError", "ConfigError", "NoDataError", "UnavailableError", "UsageError", "backtest", "explain", "scan"]

T = TypeVar("T")

# How a command writes is nothing to a DataFrame, but the order of rows is.
_ONLY_COMMANDS = {each.key for part in (Output, EveryBar) for each in options(part)} - {"sort"}
_SETTINGS = {
    name: each.key for each in options(Settings) if each.key not in _ONLY_COMMANDS for name in (each.name, each.key)
}
_OF_A_BACKTEST = {each.key for part in (Stretch, Trade, Paid) for each in options(part)} | {"benchmark"}
_TYPES = {"text": "str", "whole": "Int64", "number": "float64", "flag": "boolean"}


def scan(
    symbols: str | Iterable[str] | None = None,
    *,
    hits: bool = False,
    config: str | Path | None = None,
    **settings: Any,
) -> "DataFrame":
    """Scan a market: one row per symbol in the order of `atc scan`, with the columns of its CSV.

    `symbols`: one, several, or all of the market. Numbers are float64 at full precision, counts Int64, times UTC;
    what is unknown is missing. `.attrs` holds the rest of the JSON document: header, skipped, hidden, breadth, and with
    `hits` how often flips of these candles paid. Symbols that a fault cost and the warnings of the run are Python
    warnings too. Raises UsageError for a keyword that is no setting, and the AtcErrors of the command.
    """
    resolved = _resolved(settings, config)
    chosen = resolved.settings
    typed = [symbols] if isinstance(symbols, str) else list(symbols or ())
    watchlist = lines_of(chosen.watchlist)
    if hits and chosen.prefilter is not None:
        raise UsageError("hits is of all symbols, prefilter loads a few of them", "leave out one of them")

    def run(ports: Ports) -> ScanResult:
        last = wiring.last(chosen, typed, watchlist)
        judged = of_scan(chosen, ports) if hits else None
        return scan_command.run(chosen, ports, typed=typed, watchlist=watchlist, last=last, hits_of=judged)

    result = _performed(resolved, run, remember=not hits)
    if result.interrupted:
        raise KeyboardInterrupt
    _warn(result.header, result.skipped, result.scanned)
    frame = _frame_of(result)
    document = scan_document(result)
    del document["rows"]
    frame.attrs = _attributes(document)
    return frame


def explain(symbol: str, *, config: str | Path | None = None, **settings: Any) -> "DataFrame":
    """Take one symbol apart: every bar of the window, as `atc explain --series` writes it, by its opening time (UTC).

    The columns are the signal and the equity of every family and Average_Signal. `.attrs` holds what `atc explain
    --output json` says of the last bar: header, row, the weight table of all members. Raises UsageError for a keyword
    that is no setting and for an unknown symbol, NoDataError where its candles cannot be used.
    """
    import pandas as pd

    resolved = _resolved(settings, config)
    result = _performed(resolved, lambda ports: explain_command.run(resolved.settings, ports, symbol), remember=False)
    _warn(result.header, (), 1)
    times = pd.to_datetime(result.series.timestamp, unit="ms", utc=True)
    frame = pd.DataFrame(dict(result.series.columns), index=pd.DatetimeIndex(times, name="time"))
    frame.attrs = _attributes(explain_document(result))
    return frame


@dataclass(frozen=True, slots=True)
class Backtest:
    """What `backtest` returns. Times are UTC, of bars when they open; money is in the quote currency."""

    result: BacktestResult

    @property
    def bars(self) -> "DataFrame":
        """One row per bar: equity, cash, gross, net, held, turnover, drawdown_frac, benchmark, at its close."""
        return _frame(bar_columns(self.result)).set_index("bar_time")

    @property
    def equity(self) -> "Series":
        """The equity at the close of every bar."""
        return self.bars["equity"]

    @property
    def trades(self) -> "DataFrame":
        """One row per trade, with the columns of `--trades FILE.csv`."""
        return _frame(trade_columns(self.result))

    @property
    def metrics(self) -> "DataFrame":
        """One row per metric, by key: title, unit, value (missing where it is not defined), period, warning."""
        import pandas as pd

        rows = {key: asdict(metric) for key, metric in self.result.whole.metrics.items()}
        return pd.DataFrame.from_dict(rows, orient="index").drop(columns="key").astype({"value": "float64"})

    @property
    def document(self) -> dict[str, Any]:
        """What `atc backtest --output json` says."""
        document: dict[str, Any] = json.loads(backtest_json(self.result))
        return document

    def report(self, file: str | Path | None = None) -> str:
        """The page of `--output html`, which opens without a network; written to `file` too, if given."""
        page = backtest_html(self.result)
        if file is not None:
            write_atomically(Path(file), page.encode())
        return page


def backtest(
    symbols: str | Iterable[str] | None = None, *, config: str | Path | None = None, **settings: Any
) -> Backtest:
    """What following the scan would have earned: `atc backtest` with its flags as keywords.

    Besides the settings of a scan: start, end, anchor, split, check, enter, exit, fill, max_positions, rebalance, size,
    leverage, capital, fee_bps, slippage_bps, funding_bps_per_8h, funding, benchmark. Values are written as flags are.
    Symbols that a fault cost and the warnings of the run are Python warnings too. Raises UsageError for a keyword that
    is no setting and for rules that contradict each other, NoDataError where no symbol has a signal in that time.
    """
    run = {key: value for key, value in settings.items() if key in _OF_A_BACKTEST}
    own = BacktestRun.of_flags({key: _written(value) for key, value in run.items()})
    scan_settings = {key: value for key, value in settings.items() if key not in run}
    resolved = _resolved(scan_settings, config, also=_OF_A_BACKTEST)
    chosen = replace(resolved.settings, include_open=False)
    typed = [symbols] if isinstance(symbols, str) else list(symbols or ())
    watchlist = lines_of(chosen.watchlist)

    def work(ports: Ports) -> BacktestResult:
        return backtest_command.run(chosen, own, ports, typed=typed, watchlist=watchlist)

    result = _performed(resolved, work, remember=False, anchor=own.anchor)
    _warn(result.header, result.skipped, len(result.symbols) + len(result.skipped))
    return Backtest(result)


def _frame(columns: Iterable[tuple[str, str, Any]]) -> "DataFrame":
    import pandas as pd

    values = (
        (name, pd.to_datetime(each, unit="ms", utc=True) if kind == TIME else each) for name, kind, each in columns
    )
    return pd.DataFrame(dict(values))


def _resolved(given: Mapping[str, Any], config: str | Path | None, *, also: Collection[str] = ()) -> Resolved[Settings]:
    """`also` are keywords that are no settings of a scan."""
    for name in given:
        if name not in _SETTINGS:
            if name in _ONLY_COMMANDS:
                raise _noted(UsageError(f"{name} is for commands, which write", "a DataFrame has every column"))
            raise _noted(UsageError(*unknown_name("setting", name, sorted({*_SETTINGS.values(), *also}))))
    flags = {_SETTINGS[name]: _written(value) for name, value in given.items() if value is not None}
    chosen = config or os.environ.get("ATC_CONFIG")
    file = Path(chosen).expanduser() if chosen else None
    try:
        return resolve(Settings, flags, os.environ, config=file, user_folder=user_folder(), folder=Path())
    except AtcError as error:
        raise _noted(error) from None


def _written(value: Any) -> Any:
    """The value as a file could hold it."""
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _noted(error: AtcError) -> AtcError:
    """The error with its hint in the traceback."""
    if error.hint:
        error.add_note(error.hint)
    return error


def _performed(
    resolved: Resolved[Settings], work: Callable[[Ports], T], *, remember: bool, anchor: Anchor | None = None
) -> T:
    """What `work` returns, in a thread of its own where this one has an event loop, as a notebook's has."""
    opened: list[Market] = []

    def perform() -> T:
        opening = wiring.ports(resolved.settings, SilentProgress(), remember=remember, anchor=anchor)
        with resolved.blaming(), opening as ports:
            opened.extend(ports.markets)
            return work(ports)

    with _bare(resolved):
        if not _has_loop():
            return perform()
        with ThreadPoolExecutor(1) as pool:
            try:
                return pool.submit(perform).result()
            except KeyboardInterrupt:
                for each in opened:
                    each.interrupt()
                raise


def _has_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _bare(resolved: Resolved[Settings]) -> Iterator[None]:
    """No secret of the settings in an error."""
    try:
        yield
    except AtcError as error:
        words = resolved.words()
        raise _noted(type(error)(words(str(error)), words(error.hint) if error.hint else None)) from None


def _warn(header: Header, skipped: Iterable[Skipped], wanted: int) -> None:
    """What a command says on stderr and a program must not miss."""
    faults = [each for each in skipped if each.reason.fault]
    lost = [lost_of(faults, many(wanted, "symbol"), interrupted=False)] if faults else []
    for words in (*lost, *header.warnings):
        warnings.warn(words, stacklevel=3)


def _frame_of(result: ScanResult) -> "DataFrame":
    import pandas as pd

    columns = {}
    for each in flat_fields(result.header):
        values = utf8(map(each.read, result.rows))
        if each.type == "time":
            columns[each.name] = pd.Series(pd.to_datetime(pd.array(values, "Int64"), unit="ms", utc=True))
        else:
            columns[each.name] = pd.Series(values, dtype=_TYPES[each.type])
    return pd.DataFrame(columns)


def _attributes(document: Mapping[str, object]) -> dict[Any, Any]:
    found = plain(document)
    assert isinstance(found, dict)
    return found
