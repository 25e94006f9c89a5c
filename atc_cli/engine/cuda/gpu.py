"""A GPU through CuPy: streams, pinned memory, kernels compiled once and kept in CuPy's cache."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from atc_cli.domain.engines import Engine
from atc_cli.engine.cuda.device import Array, Module, OutOfMemoryError
from atc_cli.engine.cuda.sources import OPTIONS, source
from atc_cli.errors import UnavailableError

# Registers leave room for so many blocks on each multiprocessor.
_RESIDENT = 2
_AGAIN = "pip install --force-reinstall 'atc-cli[cuda]'"
_TOOLKIT = "pip install 'cupy-cuda12x[ctk]', or a CUDA toolkit"


class Gpu:
    """The device that CuPy takes as the current one (CUDA_VISIBLE_DEVICES chooses).

    Raises UnavailableError, with the remedy, where it cannot be used.
    """

    def __init__(self) -> None:
        self.cp = _cupy()
        with _usable(self.cp):
            properties = self.cp.cuda.runtime.getDeviceProperties(self.cp.cuda.runtime.getDevice())
            self.blocks = int(properties["multiProcessorCount"]) * _RESIDENT
            module = self.cp.RawModule(code=source(), options=OPTIONS)
            module.compile()
        self.name: str = properties["name"].decode()
        self.module: Module = module

    def free_bytes(self) -> int:
        """What the driver has, and what CuPy holds without use."""
        free, _ = self.cp.cuda.runtime.memGetInfo()
        return int(free + self.cp.get_default_memory_pool().free_bytes())

    def queue(self) -> "GpuQueue":
        """A stream of its own."""
        return GpuQueue(self.cp)


class GpuQueue:
    """A stream; arrays travel through pinned memory, so that copies run beside kernels."""

    def __init__(self, cp: Any) -> None:
        self._cp = cp
        self._stream = cp.cuda.Stream(non_blocking=True)
        self._pinned: list[NDArray[Any]] = []
        self._coming: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def __enter__(self) -> "GpuQueue":
        self._stream.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.__exit__(kind, error, trace)

    def send(self, parts: Sequence[NDArray[Any]]) -> Array:
        """A copy of the joined arrays on the device, under way."""
        shape = (sum(len(each) for each in parts), *parts[0].shape[1:])
        with _fitting(self._cp):
            pinned = self._page_locked(shape, parts[0].dtype)
            np.concatenate(parts, out=pinned)
            sent = self._cp.empty(shape, parts[0].dtype)
            sent.set(pinned, stream=self._stream)
        self._pinned.append(pinned)
        return sent

    def blank(self, shape: tuple[int, ...], value: float, dtype: DTypeLike) -> Array:
        """An array on the device, full of one value."""
        with _fitting(self._cp):
            return self._cp.full(shape, value, dtype)

    def fetch(self, values: Array, into: NDArray[Any]) -> None:
        """Fill a contiguous array here by the time `wait` returns."""
        with _fitting(self._cp):
            pinned = self._page_locked(values.shape, values.dtype)
            values.get(stream=self._stream, out=pinned, blocking=False)
        self._coming.append((pinned, into))

    def wait(self) -> None:
        """Until all of it is done."""
        self._stream.synchronize()
        for pinned, into in self._coming:
            into[...] = pinned
        self._coming.clear()
        self._pinned.clear()

    def _page_locked(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        size = int(np.prod(shape, dtype=np.int64))
        memory = self._cp.cuda.alloc_pinned_memory(max(size, 1) * np.dtype(dtype).itemsize)
        pinned: NDArray[Any] = np.frombuffer(memory, dtype, size).reshape(shape)
        return pinned


@contextmanager
def _fitting(cp: Any) -> Iterator[None]:
    """What does not fit, there or in pinned memory here, is an OutOfMemoryError."""
    try:
        yield
    except cp.cuda.memory.OutOfMemoryError as error:
        raise OutOfMemoryError(str(error)) from None
    except cp.cuda.runtime.CUDARuntimeError as error:
        if "MemoryAllocation" not in str(error):
            raise
        raise OutOfMemoryError(str(error)) from None


@contextmanager
def _usable(cp: Any) -> Iterator[None]:
    """What keeps a device from being used at all is an UnavailableError with its remedy."""
    from cupy.cuda.compiler import CompileException

    try:
        yield
    except CompileException as error:
        raise _unavailable(f"its compiler refuses the kernels: {error}", _TOOLKIT) from None
    except cp.cuda.runtime.CUDARuntimeError as error:
        raise _unavailable(str(error), "install an NVIDIA driver for CUDA 12 or newer; `nvidia-smi` tells") from None
    except (ImportError, RuntimeError, OSError) as error:
        raise _unavailable(f"a library of CUDA is missing: {error}", _TOOLKIT) from None


def _cupy() -> Any:
    try:
        import cupy
    except ImportError as error:
        raise _unavailable(f"cupy cannot be imported: {error}", _AGAIN) from None
    return cupy


def _unavailable(why: str, remedy: str) -> UnavailableError:
    return UnavailableError(f"backend {Engine.CUDA} cannot run: {why}", remedy)
