"""Cash and positions of a backtest, fill by fill: the slow definition, in the order in which sums are rounded."""

import math
from dataclasses import dataclass, field

from atc_cli.domain.rules import Costs, Reason

# Of the equity: what is worth less is dust, and no order.
DUST_FRAC = 1e-9
_REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """To enter, or with `resize` to hold so much; decided at the close of a bar, for the symbol's next one."""

    symbol: int
    decided: int
    side: int
    value: float
    atr: float
    signal: float
    resize: bool


@dataclass(slots=True, kw_only=True)
class Position:
    """What is held of a symbol. `quantity` has the sign of the side, `flow` is what it did to the cash."""

    order: Order
    entry: int
    entry_bar: int
    price: float
    stop: float
    target: float
    quantity: float = 0.0
    largest: float = 0.0
    flow: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    whole_bars: int = 0

    def see(self, low: float, high: float) -> None:
        """Count prices among those that it was held through."""
        self.low, self.high = min(self.low, low), max(self.high, high)

    def ended(self, place: int, price: float, pnl: float, reason: Reason) -> tuple[float, ...]:
        """The trade that it was, in the order of Trades."""
        order, entry = self.order, self.price
        self.see(min(entry, price), max(entry, price))
        down, up = (self.low - entry) / entry, (self.high - entry) / entry
        worst, best = (down, up) if order.side > 0 else (-up, -down)
        where = order.symbol, order.side, order.decided, self.entry, place
        money = entry, price, self.largest, pnl, self.fees, self.funding
        return (*where, *money, worst, best, self.whole_bars, order.signal, _REASONS.index(reason))


@dataclass(slots=True, kw_only=True)
class Book:
    """The account between two fills.

    `equity` and `gross` are those of the closes of the place before, changed by what was done since; `last` is the last
    close of every symbol.
    """

    costs: Costs
    leverage: float
    cash: float
    equity: float
    last: list[float]
    gross: float = 0.0
    turnover: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    rejected: int = 0
    positions: dict[int, Position] = field(default_factory=dict)
    trades: list[tuple[float, ...]] = field(default_factory=list)

    def held(self) -> list[Position]:
        """In the order of the symbols."""
        return [self.positions[symbol] for symbol in sorted(self.positions)]

    def pay_funding(self, position: Position, price: float, rate_frac: float) -> None:
        """Of the value at that price: longs pay a rate above 0, shorts receive it."""
        paid = position.quantity * price * rate_frac
        self.cash -= paid
        self.equity -= paid
        self.funding += paid
        position.flow -= paid
        position.funding += paid

    def enter(self, order: Order, price: float, place: int, bar: int, stops: tuple[float, float]) -> None:
        """Open a position of the order's value, as far as there is room; `stops`: how far off stop and target are."""
        value = self._within_room(order.value)
        if value > 0:
            paid = self._slipped(price, order.side)
            stop, target = paid - order.side * stops[0], paid + order.side * stops[1]
            position = Position(order=order, entry=place, entry_bar=bar, price=paid, stop=stop, target=target)
            self.positions[order.symbol] = position
            self._deal(position, order.side * (value / paid), paid, paid)
            self.gross += abs(position.quantity * paid)

    def reduce(self, position: Position, value: float, price: float, place: int) -> None:
        """Sell what a long is worth more than `value` at that price, buy back what a short is."""
        excess = abs(position.quantity) * price - value
        if excess > DUST_FRAC * self.equity:
            side, mark = position.order.side, self._mark(position, place)
            quantity = -side * (excess / price)
            self._deal(position, quantity, self._slipped(price, -side), mark)
            self.gross -= abs(quantity * mark)

    def add(self, position: Position, value: float, price: float, place: int) -> None:
        """Add what a position lacks of `value` at that price, as far as there is room; its price becomes the mean."""
        lack = value - abs(position.quantity) * price
        value = self._within_room(lack) if lack > DUST_FRAC * self.equity else 0.0
        if value > 0:
            side, mark, before = position.order.side, self._mark(position, place), abs(position.quantity)
            paid = self._slipped(price, side)
            more = value / paid
            self._deal(position, side * more, paid, mark)
            self.gross += abs(side * more * mark)
            position.price = (position.price * before + paid * more) / (before + more)

    def close(self, position: Position, price: float, place: int, reason: Reason) -> None:
        """End a position at that price."""
        quantity, mark = -position.quantity, self._mark(position, place)
        paid = self._slipped(price, -position.order.side)
        self._deal(position, quantity, paid, mark)
        self.gross -= abs(quantity * mark)
        del self.positions[position.order.symbol]
        self.trades.append(position.ended(place, paid, position.flow, reason))

    def leave_open(self, place: int) -> None:
        """What is held at the end becomes trades that are open, marked at the last close."""
        for position in self.held():
            price = self.last[position.order.symbol]
            pnl = position.flow + position.quantity * price
            self.trades.append(position.ended(place, price, pnl, Reason.OPEN))

    def mark(self) -> float:
        """Value everything at the last closes; returns the sum, signed."""
        net = self.gross = 0.0
        for position in self.held():
            value = position.quantity * self.last[position.order.symbol]
            net += value
            self.gross += abs(value)
        self.equity = self.cash + net
        return net

    def _mark(self, position: Position, place: int) -> float:
        return position.price if position.entry == place else self.last[position.order.symbol]

    def _within_room(self, value: float) -> float:
        """0 where there is none below the leverage, which is counted."""
        value = min(value, self.leverage * self.equity - self.gross)
        if value <= DUST_FRAC * self.equity:
            self.rejected += 1
            return 0.0
        return value

    def _slipped(self, price: float, sign: int) -> float:
        slippage = self.costs.slippage_frac
        return price * (1 + slippage if sign > 0 else 1 - slippage)

    def _deal(self, position: Position, quantity: float, price: float, mark: float) -> None:
        value = quantity * price
        fee = self.costs.fee_frac * abs(value)
        self.cash -= value
        self.cash -= fee
        self.fees += fee
        self.turnover += abs(value)
        self.equity += quantity * (mark - price) - fee
        position.flow -= value
        position.flow -= fee
        position.fees += fee
        position.quantity += quantity
        position.largest = max(position.largest, abs(position.quantity))
