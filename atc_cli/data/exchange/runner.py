"""An event loop of one's own for asynchronous work that synchronous code waits for."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from atc_cli.stages import FETCH, stage

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

T = TypeVar("T")


class Runner:
    """Runs one piece of work at a time, in whatever thread asks; Ctrl-C and `interrupt` end it."""

    def __init__(self) -> None:
        import asyncio

        self._runner = asyncio.Runner(loop_factory=_timed_loop)
        self._interrupted = False
        self._cancel: Callable[[], object] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work returns or raises; KeyboardInterrupt where it was ended."""
        from asyncio import CancelledError

        try:
            return self._runner.run(self._interruptible(work))
        except CancelledError:
            raise KeyboardInterrupt from None

    def interrupt(self) -> None:
        """End the work that another thread waits for, and what it asks for later."""
        self._interrupted = True
        cancel = self._cancel
        if cancel is not None:
            cancel()

    def close(self, last: Coroutine[Any, Any, object] | None = None) -> None:
        """Do the last work and let go of the loop; harmless when repeated."""
        with stage(FETCH):
            try:
                if last is not None:
                    self._runner.run(last)
            finally:
                self._runner.close()

    async def _interruptible(self, work: Coroutine[Any, Any, T]) -> T:
        import asyncio

        task = asyncio.ensure_future(work)
        self._cancel = partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
        try:
            if self._interrupted:
                task.cancel()
            return await task
        finally:
            self._cancel = None


def _timed_loop() -> "AbstractEventLoop":
    """A loop whose waits are a stage: for the network, for a rate limit, for a pause."""
    import asyncio
    import selectors
    import sys

    if sys.platform == "win32":  # its usual loop has no selector, and one with has no subprocesses
        return asyncio.new_event_loop()

    class Timed(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            with stage("network wait"):
                return super().select(timeout)

    return asyncio.SelectorEventLoop(Timed())
