"""A stand-in for CuPy, over numpy: copies happen as late as a stream allows, kernels run on this processor."""

import time
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from tests.helpers.cuda.module import HostModule


class CUDARuntimeError(RuntimeError):
    pass


class OutOfMemoryError(MemoryError):
    pass


class CompileException(Exception):  # noqa: N818
    pass


class Stream:
    current: ClassVar[list["Stream"]] = []

    def __init__(self, non_blocking: bool) -> None:
        assert non_blocking
        self.later: list[Callable[[], object]] = []

    def __enter__(self) -> "Stream":
        self.current.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.current.pop()

    def synchronize(self) -> None:
        for each in self.later:
            each()
        self.later.clear()


class Array(np.ndarray):
    """On the device: seen from here only through `get`."""

    def set(self, values: np.ndarray, stream: Stream) -> None:
        assert values.flags.c_contiguous
        stream.later.append(lambda: np.copyto(self, values))

    def get(self, stream: Stream, out: np.ndarray, blocking: bool) -> None:
        assert not blocking
        assert (out.shape, out.dtype) == (self.shape, self.dtype)
        stream.later.append(lambda: np.copyto(out, self))


class Event:
    def record(self) -> None:
        self.at_s = time.perf_counter()

    def synchronize(self) -> None:
        assert self.at_s


def cupy(memory_bytes: int = 1 << 30) -> ModuleType:
    """A module that takes the place of `cupy`."""
    used = {"bytes": 0}

    def empty(shape: tuple[int, ...], dtype: Any) -> Array:
        array = np.empty(shape, dtype).view(Array)
        used["bytes"] += array.nbytes
        if used["bytes"] > memory_bytes:
            raise OutOfMemoryError("Out of memory allocating")
        return array

    def full(shape: tuple[int, ...], value: float, dtype: Any) -> Array:
        array = empty(shape, dtype)
        Stream.current[-1].later.append(lambda: array.fill(value))
        return array

    module = ModuleType("cupy")
    module.__version__ = "14.0.0"
    runtime = SimpleNamespace(
        CUDARuntimeError=CUDARuntimeError,
        getDevice=lambda: 0,
        getDeviceProperties=lambda _: {
            "name": b"stand-in", "multiProcessorCount": 2, "major": 9, "minor": 0, "totalGlobalMem": memory_bytes,
        },
        driverGetVersion=lambda: 12040,
        memGetInfo=lambda: (memory_bytes - used["bytes"], memory_bytes),
    )  # fmt: skip
    module.cuda = SimpleNamespace(
        Stream=Stream,
        Event=Event,
        get_elapsed_time=lambda begun, ended: (ended.at_s - begun.at_s) * 1000,
        alloc_pinned_memory=bytearray,
        memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
        runtime=runtime,
    )
    module.empty, module.full, module.RawModule = empty, full, RawModule
    module.get_default_memory_pool = lambda: SimpleNamespace(free_bytes=lambda: 0)
    return module


class RawModule:
    def __init__(self, code: str, options: tuple[str, ...]) -> None:
        assert "--fmad=false" in options
        self._code = code
        self._module: HostModule | None = None

    def compile(self) -> None:
        self._module = HostModule.of(self._code)

    def get_function(self, name: str) -> Callable[..., None]:
        assert self._module is not None
        kernel = self._module.get_function(name)

        def launch(*arguments: Any) -> None:
            Stream.current[-1].synchronize()
            kernel(*arguments)

        return launch


def installed(memory_bytes: int = 1 << 30) -> dict[str, ModuleType]:
    """What `sys.modules` then holds."""
    compiler = ModuleType("cupy.cuda.compiler")
    compiler.CompileException = CompileException
    return {"cupy": cupy(memory_bytes), "cupy.cuda": ModuleType("cupy.cuda"), "cupy.cuda.compiler": compiler}
