"""Candles on disk.

One folder per exchange, market and timeframe; in it 8 files, each of the symbols whose hash leads there: a scan of
a thousand symbols opens 8 files, a name never becomes a path, and a write touches few of them.
"""

import hashlib
import mmap
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from atc_cli.data.store.codec import pack, unpack
from atc_cli.data.store.file import DamagedError, Group, UnreadableError, dump, parse
from atc_cli.data.store.held import Held
from atc_cli.data.store.ledger import Update
from atc_cli.data.store.merge import Codec, merged, without
from atc_cli.data.store.read import read, read_range
from atc_cli.disk.atomic import replace_atomically
from atc_cli.disk.lock import locked
from atc_cli.disk.regular import content_of, to_read
from atc_cli.domain.results.stored import Content, Entry
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.domain.window import Window
from atc_cli.errors import UnavailableError, UsageError
from atc_cli.stages import stage

GROUPS = 8
_ALL_BARS = 10**9
_SUFFIX, _DAMAGED = ".candles", ".damaged-"
_DOUBTED = "doubted"
_PART_OF_PATH = re.compile(r"[a-z0-9_]{1,40}")
_HOST = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}")

Say = Callable[[str], None]
_CODEC = Codec(pack, unpack)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The candles of one timeframe of one market of one exchange; `say` hears of damaged files.

    `host` says where they come from unless it is the exchange's own host, which has always had the plain name.
    `doubted` are candles that the exchange contradicted: set aside, and joined again where it agrees.
    """

    root: Path
    exchange: str
    market: str
    timeframe: str
    say: Say
    host: str = ""
    doubted: bool = False

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.root.joinpath(self.source, self.market, self.timeframe, *self._part)

    @property
    def _part(self) -> tuple[str, ...]:
        return (_DOUBTED,) if self.doubted else ()

    @property
    def source(self) -> str:
        """Exchange and host, as folders are named."""
        return f"{self.exchange}@{self.host}" if self.host else self.exchange

    @property
    def step_ms(self) -> int:
        """Length of a bar."""
        return TIMEFRAMES_MS[self.timeframe]

    @property
    def everything(self) -> Window:
        """Every candle that is held."""
        return Window(timeframe=self.timeframe, now_ms=0, bars=_ALL_BARS)

    def entries(self) -> list[Entry]:
        """What is known of every symbol, by symbol."""
        groups = (self._load(number) for number in range(GROUPS))
        return sorted((entry for group in groups for entry in group.entries), key=lambda entry: entry.symbol)

    def listed(self) -> tuple[list[Entry], list[Path]]:
        """As `entries`, and the files that tell nothing: damaged or unreadable. Nothing on disk is changed."""
        entries: list[Entry] = []
        silent = []
        for number in range(GROUPS):
            try:
                entries += self.parsed(number).entries
            except (DamagedError, UnreadableError):
                silent.append(self.path_of(number))
        return sorted(entries, key=lambda entry: entry.symbol), silent

    def read(self, natives: Iterable[str], window: Window) -> Iterator[list[Held]]:
        """What is held of the window of each symbol, file by file; damaged and unreadable files hold nothing."""
        for number, wanted in by_group(natives):
            yield self._read(number, partial(in_window, natives=wanted, window=window))

    def contents(self, natives: Iterable[str]) -> Iterator[tuple[Entry, Content]]:
        """Of each symbol that has candles what is known of it and what they are; no candle is read.

        A file that cannot be read has none: the fetch that follows says it.
        """
        for number, wanted in by_group(natives):
            try:
                group = self._load(number)
            except UnreadableError:
                continue
            held = [each for each in group.entries if each.bars and each.native in wanted]
            checksum = group.checksum()
            yield from ((each, Content(checksum, each.native)) for each in held)

    def _read(self, number: int, cut: Callable[[Group], list[Held]]) -> list[Held]:
        try:
            with stage("store read"):
                return cut(self._load(number))
        except DamagedError as damage:
            self._set_aside(number, damage)
        except UnreadableError as error:
            self.say(f"{error}: what is fetched in place of its candles is not stored")
        return []

    def write(self, updates: Collection[Update]) -> None:
        """Merge candles into what is stored; every file is whole, old or new, at every moment.

        Raises UnavailableError where the disk is full or the folder cannot be written; what was stored stays.
        Raises UnreadableError for a file that cannot be read, once all others are written.
        """
        by_group: dict[int, list[Update]] = {}
        for update in updates:
            by_group.setdefault(group_of(update.native), []).append(update)
        self._change_all({number: partial(merged, updates=some, codec=_CODEC) for number, some in by_group.items()})

    def forget(self, natives: Collection[str]) -> None:
        """Throw symbols away. Raises as `write` does."""
        change = partial(without, natives=natives, codec=_CODEC)
        self._change_all(dict.fromkeys(map(group_of, natives), change))

    def touch(self, natives: Collection[str], now_ms: int) -> None:
        """Remember that these symbols were used; eviction begins with the others. Raises as `write` does."""
        change = partial(_used, natives=natives, now_ms=now_ms)
        self._change_all(dict.fromkeys(map(group_of, natives), change))

    def faults(self) -> list[str]:
        """Every file that is not what was written, or whose candles are none, or that cannot be read."""
        return [f"{path}: {fault}" for path, fault in self.damage().items()]

    def damage(self) -> dict[Path, DamagedError | UnavailableError]:
        """What is wrong with each file of which `faults` tells."""
        return {self.path_of(number): fault for number in range(GROUPS) if (fault := self._fault(number))}

    def size_bytes(self) -> int:
        """What the files take on disk."""
        return sum(path.lstat().st_size for path in self.folder.glob(f"*{_SUFFIX}"))

    def set_aside(self) -> list[Path]:
        """Damaged files that were set aside."""
        return sorted(self.folder.glob(f"{_DAMAGED}*"))

    def _fault(self, number: int) -> DamagedError | UnavailableError | None:
        from atc_cli.data.store.check import fault_of

        try:
            fault = fault_of(self.parsed(number), unpack)
        except (DamagedError, UnavailableError) as damage:
            return damage
        return None if fault is None else DamagedError(fault)

    def path_of(self, number: int) -> Path:
        """One of the files."""
        return self.folder / f"{number:02}{_SUFFIX}"

    def _owner(self, number: int) -> tuple[str, ...]:
        return (self.source, self.market, self.timeframe, str(number), *self._part)

    def parsed(self, number: int) -> Group:
        """A file as it lies there. Raises DamagedError and UnreadableError."""
        try:
            with to_read(self.path_of(number)) as file:
                content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (FileNotFoundError, NotADirectoryError):
            return Group(self._owner(number))
        except ValueError as error:  # mmap of an empty file
            raise DamagedError("it is empty") from error
        except OSError as error:
            raise UnreadableError(f"cannot read {str(self.path_of(number))!r}: {error.strerror}") from None
        return parse(self._owner(number), content)

    def _load(self, number: int) -> Group:
        try:
            return self.parsed(number)
        except DamagedError as damage:
            self._set_aside(number, damage)
            return Group(self._owner(number))

    def _change_all(self, changes: Mapping[int, Callable[[Group], Group]]) -> None:
        unreadable = None
        with locked(self.folder):
            for number, change in changes.items():
                try:
                    self._change(number, change)
                except UnreadableError as error:
                    unreadable = error
        if unreadable is not None:
            raise unreadable

    def _change(self, number: int, change: Callable[[Group], Group]) -> None:
        """Read, change, write; the lock is held. A damaged file is set aside and begun anew."""
        try:
            group = change(self.parsed(number))
        except DamagedError as damage:
            self._rename(number, damage)
            group = change(Group(self._owner(number)))
        replace_atomically(self.path_of(number), dump(group))

    def _set_aside(self, number: int, damage: DamagedError) -> None:
        """Rename a damaged file, unless another process has just replaced it by a whole one."""
        with suppress(UnavailableError), locked(self.folder):
            if self._fault(number) is None:
                return
            self._rename(number, damage)
            return
        self.say(f"{self.path_of(number)} is damaged ({damage}) and cannot be set aside: not used")

    def _rename(self, number: int, damage: DamagedError) -> None:
        path = self.path_of(number)
        with suppress(OSError):
            digest = hashlib.sha256(content_of(path)).hexdigest()[:10]
            path.replace(path.with_name(f"{_DAMAGED}{path.stem}-{digest}"))
        self.say(f"{path} is damaged ({damage}): set aside, its candles are fetched again")


def group_of(native: str) -> int:
    """Which file holds a symbol."""
    return hashlib.blake2b(native.encode(errors="surrogatepass"), digest_size=1).digest()[0] % GROUPS


def in_window(group: Group, natives: Collection[str], window: Window) -> list[Held]:
    """What a file holds of the window of each symbol. Raises DamagedError."""
    if window.bars is not None:
        return read(group, natives, window.bars, unpack)
    until_ms = window.now_ms + 1 if window.until_ms is None else window.until_ms
    return read_range(group, natives, (window.since_ms or 0, until_ms), unpack)


def by_group(natives: Iterable[str]) -> list[tuple[int, set[str]]]:
    """Files by number, and the symbols that each holds."""
    numbers: dict[int, set[str]] = {}
    for native in natives:
        numbers.setdefault(group_of(native), set()).add(native)
    return sorted(numbers.items())


def _used(group: Group, natives: Collection[str], now_ms: int) -> Group:
    entries = (
        replace(each, used_ms=max(now_ms, each.used_ms)) if each.native in natives else each for each in group.entries
    )
    return replace(group, entries=tuple(entries))


class Store:
    """All shelves below one folder; `say` is told of damaged files."""

    def __init__(self, folder: Path, say: Say) -> None:
        self.folder = folder
        self._say = say

    def shelf(self, exchange: str, market: str, timeframe: str, host: str = "") -> Shelf:
        """The shelf of that name, which may be empty; UsageError for a name that could leave the folder."""
        for part in (exchange, market):
            if not _PART_OF_PATH.fullmatch(part):
                raise UsageError(f"{part!r} is no name of an exchange or a market", "as in --exchange binance")
        if host and not _HOST.fullmatch(host):
            raise UsageError(f"{host!r} is no name of a host", "as in [ccxt.binance.urls.api]")
        return Shelf(self.folder, exchange, market, timeframe, self._say, host)

    def every_shelf(self) -> list[Shelf]:
        """Every shelf that has a folder, those of doubted candles as well."""
        pairs = [(each, replace(each, doubted=True)) for each in self.shelves()]
        return [each for pair in pairs for each in pair if each.folder.is_dir()]

    def shelves(self) -> list[Shelf]:
        """Every shelf that has a folder."""
        found = (path.relative_to(self.folder).parts for path in sorted(self.folder.glob("*/*/*/")))
        return [shelf for parts in found if (shelf := self._shelf_of(*parts)) is not None]

    def _shelf_of(self, source: str, market: str, timeframe: str) -> Shelf | None:
        """The shelf whose folders have these names; None where no shelf has them."""
        exchange, at, host = source.partition("@")
        if bool(at) != bool(host) or timeframe not in TIMEFRAMES_MS:
            return None
        try:
            return self.shelf(exchange, market, timeframe, host)
        except UsageError:
            return None
