"""What a backtest is held against: every symbol held alike, or one symbol."""

from dataclasses import replace

import numpy as np

from atc_cli.backtest.hold import hold
from atc_cli.commands.ports import Ports
from atc_cli.data.gather import Wanted, candles_of, universe_of
from atc_cli.domain.panel import Candles
from atc_cli.domain.tape import Floats, Ints, Tape
from atc_cli.errors import NoDataError, UsageError

HOLD = "hold"


def benchmark_of(name: str, ports: Ports, wanted: Wanted, tape: Tape, capital: float) -> tuple[Floats, str]:
    """Its equity on the axis of the tape, without costs, and what it is; raises as `gather` does for a symbol."""
    if name.casefold() == HOLD:
        count = len(tape)
        title = f"holding {tape.symbols[0]}" if count == 1 else f"holding all {count} symbols alike"
        return hold(tape, capital), title
    candles = _candles(name, ports, wanted)
    return _held(candles, tape.axis_ms, capital), f"holding {candles.symbol}"


def _candles(name: str, ports: Ports, wanted: Wanted) -> Candles:
    one = replace(wanted, typed=[name], watched=None)
    try:
        universe, _ = universe_of(ports.markets, one)
    except (UsageError, NoDataError) as error:
        raise type(error)(f"--benchmark: {error}", error.hint) from None
    if len(universe.listings) != 1:
        several = ", ".join(f"{each.symbol} ({each.exchange})" for each in universe.listings)
        raise UsageError(f"--benchmark {name!r} is the name of several: {several}", "name one exchange")
    found = candles_of(ports.markets, universe, one, ports.progress)
    if found.interrupted:
        raise KeyboardInterrupt
    if not found.series:
        raise NoDataError(f"--benchmark {name}: {found.skipped[0].detail}")
    return found.series[0]


def _held(candles: Candles, axis_ms: Ints, capital: float) -> Floats:
    """Bought, as in `hold`, at the open of the bar after the first signal; at its last close where it has no bar."""
    if candles.timestamp[-1] < axis_ms[0]:
        raise NoDataError(f"--benchmark {candles.symbol}: it has no candles in the time that is tested")
    first = int(np.searchsorted(candles.timestamp, axis_ms[0], side="right"))
    place = np.searchsorted(candles.timestamp, axis_ms, side="right") - 1
    price, paid = candles.close[np.maximum(place, 0)], candles.values[0, min(first, len(candles) - 1)]
    return np.where(place >= first, capital * price / paid, capital)
