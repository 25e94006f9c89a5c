"""Libraries, without those that they would load on the side."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def leaving_out(module: str) -> Iterator[None]:
    """No import of `module` succeeds in this block, unless it is loaded already."""

    class Absent:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == module:
                raise ModuleNotFoundError(f"{module} is not wanted here", name=module)

    sys.meta_path.insert(0, Absent)
    try:
        yield
    finally:
        sys.meta_path.remove(Absent)


@cache
def arrow() -> Any:
    """pyarrow, which would load pandas (0.3 s) as soon as it is given values.

    It looks for pandas but once: give it arrays, for a Series is then no more to it than any sequence.
    """
    import pyarrow

    with leaving_out("pandas"):
        pyarrow.array([])
    return pyarrow
