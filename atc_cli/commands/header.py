"""What makes signals these signals."""

from collections.abc import Sequence

from atc_cli.commands.ports import Ports
from atc_cli.data.gather import Gathered
from atc_cli.data.load import last_ms
from atc_cli.domain.params import Params, document_hash
from atc_cli.domain.results.scan import Decision, Header
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.settings.sections import Settings

_NAMES = 3


def _warnings(gathered: Gathered) -> tuple[str, ...]:
    series = gathered.usable
    ahead = [each.symbol for each in series if last_ms(each) > gathered.now_ms]
    broken = [f"{each.symbol} ({each.broken_before})" for each in series if each.broken_before]
    repeating = [f"{each.symbol} ({each.repeated})" for each in series if each.repeated]
    repeated = sum(each.repeated for each in series)
    said = {
        f"bars in the future, simulated or in another time zone? {_named(ahead)}": ahead,
        f"broken bars before the window are left out: {_named(broken)}": broken,
        f"{repeated} row{'s repeat' if repeated > 1 else ' repeats'} a bar to the digit and count once: "
        f"{_named(repeating)}": repeating,
    }
    return (*gathered.notes, *(words for words, symbols in said.items() if symbols))


def _named(symbols: Sequence[str]) -> str:
    more = f" and {len(symbols) - _NAMES} more" if len(symbols) > _NAMES else ""
    return ", ".join(symbols[:_NAMES]) + more


def document_of(settings: Settings, params: Params) -> dict[str, object]:
    """The indicator's parameters, the timeframe and the window: what `params_hash` is of."""
    window = {"timeframe": settings.timeframe, "bars": settings.bars, "include_open": settings.include_open}
    return {**params.document(), **window}


def header_of(
    settings: Settings, params: Params, ports: Ports, gathered: Gathered, *, decision: Decision, compute_ms: float
) -> Header:
    """Everything that makes these signals these signals."""
    document = document_of(settings, params)
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
