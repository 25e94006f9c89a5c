"""What a backend can besides whose work is done by processes elsewhere: any work that travels there."""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from atc_cli.engine.backend import Backend

T = TypeVar("T")
Task = Callable[[Backend], T]
"""Work that is pickled, and done where it arrives, by the best engine there."""


@runtime_checkable
class Workers(Protocol):
    """Processes that do tasks, each on one thread, a few at once and no more on their way."""

    name: str

    def groups(self, bars: Sequence[int]) -> list[slice]:
        """Series with so many bars each in groups that are worth a task, and small beside the memory of a worker."""

    def answers(self, question: Callable[[], T]) -> dict[str, T]:
        """What each worker that is there answers, by its address."""

    def done(self, tasks: Iterable[Task[T]]) -> Generator[tuple[int, T | Exception]]:
        """The number of each task and what it gave, or why it failed twice, as they come; few are made ahead.

        Raises UnavailableError where nobody works, or nobody does any more, and what a task raises of ours.
        """


def failed_twice(error: Exception) -> str:
    """Why the series of a task have no values."""
    return f"its group of series failed twice on workers: {' '.join(str(error).split())}"
