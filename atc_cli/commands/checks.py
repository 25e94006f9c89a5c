"""Which checks against self-deception a backtest runs, and with what."""

from collections.abc import Callable

from atc_cli.backtest import checks
from atc_cli.backtest.chance import random_entries
from atc_cli.backtest.lookahead import Columns, lookahead
from atc_cli.backtest.replay import replay
from atc_cli.commands.history import Past
from atc_cli.commands.ports import Ports
from atc_cli.data.gather import candles_of
from atc_cli.data.market import Listing
from atc_cli.data.universe import Universe
from atc_cli.domain.panel import Candles
from atc_cli.domain.results.backtest import Account, Check, Figures
from atc_cli.domain.rules import Costs, Rules
from atc_cli.domain.tape import Floats, Tape
from atc_cli.engine.account import follow
from atc_cli.errors import NoDataError
from atc_cli.settings.backtest import BacktestRun
from atc_cli.stages import stage

_ALL = "all"
_LAST_BARS = 3  # of those before a cut that are computed again, where each has a window of its own


class Checks:
    """Those that --check names, on one account."""

    def __init__(self, own: BacktestRun) -> None:
        self._wanted = set(checks.TITLES) if _ALL in own.check else set(own.check)
        self._tails: dict[str, Candles] = {}

    def keep(self, name: str, candles: Candles) -> None:
        """Of a symbol what the longest window needs."""
        if checks.WARMUP in self._wanted:
            self._tails[name] = candles.tail(max(checks.WINDOWS_BARS))

    def run(
        self, past: Past, ports: Ports, account: Account, *, rules: Rules, costs: Costs, parts: tuple[Figures, ...]
    ) -> tuple[Check, ...]:
        """Every check there is, those not asked for as not run; `parts` are those of a time that was split."""

        def followed(tape: Tape, paid: Costs) -> Account:
            return follow(tape, rules, paid, account.capital)

        tape = past.tape
        runs: dict[str, Callable[[], Check]] = {
            checks.LOOKAHEAD: lambda: _lookahead(past, ports, account, lambda cut: followed(cut, costs)),
            checks.WARMUP: lambda: self._warmup(past),
            checks.COSTS: lambda: checks.costs(lambda paid: followed(tape, paid), costs),
            checks.RANDOM: lambda: random_entries(tape, account, costs, rules.fill),
        }
        asked = [each for each in runs if each in self._wanted]
        found = [checks.split(parts)] if parts else []
        if not asked:
            return checks.complete(found)
        ports.progress.begin("checks", len(asked))
        try:
            for each in asked:
                with stage(each):
                    found.append(runs[each]())
                ports.progress.advance()
        finally:
            ports.progress.end()
        return checks.complete(found)

    def _warmup(self, past: Past) -> Check:
        tape, signals = past.tape, past.signals
        series = [self._tails[name] for name in tape.symbols]
        backend = signals.route(series)

        def of_window(bars: int) -> Floats:
            return checks.newest_signals(series, backend, signals.params, bars)

        newest = tape.signal[tape.offsets[1:] - 1]
        cuts = signals.params.long_threshold, signals.params.short_threshold
        return checks.warmup(newest, of_window, window_bars=signals.window_bars, cuts=cuts)


def _lookahead(past: Past, ports: Ports, account: Account, followed: Callable[[Tape], Account]) -> Check:
    listings = {past.history.called(each.exchange, each.symbol): each for each in past.gathered.universe.listings}

    def candles(symbol: int) -> Candles:
        return _loaded(listings[past.tape.symbols[symbol]], past, ports)

    return lookahead(past.tape, account, candles, lambda cut: _again(cut, past), followed)


def _loaded(listing: Listing, past: Past, ports: Ports) -> Candles:
    """Its candles once more: those of all symbols at once may be more than memory holds."""
    found = candles_of(ports.markets, Universe((listing,), {}), past.wanted, ports.progress)
    if found.interrupted:
        raise KeyboardInterrupt
    if not found.series:
        raise NoDataError(f"{listing.symbol}: its candles are not there any more", "run the backtest again")
    return found.series[0]


def _again(cut: Candles, past: Past) -> Columns:
    """The columns of a tape that ends with these candles, computed without what is remembered."""
    signals, history = past.signals, past.history
    alone = signals.anchor.is_scan
    first_ms = int(cut.timestamp[-min(_LAST_BARS, len(cut))]) if alone else past.asked.first_ms
    first_ms = max(first_ms, past.asked.first_ms)
    (replayed,) = replay(
        [cut],
        signals.route([cut]),
        signals.params,
        signals.anchor,
        bars=signals.window_bars,
        first_ms=first_ms,
        least_bars=history.fewest_bars(cut),
    )
    part = history.part(cut, replayed, first_ms)
    return {} if part is None else part.columns
