//! Place after place: funding, fills, stops, equity.

use super::alarm::Alarm;
use super::bits::{Ones, PLACES, from, spot, words};
use super::book::{Book, Spot};
use super::decide::Candidate;
use super::flags::Kind;
use super::rules::Rules;
use super::tile::Tile;
use super::trade::{Order, Reason, columns};
use super::{Curves, Outcome, Tape};

/// A walk along the tape. Places are counted within the tile.
pub(super) struct Walk<'a> {
    pub tape: &'a Tape<'a>,
    pub rules: &'a Rules,
    places: usize,
    pub tile: Tile,
    pub book: Book<'a>,
    /// Where a bar touches stop or target, and where the bars of a position are over.
    touched: Alarm,
    pub due: Alarm,
    /// What is to be closed, and why.
    pub leaving: Vec<u64>,
    /// Whether anything leaves or is ordered.
    pub pending: bool,
    pub reasons: Vec<Reason>,
    pub orders: Vec<Order>,
    filling: Vec<Order>,
    pub candidates: Vec<Candidate>,
    pub unfilled: usize,
    pub rebalance_from: Option<usize>,
    /// Symbols between their first signal and last bar.
    pub universe: usize,
}

impl<'a> Walk<'a> {
    pub fn new(tape: &'a Tape<'a>, rules: &'a Rules, places: usize) -> Self {
        let symbols = tape.symbols();
        Self {
            tape,
            rules,
            places,
            tile: Tile::new(tape),
            book: Book::new(rules, symbols),
            touched: Alarm::new(symbols),
            due: Alarm::new(symbols),
            leaving: vec![0; words(symbols)],
            pending: false,
            reasons: vec![Reason::default(); symbols],
            orders: Vec::new(),
            filling: Vec::new(),
            candidates: Vec::new(),
            unfilled: 0,
            rebalance_from: None,
            universe: 0,
        }
    }

    pub fn account(mut self, curves: &mut Curves) -> Outcome {
        let firsts = (0..self.places).step_by(PLACES);
        let ruined_at = firsts.filter_map(|first| self.pass(first, curves)).next();
        for symbol in self.book.symbols() {
            self.book.leave_open(self.tape, symbol, self.places - 1);
        }
        Outcome {
            trades: columns(&self.book.trades),
            paid: [self.book.fees, self.book.funding],
            dropped: [self.book.rejected, self.unfilled],
            ruined_at,
        }
    }

    /// The places of a tile; that of the ruin, up to which curves are written, and from there on as it left them.
    fn pass(&mut self, first: usize, curves: &mut Curves) -> Option<usize> {
        self.load(first);
        let mut rows = [Row::default(); PLACES];
        let rows = &mut rows[..PLACES.min(self.places - first)];
        let mut ruined = None;
        for (place, row) in rows.iter_mut().enumerate() {
            self.step(place);
            if self.book.equity <= 0.0 {
                self.ruin(place);
                ruined = Some(first + place);
            } else {
                self.decide(place);
            }
            *row = Row::of(&self.book);
            if ruined.is_some() {
                break;
            }
        }
        curves.write(first, rows);
        if let Some(place) = ruined {
            curves.stay(place);
        }
        ruined
    }

    /// Up to the close of a place.
    #[inline]
    fn step(&mut self, place: usize) {
        self.universe += self.tile.joins[place];
        self.book.turnover = 0.0;
        let quiet = (self.tile.busy | self.touched.any) >> place & 1 == 0;
        if !quiet || self.pending {
            self.trade(place);
        }
        self.book.mark(self.tile.closes(place));
    }

    fn load(&mut self, first: usize) {
        self.tile.load(self.tape, self.rules, first);
        self.touched.clear();
        self.due.clear();
        if self.rules.bars.is_none() && !self.rules.are_stopped() {
            return;
        }
        for word in 0..self.leaving.len() {
            for symbol in Ones(self.book.held(word)).map(|bit| word * PLACES + bit) {
                self.watch(symbol, 0);
            }
        }
    }

    fn trade(&mut self, place: usize) {
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
        if self.tile.any(Kind::Ends, place) && self.tile.first + place + 1 < self.places {
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
    fn watch(&mut self, symbol: usize, place: usize) {
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
    fn ruin(&mut self, place: usize) {
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

/// The account at the close of a place.
#[derive(Clone, Copy, Default)]
struct Row {
    equity: f64,
    cash: f64,
    gross: f64,
    net: f64,
    turnover: f64,
    held: usize,
}

impl Row {
    fn of(book: &Book) -> Self {
        Self {
            equity: book.equity,
            cash: book.cash,
            gross: book.gross,
            net: book.net,
            turnover: book.turnover,
            held: book.count(),
        }
    }
}

impl Curves<'_> {
    fn write(&mut self, first: usize, rows: &[Row]) {
        let column = |curve: &mut [f64], value: fn(&Row) -> f64| {
            let places = curve[first..].iter_mut().zip(rows);
            places.for_each(|(entry, row)| *entry = value(row));
        };
        column(self.equity, |row| row.equity);
        column(self.cash, |row| row.cash);
        column(self.gross, |row| row.gross);
        column(self.net, |row| row.net);
        column(self.turnover, |row| row.turnover);
        for (entry, row) in self.held[first..].iter_mut().zip(rows) {
            *entry = i64::try_from(row.held).unwrap_or(0);
        }
    }

    /// Nothing happens after that place.
    fn stay(&mut self, place: usize) {
        for curve in [&mut *self.equity, self.cash] {
            let last = curve[place];
            curve[place..].fill(last);
        }
        for curve in [&mut *self.gross, self.net, self.turnover] {
            curve[place + 1..].fill(0.0);
        }
        self.held[place + 1..].fill(0);
    }
}
