"""What runs kernels: a GPU through CuPy, or in tests this processor."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol

from numpy.typing import DTypeLike, NDArray

Array = Any  # on the device


class Module(Protocol):
    """Compiled kernels: CuPy's, or the sources compiled for this processor."""

    def get_function(self, name: str) -> Any:
        """A kernel, called with (grid, block, arguments)."""


class OutOfMemoryError(Exception):
    """An array does not fit on the device."""


class Queue(Protocol):
    """Work in order; what one does overlaps with what another does. Launches belong inside `with lane:`."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def send(self, parts: Sequence[NDArray[Any]]) -> Array:
        """A copy of arrays, of one type and joined along the first axis, on the device."""

    def blank(self, shape: tuple[int, ...], value: float, dtype: DTypeLike) -> Array:
        """An array on the device, full of one value."""

    def fetch(self, values: Array, into: NDArray[Any]) -> None:
        """Fill a contiguous array here by the time `wait` returns."""

    def wait(self) -> None:
        """Until all of it is done."""


class Device(Protocol):
    """One machine with kernels."""

    module: Module
    blocks: int  # so many keep it busy

    def free_bytes(self) -> int:
        """Memory that arrays may still take."""

    def queue(self) -> Queue:
        """A new queue."""
