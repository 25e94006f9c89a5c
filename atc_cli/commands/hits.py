"""`atc hits`: a universe in, how often its flips paid out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from atc_cli.backtest.bootstrap import LEAST_BLOCKS
from atc_cli.backtest.hits import Walk, flips, flips_on, judged, walk
from atc_cli.commands.costs import costs_of
from atc_cli.commands.header import header_of
from atc_cli.commands.history import past_of
from atc_cli.commands.jumps import jump_notes, jumping_of, usable
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import needs_of, wanted_of
from atc_cli.commands.rates import Funding
from atc_cli.commands.survivors import survivorship
from atc_cli.data.gather import Gathered, gather
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles, Floats, Panel
from atc_cli.domain.params import Params
from atc_cli.domain.results.hits import FEW, Hits, HitsResult, Horizon
from atc_cli.domain.results.scan import Decision, Skipped
from atc_cli.domain.rules import Rules
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.engine import route
from atc_cli.engine.backend import Backend
from atc_cli.engine.cost import Workload
from atc_cli.settings.backtest import BacktestRun
from atc_cli.settings.hits import HitsRun
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

OF_THE_WINDOW = "flips of the loaded window: its signals all begin with its first bar, earlier scans showed others"
REPLAYED = "flips as a scan showed them at the bar of each, by the window that it would have loaded then"
_MANY_BLOCKS = 10


def run(
    settings: Settings,
    own: HitsRun,
    ports: Ports,
    *,
    typed: Sequence[str] = (),
    watchlist: Iterable[str] | None = None,
) -> HitsResult:
    """Flips of the typed and watched symbols, or of all. Raises the AtcErrors of gather and route."""
    params = settings.params()
    route.check(ports.offers, settings.backend)
    settings = replace(settings, include_open=False, max_data_age=None)
    if own.replay:
        return _replayed(settings, own, ports, typed, watchlist)
    needs = needs_of(settings, params, max_lag_bars=None)
    wanted = wanted_of(settings, needs, ports.clock_ms(), typed=typed, watchlist=watchlist)
    gathered = gather(ports.markets, wanted, ports.progress)
    began = perf_counter()
    jumping = jumping_of(gathered.series, settings.max_jump)
    seen, decision = _flips(usable(gathered.series, jumping, settings), settings, ports)
    compute_ms = (perf_counter() - began) * 1000
    return HitsResult(
        header=header_of(settings, params, ports, gathered, decision=decision, compute_ms=compute_ms),
        hits=hits_of(seen, own, settings, OF_THE_WINDOW, jumping),
        skipped=(*gathered.skipped, *(jumping if settings.skip_jumps else ())),
        interrupted=gathered.interrupted,
    )


def _replayed(
    settings: Settings, own: HitsRun, ports: Ports, typed: Sequence[str], watchlist: Iterable[str] | None
) -> HitsResult:
    """Flips of the window of every bar; raises as past_of does."""
    asked, rules = BacktestRun(start=own.start), Rules(min_volume=settings.min_volume)
    past = past_of(settings, asked, ports, rules, Funding(), typed=typed, watchlist=watchlist)
    signals = past.signals
    seen = flips_on(past.tape, signals.params, min_signal=settings.min_signal, min_volume=settings.min_volume)
    header = header_of(
        settings, signals.params, ports, past.gathered, decision=signals.decision, compute_ms=signals.compute_ms
    )
    return HitsResult(
        header=header,
        hits=hits_of(seen, own, settings, REPLAYED, past.jumping),
        skipped=past.gathered.skipped,
    )


def of_scan(settings: Settings, ports: Ports) -> Callable[[Gathered], Hits]:
    """The same of the candles that a scan has."""

    def of(gathered: Gathered) -> Hits:
        with stage("hits"):
            jumping = jumping_of(gathered.series, settings.max_jump)
            seen, _ = _flips(usable(gathered.series, jumping, settings), settings, ports)
            return hits_of(seen, HitsRun(), settings, OF_THE_WINDOW, jumping)

    return of


def _flips(series: Sequence[Candles], settings: Settings, ports: Ports) -> tuple[Walk, Decision]:
    """One run over the candles of each; raises as Ports.choose does."""
    params, panel = settings.params(), Panel.of(series)
    workload = Workload.of(map(len, series), params.dialect, Want.AVERAGE)
    backend, decision = ports.choose(workload, settings.backend)
    if not series:
        return walk(panel, np.empty(0, np.int8), np.empty(0, np.bool_)), decision
    ports.announce(backend, params.dialect)
    average = _averages(panel, backend, params, decision.batch or len(panel))
    return flips(panel, average, params, min_bars=settings.min_bars, min_signal=settings.min_signal), decision


def _averages(panel: Panel, backend: Backend, params: Params, batch: int) -> Iterator[Floats]:
    """The signals of each series, `batch` series at once."""
    for first in range(0, len(panel), batch):
        some = panel if batch >= len(panel) else Panel.of(panel.series[first : first + batch])
        with stage("compute"):
            values = backend.compute(some, params, Want.AVERAGE)
        yield from values.average


def hits_of(seen: Walk, own: HitsRun, settings: Settings, what: str, jumping: Sequence[Skipped] = ()) -> Hits:
    """The figures of every --after, and what weakens them; `jumping` are the symbols whose close jumps."""
    costs = costs_of(settings, own)
    times_ms = seen.times_ms[seen.able]
    step_ms = TIMEFRAMES_MS[settings.timeframe]
    horizons = tuple(judged(seen, bars, costs) for bars in own.after)
    return Hits(
        what=what,
        costs=costs.said,
        symbols=len(seen.offsets) - 1,
        first_ms=int(times_ms.min()) - step_ms if len(times_ms) else None,
        last_ms=int(times_ms.max()) - step_ms if len(times_ms) else None,
        horizons=horizons,
        notes=(
            *(note for each in horizons for note in _weak(each)),
            *jump_notes(jumping, settings),
            *survivorship(settings),
        ),
    )


def _weak(horizon: Horizon) -> Iterator[str]:
    """What makes the figures of a horizon weak."""
    after, blocks = f"after {horizon.after_bars} bars", horizon.blocks
    few = [f"{each.count} {each.side.upper()}" for each in horizon.sides[:2] if each.count < FEW]
    if few:
        yield f"{after} {' and '.join(few)}: fewer than {FEW} say nothing"
    if blocks < LEAST_BLOCKS:
        needed = LEAST_BLOCKS * horizon.block_bars
        yield f"{after} {horizon.bars} bars are too few for an interval, which needs {needed}"
    elif blocks < _MANY_BLOCKS:
        yield f"{after} the intervals are of {blocks:.0f} blocks of {horizon.block_bars} bars: take them for wider"
