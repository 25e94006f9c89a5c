"""Kernels on this processor in the call shape of cupy.RawModule: get_function(name)(grid, block, arguments)."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.helpers.cuda.build import built

_CODES = {"f8": "d", "f4": "f", "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q"}
# What CuPy packs for scalars of Python.
_PLAIN = {int: "q", float: "d"}
_ORDERS = {"asc": 0, "desc": 1, "random": 2}
# Threads of these never wait for each other: they need no stack of their own.
_WITHOUT_BARRIER = {"atc_decimals", "atc_scales"}


class LaunchError(RuntimeError):
    """What a launch would be refused for, or what would hang on a GPU."""


@dataclass
class HostModule:
    """A compiled source; threads of a block run in `order` from barrier to barrier, blocks on `threads` threads."""

    library: Path
    names: Sequence[str]
    order: str = "asc"
    seed: int = 0
    threads: int = 1
    launched: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, text: str | None = None, sanitizer: str = "", **how: Any) -> "HostModule":
        library, names = built(text, sanitizer)
        return cls(library, names, **how)

    def __post_init__(self) -> None:
        self.code = ctypes.CDLL(str(self.library))
        self.code.cuhost_alloc.restype = ctypes.c_void_p
        self.code.cuhost_alloc.argtypes = [ctypes.c_size_t]

    def get_function(self, name: str) -> "HostFunction":
        return HostFunction(self, name)


class HostFunction:
    def __init__(self, module: HostModule, name: str) -> None:
        assert name in module.names, f"no kernel {name}, there are: {', '.join(module.names)}"
        self.module, self.name = module, name
        said = ctypes.create_string_buffer(1024)
        getattr(module.code, f"{name}__signature")(said)
        self.signature = said.value.decode().split()

    def __call__(self, grid: Sequence[int], block: Sequence[int], arguments: Sequence[Any]) -> None:
        if len(arguments) != len(self.signature):
            raise LaunchError(f"{self.name}: {len(arguments)} arguments for {len(self.signature)} parameters")
        self.module.launched.append(self.name)
        copies = [self._copy(i, each) for i, each in enumerate(arguments)]
        try:
            fault = self._run(grid, block, [value for value, _ in copies])
            for each, (_, address) in zip(arguments, copies, strict=True):
                if address and each.flags.writeable:
                    ctypes.memmove(each.ctypes.data, address, each.nbytes)
        finally:
            for _, address in copies:
                self.module.code.cuhost_free(ctypes.c_void_p(address))
        if fault:
            raise LaunchError(f"{self.name}: {fault}")

    def _copy(self, place: int, given: Any) -> tuple[Any, int | None]:
        """The value that is passed; an array as a copy of its exact size, so that every overrun is seen."""
        if isinstance(given, np.ndarray):
            if not given.flags.c_contiguous:
                raise LaunchError(f"{self.name} argument {place}: not contiguous")
            code = "P" + _CODES.get(given.dtype.str[1:], "?")
            address = self.module.code.cuhost_alloc(given.nbytes)
            ctypes.memmove(address, given.ctypes.data, given.nbytes)
            value: Any = ctypes.c_void_p(address)
        else:
            code = (
                _CODES.get(given.dtype.str[1:], "?") if isinstance(given, np.generic) else _PLAIN.get(type(given), "?")
            )
            address, value = None, np.asarray(given)
        if code != self.signature[place]:
            raise LaunchError(f"{self.name} argument {place}: the kernel wants {self.signature[place]}, given {code}")
        return value, address

    def _run(self, grid: Sequence[int], block: Sequence[int], values: Sequence[Any]) -> str:
        module = self.module
        mode = 1 if self.name in _WITHOUT_BARRIER else 0
        places = [each.ctypes.data if isinstance(each, np.ndarray) else ctypes.addressof(each) for each in values]
        how = (ctypes.c_int * 5)(mode, _ORDERS[module.order], module.seed, module.threads, 0)
        fault = ctypes.create_string_buffer(2048)
        code = getattr(module.code, f"{self.name}__launch")(
            (ctypes.c_void_p * len(places))(*places), _three(grid), _three(block), how, fault, len(fault)
        )
        return fault.value.decode() or f"code {code}" if code else ""


def _three(sizes: Sequence[int]) -> Any:
    return (ctypes.c_uint * 3)(*(*sizes, 1, 1, 1)[:3])
