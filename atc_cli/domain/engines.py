"""What can compute: the names that --backend takes."""

from enum import StrEnum

AUTO = "auto"  # leaves the choice to the route
SIMD_PATHS = (
    "scalar",
    "portable",
    "avx2",
    "avx512",
)  # of the compiled kernels, the slowest first; a processor may lack some
TALIB = "talib"  # measured beside the engines; it has averages and no signal


class Engine(StrEnum):
    """Every engine, present here or not, in the order in which help names them."""

    REFERENCE = "reference"
    NUMBA = "numba"
    RUST = "rust"
    CUDA = "cuda"
    DASK = "dask"


ELSEWHERE = (Engine.DASK,)  # computes in other processes: no figure of it is one of this machine


class Auto(StrEnum):
    """Whether `--backend auto` takes an offer: if it is the cheapest, never, or because it was asked for elsewhere."""

    BY_COST = "by cost"
    NEVER = "never"
    ALWAYS = "always"
