"""TA-Lib's time for the 54 averages alone: what `atc bench` sets beside ours. The only importer of talib."""

from importlib.machinery import ModuleSpec
from typing import Any

from atc_cli.domain.catalog import FAMILIES, HullShape, Want
from atc_cli.domain.engines import TALIB
from atc_cli.domain.grid import Floats
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.engine.backend import Unavailable


class TalibAverages:
    """The averages of every series, one call of TA-Lib each; no crossings, no equities, no signal."""

    name = TALIB

    def compute(self, panel: Panel, params: Params, want: Want) -> None:  # noqa: ARG002
        """Compute and drop them; `want` changes nothing."""
        import talib

        for candles in panel.series:
            for family, lengths in zip(FAMILIES, params.members(), strict=True):
                for n in lengths or ():
                    average(talib, family.id, candles.close, n)


def average(talib: Any, family: str, close: Floats, n: int) -> Floats:
    """One average of shape [bars]; HMA is put together from WMAs as the spec defines it, TA-Lib's own differs."""
    if family == "hma":
        shape = HullShape.of(n)
        hull: Floats = talib.WMA(2 * talib.WMA(close, shape.half) - talib.WMA(close, n), shape.root)
        return hull
    named = {"ema": "EMA", "wma": "WMA", "dema": "DEMA", "lsma": "LINEARREG", "kama": "KAMA"}
    result: Floats = getattr(talib, named[family])(close, n)
    return result


def offer(spec: ModuleSpec | None) -> TalibAverages | Unavailable:
    """Available where TA-Lib is installed: `spec` is what find_spec("talib") says."""
    if spec is None:
        return Unavailable(TALIB, "TA-Lib is not installed", "pip install 'atc-cli[bench]'")
    return TalibAverages()
