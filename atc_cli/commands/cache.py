"""`atc cache`: what is stored, whether it is sound, and candles in and out of it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from atc_cli.data.files.folder import FolderMarket, split_name
from atc_cli.data.market import Arrived
from atc_cli.data.store.damage import throw_away
from atc_cli.data.store.held import difference
from atc_cli.data.store.ledger import Update
from atc_cli.data.store.limit import forget, shrink, stored
from atc_cli.data.store.shelf import Shelf, Store
from atc_cli.domain.panel import Candles, RawCandles, check
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.results.stored import Entry, StoredShelf, StoredWindows
from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS, iso
from atc_cli.errors import NoDataError, UnavailableError, UsageError, nearest, unknown_name
from atc_cli.signals import windows


def listed(store: Store) -> list[StoredShelf]:
    """Everything that is stored; nothing on disk is changed."""
    return [_listed(shelf) for shelf in store.shelves()]


def _listed(shelf: Shelf) -> StoredShelf:
    entries, silent = shelf.listed()
    return StoredShelf(
        exchange=shelf.exchange,
        host=shelf.host,
        market=shelf.market,
        timeframe=shelf.timeframe,
        entries=tuple(entries),
        size_bytes=shelf.size_bytes(),
        damaged=len(shelf.set_aside()) + len(silent),
    )


def faults(store: Store) -> list[str]:
    """Every stored file that is not what was written, after every bit of all of them was looked at."""
    return [fault for shelf in store.every_shelf() for fault in shelf.faults()]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went: symbols, damaged files, bytes of all of them; `left` are files that cannot be read, and why."""

    symbols: int
    damaged: int
    size_bytes: int
    left: tuple[str, ...]


def prune(store: Store, *, older_than_days: int | None, limit_bytes: float, now_ms: int) -> Pruned:
    """Throw away damaged files, symbols that were not used for so many days, and what is above the limit.

    Raises UnavailableError where the folder cannot be written.
    """
    before = _size_bytes(store.folder)
    thrown = [throw_away(shelf) for shelf in store.every_shelf()]
    damaged, left = [path for gone, _ in thrown for path in gone], [fault for _, left in thrown for fault in left]
    old = [] if older_than_days is None else [
        each for each in stored(store) if each.entry.used_ms <= now_ms - older_than_days * DAY_MS
    ]  # fmt: skip
    forget(old)
    gone = len(old) + len(shrink(store, limit_bytes))
    return Pruned(gone, len(damaged), before - _size_bytes(store.folder), tuple(left))


def prune_signals(folder: Path) -> int:
    """Throw away what earlier runs computed, and what was set aside of it; the bytes that are gone.

    Raises UnavailableError where the folder cannot be written.
    """
    gone = [each for each in (folder, *folder.parent.glob(f"{folder.name}.damaged-*")) if each.exists()]
    size_bytes = sum(_size_bytes(each) for each in gone)
    for each in gone:
        try:
            rmtree(each)
        except OSError as error:
            raise UnavailableError(f"cannot remove {str(each)!r}: {error.strerror}") from None
    return size_bytes


def windows_held(folder: Path) -> StoredWindows:
    """What is kept of the values of windows; nothing on disk is changed."""
    return windows.held(folder)


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@dataclass(frozen=True, slots=True)
class Imported:
    """What came in, the files that did not and why, by symbol the rows that repeat a bar, and notes on columns."""

    symbols: int
    bars: int
    skipped: tuple[Skipped, ...]
    repeated: Mapping[str, int]
    notes: tuple[str, ...]


def import_folder(
    store: Store, folder: Path, *, exchange: str, market: str, timeframe: str | None, now_ms: int, host: str = ""
) -> Imported:
    """Store the closed candles of a folder as if they had come from the exchange, under the names of the files.

    `host` is the tag of a host that is not the exchange's own.

    Candles that contradict what is stored are skipped. Raises UsageError for an exchange that does not exist,
    NoDataError where the folder has none of the timeframe, UnavailableError where the store cannot be written.
    """
    _check_exchange(exchange)
    timeframes = [timeframe] if timeframe else _timeframes(folder)
    symbols, bars, skipped = 0, 0, []
    repeated: Counter[str] = Counter()
    notes: list[str] = []
    for each in timeframes:
        shelf = store.shelf(exchange, market, each, host)
        files = FolderMarket(folder, each)
        updates, faulty = _updates(files, shelf, now_ms, repeated)
        notes += files.notes
        shelf.write(updates)
        symbols, bars = symbols + len(updates), bars + sum(len(update.timestamp) for update in updates)
        skipped += faulty
    return Imported(symbols, bars, tuple(skipped), +repeated, tuple(notes))


def _check_exchange(exchange: str) -> None:
    """Of any other no scan would read what is stored."""
    from atc_cli.data.exchange.connect import exchange_ids

    if exchange not in exchange_ids():
        raise UsageError(*unknown_name("exchange", exchange, exchange_ids()))


def _timeframes(folder: Path) -> list[str]:
    try:
        held = {parts[1] for path in folder.iterdir() if (parts := split_name(path.name))}
    except OSError as error:
        raise UsageError(
            f"{str(folder)!r}: {error.strerror}", "name a folder of SYMBOL-TIMEFRAME.parquet|csv"
        ) from None
    if not held:
        raise NoDataError(f"{str(folder)!r} holds no candles", "files are named SYMBOL-TIMEFRAME.parquet or .csv")
    return [each for each in TIMEFRAMES_MS if each in held]


def _updates(
    folder: FolderMarket, shelf: Shelf, now_ms: int, repeated: Counter[str]
) -> tuple[list[Update], list[Skipped]]:
    known = {each.native: each for each in shelf.entries()}
    updates: list[Update] = []
    skipped: list[Skipped] = []

    def deliver(arrived: Arrived) -> None:
        checked = check(arrived) if isinstance(arrived, RawCandles) else arrived
        ready = checked if isinstance(checked, Skipped) else _agreeing(checked, shelf, now_ms)
        if isinstance(ready, Skipped):
            skipped.append(ready)
        elif len(ready):
            updates.append(_update(ready, known.get(ready.symbol), now_ms))
            repeated[ready.symbol] += ready.repeated

    folder.fetch(folder.listings(quote=None, tickers=False), shelf.everything, deliver)
    return updates, skipped


def _agreeing(candles: Candles, shelf: Shelf, now_ms: int) -> Candles | Skipped:
    """The closed candles, or why they must not be stored: those of the exchange that are stored already win."""
    closed = candles.between(0, shelf.everything.at(now_ms).closed(candles.timestamp))
    for group in shelf.read([candles.symbol], shelf.everything):
        for held in group:
            differing_ms = difference(held, closed)
            if differing_ms is not None:
                why = f"the bar of {iso(differing_ms)} differs from the one stored"
                return Skipped(candles.symbol, SkipReason.CONFLICTING_DUPLICATES, why, candles.exchange)
    return closed


def _update(candles: Candles, known: Entry | None, now_ms: int) -> Update:
    symbol, quote = (known.symbol, known.quote) if known else (candles.symbol, None)
    return Update(
        native=candles.symbol,
        symbol=symbol,
        quote=quote,
        timestamp=candles.timestamp,
        values=candles.values,
        now_ms=now_ms,
    )


def exported(
    store: Store,
    *,
    exchange: str,
    market: str,
    timeframe: str | None,
    symbols: Collection[str] = (),
    host: str = "",
) -> tuple[list[str], Iterator[Candles]]:
    """Which of the symbols are not stored, and all candles of the others under the exchange's own names.

    All symbols if none is named. Raises NoDataError where nothing of that is stored.
    """
    place = (exchange, market, host)
    stored = [
        (shelf, entry)
        for shelf in store.shelves()
        if (shelf.exchange, shelf.market, shelf.host) == place and timeframe in (None, shelf.timeframe)
        for entry in shelf.entries()
        if entry.bars
    ]
    names = {name for _, entry in stored for name in (entry.symbol, entry.native)}
    missing = [each for each in symbols if each not in names]
    if not stored or (symbols and len(missing) == len(symbols)):
        what = " ".join(each for each in (timeframe, "candles of", exchange, market, host and f"at {host}") if each)
        raise NoDataError(f"no {what} are stored{_named(missing)}", _stored_hint(missing, names))
    wanted = [(shelf, entry) for shelf, entry in stored if not symbols or {entry.symbol, entry.native} & set(symbols)]
    return missing, (candles for shelf, entry in wanted for candles in _whole(shelf, entry))


def _named(missing: Sequence[str]) -> str:
    return f" for {', '.join(map(repr, missing))}" if missing else ""


def _stored_hint(missing: Sequence[str], names: Collection[str]) -> str:
    close = nearest(missing[0], names) if missing else None
    return f"did you mean {close!r}?" if close else "`atc cache ls --output json` lists every symbol that is stored"


def _whole(shelf: Shelf, entry: Entry) -> Iterator[Candles]:
    for group in shelf.read([entry.native], shelf.everything):
        yield from (held.candles(shelf.exchange, entry.native) for held in group)
