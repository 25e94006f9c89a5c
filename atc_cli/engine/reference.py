"""The slow definition as a backend: always there, for checking the others."""

import numpy as np

from atc_cli.domain import reference
from atc_cli.domain.catalog import FAMILIES, MEMBERS, Want
from atc_cli.domain.classify import last_flip
from atc_cli.domain.engines import Engine
from atc_cli.domain.growth import growth_table
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.reference import ReferenceResult
from atc_cli.engine.backend import Offer, OneForm, Values, check_dialect, check_families
from atc_cli.engine.coefficients import SHIPPED


class ReferenceBackend(OneForm):
    """domain/reference.py, one series after another."""

    name = Engine.REFERENCE

    def compute(self, panel: Panel, params: Params, want: Want) -> Values:
        """Values of every series; see Values for shapes."""
        check_dialect(self.name, reference.KNOWN, params.dialect)
        check_families(self.name, reference.KNOWN[params.dialect], params)
        values = Values.empty(len(panel), panel.width, want)
        growth = growth_table(params, panel.width)
        for row, candles in enumerate(panel.series):
            _store(values, row, reference.compute(candles.values, params, growth), params, want)
        return values


def _store(values: Values, row: int, result: ReferenceResult, params: Params, want: Want) -> None:
    """Copy one series into its right-aligned row."""
    bars = len(result.average)
    last = slice(-1, None)
    values.grid[row] = -1 if result.decimals is None else result.decimals
    values.flipped[row] = last_flip(result.average, params)
    _store_members(values, row, result, params, want)
    if want is Want.LAST:
        values.average[row] = result.average[-1]
        values.families[row], values.weights[row] = result.families[:, last].T, result.weights[:, last].T
        return
    values.average[row, -bars:] = result.average
    if want is not Want.AVERAGE:
        values.families[row, :, -bars:], values.weights[row, :, -bars:] = result.families, result.weights


def _store_members(values: Values, row: int, result: ReferenceResult, params: Params, want: Want) -> None:
    signs, equities = values.member_sign[row], values.member_equity[row]
    bars = len(result.average) if want is Want.ALL else 1
    over_time = signs if want is Want.ALL else signs[..., np.newaxis]
    over_time[..., -bars:] = result.member_sign[:, -bars:].reshape(len(FAMILIES), MEMBERS, bars)
    over_time = equities if want is Want.ALL else equities[..., np.newaxis]
    over_time[..., -bars:] = result.member_equity[:, -bars:].reshape(len(FAMILIES), MEMBERS, bars)
    unused = [i for i, lengths in enumerate(params.members()) if lengths is None]
    equities[unused] = np.nan


def offer() -> Offer:
    """Always available."""
    return Offer(ReferenceBackend(), SHIPPED[Engine.REFERENCE])
