"""A bar on stderr while candles arrive; only what takes long where nobody watches."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from atc_cli.reporting.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LONG_S = 5.0


class SilentProgress:
    """Says nothing."""

    def begin(self, what: str, total: int) -> None:
        """A new piece of work starts."""

    def advance(self) -> None:
        """One step is done."""

    def end(self) -> None:
        """The work is over."""

    def lasting(self, words: str) -> None:
        """What begins now takes long."""

    def sent(self, weight: int) -> None:
        """A request goes out."""

    def received(self, bars: int) -> None:
        """Candles came."""

    def waiting(self, exchange: str, seconds: float) -> None:
        """The next request has to wait."""


class LoggedWaits(SilentProgress):
    """Says one line as something long begins and nothing else, which is what a log needs.

    Every request that waits for the same thing tells of it: news is only what lasts longer than was said.
    `say` takes the line, `clock_s` is any steady clock.
    """

    def __init__(self, say: Callable[[Iterable[str]], None], clock_s: Callable[[], float] = monotonic) -> None:
        self._say = say
        self._clock_s = clock_s
        self._said_until_s: dict[str, float] = {}

    def lasting(self, words: str) -> None:
        """Say so."""
        self._say([words])

    def waiting(self, exchange: str, seconds: float) -> None:
        """The next request has to wait."""
        until_s = self._clock_s() + seconds
        if min(seconds, until_s - self._said_until_s.get(exchange, -inf)) >= _LONG_S:
            self._said_until_s[exchange] = until_s
            self._say([f"{exchange}: waiting {seconds:.0f} s for the rate limit"])


@dataclass(slots=True)
class _Traffic:
    """What went over the network so far, and the wait that is on."""

    bars: int = 0
    requests: int = 0
    weight: int = 0
    wait_s: float = 0.0

    def words(self) -> str:
        """The figures that are not zero."""
        weight = f"weight {self.weight:,}" if self.weight else ""
        parts = [f"{self.bars:,} bars", f"{self.requests:,} requests", weight] if self.requests else []
        wait = f"waiting {self.wait_s:.0f} s for the rate limit" if self.wait_s else ""
        return " · ".join(part for part in [*parts, wait] if part)


class RichProgress:
    """An animated bar while `stream` (stderr) is a terminal that can animate, else silent; gone when the work ends.

    Pieces of work that run at the same time, in several threads, share the bar: their steps add up.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._total = 0
        self._running = 0
        self._traffic = _Traffic()
        self._lock = Lock()

    def begin(self, what: str, total: int) -> None:
        """Show a bar of `total` steps named `what`, or let the one that is there have so many more."""
        with self._lock:
            self._running += 1
            self._total += total
            if self._bar is None:
                self._bar = _bar(self._stream or sys.stderr)
                if self._bar:
                    self._task = self._bar.add_task(printable(what), total=0, traffic="")
                    self._bar.start()
            if self._bar and self._task is not None:
                self._bar.update(self._task, total=self._total)

    def advance(self) -> None:
        """One step further."""
        if self._bar and self._task is not None:
            self._bar.advance(self._task)

    def end(self) -> None:
        """Take the bar away with the last piece of work; also when it was interrupted, or never began."""
        with self._lock:
            self._running = max(self._running - 1, 0)
            if self._running:
                return
            if self._bar:
                self._bar.stop()
            self._bar = self._task = None
            self._total, self._traffic = 0, _Traffic()

    def lasting(self, words: str) -> None:
        """Say so, above the bar if there is one."""
        print(printable(words), file=self._stream or sys.stderr, flush=True)

    def sent(self, weight: int) -> None:
        """One request more; a wait is over."""
        with self._lock:
            self._traffic.requests += 1
            self._traffic.weight += weight
            self._traffic.wait_s = 0.0
            self._show()

    def received(self, bars: int) -> None:
        """So many candles more."""
        with self._lock:
            self._traffic.bars += bars
            self._show()

    def waiting(self, _exchange: str, seconds: float) -> None:
        """Say how long nothing will move, and why."""
        with self._lock:
            self._traffic.wait_s = seconds
            self._show()

    def _show(self) -> None:
        if self._bar and self._task is not None:
            self._bar.update(self._task, traffic=self._traffic.words())


def _bar(stream: TextIO) -> "Progress | None":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(file=stream)
    if not console.is_terminal or console.is_dumb_terminal:
        return None
    return Progress(
        TextColumn("{task.description}", style="dim", markup=False),
        BarColumn(bar_width=None, style="dim", complete_style="cyan", finished_style="green"),
        MofNCompleteColumn(),
        TextColumn("{task.fields[traffic]}", style="dim", markup=False),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        expand=True,
    )
