"""Values of windows that were replayed before, found again by the content of their candles.

One file a series, named by the digest of everything besides its candles that a value depends on: whose series it is,
the parameters, the program. It holds the prices that take part as they were, so that a value is used again only where
every bar of its window has the same bits: one more bar costs one more window, a changed one those that contain it. A
cache may forget anything: what goes wrong is said, once, and costs time.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import time

from atc_cli.disk.atomic import replace_atomically
from atc_cli.disk.regular import mapped
from atc_cli.disk.sealed import body_of, seal
from atc_cli.domain.grid import columns_read
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.replayed import Int32s, Replayed
from atc_cli.domain.results.stored import StoredWindows
from atc_cli.errors import UnavailableError
from atc_cli.signals.kept import Bools, Kept

_SCHEMA = "atc.windows/1"
_SUFFIX = ".windows"
_ABANDONED_S = 3600  # what a killed writer left half done
_TIDY_FRAC = 0.1


class Windows:
    """Values of all processes within about `limit_bytes` in `folder`; those go first that were used longest ago.

    `made_of` is what besides candles and parameters a value depends on, as JSON values: the window's length and
    anchor, where the candles come from, the program. `say` hears what went wrong.
    """

    def __init__(
        self,
        folder: Path,
        params: Params,
        made_of: Mapping[str, object],
        *,
        limit_bytes: float,
        say: Callable[[str], None],
    ) -> None:
        self._folder, self._limit_bytes, self._say = folder, limit_bytes, say
        self._columns = columns_read(params.source)
        self._made_of = {**params.document(), **made_of}
        self._damaged: list[Path] = []
        self._writable = True
        self._written: dict[Path, int] = {}
        self._untidy_bytes = 0

    def known(self, candles: Candles, spans: Int32s) -> tuple[Replayed, Bools] | None:
        """Values of windows of so many bars, `spans` [bars], and where they are these; None where there is no file."""
        kept = self._read(self._key(candles)) if len(candles) else None
        if kept is None:
            return None
        prices = candles.values[self._columns]
        if kept.holds(candles.timestamp, prices):
            return Replayed(kept.average, kept.age), (spans > 0) & (kept.spans == spans)
        place, run = kept.found_in(candles.timestamp, prices)
        where = (spans > 0) & (kept.spans[place] == spans) & (run >= spans)
        return Replayed(kept.average[place], kept.age[place]), where

    def keep(self, candles: Candles, spans: Int32s, replayed: Replayed) -> None:
        """Keep values, 0 in `spans` where there are none, beside those of before whose candles are the same."""
        if not self._writable:
            return
        key = self._key(candles)
        kept = Kept(candles.timestamp, candles.values[self._columns], replayed.average, replayed.age, spans)
        content = seal(_SCHEMA, self._joined(key, kept).packed(key))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_atomically(self._file(key), content, synced=False)
            self._written[self._file(key)] = len(content)
            self._untidy_bytes += len(content)
            if self._untidy_bytes > self._limit_bytes * _TIDY_FRAC:
                self._tidy()
        except (OSError, UnavailableError) as error:
            self._writable = False
            self._say(f"values of windows are not kept for the next run: {error}")

    def close(self) -> None:
        """Make room, and tell what is to be told of this run."""
        if self._written and self._writable:
            with suppress(OSError):
                self._tidy()
        took = sum(self._written.values())
        if took > self._limit_bytes:
            limit = f"{self._limit_bytes / 1e6:,.0f} MB"
            self._say(
                f"values of windows took {took / 1e6:,.0f} MB, {limit} are kept: the next run computes the others"
            )
        if self._damaged:
            more = f" and {len(self._damaged) - 1} more" if len(self._damaged) > 1 else ""
            self._say(f"{str(self._damaged[0])!r}{more} damaged or not of ours: values of windows were computed again")

    def _joined(self, key: str, kept: Kept) -> Kept:
        old = self._read(key)
        return kept if old is None or not len(old.opens) else kept.with_more(old)

    def _key(self, candles: Candles) -> str:
        whose = {"exchange": candles.exchange, "symbol": candles.symbol, "timeframe": candles.timeframe}
        return sha256(json.dumps([self._made_of, whose], sort_keys=True).encode()).hexdigest()

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}{_SUFFIX}"

    def _read(self, key: str) -> Kept | None:
        file = self._file(key)
        try:
            body = body_of(_SCHEMA, mapped(file))
            kept = None if body is None else Kept.unpacked(key, body)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError, TypeError):
            kept = None
        if kept is not None:
            with suppress(OSError):
                os.utime(file)
        elif file not in self._damaged:
            self._damaged.append(file)
        return kept

    def _tidy(self) -> None:
        self._untidy_bytes = 0
        shrink(self._folder, self._limit_bytes)


def held(folder: Path) -> StoredWindows:
    """What is kept there."""
    sizes = [size for _, _, size in _files(folder)]
    return StoredWindows(len(sizes), sum(sizes))


def shrink(folder: Path, limit_bytes: float) -> None:
    """Throw away files, those first that were used longest ago, until the others are within the limit."""
    files = sorted(_files(folder))
    total = sum(size for _, _, size in files)
    for _, file, size in files:
        if total <= limit_bytes:
            break
        with suppress(OSError):
            Path(file).unlink()
        total -= size
    for entry in os.scandir(folder):
        if entry.name.startswith(".") and entry.stat(follow_symlinks=False).st_mtime < time() - _ABANDONED_S:
            Path(entry.path).unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[float, str, int]]:
    """Of each file when it was last used, its path and its bytes."""
    if not folder.is_dir():
        return
    for entry in os.scandir(folder):
        with suppress(FileNotFoundError):
            if entry.name.endswith(_SUFFIX) and entry.is_file(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                yield found.st_mtime, entry.path, found.st_size
