"""Work of which the next piece is done while the last one is used."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from atc_cli.stages import FETCH, stage

T = TypeVar("T")
R = TypeVar("R")


def read_ahead(items: Iterable[T], read: Callable[[T], R], stop: Callable[[], object]) -> Generator[R, None, None]:
    """`read` of each item, in order: of the first here, of every other in one thread, one item ahead.

    Where the caller leaves before the end, or Ctrl-C comes, `stop` is called, which must end a read that is under way.
    """
    with ThreadPoolExecutor(1) as pool:
        try:
            following = iter(items)
            for first in following:
                found = read(first)
                for item in following:
                    coming = pool.submit(read, item)
                    yield found
                    with stage(FETCH):
                        found = coming.result()
                yield found
        except BaseException:
            stop()
            raise
