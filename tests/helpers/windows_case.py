"""Series replayed with a cache of windows and without one."""

from pathlib import Path

from atc_cli.backtest.replay import replay
from atc_cli.domain.anchor import Anchor
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.replayed import Replayed
from atc_cli.engine.rust import RustBackend
from atc_cli.signals.windows import Windows
from tests.helpers.backends import HOUR_MS, per_family, tick_walk

PARAMS = Params(lengths=per_family(10))
BARS = 40
LONG = tick_walk(230, 1)
START_MS = int(LONG.timestamp[0])


class Counting(RustBackend):
    """Notes how many windows and runs it is asked for; few at once."""

    def __init__(self) -> None:
        super().__init__("scalar", 1)
        self.windows = 0

    def windows_at_once(self, _bars: int) -> int:
        return 16

    def compute_windows(self, *asked: object, **more: object) -> object:
        self.windows += len(asked[3])
        return super().compute_windows(*asked, **more)


class Cache:
    """A folder of windows, and everything that was said of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "windows"
        self.said: list[str] = []

    def replay(
        self,
        series: list[Candles],
        text: str = "rolling",
        bar: int = 0,
        limit_bytes: float = 1e9,
        params: Params = PARAMS,
    ) -> tuple[list[Replayed], int]:
        """Values, and how many windows were computed for them."""
        backend, told = Counting(), []
        made_of = {"anchor": text, "bars": BARS}
        windows = Windows(self.folder, params, made_of, limit_bytes=limit_bytes, say=self.said.append)
        asked = {"bars": BARS, "first_ms": START_MS + bar * HOUR_MS, "least_bars": PARAMS.warmup_bars}
        found = list(
            replay(series, backend, params, Anchor.parse(text), **asked, memory=windows, advance=told.append)
        )  # fmt: skip
        windows.close()
        return found, backend.windows

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.windows"))


def fresh(series: list[Candles], text: str = "rolling", bar: int = 0) -> list[Replayed]:
    asked = {"bars": BARS, "first_ms": START_MS + bar * HOUR_MS, "least_bars": PARAMS.warmup_bars}
    return list(replay(series, RustBackend("scalar", 1), PARAMS, Anchor.parse(text), **asked))
