//! What happens at a place before its close is valued: funding, fills, stops, last bars.

use super::bits::{Ones, PLACES, from, spot};
use super::book::Spot;
use super::flags::Kind;
use super::trade::Reason;
use super::walk::Walk;

impl Walk<'_> {
    pub fn trade(&mut self, place: usize) {
        if self.tile.any(Kind::Pays, place) {
            self.pay_funding(place);
        }
        if !self.rules.at_close {
            self.fill(place, self.tape.open);
        }
        if self.touched.any >> place & 1 == 1 {
            self.stop(place);
        }
        if self.rules.at_close {
            self.fill(place, self.tape.close);
        }
        if self.tile.any(Kind::Ends, place) && self.tile.first + place < self.tape.alive_from {
            self.delist(place);
        }
    }

    fn pay_funding(&mut self, place: usize) {
        for word in 0..self.leaving.len() {
            let paying = self.tile.set(Kind::Pays, place, word) & self.book.held(word);
            for symbol in Ones(paying).map(|bit| word * PLACES + bit) {
                let bar = self.tile.bar(symbol, place);
                let (price, rate) = (self.tape.open[bar], self.tape.funding[bar]);
                self.book.pay_funding(symbol, price, rate);
            }
        }
    }

    fn fill(&mut self, place: usize, prices: &[f64]) {
        if self.pending {
            let left = self.fill_exits(place, prices);
            self.fill_orders(place, prices);
            self.pending = left || !self.orders.is_empty();
        }
    }

    /// Whether any are left.
    fn fill_exits(&mut self, place: usize, prices: &[f64]) -> bool {
        let mut left = 0;
        for word in 0..self.leaving.len() {
            let due = self.leaving[word] & self.tile.set(Kind::Here, place, word);
            self.leaving[word] ^= due;
            left |= self.leaving[word];
            for symbol in Ones(due).map(|bit| word * PLACES + bit) {
                let spot = self.spot(symbol, place, prices);
                let whole_until = spot.bar + usize::from(self.rules.at_close);
                self.end(symbol, whole_until, spot, self.reasons[symbol]);
            }
        }
        left != 0
    }

    fn fill_orders(&mut self, place: usize, prices: &[f64]) {
        let mut due = std::mem::take(&mut self.filling);
        due.clear();
        let here = |symbol: usize| {
            let (word, bit) = spot(symbol);
            self.tile.set(Kind::Here, place, word) & bit != 0
        };
        let orders = self.orders.extract_if(.., |order| here(order.symbol));
        due.extend(orders);
        if self.rules.rebalance_bars.is_some() {
            let mut resized: Vec<_> = due.iter().filter(|order| order.resize).collect();
            resized.sort_unstable_by_key(|order| order.symbol);
            for order in resized {
                let spot = self.spot(order.symbol, place, prices);
                self.book.reduce(order.symbol, order.value, spot);
            }
        }
        for order in &due {
            let spot = self.spot(order.symbol, place, prices);
            if order.resize {
                self.book.add(order.symbol, order.value, spot);
            } else if self.book.enter(order, spot) {
                self.watch(order.symbol, place + usize::from(self.rules.at_close));
            }
        }
        self.filling = due;
    }

    /// Ends what touches its stop or target at this place.
    fn stop(&mut self, place: usize) {
        for word in 0..self.leaving.len() {
            let touched = self.touched.set(place, word) & self.book.held(word);
            for symbol in Ones(touched).map(|bit| word * PLACES + bit) {
                let spot = self.spot(symbol, place, self.tape.open);
                let (price, reason) = self.stopped(symbol, spot.bar);
                self.leaving[word] &= !(1 << (symbol % PLACES));
                self.orders
                    .retain(|order| !(order.resize && order.symbol == symbol));
                self.end(symbol, spot.bar, Spot { price, ..spot }, reason);
            }
        }
    }

    /// The price of a stop or target that is touched, the open where the bar begins beyond it.
    fn stopped(&self, symbol: usize, bar: usize) -> (f64, Reason) {
        let position = &self.book.positions[symbol];
        let (open, stop, target) = (self.tape.open[bar], position.stop, position.target);
        let long = position.order.side > 0.0;
        if self.rules.stop_atr.is_some() && self.is_stopped(symbol, bar) {
            let worse = if long { open < stop } else { open > stop };
            (if worse { open } else { stop }, Reason::Stop)
        } else {
            let better = if long { open > target } else { open < target };
            (if better { open } else { target }, Reason::Target)
        }
    }

    fn is_stopped(&self, symbol: usize, bar: usize) -> bool {
        let position = &self.book.positions[symbol];
        let long = position.order.side > 0.0;
        if long {
            self.tape.low[bar] <= position.stop
        } else {
            self.tape.high[bar] >= position.stop
        }
    }

    fn is_reached(&self, symbol: usize, bar: usize) -> bool {
        let position = &self.book.positions[symbol];
        let long = position.order.side > 0.0;
        if long {
            self.tape.high[bar] >= position.target
        } else {
            self.tape.low[bar] <= position.target
        }
    }

    /// Finds where in the tile, from a place on, a position is stopped or its bars are over.
    pub fn watch(&mut self, symbol: usize, place: usize) {
        let bars = self.tile.bar(symbol, place)..self.tile.bar(symbol, PLACES);
        let (stops, targets) = (
            self.rules.stop_atr.is_some(),
            self.rules.target_atr.is_some(),
        );
        if stops || targets {
            let touches = |bar: &usize| {
                stops && self.is_stopped(symbol, *bar) || targets && self.is_reached(symbol, *bar)
            };
            let touched = bars.clone().find(touches).map(|bar| self.place_of(bar));
            self.touched.ring(symbol, touched);
        }
        if let Some(most) = self.rules.bars {
            let over = self.book.positions[symbol].entry_bar + most.get() - 1;
            let start = self.tile.bar(symbol, 0);
            let place = (over < bars.end).then(|| self.place_of(over.max(start)));
            let known = place.map_or(0, |place| self.tile.word(Kind::Known, symbol) & from(place));
            let due = (known != 0).then(|| known.trailing_zeros() as usize);
            self.due.ring(symbol, due);
        }
    }

    fn place_of(&self, bar: usize) -> usize {
        usize::try_from(self.tape.at[bar]).map_or(0, |at| at - self.tile.first)
    }

    fn delist(&mut self, place: usize) {
        for word in 0..self.leaving.len() {
            let ends = self.tile.set(Kind::Ends, place, word) & self.book.held(word);
            for symbol in Ones(ends).map(|bit| word * PLACES + bit) {
                let spot = self.spot(symbol, place, self.tape.close);
                self.end(symbol, spot.bar + 1, spot, Reason::Delisted);
            }
        }
    }

    /// Closes everything at its last close.
    pub fn ruin(&mut self, place: usize) {
        let leaving: u32 = self.leaving.iter().map(|word| word.count_ones()).sum();
        self.unfilled += self.orders.len() + leaving as usize;
        for symbol in self.book.symbols() {
            let bars = self.tile.bar(symbol, place + 1);
            let price = self.tile.closes(place)[symbol];
            let spot = Spot {
                place: self.tile.first + place,
                bar: bars - 1,
                price,
                before: price,
            };
            self.end(symbol, bars, spot, Reason::Ruined);
        }
        let book = &mut self.book;
        (book.equity, book.net, book.gross) = (book.cash, 0.0, 0.0);
    }

    fn end(&mut self, symbol: usize, whole_until: usize, spot: Spot, reason: Reason) {
        self.touched.ring(symbol, None);
        self.due.ring(symbol, None);
        self.book
            .close(self.tape, symbol, whole_until, spot, reason);
    }

    fn spot(&self, symbol: usize, place: usize, prices: &[f64]) -> Spot {
        let bar = self.tile.bar(symbol, place);
        Spot {
            place: self.tile.first + place,
            bar,
            price: prices[bar],
            before: self.tile.before(symbol, place),
        }
    }
}
