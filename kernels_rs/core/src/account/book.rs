//! Cash and positions, fill by fill.

use super::Tape;
use super::bits::{members, spot, words};
use super::rules::Rules;
use super::trade::{End, Order, Position, Reason, TRADE_COLUMNS};

/// Of the equity: what is worth less is dust, and no order.
const DUST_FRAC: f64 = 1e-9;

/// Where one in so many symbols is held, all are valued faster than those alone.
const FEW: usize = 3;

/// Where and when a fill happens.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    pub place: usize,
    /// Of the symbol, in the columns.
    pub bar: usize,
    pub price: f64,
    /// The symbol's last close before.
    pub before: f64,
}

/// The account between two fills.
pub(super) struct Book<'a> {
    rules: &'a Rules,
    pub cash: f64,
    /// As of the closes of the place before, changed by what was done since; `gross` likewise.
    pub equity: f64,
    pub gross: f64,
    pub net: f64,
    pub turnover: f64,
    pub fees: f64,
    pub funding: f64,
    pub rejected: usize,
    pub long: Vec<u64>,
    pub short: Vec<u64>,
    pub longs: usize,
    pub shorts: usize,
    quantity: Vec<f64>,
    pub positions: Vec<Position>,
    pub trades: Vec<[f64; TRADE_COLUMNS]>,
}

#[inline]
fn plus((net, gross): (f64, f64), value: f64) -> (f64, f64) {
    (net + value, gross + value.abs())
}

impl<'a> Book<'a> {
    pub fn new(rules: &'a Rules, symbols: usize) -> Self {
        Self {
            rules,
            cash: rules.capital,
            equity: rules.capital,
            gross: 0.0,
            net: 0.0,
            turnover: 0.0,
            fees: 0.0,
            funding: 0.0,
            rejected: 0,
            long: vec![0; words(symbols)],
            short: vec![0; words(symbols)],
            longs: 0,
            shorts: 0,
            quantity: vec![0.0; symbols],
            positions: vec![Position::default(); symbols],
            trades: Vec::new(),
        }
    }

    /// One word of the set of what is held.
    #[inline]
    pub fn held(&self, word: usize) -> u64 {
        self.long[word] | self.short[word]
    }

    /// The number of positions.
    #[inline]
    pub fn count(&self) -> usize {
        self.longs + self.shorts
    }

    /// Everything held, symbols in order.
    pub fn symbols(&self) -> Vec<usize> {
        members((0..self.long.len()).map(|word| self.held(word))).collect()
    }

    /// Values everything at the last closes.
    #[inline]
    pub fn mark(&mut self, closes: &[f64]) {
        let zero = (0.0, 0.0);
        let (net, gross) = if self.count() * FEW >= self.quantity.len() {
            // What is not held is worth 0, which changes no sum.
            let pairs = self.quantity.iter().zip(closes);
            pairs.fold(zero, |sums, (quantity, close)| plus(sums, quantity * close))
        } else {
            let held = members((0..self.long.len()).map(|word| self.held(word)));
            held.fold(zero, |sums, symbol| {
                plus(sums, self.quantity[symbol] * closes[symbol])
            })
        };
        (self.net, self.gross) = (net, gross);
        self.equity = self.cash + net;
    }

    pub fn pay_funding(&mut self, symbol: usize, price: f64, rate_frac: f64) {
        let paid = self.quantity[symbol] * price * rate_frac;
        let position = &mut self.positions[symbol];
        self.cash -= paid;
        self.equity -= paid;
        self.funding += paid;
        position.flow -= paid;
        position.funding += paid;
    }

    /// Opens a position as far as there is room; whether there is any.
    pub fn enter(&mut self, order: &Order, spot: Spot) -> bool {
        let Some(value) = self.within_room(order.value) else {
            return false;
        };
        let (side, rules) = (order.side, self.rules);
        let price = self.slipped(spot.price, side);
        let (stop, target) = (
            rules.stop_atr.unwrap_or(0.0),
            rules.target_atr.unwrap_or(0.0),
        );
        self.positions[order.symbol] = Position {
            order: *order,
            entry: spot.place,
            entry_bar: spot.bar,
            whole_from: spot.bar + usize::from(rules.at_close),
            price,
            stop: price - side * (stop * order.atr),
            target: price + side * (target * order.atr),
            ..Position::default()
        };
        self.hold(order.symbol, side, true);
        self.deal(order.symbol, side * (value / price), price, price);
        self.gross += (self.quantity[order.symbol] * price).abs();
        true
    }

    /// Makes a position smaller that is worth more than `value`.
    pub fn reduce(&mut self, symbol: usize, value: f64, spot: Spot) {
        let excess = self.quantity[symbol].abs() * spot.price - value;
        if excess > DUST_FRAC * self.equity {
            let (side, mark) = (
                self.positions[symbol].order.side,
                self.mark_of(symbol, spot),
            );
            let quantity = -side * (excess / spot.price);
            self.deal(symbol, quantity, self.slipped(spot.price, -side), mark);
            self.gross -= (quantity * mark).abs();
        }
    }

    /// Makes one larger that is worth less, as far as there is room; its price becomes the mean.
    pub fn add(&mut self, symbol: usize, value: f64, spot: Spot) {
        let before = self.quantity[symbol].abs();
        let lack = value - before * spot.price;
        if lack > DUST_FRAC * self.equity
            && let Some(value) = self.within_room(lack)
        {
            let (side, mark) = (
                self.positions[symbol].order.side,
                self.mark_of(symbol, spot),
            );
            let price = self.slipped(spot.price, side);
            let more = value / price;
            self.deal(symbol, side * more, price, mark);
            self.gross += (side * more * mark).abs();
            let position = &mut self.positions[symbol];
            position.price = (position.price * before + price * more) / (before + more);
        }
    }

    /// Ends a position whose bars up to `whole_until` were held whole.
    pub fn close(
        &mut self,
        tape: &Tape,
        symbol: usize,
        whole_until: usize,
        spot: Spot,
        reason: Reason,
    ) {
        let (quantity, side) = (-self.quantity[symbol], self.positions[symbol].order.side);
        let (mark, price) = (self.mark_of(symbol, spot), self.slipped(spot.price, -side));
        self.deal(symbol, quantity, price, mark);
        self.gross -= (quantity * mark).abs();
        self.hold(symbol, side, false);
        self.quantity[symbol] = 0.0;
        let (place, pnl) = (spot.place, self.positions[symbol].flow);
        let end = End {
            place,
            price,
            pnl,
            reason,
        };
        self.note(tape, symbol, whole_until, &end);
    }

    /// What is held at the end becomes a trade that is open.
    pub fn leave_open(&mut self, tape: &Tape, symbol: usize, place: usize) {
        let bars = tape.bars(symbol).end;
        let price = tape.close[bars - 1];
        let pnl = self.positions[symbol].flow + self.quantity[symbol] * price;
        let reason = Reason::Open;
        self.note(
            tape,
            symbol,
            bars,
            &End {
                place,
                price,
                pnl,
                reason,
            },
        );
    }

    fn note(&mut self, tape: &Tape, symbol: usize, whole_until: usize, end: &End) {
        let position = &self.positions[symbol];
        let whole = position.whole_from.min(whole_until)..whole_until;
        let trade = position.ended(end, &tape.low[whole.clone()], &tape.high[whole]);
        self.trades.push(trade);
    }

    fn hold(&mut self, symbol: usize, side: f64, held: bool) {
        let (word, bit) = spot(symbol);
        let (set, count) = if side > 0.0 {
            (&mut self.long, &mut self.longs)
        } else {
            (&mut self.short, &mut self.shorts)
        };
        set[word] ^= bit;
        *count = if held { *count + 1 } else { *count - 1 };
    }

    /// The price that a position stands with in equity and gross.
    fn mark_of(&self, symbol: usize, spot: Spot) -> f64 {
        let position = &self.positions[symbol];
        if position.entry == spot.place {
            position.price
        } else {
            spot.before
        }
    }

    /// None where there is no room below the leverage, which is counted.
    fn within_room(&mut self, value: f64) -> Option<f64> {
        let room = self.rules.leverage * self.equity - self.gross;
        let value = if room < value { room } else { value };
        let found = value > DUST_FRAC * self.equity;
        self.rejected += usize::from(!found);
        found.then_some(value)
    }

    fn slipped(&self, price: f64, sign: f64) -> f64 {
        let slippage = self.rules.slippage_frac;
        price
            * if sign > 0.0 {
                1.0 + slippage
            } else {
                1.0 - slippage
            }
    }

    fn deal(&mut self, symbol: usize, quantity: f64, price: f64, mark: f64) {
        let value = quantity * price;
        let fee = self.rules.fee_frac * value.abs();
        self.cash -= value;
        self.cash -= fee;
        self.fees += fee;
        self.turnover += value.abs();
        self.equity += quantity * (mark - price) - fee;
        let (held, position) = (&mut self.quantity[symbol], &mut self.positions[symbol]);
        position.flow -= value;
        position.flow -= fee;
        position.fees += fee;
        *held += quantity;
        position.largest = if held.abs() > position.largest {
            held.abs()
        } else {
            position.largest
        };
    }
}
