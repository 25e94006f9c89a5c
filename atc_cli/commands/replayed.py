"""Signals of every bar: what computes them, what is remembered of them, how far they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter

from atc_cli.backtest.replay import replay
from atc_cli.commands.ports import Ports
from atc_cli.domain.anchor import Anchor, Kind
from atc_cli.domain.catalog import Want
from atc_cli.domain.panel import Candles
from atc_cli.domain.params import Params
from atc_cli.domain.replayed import Replayed
from atc_cli.domain.results.scan import Decision
from atc_cli.engine.backend import Backend
from atc_cli.engine.cost import Workload
from atc_cli.settings.backtest import BacktestRun
from atc_cli.settings.sections import Settings
from atc_cli.stages import stage

_WINDOWS_A_STEP = 1000


@dataclass(slots=True, kw_only=True)
class Signals:
    """Replays the scan with the backend that the first group of symbols is routed to."""

    ports: Ports
    params: Params
    requested: str
    anchor: Anchor
    window_bars: int
    first_ms: int
    backend: Backend | None = None
    decision: Decision = field(default_factory=lambda: Decision("", "no signal was computed"))
    compute_ms: float = 0.0

    @classmethod
    def of(cls, settings: Settings, own: BacktestRun, ports: Ports, first_ms: int) -> "Signals":
        """As the settings say."""
        return cls(
            ports=ports,
            params=settings.params(),
            requested=settings.backend,
            anchor=own.anchor,
            window_bars=settings.bars,
            first_ms=first_ms,
        )

    def replay(self, series: Sequence[Candles], least_bars: int) -> Sequence[Replayed]:
        """Of every bar of each series, NaN where a window would have fewer than `least_bars` bars."""
        backend = self.route(series)
        windows = sum(self._wanted(each) for each in series)
        steps = _Steps(self.ports, windows)
        began_s = perf_counter()
        try:
            with stage("signals"):
                return list(
                    replay(
                        series,
                        backend,
                        self.params,
                        self.anchor,
                        bars=self.window_bars,
                        first_ms=self.first_ms,
                        least_bars=least_bars,
                        advance=steps.advance,
                        windows_most=self.decision.batch,
                        **({} if self.ports.windows is None else {"memory": self.ports.windows}),
                    )
                )
        finally:
            self.compute_ms += (perf_counter() - began_s) * 1000
            self.ports.progress.end()

    def _wanted(self, candles: Candles) -> int:
        return len(candles) - int(candles.timestamp.searchsorted(self.first_ms))

    def _workload(self, series: Sequence[Candles]) -> Workload:
        """Windows of their own, or runs that give the value of every bar whose window begins with them."""
        bars, anchor = self.window_bars, self.anchor
        wanted = [(self._wanted(each), min(bars, len(each))) for each in series]
        if anchor.is_scan:
            runs, want = [(most, windows) for windows, most in wanted], Want.LAST
        elif anchor.kind is Kind.ROLLING:
            longer = anchor.every - 1
            runs, want = [(most + longer, -(-windows // anchor.every)) for windows, most in wanted], Want.AVERAGE
        else:
            runs, want = [(len(each), 1) for each in series], Want.AVERAGE
        return Workload.of_windows(runs, sum(map(len, series)), self.params.dialect, want)

    def route(self, series: Sequence[Candles]) -> Backend:
        """What computes: chosen by the first series that it is asked for."""
        if self.backend is None:
            self.backend, self.decision = self.ports.choose(self._workload(series), self.requested)
            self.ports.announce(self.backend, self.params.dialect)
        return self.backend


class _Steps:
    """Windows to steps of progress."""

    def __init__(self, ports: Ports, windows: int) -> None:
        self._progress = ports.progress
        self._done = 0
        ports.progress.begin("signals (thousands)", -(-windows // _WINDOWS_A_STEP))

    def advance(self, windows: int) -> None:
        """So many more are done."""
        before, self._done = self._done // _WINDOWS_A_STEP, self._done + windows
        for _ in range(self._done // _WINDOWS_A_STEP - before):
            self._progress.advance()
