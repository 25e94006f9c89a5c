"""What the symbols of a scan show at other timeframes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from atc_cli.commands.away import elsewhere
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import needs_of, wanted_of
from atc_cli.commands.signals import signals_of
from atc_cli.data.gather import candles_of
from atc_cli.data.load import Needs
from atc_cli.data.market import Listing
from atc_cli.data.universe import Universe
from atc_cli.domain.params import Params, in_range
from atc_cli.domain.results.scan import Elsewhere, Header, ScanRow, Skipped
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.engine.lost import LostWorkersError
from atc_cli.errors import AtcError
from atc_cli.settings.sections import Settings
from atc_cli.signals.rows import Recall
from atc_cli.stages import stage


@dataclass(frozen=True, slots=True)
class Compared:
    """Rows with what their symbols show at the other timeframes, enough of which agree, and what it took to know."""

    rows: list[ScanRow]
    hidden: dict[str, int]
    timeframes: tuple[str, ...]
    notes: tuple[str, ...]
    interrupted: bool
    took_ms: float

    def said_in(self, header: Header) -> Header:
        """The header with the other timeframes in it."""
        timings = {**header.timings_ms, "with": self.took_ms}
        said = dict.fromkeys((*header.warnings, *self.notes))
        return replace(header, others=self.timeframes, timings_ms=timings, warnings=tuple(said))


def check(settings: Settings) -> None:
    """Raise OutOfRangeError where --with or --agree ask for what cannot be."""
    own, most = settings.timeframe, len(settings.with_)
    in_range("with", own, own not in settings.with_, "another timeframe than the scan's own", "timeframe")
    allowed = f"0 to the number of timeframes of --with ({most})"
    in_range("agree", settings.agree, settings.agree <= most, allowed, "with")


def with_others(
    rows: Sequence[ScanRow],
    listings: Mapping[tuple[str, str], Listing],
    settings: Settings,
    params: Params,
    ports: Ports,
) -> Compared:
    """The rows, each with its side at every timeframe of --with: the same parameters and bars, closed bars only.

    A symbol without a signal there keeps its row: what is missing is None, counted in a note. For an approximate row
    nothing is asked.
    """
    began = perf_counter()
    universe = Universe(tuple(listings[row.exchange, row.symbol] for row in rows if not row.approximate), {})
    with stage("other timeframes"):
        seen = [_at(timeframe, universe, settings, params, ports) for timeframe in settings.with_]
    beside = [
        replace(row, others={at.timeframe: at.sides.get((row.exchange, row.symbol)) for at in seen}) for row in rows
    ]
    agreeing = [row for row in beside if (row.agreement or 0) >= settings.agree]
    hidden = len(beside) - len(agreeing)
    return Compared(
        agreeing,
        {"--agree": hidden} if hidden else {},
        settings.with_,
        tuple(note for at in seen for note in at.notes),
        any(at.interrupted for at in seen),
        (perf_counter() - began) * 1000,
    )


@dataclass(frozen=True, slots=True)
class _At:
    timeframe: str
    sides: Mapping[tuple[str, str], Elsewhere]
    notes: tuple[str, ...]
    interrupted: bool = False


def _at(timeframe: str, universe: Universe, settings: Settings, params: Params, ports: Ports) -> _At:
    asked = replace(settings, timeframe=timeframe, include_open=False)
    needs = _patient(needs_of(asked, params, max_lag_bars=settings.max_lag), TIMEFRAMES_MS[timeframe])
    recall = None if ports.signals is None else Recall(ports.signals.at(timeframe))
    markets = [market.at(timeframe) for market in ports.markets]
    wanted, away = wanted_of(asked, needs, ports.clock_ms()), elsewhere(ports, params, settings.backend)
    try:
        gathered = candles_of(markets, universe, wanted, ports.progress, known=recall, elsewhere=away)
    except LostWorkersError:
        raise
    except AtcError as error:
        return _At(timeframe, {}, (f"--with {timeframe}: {error}",))
    found = signals_of(gathered, params, ports, settings.backend, recall)
    sides = {(row.exchange, row.symbol): Elsewhere(row.side, row.signal) for row in found.rows}
    lost = _lost(timeframe, (*gathered.skipped, *found.skipped))
    return _At(timeframe, sides, (*gathered.notes, *lost), gathered.interrupted)


def _patient(needs: Needs, step_ms: int) -> Needs:
    """The needs where a bar of this length is never too old before the next one has closed."""
    return needs if needs.max_age_ms is None else replace(needs, max_age_ms=max(needs.max_age_ms, step_ms))


def _lost(timeframe: str, skipped: Sequence[Skipped]) -> tuple[str, ...]:
    if not skipped:
        return ()
    first = skipped[0]
    count = f"{len(skipped)} symbol{'' if len(skipped) == 1 else 's'}"
    return (f"--with {timeframe}: no signal of {count}; the first: {first.symbol}: {first.reason.label}",)
