"""What makes signals these signals."""

from atc_cli.commands.ports import Ports
from atc_cli.data.gather import Gathered
from atc_cli.domain.params import Params, document_hash
from atc_cli.domain.results.scan import Decision, Header
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.settings.sections import Settings


def _warnings(gathered: Gathered) -> tuple[str, ...]:
    ahead = [each.symbol for each in gathered.series if each.timestamp[-1] > gathered.now_ms]
    if not ahead:
        return gathered.notes
    future = f"bars in the future: {len(ahead)} symbol(s), {ahead[0]} first; simulated, or in another time zone?"
    return (*gathered.notes, future)


def header_of(
    settings: Settings, params: Params, ports: Ports, gathered: Gathered, *, decision: Decision, compute_ms: float
) -> Header:
    """Everything that makes these signals these signals."""
    window = {"timeframe": settings.timeframe, "bars": settings.bars, "include_open": settings.include_open}
    document = {**params.document(), **window}
    may_be_old = settings.offline or not all(market.live for market in ports.markets)
    newest = gathered.newest_open_ms
    closed_ms = None if newest is None else newest + TIMEFRAMES_MS[settings.timeframe]
    return Header(
        exchange=",".join(market.title for market in ports.markets),
        market=ports.markets[0].kind,
        simulated=any(market.simulated for market in ports.markets),
        timeframe=settings.timeframe,
        bars=settings.bars,
        dialect=settings.dialect.value,
        preset=settings.preset,
        modified=settings.modified,
        params=document,
        params_hash=document_hash(document),
        cuts=params.cuts,
        backend=decision,
        generated_at_ms=ports.clock_ms(),
        bar_time_ms=newest,
        data_age_ms=None if closed_ms is None or not may_be_old else max(gathered.now_ms - closed_ms, 0),
        include_open=settings.include_open,
        timings_ms={"fetch": gathered.fetch_ms, "compute": compute_ms},
        warnings=(*_warnings(gathered), *ports.notes),
    )
