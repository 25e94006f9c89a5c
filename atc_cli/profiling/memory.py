"""What a process holds: its peak in each stage, and the lines of Python that asked for most."""

import sys
import tracemalloc
from pathlib import Path
from typing import Any

from atc_cli import stages
from atc_cli.stages import STARTUP

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = b"5"
_TOP_LINES = 10
# a look copies all that is known of every block: one for each quarter more
_STEP_BYTES = 4 * 2**20
_GROWTH = 1.25

_Path = tuple[str, ...]


class Peaks:
    """The peak of resident memory (bytes) in each stage: Linux forgets its high-water mark where it is told to.

    Where it does not, only a stage in which the mark rose has a figure; where there is no such mark none has.
    """

    def __init__(self) -> None:
        self.peaks: dict[_Path, int] = {}
        self._mark = 0
        self._forgets = True
        self.border((STARTUP,))

    def border(self, path: _Path) -> None:
        """A stage begins or ends: what was the peak since the last time belongs to `path` and all that it is in."""
        peak = _high_water_bytes()
        if peak is None or (not self._forgets and peak <= self._mark):
            return
        self._mark = peak
        for depth in range(len(path) + 1):
            inside = path[:depth]
            self.peaks[inside] = max(self.peaks.get(inside, 0), peak)
        self._forgets = self._forgets and _forget()

    def document(self) -> dict[str, Any]:
        """Peaks by path, the arrays that were noted, and what is not known."""
        self.border(())
        return {
            "peaks": [[path, size] for path, size in self.peaks.items()],
            "whole": self.peaks.get((), 0) or _usage_bytes(),
            "arrays": stages.arrays(),
            "unknown": self.unknown(),
        }

    def unknown(self) -> str | None:
        """What the figures do not say, None where they say all."""
        if not self.peaks:
            return "peaks of stages are known on Linux only"
        if not self._forgets:
            return "the peak cannot be reset here: a stage without a figure stayed below the peak before it"
        return None


def _high_water_bytes() -> int | None:
    try:
        status = _STATUS.read_bytes()
    except OSError:
        return None
    at = status.find(b"VmHWM:")
    return int(status[at + 6 :].split(None, 1)[0]) * 1024 if at >= 0 else None


def _forget() -> bool:
    try:
        _CLEAR.write_bytes(_RESET_PEAK)
    except OSError:
        return False
    return True


def _usage_bytes() -> int:
    """Peak of the whole process where only that is known."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


class Lines:
    """The lines that had asked for most when most was held, as of the borders between stages."""

    def __init__(self) -> None:
        self._most = 0
        self._top: list[tuple[str, int, int]] = []
        tracemalloc.start()

    def border(self, _: _Path) -> None:
        """A stage begins or ends: look, where more is held than ever before."""
        held = tracemalloc.get_traced_memory()[0]
        if held <= self._most * _GROWTH + _STEP_BYTES:
            return
        self._most = held
        snapshot = tracemalloc.take_snapshot()
        self._top = [
            (f"{shortened(each.traceback[0].filename)}:{each.traceback[0].lineno}", each.size, each.count)
            for each in snapshot.statistics("lineno")[:_TOP_LINES]
        ]

    def document(self) -> dict[str, Any]:
        """The lines: where, bytes, blocks."""
        tracemalloc.stop()
        return {"lines": self._top, "traced": self._most}


def shortened(file: str) -> str:
    """Below the folder of the packages or of Python itself."""
    roots = sorted((each for each in sys.path if each and file.startswith(each)), key=len)
    return file.removeprefix(roots[-1]).lstrip("/\\") if roots else file
