"""The CUDA kernels as a backend."""

import os
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TypeVar

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.panel import Ints, Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Offer, OneForm, Unavailable, Values, check_dialect, check_families
from atc_cli.engine.coefficients import SHIPPED
from atc_cli.engine.cuda import presence
from atc_cli.engine.cuda.device import Device, OutOfMemoryError
from atc_cli.engine.windows import bounds_of, width_of
from atc_cli.errors import UnavailableError

Result = TypeVar("Result")

# launches follow each other without a pause, and the columns are sent again with every call
_WINDOW_BARS = 600_000_000
_WINDOWS_LEAST = 4096


class CudaBackend(OneForm):
    """The sources of kernels_cu on the device that `open_device` gives, which is asked for at the first use."""

    name = Engine.CUDA
    compiles = True

    def __init__(self, open_device: Callable[[], Device]) -> None:
        self._open = open_device
        self._device: Device | None = None

    def compiling(self, _dialect: Dialect) -> bool:
        """Whether nothing that was compiled is kept; both dialects are compiled together, in a few seconds."""
        return self._device is None and not any(cache_folder().glob("*.cubin"))

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """Values of every series; see Values. Batches that do not fit are halved once, then UnavailableError."""
        from atc_cli.engine.cuda.batch import compute_panel

        self._check(params)
        if not panel.width:
            return Values.empty(len(panel), 0, want)
        return self._fitting(lambda halved: compute_panel(self.device, panel, params, want, halved=halved))

    def windows_at_once(self, bars: int) -> int:
        """So many that sending the columns is a small part of it, and their values stay some tens of megabytes."""
        return max(_WINDOW_BARS // max(bars, 1), _WINDOWS_LEAST)

    def compute_windows(
        self, panel: Panel, params: Params, series: Ints, ends: Ints, bars: int | Ints, *, want: Want = Want.LAST
    ) -> Values:
        """What a scan of each window alone gives; see Windows. The columns are sent once: windows overlap there."""
        from atc_cli.engine.cuda.batch import compute_windows
        from atc_cli.engine.packing import Lent, growth_of

        self._check(params)
        bounds = bounds_of(panel, series, ends, bars, want)
        longest = width_of(bars)
        lent = Lent.of(panel, params, growth_of(params, longest), bounds)

        def run(halved: bool) -> Values:
            values = Values.empty(len(ends), longest, want, members=False)
            if len(ends):
                compute_windows(self.device, lent, params, want, values, halved=halved)
            return values

        return self._fitting(run)

    @property
    def device(self) -> Device:
        """Opened once."""
        if self._device is None:
            self._device = self._open()
        return self._device

    def _check(self, params: Params) -> None:
        from atc_cli.engine.cuda.riders import PLACES

        check_dialect(self.name, PLACES, params.dialect)
        check_families(self.name, PLACES[params.dialect], params)

    def _fitting(self, run: Callable[[bool], Result]) -> Result:
        """What `run` gives, with half a batch where a whole one does not fit."""
        try:
            return run(False)
        except OutOfMemoryError:
            pass
        try:
            return run(True)
        except OutOfMemoryError as error:
            said = f"backend {self.name} ran out of memory, with half a batch too: {error}"
            remedy = "end what else uses the GPU, ask for fewer symbols or bars, or use --backend rust"
            raise UnavailableError(said, remedy) from None


def cache_folder() -> Path:
    """Where CuPy keeps what it compiled."""
    return Path(os.environ.get("CUPY_CACHE_DIR") or Path.home() / ".cupy" / "kernel_cache")


def offer(spec: ModuleSpec | None) -> Offer | Unavailable:
    """Available where CuPy, a driver and a device are: `spec` is what find_spec("cupy") says."""
    if spec is None:
        return Unavailable(Engine.CUDA, "cupy is not installed", presence.INSTALL)
    fault = presence.fault_of(presence.installed(), presence.driver)
    if fault is not None:
        return Unavailable(Engine.CUDA, fault.why, fault.remedy, expected=True)
    return Offer(CudaBackend(_gpu), SHIPPED[Engine.CUDA], started="cupy" in sys.modules)


def _gpu() -> Device:
    from atc_cli.engine.cuda.gpu import Gpu
    from atc_cli.engine.cuda.proof import prove

    device = Gpu()
    prove(device)
    return device
