"""The candles and signals of a backtest: which time, which symbols, group by group what fits memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from time import perf_counter

from atc_cli.backtest.align import Columns, Needed, Part, part_of
from atc_cli.commands.ahead import read_ahead
from atc_cli.commands.jumps import jumping_of, usable
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import needs_of, wanted_of
from atc_cli.commands.rates import Funding
from atc_cli.commands.replayed import Signals
from atc_cli.data.gather import Gathered, Wanted, candles_of, universe_of
from atc_cli.data.market import Listing
from atc_cli.data.universe import Universe
from atc_cli.domain.panel import Candles
from atc_cli.domain.replayed import Replayed
from atc_cli.domain.results.scan import Skipped, SkipReason
from atc_cli.domain.rules import Rules
from atc_cli.domain.tape import Tape
from atc_cli.domain.timeframe import DAY_MS, TIMEFRAMES_MS, iso
from atc_cli.domain.window import Window
from atc_cli.engine import route
from atc_cli.errors import NoDataError
from atc_cli.settings.backtest import BacktestRun
from atc_cli.settings.sections import Settings
from atc_cli.stages import LISTINGS, stage

_USUAL_DAYS = 365
# A window reaches further back by the bars that are missing in it.
_SPARE, _SPARE_BARS = 1.1, 10
_MANY_REQUESTS = 1000
# Fifty megabytes of candles each, and two groups at once; exchanges are asked for several symbols at a time.
_GROUP_BARS, _GROUP_SYMBOLS = 1_000_000, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Bars that open at `first_ms` or later, before `until_ms` (None: up to now), of candles from `since_ms` on."""

    first_ms: int
    since_ms: int
    until_ms: int | None

    @classmethod
    def of(cls, settings: Settings, own: BacktestRun, *, kept: bool, now_ms: int) -> "Asked":
        """What --start, --end and --bars mean; `kept`: candles are on this machine, and all of them may be used."""
        step_ms = TIMEFRAMES_MS[settings.timeframe]
        end_ms = now_ms if own.end is None else min(own.end, now_ms)
        usual_ms = 0 if kept else end_ms - _USUAL_DAYS * DAY_MS
        first_ms = usual_ms if own.start is None else own.start
        reach_ms = int(settings.bars * _SPARE + _SPARE_BARS) * step_ms
        return cls(
            first_ms=first_ms,
            since_ms=0 if kept else max(first_ms - reach_ms, 0),
            until_ms=None if end_ms == now_ms else end_ms - step_ms + 1,
        )

    def may_go_back(self, candles: Candles) -> bool:
        """Whether there may be older candles that were not asked for: then a short window is not a young symbol's."""
        return self.since_ms > 0 and int(candles.timestamp[0]) - self.since_ms <= _SPARE_BARS * candles.step_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The market that is walked along, where it came from, and what computed its signals."""

    tape: Tape
    gathered: Gathered
    asked: Asked
    wanted: Wanted
    signals: Signals
    jumping: tuple[Skipped, ...]
    history: "History"


def past_of(
    settings: Settings,
    own: BacktestRun,
    ports: Ports,
    rules: Rules,
    funding: Funding,
    *,
    typed: Sequence[str] = (),
    watchlist: Iterable[str] | None = None,
    keep: Callable[[str, Candles], object] = lambda _name, _candles: None,
) -> Past:
    """Candles and signals of the symbols typed and watched, or of all, in the time of --start and --end.

    `keep` is shown the name of each symbol and its candles before they are let go of. Raises NoDataError where no
    symbol has a signal; else as gather and route do.
    """
    route.check(ports.offers, settings.backend)
    kept = settings.offline or not all(market.live for market in ports.markets)
    asked = Asked.of(settings, own, kept=kept, now_ms=ports.clock_ms())
    wanted = wanted_candles(settings, ports, asked, typed, watchlist)
    signals = Signals.of(settings, own, ports, asked.first_ms)
    needed = Needed.of(rules, settings.tie, funding=bool(funding))
    columns = Columns(TIMEFRAMES_MS[settings.timeframe])
    history = History(
        settings=settings,
        ports=ports,
        wanted=wanted,
        asked=asked,
        needed=needed,
        signals=signals,
        columns=columns,
        funding=funding,
        keep=keep,
    )
    try:
        gathered = history.load()
    finally:
        if ports.windows is not None:
            ports.windows.close()
    if not len(columns):
        raise _nothing(gathered, asked, wanted.window.step_ms)
    with stage("align"):
        tape = columns.tape()
    jumping = tuple(history.jumping)
    return Past(
        tape=tape, gathered=gathered, asked=asked, wanted=wanted, signals=signals, jumping=jumping, history=history
    )


def _nothing(gathered: Gathered, asked: Asked, step_ms: int) -> NoDataError:
    why = gathered.skipped[0] if gathered.skipped else None
    found = f"; {why.symbol}: {why.reason.label}: {why.detail}" if why else ""
    since = f" from {iso(asked.first_ms)}" if asked.first_ms else ""
    until = f" up to {iso(asked.until_ms - 1 + step_ms)}" if asked.until_ms is not None else ""
    return NoDataError(f"no symbol has a signal{since}{until}{found}", "another --start, --end, --bars or --timeframe")


def wanted_candles(
    settings: Settings, ports: Ports, asked: Asked, typed: Sequence[str], watched: Iterable[str] | None
) -> Wanted:
    """The candles of the range of the symbols typed and watched, or all; volumes and ages of now decide nothing."""
    now_ms = ports.clock_ms()
    needs = needs_of(replace(settings, max_data_age=None), settings.params(), max_lag_bars=None)
    wanted = wanted_of(replace(settings, min_volume=None, min_age=0), needs, now_ms, typed=typed, watchlist=watched)
    window = Window(timeframe=settings.timeframe, now_ms=now_ms, since_ms=asked.since_ms, until_ms=asked.until_ms)
    return replace(wanted, window=window)


@dataclass(slots=True, kw_only=True)
class History:
    """Loads what is asked for: the columns of a tape, and of every symbol that does not make it why.

    `keep` is shown all candles before they are let go of.
    """

    settings: Settings
    ports: Ports
    wanted: Wanted
    asked: Asked
    needed: Needed
    signals: Signals
    columns: Columns
    funding: Funding
    keep: Callable[[str, Candles], object]
    skipped: list[Skipped] = field(default_factory=list)
    jumping: list[Skipped] = field(default_factory=list)
    _listings: dict[tuple[str, str], Listing] = field(default_factory=dict)

    def load(self) -> Gathered:
        """Candles and signals, group by group: while one is computed the next is loaded; raises as gather does.

        An interrupt ends it.
        """
        began_s = perf_counter()
        with stage(LISTINGS):
            universe, dead = universe_of(self.ports.markets, self.wanted)
        self.skipped += [*dead, *universe.missing]
        for each in universe.listings:
            self.funding.of(each)  # refused before any work is done
        self._announce(universe)
        fetch_ms = 0.0
        newest_ms: int | None = None
        notes: tuple[str, ...] = ()
        with closing(read_ahead(self._groups(universe), self._candles, self._interrupt)) as groups:
            for found in groups:
                self.skipped += found.skipped
                self._take(found)
                fetch_ms, notes = fetch_ms + found.fetch_ms, found.notes
                newest_ms = max(filter(None, (newest_ms, found.newest_open_ms)), default=None)
        return Gathered(
            series=(),
            known=(),
            universe=universe,
            skipped=tuple(self.skipped),
            newest_open_ms=newest_ms,
            now_ms=self.wanted.window.now_ms,
            interrupted=False,
            notes=notes,
            fetch_ms=fetch_ms or (perf_counter() - began_s) * 1000,
        )

    def _candles(self, group: Universe) -> Gathered:
        found = candles_of(self.ports.markets, group, self.wanted, self.ports.progress)
        if found.interrupted:
            raise KeyboardInterrupt
        return found

    def _interrupt(self) -> None:
        for market in self.ports.markets:
            market.interrupt()

    def _announce(self, universe: Universe) -> None:
        """Say how much may have to be fetched, where that takes minutes; what is stored is not asked for."""
        window = self.wanted.window
        bars = ((window.until_ms or window.now_ms) - self.asked.since_ms) // window.step_ms
        for market in self.ports.markets:
            prices, symbols = market.prices(window.timeframe), len(universe.of(market.name))
            requests = 0 if prices is None else prices(bars).requests * symbols
            if requests >= _MANY_REQUESTS:
                said = f"{market.name}: {symbols} symbols x {bars} bars are up to {requests} requests"
                self.ports.progress.lasting(f"{said}, less what is stored; Ctrl-C keeps what came")

    def called(self, exchange: str, symbol: str) -> str:
        """The name of a symbol, with its exchange where there are several."""
        return f"{exchange}:{symbol}" if len(self.ports.markets) > 1 else symbol

    def _groups(self, universe: Universe) -> Iterator[Universe]:
        """Listings by name, so many at once as fit memory."""
        listings = sorted(universe.listings, key=lambda each: self.called(each.exchange, each.symbol))
        window = self.wanted.window
        span_ms = (window.until_ms or window.now_ms) - max(self.asked.since_ms, self.asked.first_ms - DAY_MS)
        at_once = max(_GROUP_BARS // max(span_ms // window.step_ms, 1), _GROUP_SYMBOLS)
        for first in range(0, len(listings), at_once):
            yield Universe(tuple(listings[first : first + at_once]), {})

    def _take(self, found: Gathered) -> None:
        by_name = found.listings()
        jumping = jumping_of(found.series, self.settings.max_jump)
        self.jumping += jumping
        self.skipped += jumping if self.settings.skip_jumps else []
        ordered = sorted(
            usable(found.series, jumping, self.settings), key=lambda each: self.called(each.exchange, each.symbol)
        )
        for candles, replayed in zip(ordered, self._replayed(ordered), strict=True):
            self.keep(self.called(candles.exchange, candles.symbol), candles)
            listing = by_name[candles.exchange, candles.symbol]
            self._listings[candles.exchange, candles.symbol] = listing
            part = self.part(candles, replayed, self.asked.first_ms)
            if part is None:
                self.skipped.append(self._without_signal(candles))
                continue
            part = part.from_first_signal()
            self.funding.check(listing, int(part.timestamp[0]), int(part.timestamp[-1]))
            self.columns.add(part)

    def fewest_bars(self, candles: Candles) -> int:
        """Of a window: young symbols enter with the bars that signals need, the others with whole windows."""
        needs = self.wanted.needs
        young = max(needs.warmup_bars, needs.min_bars, needs.cutout_bars + 1)
        return max(young, self.signals.window_bars) if self.asked.may_go_back(candles) else young

    def _replayed(self, series: Sequence[Candles]) -> list[Replayed]:
        self.signals.route(series)
        fewest = [self.fewest_bars(each) for each in series]
        found: dict[int, Replayed] = {}
        for bars in sorted(set(fewest)):
            some = [place for place, each in enumerate(fewest) if each == bars]
            found |= dict(zip(some, self.signals.replay([series[place] for place in some], bars), strict=True))
        return [found[place] for place in range(len(series))]

    def part(self, candles: Candles, replayed: Replayed, first_ms: int) -> Part | None:
        """The columns of the bars that open at `first_ms` or later, None where none has a signal."""
        params, rates = self.signals.params, self.funding.of(self._listings[candles.exchange, candles.symbol])
        cuts = params.long_threshold, params.short_threshold
        called = replace(candles, symbol=self.called(candles.exchange, candles.symbol))
        return part_of(called, replayed, self.needed, first_ms=first_ms, cuts=cuts, rates=rates)

    def _without_signal(self, candles: Candles) -> Skipped:
        first, last = iso(int(candles.timestamp[0])), iso(int(candles.timestamp[-1]))
        window = f"no window of {self.fewest_bars(candles)} bars ends in the time that is tested"
        detail = f"{window}; it has {len(candles)} bars, {first} to {last}"
        return Skipped(candles.symbol, SkipReason.TOO_FEW_BARS, detail, candles.exchange)
