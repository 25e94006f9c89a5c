"""Libraries, without those that they would load on the side."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


@contextmanager
def leaving_out(*modules: str) -> Iterator[None]:
    """No import of these succeeds in this block, unless they are loaded already."""

    class Absent:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name in modules:
                raise ModuleNotFoundError(f"{name} is not wanted here", name=name)

    sys.meta_path.insert(0, Absent)
    try:
        yield
    finally:
        sys.meta_path.remove(Absent)


@cache
def arrow() -> Any:
    """pyarrow, which would load cloudpickle, and pandas (0.3 s) as soon as it is given values.

    It looks for pandas but once: give it arrays, for a Series is then no more to it than any sequence.
    """
    with leaving_out("cloudpickle", "pandas"):
        import pyarrow

        pyarrow.array([])
    return pyarrow
