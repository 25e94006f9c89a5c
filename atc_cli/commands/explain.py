"""`atc explain`: one symbol taken apart."""

import math
from dataclasses import replace
from time import perf_counter

import numpy as np

from atc_cli.commands.header import header_of
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import needs_of, wanted_of
from atc_cli.commands.rows import judge_of, listed, rows_of
from atc_cli.data.gather import Gathered, gather
from atc_cli.domain.catalog import FAMILIES, Dialect, Want
from atc_cli.domain.cautions import Bounds
from atc_cli.domain.classify import directions
from atc_cli.domain.growth import growth_table
from atc_cli.domain.panel import Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.explain import ExplainResult, FamilyView, Member, Series
from atc_cli.domain.results.scan import Skipped
from atc_cli.engine import route
from atc_cli.engine.backend import Values
from atc_cli.engine.cost import Workload
from atc_cli.errors import NoDataError, UsageError
from atc_cli.settings.sections import Settings


def run(settings: Settings, ports: Ports, symbol: str) -> ExplainResult:
    """Explain one symbol at its last bar and over its whole window.

    Raises UsageError for an unknown symbol or one that several markets have, NoDataError where its candles
    cannot be used.
    """
    params = settings.params()
    route.check(ports.offers, settings.backend)
    needs = needs_of(settings, params, max_lag_bars=None)
    gathered = gather(ports.markets, wanted_of(settings, needs, ports.clock_ms(), typed=[symbol]), ports.progress)
    _check_one(gathered, symbol)
    panel = Panel.of(gathered.series)
    workload = Workload.of(map(len, panel.series), params.dialect, Want.LAYERS)
    backend, decision = ports.choose(workload, settings.backend)
    began = perf_counter()
    ports.announce(backend, params.dialect)
    values = backend.compute(panel, params, Want.LAYERS)
    compute_ms = (perf_counter() - began) * 1000
    (row,) = rows_of(panel, values, params)
    if isinstance(row, Skipped):
        raise NoDataError(f"{row.symbol}: {row.detail}")
    row = listed(row, gathered.universe.listings[0])
    judge = judge_of(Bounds.of({row.side: 1}, settings.max_jump, params.dialect), settings.stop_atr)
    series = series_of(gathered, values, params)
    direction = series.columns.get("direction", np.array([np.nan]))[-1]
    return ExplainResult(
        header=header_of(settings, params, ports, gathered, decision=decision, compute_ms=compute_ms),
        row=replace(row, **judge(row)),
        families=_families(values, params),
        lag_bars=_lag_bars(gathered),
        multiplier=float(growth_table(params, len(series.timestamp))[-1]),
        direction=None if math.isnan(direction) else int(direction),
        series=series,
    )


def _check_one(gathered: Gathered, symbol: str) -> None:
    if gathered.interrupted:
        raise KeyboardInterrupt
    if len(gathered.universe.listings) > 1:
        found = ", ".join(f"{each.symbol} ({each.exchange})" for each in gathered.universe.listings)
        raise UsageError(f"{symbol!r} is the name of several: {found}", "name one exchange, or the whole symbol")
    if not gathered.universe.listings:
        raise NoDataError(f"{symbol}: taken out by {', '.join(gathered.universe.hidden)}", "loosen the filter")
    if not gathered.series:
        reason = gathered.skipped[0]
        raise NoDataError(f"{reason.symbol}: {reason.reason.label}: {reason.detail}")


def series_of(gathered: Gathered, values: Values, params: Params) -> Series:
    """Every bar: X and X_S of every family, Average_Signal; in tradingview direction and alerts too."""
    bars = len(gathered.series[0])
    average = values.average[0, -bars:]
    columns = {f"{family.title}_Signal": values.families[0, i, -bars:] for i, family in enumerate(FAMILIES)}
    columns |= {f"{family.title}_S": values.weights[0, i, -bars:] for i, family in enumerate(FAMILIES)}
    columns["Average_Signal"] = average
    if params.dialect is Dialect.TRADINGVIEW:
        columns |= dict(zip(("direction", "long", "short"), directions(average, params), strict=True))
    return Series(gathered.series[0].timestamp, columns)


def _families(values: Values, params: Params) -> tuple[FamilyView, ...]:
    views = []
    shares = _contributions(values, params)
    for i, (family, lengths) in enumerate(zip(FAMILIES, params.members(), strict=True)):
        if lengths is None:
            continue
        cells = zip(lengths, values.member_sign[0, i], values.member_equity[0, i], strict=True)
        members = tuple(Member(length=n, sign=int(sign), equity=_number(equity)) for n, sign, equity in cells)
        signal, weight = _number(values.families[0, i, -1]), _number(values.weights[0, i, -1])
        views.append(
            FamilyView(
                id=family.id, title=family.title, members=members, signal=signal, weight=weight, contribution=shares[i]
            )
        )
    return tuple(views)


def _lag_bars(gathered: Gathered) -> int:
    """How many bars the symbol's last closed bar is behind the market's newest."""
    candles = gathered.series[0]
    last = int(candles.timestamp[-1]) - candles.step_ms * candles.forming
    return max(((gathered.newest_open_ms or last) - last) // candles.step_ms, 0)


def _contributions(values: Values, params: Params) -> list[float | None]:
    """cut(X) * X_S / (sum of X_S) of each family at the last bar; None where it takes no part.

    None for all with `strategy` in lts: the signal shown is that of the bar before.
    """
    if params.strategy and params.dialect is Dialect.LTS:
        return [None] * len(FAMILIES)
    last = values.last(0)
    above, below = params.cuts
    cut = (last.families > above).astype(np.float64) - (last.families < below)
    return [_number(share) for share in cut * last.weights / last.weight_total]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
