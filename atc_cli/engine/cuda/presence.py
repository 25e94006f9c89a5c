"""Whether CUDA can run here, found out without importing CuPy, which takes a quarter of a second."""

import ctypes
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

INSTALL = "pip install 'atc-cli[cuda]'"
_DRIVER = "install NVIDIA's driver for CUDA {cuda} or newer"
_LIBRARY = "nvcuda.dll" if os.name == "nt" else "libcuda.so.1"
# The packages that hold cupy, and the first driver that runs each (as CUDA counts them); "cupy" is built on the spot.
PACKAGES = {"cupy-cuda12x": 12000, "cupy-cuda13x": 13000, "cupy": 12000}
_VERSION_MIN = 14
_NO_DEVICE = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """Why CUDA cannot run, and what would change that."""

    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Driver:
    """What the driver says: its version (12040 is CUDA 12.4), devices, or the code of what is wrong with it."""

    version: int = 0
    devices: int = 0
    code: int = 0


def fault_of(packages: Mapping[str, str], driver: Callable[[], Driver | None]) -> Fault | None:
    """The first thing in the way; `packages` are those of PACKAGES that are installed, with their versions.

    `driver` is asked only where a package could use it; None: there is none.
    """
    if not packages:
        known = ", ".join(list(PACKAGES)[:2])
        return Fault(f"the cupy that is installed is not of {known}", f"pip uninstall it, then {INSTALL}")
    name, version = next(iter(packages.items()))
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < _VERSION_MIN:
        return Fault(f"{name} {version} is too old, needed: {_VERSION_MIN} or newer", f"pip install --upgrade {name}")
    return _fault_of_driver(driver(), name)


def _fault_of_driver(found: Driver | None, package: str) -> Fault | None:
    needed = PACKAGES[package]
    remedy = _DRIVER.format(cuda=needed // 1000)
    if found is None:
        return Fault(f"no CUDA driver ({_LIBRARY} is not found)", remedy)
    if found.code == _NO_DEVICE or (found.code == 0 and found.devices == 0):
        seen = os.environ.get("CUDA_VISIBLE_DEVICES")
        hidden = "" if seen is None else f" (CUDA_VISIBLE_DEVICES is {seen!r})"
        return Fault(f"the driver finds no CUDA device{hidden}", "see what `nvidia-smi` lists, or use --backend rust")
    if found.code:
        return Fault(f"the CUDA driver fails with code {found.code}", f"restart the machine, or {remedy}")
    if found.version < needed:
        has = f"{found.version // 1000}.{found.version % 1000 // 10}"
        return Fault(f"the driver is for CUDA {has}, {package} needs {needed // 1000}.0", remedy)
    return None


def installed() -> dict[str, str]:
    """The packages of PACKAGES that are installed, with their versions."""
    from importlib import metadata

    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def driver() -> Driver | None:
    """What the driver of this machine says, None where there is none."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return None
    code = int(library.cuInit(0))
    version, devices = ctypes.c_int(0), ctypes.c_int(0)
    library.cuDriverGetVersion(ctypes.byref(version))
    if code == 0:
        code = int(library.cuDeviceGetCount(ctypes.byref(devices)))
    return Driver(version.value, devices.value, code)
