"""What following the rules of a backtest does to its capital: the slow definition that is right."""

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from atc_cli.domain.book import Book, Order, Position
from atc_cli.domain.places import Bar, Market
from atc_cli.domain.results.backtest import Account, Trades
from atc_cli.domain.rules import Costs, Enter, Fill, Reason, Rules, SizeBy
from atc_cli.domain.tape import Tape


def follow(tape: Tape, rules: Rules, costs: Costs, capital: float) -> Account:
    """Trade along the tape; prices and sums in the quote currency, float64, in this order at every place T of the axis.

    1. Funding: what is held of symbols with a bar at T pays quantity * open * funding, symbols in order.
    2. next-open: orders of symbols with a bar fill at its open: exits in order of symbols, then what a rebalance makes
       smaller, then what it makes larger and entries by (bar of decision, rank). A buy pays price * (1 + slippage), a
       sell gets price * (1 - slippage); fee = fee_frac * |value|. Entries are cut to the room: leverage * equity -
       gross, both of the closes before and the fills since; value or room <= 1e-9 * equity: `rejected`. quantity =
       value / price paid, so that fees may take the cash below 0.
    3. Stop at entry price -/+ stop_atr * ATR of the deciding bar, target likewise in favour, on every position with a
       bar, also of this open: a stop that low (of a short high) touches fills at it, or at the open where that is
       worse; else a target that is touched, or the open where that is better. Orders to leave or resize it are dropped.
    4. next-close: as 2, at the close.
    5. At the last bar of a symbol, where that is before place `alive_from`, its position closes at the close.
    6. equity = cash + sum of quantity * last close, symbols in order. If it is <= 0, everything closes at its last
       close, nothing is traded any more and what was ordered is `unfilled`.
    7. Decisions, of symbols whose signal at T is a number. stand: +1 signal > long_threshold, -1 signal <
       short_threshold, else 0. Exits: flip, stand is the opposite; neutral, stand is another; bars, those since the
       fill + 1 >= bars. A symbol passes where stand is an allowed side, |signal| >= min_signal, 0 <= age <=
       max_age_bars, volume >= min_volume and, where a rule needs it, ATR > 0. What passes and is flat or leaves is
       entered, with Enter.FLIP at age 0: with max_positions the first by (-|signal|, key, -volume, number) that find a
       free slot. Every rebalance_bars from the first place where a symbol passes, the first max_positions that pass
       are wanted instead: what else is held leaves, waiting entries are `unfilled`, what is held on its side gets the
       size of now, the rest is entered. Orders of a last bar are `unfilled`.

    Size, of the equity at the close that decides: equal, equity * leverage / n, n = max_positions or the symbols
    between their first signal and last bar; signal, that * |signal|; atr, risk_frac * equity / (k * ATR / close), k =
    stop_atr or 1. A stop stays where the entry put it. `held_bars`, MAE and MFE count the bars held whole: that of an
    entry at its open, not that of an exit at its open or within. What is open at the end is marked at its last close,
    without costs.
    """
    return _Walk(tape, rules, costs, capital).account()


class _Row(NamedTuple):
    """The account at the close of a place."""

    equity: float
    cash: float
    gross: float
    net: float
    held: int
    turnover: float


@dataclass(slots=True)
class _Walk:
    tape: Tape
    rules: Rules
    costs: Costs
    capital: float
    market: Market = field(init=False)
    book: Book = field(init=False)
    leaving: dict[int, Reason] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    unfilled: int = 0
    ruined_at: int = -1
    rebalance_from: int = -1

    def __post_init__(self) -> None:
        last = [math.nan] * len(self.tape)
        self.market = Market.of(self.tape, self.rules)
        self.book = Book(
            costs=self.costs, leverage=self.rules.leverage, cash=self.capital, equity=self.capital, last=last
        )

    def account(self) -> Account:
        rows = [self._step(place) for place in range(len(self.market.places))]
        self.book.leave_open(len(rows) - 1)
        curves = zip(_Row._fields, np.array(rows, np.float64).reshape(-1, len(_Row._fields)).T, strict=True)
        named: dict[str, Any] = {
            name: column.astype(np.int64 if name == "held" else np.float64) for name, column in curves
        }
        book = self.book
        return Account(
            capital=self.capital,
            trades=Trades.of(np.array(book.trades, np.float64).reshape(-1, len(Trades.__slots__)).T.copy()),
            fees=book.fees,
            funding=book.funding,
            rejected=book.rejected,
            unfilled=self.unfilled,
            ruined_at=self.ruined_at,
            **named,
        )

    def _step(self, place: int) -> _Row:
        book, bars = self.book, self.market.places[place]
        book.turnover = 0.0
        if self.ruined_at < 0:
            self._trade(place, bars)
        for symbol, bar in bars.items():
            book.last[symbol] = bar.close
        net = book.mark()
        if self.ruined_at < 0:
            if book.equity <= 0:
                net = self._ruin(place)
            else:
                self._decide(place, bars)
        return _Row(book.equity, book.cash, book.gross, net, len(book.positions), book.turnover)

    def _trade(self, place: int, bars: dict[int, Bar]) -> None:
        if len(self.tape.funding):
            for position, bar in self._held_at(bars):
                self.book.pay_funding(position, bar.open, bar.funding)
        if self.rules.fill is Fill.NEXT_OPEN:
            self._fill(place, {symbol: (bar, bar.open) for symbol, bar in bars.items()})
        for position, bar in self._held_at(bars):
            self._pass_through(position, bar, place)
        if self.rules.fill is Fill.NEXT_CLOSE:
            self._fill(place, {symbol: (bar, bar.close) for symbol, bar in bars.items()})
        for position, bar in self._held_at(bars):
            if bar.last and place < self.tape.alive_from:
                self.book.close(position, bar.close, place, Reason.DELISTED)

    def _held_at(self, bars: dict[int, Bar]) -> list[tuple[Position, Bar]]:
        return [(each, bars[each.order.symbol]) for each in self.book.held() if each.order.symbol in bars]

    def _pass_through(self, position: Position, bar: Bar, place: int) -> None:
        """Through a bar that a position is held in: to its stop, to its target, or to the close."""
        if position.order.side > 0:
            stopped, reached, worse, better = bar.low <= position.stop, bar.high >= position.target, min, max
        else:
            stopped, reached, worse, better = bar.high >= position.stop, bar.low <= position.target, max, min
        if stopped and self.rules.exits.stop_atr is not None:
            self._drop(position.order.symbol)
            self.book.close(position, worse(position.stop, bar.open), place, Reason.STOP)
        elif reached and self.rules.exits.target_atr is not None:
            self._drop(position.order.symbol)
            self.book.close(position, better(position.target, bar.open), place, Reason.TARGET)
        else:
            position.see(bar.low, bar.high)
            position.whole_bars += 1

    def _drop(self, symbol: int) -> None:
        self.leaving.pop(symbol, None)
        self.orders = [each for each in self.orders if not (each.symbol == symbol and each.resize)]

    def _fill(self, place: int, priced: dict[int, tuple[Bar, float]]) -> None:
        book = self.book
        for symbol in sorted(self.leaving.keys() & priced.keys()):
            book.close(book.positions[symbol], priced[symbol][1], place, self.leaving.pop(symbol))
        due = [each for each in self.orders if each.symbol in priced]
        self.orders = [each for each in self.orders if each.symbol not in priced]
        for order in sorted((each for each in due if each.resize), key=lambda each: each.symbol):
            book.reduce(book.positions[order.symbol], order.value, priced[order.symbol][1], place)
        exits = self.rules.exits
        for order in due:
            bar, price = priced[order.symbol]
            if order.resize:
                book.add(book.positions[order.symbol], order.value, price, place)
            else:
                stops = ((exits.stop_atr or 0.0) * order.atr, (exits.target_atr or 0.0) * order.atr)
                book.enter(order, price, place, bar.number, stops)

    def _ruin(self, place: int) -> float:
        self.ruined_at = place
        self.unfilled += len(self.orders) + len(self.leaving)
        for position in self.book.held():
            self.book.close(position, self.book.last[position.order.symbol], place, Reason.RUINED)
        return self.book.mark()

    def _decide(self, place: int, bars: dict[int, Bar]) -> None:
        known = [bar for bar in bars.values() if not math.isnan(bar.signal)]
        for bar in known:
            reason = self._reason_to_leave(self.book.positions.get(bar.symbol), bar)
            if reason:
                self.leaving[bar.symbol] = reason
        ranked = sorted((bar for bar in known if self._passes(bar)), key=Bar.rank)
        if self._is_rebalance(place, ranked):
            self._rebalance(place, ranked[: self.rules.max_positions])
        else:
            self._enter(place, ranked)
        for bar in bars.values():
            if bar.last:
                self.unfilled += self.leaving.pop(bar.symbol, None) is not None
                self.unfilled += sum(each.symbol == bar.symbol for each in self.orders)
                self.orders = [each for each in self.orders if each.symbol != bar.symbol]

    def _reason_to_leave(self, position: Position | None, bar: Bar) -> Reason | None:
        if position is None:
            return None
        exits, side = self.rules.exits, position.order.side
        if exits.flip and bar.stand == -side:
            return Reason.FLIP
        if exits.neutral and bar.stand != side:
            return Reason.NEUTRAL
        due = exits.bars is not None and bar.number - position.entry_bar + 1 >= exits.bars
        return Reason.BARS if due else None

    def _passes(self, bar: Bar) -> bool:
        rules, exits = self.rules, self.rules.exits
        needs_atr = rules.size is SizeBy.ATR or exits.stop_atr is not None or exits.target_atr is not None
        return (
            bar.stand != 0
            and bar.stand != {"long": -1, "short": 1}.get(rules.side)
            and abs(bar.signal) >= rules.min_signal
            and (rules.max_age_bars is None or 0 <= bar.age <= rules.max_age_bars)
            and (rules.min_volume is None or bar.volume >= rules.min_volume)
            and (not needs_atr or bar.atr > 0)
        )

    def _is_rebalance(self, place: int, ranked: list[Bar]) -> bool:
        every = self.rules.rebalance_bars
        if every is not None and self.rebalance_from < 0 and ranked:
            self.rebalance_from = place
        return every is not None and self.rebalance_from >= 0 and (place - self.rebalance_from) % every == 0

    def _rebalance(self, place: int, wanted: list[Bar]) -> None:
        sides = {bar.symbol: bar.stand for bar in wanted}
        for symbol, position in self.book.positions.items():
            if sides.get(symbol) != position.order.side:
                self.leaving.setdefault(symbol, Reason.REBALANCE)
        self.unfilled += sum(not each.resize for each in self.orders)
        self.orders = [self._order(place, bar) for bar in wanted]

    def _enter(self, place: int, ranked: list[Bar]) -> None:
        free: int | None = None
        if self.rules.max_positions is not None:
            waiting = sum(not each.resize for each in self.orders)
            free = max(0, self.rules.max_positions - len(self.book.positions) + len(self.leaving) - waiting)
        fresh = [
            bar
            for bar in ranked
            if (bar.symbol not in self.book.positions or bar.symbol in self.leaving)
            and (self.rules.enter is Enter.HOLD or bar.age == 0)
        ]
        self.orders += [self._order(place, bar) for bar in fresh[:free]]

    def _order(self, place: int, bar: Bar) -> Order:
        rules, equity = self.rules, self.book.equity
        value = equity * rules.leverage / (rules.max_positions or self.market.universe[place])
        if rules.size is SizeBy.SIGNAL:
            value *= abs(bar.signal)
        elif rules.size is SizeBy.ATR:
            value = rules.risk_frac * equity / ((rules.exits.stop_atr or 1.0) * bar.atr / bar.close)
        resize = bar.symbol in self.book.positions and bar.symbol not in self.leaving
        return Order(
            symbol=bar.symbol,
            decided=place,
            side=bar.stand,
            value=value,
            atr=bar.atr,
            signal=bar.signal,
            resize=resize,
        )
