"""What can compute: the names that --backend takes."""

from enum import StrEnum

AUTO = "auto"  # leaves the choice to the route
TALIB = "talib"  # measured beside the engines; it has averages and no signal


class Engine(StrEnum):
    """Every engine, present here or not, in the order in which help names them."""

    REFERENCE = "reference"
    NUMBA = "numba"
    RUST = "rust"
    CUDA = "cuda"
    DASK = "dask"
