"""A bar on stderr while candles arrive; nothing at all where nobody watches."""

import sys
from typing import TYPE_CHECKING, TextIO

from atc_cli.reporting.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class SilentProgress:
    """Says nothing."""

    def begin(self, what: str, total: int) -> None:
        """A new piece of work starts."""

    def advance(self) -> None:
        """One step is done."""

    def end(self) -> None:
        """The work is over."""


class RichProgress:
    """An animated bar while `stream` (stderr) is a terminal that can animate, else silent; gone when the work ends."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def begin(self, what: str, total: int) -> None:
        """Show a bar of `total` steps named `what`."""
        self.end()
        self._bar = _bar(self._stream or sys.stderr)
        if self._bar:
            self._task = self._bar.add_task(printable(what), total=total)
            self._bar.start()

    def advance(self) -> None:
        """One step further."""
        if self._bar and self._task is not None:
            self._bar.advance(self._task)

    def end(self) -> None:
        """Take the bar away; also when the work was interrupted, or never began."""
        if self._bar:
            self._bar.stop()
        self._bar = self._task = None


def _bar(stream: TextIO) -> "Progress | None":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(file=stream)
    if not console.is_terminal or console.is_dumb_terminal:
        return None
    return Progress(
        TextColumn("{task.description}", style="dim", markup=False),
        BarColumn(bar_width=None, style="dim", complete_style="cyan", finished_style="green"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        expand=True,
    )
