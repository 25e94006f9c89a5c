"""`atc hits`: a universe in, how often its flips paid out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from atc_cli.backtest.bootstrap import LEAST_BLOCKS
from atc_cli.backtest.hits import Walk, flips, judged, walk
from atc_cli.commands.costs import costs_of
from atc_cli.commands.header import header_of
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import needs_of, wanted_of
from atc_cli.data.gather import Gathered, gather
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.results.hits import FEW, Hits, HitsResult, Horizon
from atc_cli.domain.results.scan import Decision, Skipped, SkipReason
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.engine import route
from atc_cli.engine.backend import Workload
from atc_cli.settings.hits import HitsRun
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

OF_THE_WINDOW = "flips of the loaded window: its signals all begin with its first bar, earlier scans showed others"

_SURVIVORS = "symbols that are gone today are not among them: what happened to those is not in these figures"
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
    needs = needs_of(settings, params, max_lag_bars=None)
    wanted = wanted_of(settings, needs, ports.clock_ms(), typed=typed, watchlist=watchlist)
    gathered = gather(ports.markets, wanted, ports.progress)
    began = perf_counter()
    jumping = _jumping(gathered.series, settings.max_jump)
    seen, decision = _flips(_usable(gathered.series, jumping, settings), settings, ports)
    compute_ms = (perf_counter() - began) * 1000
    return HitsResult(
        header=header_of(settings, params, ports, gathered, decision=decision, compute_ms=compute_ms),
        hits=hits_of(seen, own, settings, OF_THE_WINDOW, jumping),
        skipped=(*gathered.skipped, *(_skips(jumping) if settings.skip_jumps else ())),
        interrupted=gathered.interrupted,
    )


def of_scan(settings: Settings, ports: Ports) -> Callable[[Gathered], Hits]:
    """The same of the candles that a scan has."""

    def of(gathered: Gathered) -> Hits:
        with stage("hits"):
            jumping = _jumping(gathered.series, settings.max_jump)
            seen, _ = _flips(_usable(gathered.series, jumping, settings), settings, ports)
            return hits_of(seen, HitsRun(), settings, OF_THE_WINDOW, jumping)

    return of


def _flips(series: Sequence[Candles], settings: Settings, ports: Ports) -> tuple[Walk, Decision]:
    """One run over the candles of each; raises as route.choose does."""
    params, panel = settings.params(), Panel.of(series)
    workload = Workload.of(map(len, series), params.dialect, Want.AVERAGE)
    backend, decision = route.choose(workload, ports.offers, settings.backend)
    if not series:
        return walk(panel, np.empty(0, np.int8), np.empty(0, np.bool_)), decision
    ports.announce(backend, params.dialect)
    with stage("compute"):
        average = backend.compute(panel, params, Want.AVERAGE).average
    return flips(panel, average, params, min_bars=settings.min_bars, min_signal=settings.min_signal), decision


def hits_of(seen: Walk, own: HitsRun, settings: Settings, what: str, jumping: Sequence[Candles] = ()) -> Hits:
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
        notes=(*(note for each in horizons for note in _weak(each)), *_jump_notes(jumping, settings), _SURVIVORS),
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


def _jumping(series: Sequence[Candles], max_jump: float) -> list[Candles]:
    """Those whose close becomes `max_jump` times as large, or as small, from one bar to the next."""
    return [each for each in series if len(each) > 1 and _largest_step(each) >= max_jump]


def _largest_step(candles: Candles) -> float:
    steps = candles.close[1:] / candles.close[:-1]
    return max(float(steps.max()), 1 / float(steps.min()))


def _usable(series: Sequence[Candles], jumping: Sequence[Candles], settings: Settings) -> list[Candles]:
    left_out = set(map(id, jumping)) if settings.skip_jumps else set()
    return [each for each in series if id(each) not in left_out]


def _skips(jumping: Sequence[Candles]) -> Iterator[Skipped]:
    for each in jumping:
        yield Skipped(each.symbol, SkipReason.JUMP, f"the close goes to x{_largest_step(each):.3g}", each.exchange)


def _jump_notes(jumping: Sequence[Candles], settings: Settings) -> Iterator[str]:
    if jumping and not settings.skip_jumps:
        more = f" (and {len(jumping) - 1} more)" if len(jumping) > 1 else ""
        yield f"{jumping[0].symbol}{more}: the close jumps, and its moves count; --skip-jumps leaves it out"
