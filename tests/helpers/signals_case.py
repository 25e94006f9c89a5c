"""Scans that remember and scans that do not, the comparison that they must pass, and all that can be wrong on disk."""

import os
import pickle
import sqlite3
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from atc_cli.cli import wiring
from atc_cli.commands import scan
from atc_cli.disk.folders import CANDLES, SIGNALS
from atc_cli.domain.results.scan import ScanResult
from atc_cli.reporting.progress import SilentProgress
from atc_cli.settings.sections import Settings
from atc_cli.signals.disk import BytesCache
from tests.helpers.markets import hourly
from tests.helpers.shelves import shelf, update, walk

OF_THE_RUN = ("generated_at_ms", "timings_ms", "data_age_ms")


def settings_of(folder: Path, *, remember: bool = True, **changes: object) -> Settings:
    stored = {"exchange": ("memory",), "market": "swap", "offline": True, "cache_dir": folder}
    return hourly(**{**stored, "signals_cache": remember, **changes})


def offline(folder: Path, *, remember: bool = True, **changes: object) -> ScanResult:
    """A scan of what is stored below `folder`, wired as the command wires it."""
    settings = settings_of(folder, remember=remember, **changes)
    with wiring.ports(settings, SilentProgress(), remember=True) as ports:
        return scan.run(settings, ports)


def counts(result: ScanResult) -> tuple[int, int]:
    """Hits and misses."""
    assert result.remembered is not None
    return result.remembered.hits, result.remembered.misses


def exact(value: Any) -> Any:
    """The value by types and bits; the order of names counts, for it is printed."""
    if isinstance(value, float):
        return type(value), struct.pack(">d", value)
    if is_dataclass(value):
        return type(value), [(each.name, exact(getattr(value, each.name))) for each in fields(value)]
    if isinstance(value, Mapping):
        return [(name, exact(each)) for name, each in value.items()]
    if isinstance(value, tuple):
        return [exact(each) for each in value]
    return type(value), value


def assert_same(result: ScanResult, other: ScanResult) -> None:
    """All of two results, save when and how fast they came about."""
    for name in (each.name for each in fields(ScanResult) if each.name not in ("remembered", "header", "breadth")):
        assert exact(getattr(result, name)) == exact(getattr(other, name)), name
    assert result.breadth == other.breadth
    for name in (each.name for each in fields(result.header) if each.name not in OF_THE_RUN):
        assert exact(getattr(result.header, name)) == exact(getattr(other.header, name)), name


def assert_unchanged(folder: Path, *, hits: int, misses: int, **changes: object) -> ScanResult:
    """A scan that remembers has so many hits and misses, and the result of one that does not."""
    result = offline(folder, **changes)
    assert counts(result) == (hits, misses)
    assert_same(result, offline(folder, remember=False, **changes))
    return result


def fill(folder: Path, symbols: int = 12, bars: int = 250) -> list[str]:
    """Random walks in the store below `folder`; their names."""
    names = [f"COIN{i}" for i in range(symbols)]
    shelf(folder / CANDLES).write([update(name, walk(bars, i)) for i, name in enumerate(names)])
    return names


def cache(folder: Path, said: list[str], *, memory_bytes: int = 10**6, disk_bytes: int = 10**7) -> BytesCache:
    """The cache below `folder`."""
    return BytesCache(folder / SIGNALS, memory_bytes=memory_bytes, disk_bytes=disk_bytes, say=said.append)


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self._target = target

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self._target),)


Spoil = Callable[[Path, bytes], None]  # the folder of the cache, a pickled bomb


def _sql(statement: str, *, bomb: bool = False) -> Spoil:
    """A statement on the database of a cache, whose ? is the bomb."""

    def spoil(folder: Path, bombed: bytes) -> None:
        with sqlite3.connect(folder / "cache.db") as database:
            database.execute(statement, (bombed,) if bomb else ())
        database.close()

    return spoil


def _files(change: Callable[[Path], object]) -> Spoil:
    """A change of every file with a value."""

    def spoil(folder: Path, _: bytes) -> None:
        files = list(folder.rglob("*.val"))
        assert files
        for each in files:
            change(each)

    return spoil


def _database(change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(folder: Path, _: bytes) -> None:
        file = folder / "cache.db"
        file.write_bytes(change(file.read_bytes()))

    return spoil


def _of_files(change: Callable[[Path], object]) -> "Fault":
    return Fault(_files(change), said=False, lost=("large",))


def _flip(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def _to_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _bomb_in_a_file(folder: Path, bombed: bytes) -> None:
    (folder / "bomb.val").write_bytes(bombed)
    _sql("UPDATE Cache SET mode = 4, filename = 'bomb.val', value = NULL")(folder, bombed)


def _replaced(folder: Path, _: bytes) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a file")


def _database_to_folder(folder: Path, _: bytes) -> None:
    _to_folder(folder / "cache.db")


@dataclass(frozen=True)
class Fault:
    """Something wrong on disk; whether a person hears of it; `lost`: which of a small and a large value are gone."""

    spoil: Spoil
    said: bool
    lost: tuple[str, ...] = ("small", "large")


_FLAT = "UPDATE Cache SET filename = NULL, "
FAULTS = {
    "pickled value": Fault(_sql(_FLAT + "mode = 4, value = ?", bomb=True), said=True),
    "pickled file": Fault(_bomb_in_a_file, said=True),
    "pickled bytes as bytes": Fault(_sql(_FLAT + "mode = 1, value = ?", bomb=True), said=False),
    "pickled key": Fault(_sql("UPDATE OR REPLACE Cache SET raw = 0, key = ?", bomb=True), said=False),
    "pickled tag": Fault(_sql("UPDATE Cache SET tag = ?", bomb=True), said=False, lost=()),
    "pickled policy": Fault(
        _sql("UPDATE Settings SET value = ? WHERE key = 'eviction_policy'", bomb=True), said=False, lost=()
    ),
    "pickled statistics": Fault(
        _sql("UPDATE Settings SET value = ? WHERE key = 'statistics'", bomb=True), said=False, lost=()
    ),
    "unknown setting of the disk": Fault(_sql("INSERT INTO Settings VALUES ('disk_bomb', ?)", bomb=True), said=True),
    "setting named as a method": Fault(_sql("INSERT INTO Settings VALUES ('get', ?)", bomb=True), said=True),
    "bytes as key": Fault(_sql("UPDATE Cache SET key = CAST(key AS BLOB)"), said=False),
    "number as key": Fault(_sql("UPDATE Cache SET key = rowid"), said=False),
    "empty value": Fault(_sql(_FLAT + "mode = 1, value = x''"), said=False),
    "short value": Fault(_sql(_FLAT + "mode = 1, value = x'00ff'"), said=False),
    "text as value": Fault(_sql(_FLAT + "mode = 1, value = 'text'"), said=True),
    "number as value": Fault(_sql(_FLAT + "mode = 1, value = 1.5"), said=True),
    "nothing as value": Fault(_sql(_FLAT + "mode = 1, value = NULL"), said=True),
    "value in a text file": Fault(_sql("UPDATE Cache SET mode = 3, filename = 'cache.db'"), said=True),
    "unknown mode": Fault(_sql("UPDATE Cache SET mode = 'any'"), said=True),
    "no file named": Fault(_sql("UPDATE Cache SET mode = 2, filename = NULL"), said=True),
    "another file named": Fault(_sql("UPDATE Cache SET mode = 2, filename = 'cache.db'"), said=True),
    "file that is not there": Fault(_sql("UPDATE Cache SET mode = 2, filename = 'no.val'"), said=True),
    "database of garbage": Fault(_database(lambda content: b"\x81garbage" * 4000), said=True),
    "database cut off": Fault(_database(lambda content: content[: len(content) // 2]), said=True),
    "empty database": Fault(_database(lambda _: b""), said=False),
    "database without tables": Fault(_sql("DROP TABLE Cache"), said=False),
    "table of another shape": Fault(_sql("ALTER TABLE Cache RENAME COLUMN mode TO other"), said=True),
    "trigger that objects": Fault(
        _sql("CREATE TRIGGER no BEFORE UPDATE ON Settings BEGIN SELECT RAISE(ABORT, 'no'); END"), said=True
    ),
    "database that is a folder": Fault(_database_to_folder, said=True),
    "folder that is a file": Fault(_replaced, said=True),
    "flipped file": _of_files(lambda file: file.write_bytes(_flip(file.read_bytes(), 5000))),
    "flipped checksum": _of_files(lambda file: file.write_bytes(_flip(file.read_bytes(), 0))),
    "file cut off": _of_files(lambda file: file.write_bytes(file.read_bytes()[:-1])),
    "empty file": _of_files(lambda file: file.write_bytes(b"")),
    "file gone": _of_files(Path.unlink),
    "file that is a folder": _of_files(_to_folder),
}


def bombed(target: Path) -> bytes:
    """A pickled bomb."""
    return pickle.dumps(Bomb(target))
