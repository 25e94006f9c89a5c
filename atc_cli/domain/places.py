"""The bars of a tape by place, as the slow definition of a backtest walks along them."""

import math
from dataclasses import dataclass

from atc_cli.domain.rules import Rules
from atc_cli.domain.tape import Tape

_COLUMNS = ("open", "high", "low", "close", "signal", "age", "atr", "key", "volume", "funding")


@dataclass(slots=True)
class Bar:
    """A symbol at a place; what it has no column for is NaN."""

    symbol: int
    number: int
    last: bool
    open: float
    high: float
    low: float
    close: float
    signal: float
    age: int
    atr: float
    key: float
    volume: float
    funding: float
    stand: int

    def rank(self) -> tuple[float, float, float, int]:
        """What is unknown goes last; equal where nobody knows it."""
        key, volume = (math.inf if math.isnan(each) else each for each in (self.key, -self.volume))
        return -abs(self.signal), key, volume, self.symbol


@dataclass(slots=True)
class Market:
    """The bars of every place, and how many symbols are in the universe there."""

    places: list[dict[int, Bar]]
    universe: list[int]

    @classmethod
    def of(cls, tape: Tape, rules: Rules) -> "Market":
        """The rules say which signal is which stand."""
        market = cls([{} for _ in tape.axis_ms], [0] * len(tape.axis_ms))
        for symbol in range(len(tape)):
            market._add(tape, symbol, rules)
        return market

    def _add(self, tape: Tape, symbol: int, rules: Rules) -> None:
        at = tape.at[tape.rows(symbol)].tolist()
        blank = [math.nan] * len(at)
        columns = [tape.column(name, symbol).tolist() or blank for name in _COLUMNS]
        joined = False
        for number, values in enumerate(zip(*columns, strict=True)):
            signal = values[_COLUMNS.index("signal")]
            stand = (signal > rules.long_threshold) - (signal < rules.short_threshold)
            named = dict(zip(_COLUMNS, values, strict=True))
            bar = Bar(symbol=symbol, number=number, last=number == len(at) - 1, stand=stand, **named)
            self.places[at[number]][symbol] = bar
            joined = joined or not math.isnan(signal)
            if joined:
                until = at[number] + 1 if bar.last else at[number + 1]
                for place in range(at[number], until):
                    self.universe[place] += 1
