"""A small batch beside the definition, before a device computes anything that somebody trades on."""

import numpy as np

from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.engines import Engine
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Values
from atc_cli.engine.cuda.batch import compute_panel
from atc_cli.engine.cuda.device import Device
from atc_cli.engine.reference import ReferenceBackend
from atc_cli.errors import UnavailableError

# One series more than a block has lanes.
_SERIES, _BARS = 9, 90


def prove(device: Device) -> None:
    """UnavailableError where one bit differs: a driver, a compiler or a processor does not do what they should."""
    panel = Panel.of([_series(seed) for seed in range(_SERIES)])
    for dialect in Dialect:
        params = Params(dialect=dialect)
        found = compute_panel(device, panel, params, Want.ALL, halved=False)
        wrong = _differing(ReferenceBackend().compute(panel, params, Want.ALL), found)
        if wrong:
            said = f"backend {Engine.CUDA} differs from the definition on this device, in {wrong} of dialect {dialect}"
            raise UnavailableError(said, "use --backend rust, and report what `make gpu-check` says")


def _series(seed: int) -> Candles:
    """A path over hundredths that crosses its averages often; thirds, which lie on no grid, for the last."""
    steps = np.arange(_BARS, dtype=np.int64)
    ticks = 10_000 + (steps * steps * (seed + 3)) % 1009 - (steps * 37) % 401
    close = ticks / (3 if seed == _SERIES - 1 else 100)
    values = np.stack([close, close, close, close, np.ones(_BARS)])
    return Candles(exchange="proof", symbol=str(seed), timeframe="1h", timestamp=steps * 3_600_000, values=values)


def _differing(right: Values, found: Values) -> str:
    """The first array that is not equal, "" where all are."""
    pairs = ((name, getattr(right, name), getattr(found, name)) for name in Values.__slots__)
    return next((name for name, a, b in pairs if not np.array_equal(a, b, equal_nan=a.dtype.kind == "f")), "")
