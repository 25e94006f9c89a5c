"""This processor as a device: memory of a stated size, queues that do everything at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import DTypeLike

from atc_cli.engine.cuda.device import OutOfMemoryError
from tests.helpers.cuda.module import HostModule


@dataclass
class HostDevice:
    """`memory_bytes` in all; `blocks` of a launch at most."""

    module: HostModule
    blocks: int = 3
    memory_bytes: int = 1 << 30
    used: list[int] = field(default_factory=lambda: [0])
    refused: int = 0

    def free_bytes(self) -> int:
        return self.memory_bytes - self.used[0]

    def queue(self) -> "HostQueue":
        return HostQueue(self)

    def held(self, array: np.ndarray) -> np.ndarray:
        """The array, counted as long as it lives."""
        free = self.memory_bytes - self.used[0]
        if array.nbytes > free:
            self.refused += 1
            raise OutOfMemoryError(f"{array.nbytes} bytes, {free} free")
        self._count(array.nbytes)
        finalize(array, self._count, -array.nbytes)
        return array

    def _count(self, more: int) -> None:
        self.used[0] += more


class HostQueue:
    """What is fetched arrives at `wait`, as it may on a GPU."""

    def __init__(self, device: HostDevice) -> None:
        self.device = device
        self.inside = False
        self.coming: list[tuple[np.ndarray, np.ndarray]] = []

    def __enter__(self) -> "HostQueue":
        self.inside = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.inside = False

    def send(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        assert self.inside
        sent = self.device.held(np.concatenate(parts))
        sent.flags.writeable = False
        return sent

    def blank(self, shape: tuple[int, ...], value: float, dtype: DTypeLike) -> np.ndarray:
        assert self.inside
        return self.device.held(np.full(shape, value, dtype))

    def fetch(self, values: np.ndarray, into: np.ndarray) -> None:
        assert self.inside
        assert into.flags.c_contiguous
        self.coming.append((values.copy(), into))

    def wait(self) -> None:
        for values, into in self.coming:
            into[...] = values
        self.coming.clear()


def host_device(**how: Any) -> HostDevice:
    """The kernels as they are, in this process."""
    return HostDevice(HostModule.of(), **how)
