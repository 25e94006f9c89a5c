"""Ranks of the last scans: a small file for all scans of which everything is the same that ranks depend on.

It holds two results at most: that of the newest bar, and the newest of an earlier bar. So a scan that is repeated
before the next bar closes is compared with the same result again. Whatever goes wrong here costs the comparison only.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from atc_cli.disk import sealed
from atc_cli.disk.regular import content_of
from atc_cli.domain.results.earlier import Earlier, Name
from atc_cli.errors import UnavailableError

_SCHEMA = "atc.last/1"
_FILES_MAX = 64
_RESULTS_MAX = 2


class Last:
    """The results kept under `digest` in `folder`; `fault` is what went wrong, None if nothing did."""

    def __init__(self, folder: Path, digest: str) -> None:
        self._folder = folder
        self._file = folder / f"{digest}.json"
        self.fault: str | None = None
        self._results = self._read()

    def before(self, bar_time_ms: int) -> Earlier | None:
        """The newest result of an earlier bar."""
        return next((each for each in self._results if each.bar_time_ms < bar_time_ms), None)

    def keep(self, result: Earlier) -> None:
        """Keep a result in place of that of the same bar, the oldest goes; of all files the newest 64 stay."""
        others = [each for each in self._results if each.bar_time_ms != result.bar_time_ms]
        newest = sorted([result, *others], key=lambda each: -each.bar_time_ms)[:_RESULTS_MAX]
        if result not in newest:
            return
        try:
            sealed.write(self._file, _SCHEMA, [_document(each) for each in newest])
            self._tidy()
        except (OSError, UnavailableError) as error:
            self.fault = f"ranks are not kept for the next scan: {error}"

    def _read(self) -> list[Earlier]:
        try:
            kept = sealed.load(_SCHEMA, content_of(self._file))
            if kept is not None:
                return [_earlier(each) for each in kept]
            self.fault = f"the ranks of the last scan in {str(self._file)!r} are damaged: nothing is compared"
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            self.fault = f"the ranks of the last scan cannot be read: {error}"
        return []

    def _tidy(self) -> None:
        """Throw away the files beyond the newest, and what a killed writer left."""
        files = [each for each in self._folder.iterdir() if each.suffix == ".json" or each.name.startswith(".")]
        if len(files) > _FILES_MAX:
            for each in sorted(files, key=_written)[:-_FILES_MAX]:
                with suppress(OSError):
                    each.unlink()


def _written(file: Path) -> float:
    try:
        return file.lstat().st_mtime
    except OSError:  # another process threw it away
        return 0.0


def _document(result: Earlier) -> dict[str, object]:
    return {
        "bar_time_ms": result.bar_time_ms,
        "generated_at_ms": result.generated_at_ms,
        "ranks": {side: _by_exchange(ranks) for side, ranks in result.ranks.items()},
        "lost": _by_exchange(dict.fromkeys(sorted(result.lost))),
    }


def _by_exchange(names: Mapping[Name, int | None]) -> dict[str, dict[str, int | None]]:
    nested: dict[str, dict[str, int | None]] = {}
    for (exchange, symbol), rank in names.items():
        nested.setdefault(exchange, {})[symbol] = rank
    return nested


def _earlier(document: Mapping[str, Any]) -> Earlier:
    return Earlier(
        bar_time_ms=int(document["bar_time_ms"]),
        generated_at_ms=int(document["generated_at_ms"]),
        ranks={side: dict(_named(kept)) for side, kept in document["ranks"].items()},
        lost=frozenset(name for name, _ in _named(document["lost"])),
    )


def _named(kept: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[Name, Any]]:
    return (((exchange, symbol), rank) for exchange, ranks in kept.items() for symbol, rank in ranks.items())
