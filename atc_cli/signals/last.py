"""Ranks of the last scans: a small file for all scans of which everything is the same that ranks depend on.

It holds two results at most: that of the newest bar, and the newest of an earlier bar. So a scan that is repeated
before the next bar closes is compared with the same result again. Whatever goes wrong here costs the comparison only.
"""

from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from atc_cli.disk import sealed
from atc_cli.disk.regular import content_of
from atc_cli.domain.results.earlier import Earlier
from atc_cli.errors import UnavailableError

_SCHEMA = "atc.last/1"
_FILES_MAX = 64
_RESULTS_MAX = 2
_NAMES = [each.name for each in fields(Earlier)]


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
            sealed.write(self._file, _SCHEMA, [{name: getattr(each, name) for name in _NAMES} for each in newest])
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


def _earlier(document: Any) -> Earlier:
    """Raises KeyError, TypeError or ValueError where a file of ours says what we never wrote."""
    kept = Earlier(**document)
    nested = [kept.ranks, *kept.ranks.values(), *(each for side in kept.ranks.values() for each in side.values())]
    if not all(isinstance(each, dict) for each in (*nested, kept.lost)):
        raise ValueError("they are in another form")
    return replace(kept, bar_time_ms=int(kept.bar_time_ms), generated_at_ms=int(kept.generated_at_ms))
