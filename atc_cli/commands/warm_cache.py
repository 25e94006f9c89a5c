"""`atc warm-cache`: candles of a universe and several timeframes into the store, signals of them, backends compiled."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter

import numpy as np

from atc_cli.commands import scan
from atc_cli.commands.ports import Ports
from atc_cli.commands.question import wanted_of
from atc_cli.commands.tally import Tally
from atc_cli.data.gather import load_all, universe_of
from atc_cli.data.load import Needs
from atc_cli.data.store.market import StoredMarket
from atc_cli.data.universe import Universe, unknown_ages
from atc_cli.domain.catalog import Dialect, Want
from atc_cli.domain.panel import Candles, Panel
from atc_cli.domain.results.warm import Compiled, Lost, Signalled, Warmed, WarmResult
from atc_cli.domain.timeframe import TIMEFRAMES_MS
from atc_cli.domain.window import Window
from atc_cli.engine import route
from atc_cli.engine.backend import Offer
from atc_cli.errors import AtcError, UsageError
from atc_cli.settings.sections import Settings

OpenPorts = Callable[[Settings], AbstractContextManager[Ports]]

# Candles as they are: how many bars an indicator needs is no matter of the store's.
_ANYTHING = Needs(warmup_bars=0, min_bars=1, cutout_bars=0, max_lag_bars=10**9)
_SAMPLE_BARS = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and what ended it before its time, if anything did."""

    result: WarmResult
    stopped: AtcError | None


@dataclass(frozen=True, slots=True)
class _Visited:
    """A timeframe that was fetched; what a scan finds of it is counted when all timeframes are done."""

    warmed: Warmed
    universe: Universe
    window: Window


@dataclass(slots=True)
class _Run:
    settings: Settings
    ports: Ports
    markets: Sequence[StoredMarket]
    tally: Tally
    visited: list[_Visited] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)
    compiled: list[Compiled] = field(default_factory=list)
    signalled: list[Signalled] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # of the scans; the markets have their own
    interrupted: bool = False
    stopped: AtcError | None = None

    def go(self, *steps: Callable[[], None]) -> None:
        """One step after the other until one is stopped; raises what stops the first."""
        for step in steps:
            try:
                step()
            except AtcError as error:
                if not self.visited:
                    raise
                self.stopped = error
            except KeyboardInterrupt:
                if not self.visited:
                    raise
                self.interrupted = True
            if self.interrupted or self.stopped is not None:
                return

    def result(self) -> WarmResult:
        """What was done."""
        return WarmResult(
            exchange=",".join(market.title for market in self.ports.markets),
            market=self.ports.markets[0].kind,
            window_bars=self.settings.bars,
            warmed=tuple(self._warmed(each) for each in self.visited),
            lost=tuple(self.lost),
            compiled=tuple(self.compiled),
            signalled=tuple(self.signalled),
            notes=(*self.ports.all_notes(), *dict.fromkeys(self.notes)),
            interrupted=self.interrupted,
        )

    def fetch(self, timeframe: str, typed: Sequence[str], lines: Sequence[str] | None) -> None:
        """Fetch what is missing of one timeframe: the universe is that of a scan of it."""
        began, counted = perf_counter(), (self.tally.bars, self.tally.requests, self.tally.weight)
        hits = self._hits()
        settings = replace(self.settings, timeframe=timeframe)
        wanted = wanted_of(settings, _ANYTHING, self.ports.clock_ms(), typed=typed, watchlist=lines)
        universe, dead = universe_of(self.ports.markets, wanted)
        self.notes += unknown_ages(universe, wanted.filters)
        loaded = load_all(self.markets, universe, wanted, self.ports.progress)
        skipped = (*dead, *universe.missing, *(skip for each in loaded for skip in each.skipped))
        self.lost += [Lost(timeframe=timeframe, skip=skip) for skip in skipped]
        self.interrupted = any(each.interrupted for each in loaded)
        self.stopped = next((each.failure for each in self.markets if each.failure is not None), None)
        warmed = Warmed(
            timeframe=timeframe,
            symbols=len(universe.listings),
            bars=self.tally.bars - counted[0],
            requests=self.tally.requests - counted[1],
            weight=self.tally.weight - counted[2],
            hits_before=self._hits() - hits,
            hits_after=0,
            took_ms=(perf_counter() - began) * 1000,
        )
        now_ms = max((each.now_ms for each in loaded), default=0)
        self.visited.append(_Visited(warmed, universe, wanted.window.at(now_ms)))

    def compile(self) -> None:
        """Have every backend that compiles compute a little in each dialect."""
        for backend in (each.backend for each in self.ports.offers if isinstance(each, Offer)):
            for dialect in Dialect if backend.compiles else ():
                began = perf_counter()
                self.ports.announce(backend, dialect)
                backend.compute(_sample(), replace(self.settings, dialect=dialect).params(), Want.LAST)
                took_ms = (perf_counter() - began) * 1000
                self.compiled.append(Compiled(backend=backend.name, dialect=dialect.value, took_ms=took_ms))

    def signal(
        self, scanned: Settings, open_ports: OpenPorts, typed: Sequence[str], lines: Sequence[str] | None
    ) -> None:
        """Compute what is stored, as a scan of these settings would, so that it is remembered."""
        began = perf_counter()
        with open_ports(scanned) as ports:
            result = scan.run(scanned, ports, typed=typed, watchlist=lines)
            self.notes += ports.all_notes()
        if result.remembered is not None:
            done = Signalled(
                preset=scanned.preset,
                timeframe=scanned.timeframe,
                bars=scanned.bars,
                hits_before=result.remembered.hits,
                computed=result.remembered.misses,
                took_ms=(perf_counter() - began) * 1000,
            )
            self.signalled.append(done)
        self.interrupted = result.interrupted

    def _hits(self) -> int:
        return sum(each.hits for each in self.markets)

    def _warmed(self, visited: _Visited) -> Warmed:
        """With what a scan finds now."""
        found = sum(each.held(visited.universe.of(each.name), visited.window) for each in self.markets)
        return replace(visited.warmed, hits_after=found)


def run(
    settings: Settings,
    ports: Ports,
    tally: Tally,
    timeframes: Sequence[str],
    *,
    typed: Sequence[str] = (),
    watchlist: Iterable[str] | None = None,
    compiling: bool = True,
    scans: Sequence[Settings] = (),
    open_ports: OpenPorts,
) -> Outcome:
    """Fetch what the store lacks, timeframe by timeframe, have backends compile themselves, compute `scans`.

    `scans` are settings of scans of what is stored, and `open_ports` opens what they need. `tally` is the progress that
    the markets report to. Raises as `gather` does before the first timeframe is done, UsageError for a market that is
    not stored, and as route.check does where there are scans; what stops the work later is in the outcome.
    """
    if scans:
        route.check(ports.offers, settings.backend)
    lines = None if watchlist is None else list(watchlist)
    work = _Run(settings, ports, _stored(ports), tally)
    work.go(
        *(partial(work.fetch, each, typed, lines) for each in timeframes),
        *([work.compile] if compiling else []),
        *(partial(work.signal, each, open_ports, typed, lines) for each in scans),
    )
    unstored = next((each.unreadable for each in work.markets if each.unreadable is not None), None)
    return Outcome(work.result(), work.stopped or unstored)


def _stored(ports: Ports) -> list[StoredMarket]:
    stored = [market for market in ports.markets if isinstance(market, StoredMarket)]
    if len(stored) < len(ports.markets):
        raise UsageError(
            "only candles of an exchange that is asked are stored", "--exchange binance, without --offline"
        )
    return stored


def _sample() -> Panel:
    stamps = np.arange(_SAMPLE_BARS, dtype=np.int64) * TIMEFRAMES_MS["1h"]
    values = np.tile(100 + np.arange(_SAMPLE_BARS, dtype=np.float64) % 7, (5, 1))
    return Panel.of([Candles(exchange="", symbol="", timeframe="1h", timestamp=stamps, values=values)])
