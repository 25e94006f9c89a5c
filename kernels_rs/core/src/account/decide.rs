//! What is decided at the close of a place.

use std::cmp::Ordering;

use super::bits::{Ones, PLACES, spot};
use super::flags::Kind;
use super::rules::SizeBy;
use super::trade::{Order, Reason};
use super::walk::Walk;

/// A symbol that may be entered, by what ranks it.
pub(super) struct Candidate {
    rank: [f64; 3],
    symbol: usize,
    bar: usize,
}

impl Candidate {
    fn order(&self, other: &Self) -> Ordering {
        let pairs = self.rank.iter().zip(&other.rank);
        let of_ranks = pairs.map(|(a, b)| a.partial_cmp(b).unwrap_or(Ordering::Equal));
        of_ranks
            .fold(Ordering::Equal, Ordering::then)
            .then(self.symbol.cmp(&other.symbol))
    }
}

impl Walk<'_> {
    #[inline]
    pub fn decide(&mut self, place: usize) {
        if self.may_leave(place) {
            self.leave(place);
        }
        if self.tile.busy >> place & 1 == 1 {
            self.order_entries(place);
        }
    }

    #[inline]
    fn may_leave(&self, place: usize) -> bool {
        let (book, tile, exits) = (&self.book, &self.tile, self.rules);
        let opposite = book.longs > 0 && tile.any(Kind::Down, place)
            || book.shorts > 0 && tile.any(Kind::Up, place);
        opposite || book.count() > 0 && (exits.neutral || exits.bars.is_some())
    }

    fn order_entries(&mut self, place: usize) {
        if self.is_rebalance(place) {
            self.rebalance(place);
        } else if self.tile.any(Kind::Fresh, place) {
            self.enter(place);
        }
        if self.tile.any(Kind::Ends, place) {
            self.drop_of_last_bars(place);
        }
    }

    fn leave(&mut self, place: usize) {
        let exits = self.rules;
        for word in 0..self.leaving.len() {
            let (long, short) = (self.book.long[word], self.book.short[word]);
            let [up, down] = [Kind::Up, Kind::Down].map(|kind| self.tile.set(kind, place, word));
            let flips = if exits.flip {
                long & down | short & up
            } else {
                0
            };
            let neutral = if exits.neutral {
                (long & !up | short & !down) & self.tile.set(Kind::Known, place, word)
            } else {
                0
            };
            let over = if exits.bars.is_some() {
                self.due.set(place, word) & (long | short)
            } else {
                0
            };
            let leaves = flips | neutral | over;
            for bit in Ones(leaves & !self.leaving[word]) {
                let first = |set: u64| set >> bit & 1 == 1;
                self.reasons[word * PLACES + bit] = match (first(flips), first(neutral)) {
                    (true, _) => Reason::Flip,
                    (_, true) => Reason::Neutral,
                    _ => Reason::Bars,
                };
            }
            self.leaving[word] |= leaves;
            self.pending |= leaves != 0;
        }
    }

    fn is_rebalance(&mut self, place: usize) -> bool {
        let Some(every) = self.rules.rebalance_bars else {
            return false;
        };
        let at = self.tile.first + place;
        if self.rebalance_from.is_none() {
            self.rebalance_from = self.tile.any(Kind::Passes, place).then_some(at);
        }
        self.rebalance_from
            .is_some_and(|first| (at - first) % every == 0)
    }

    fn rebalance(&mut self, place: usize) {
        let most = self.rules.max_positions.map_or(usize::MAX, usize::from);
        self.rank(place, most, |walk, word| {
            walk.tile.set(Kind::Passes, place, word)
        });
        let mut kept = vec![0; self.leaving.len()];
        for candidate in &self.candidates {
            let (word, bit) = spot(candidate.symbol);
            let up = self.tile.set(Kind::Up, place, word) & bit;
            let side = if up == 0 {
                self.book.short[word]
            } else {
                self.book.long[word]
            };
            kept[word] |= side & bit;
        }
        for word in 0..self.leaving.len() {
            let leaves = self.book.held(word) & !kept[word] & !self.leaving[word];
            for bit in Ones(leaves) {
                self.reasons[word * PLACES + bit] = Reason::Rebalance;
            }
            self.leaving[word] |= leaves;
            self.pending |= leaves != 0;
        }
        self.unfilled += self.waiting();
        self.orders.clear();
        self.order(place);
    }

    fn enter(&mut self, place: usize) {
        let free = self.rules.max_positions.map_or(usize::MAX, |most| {
            let leaving: u32 = self.leaving.iter().map(|word| word.count_ones()).sum();
            (most.get() + leaving as usize).saturating_sub(self.book.count() + self.waiting())
        });
        if free > 0 {
            self.rank(place, free, |walk, word| {
                let flat = !walk.book.held(word) | walk.leaving[word];
                walk.tile.set(Kind::Fresh, place, word) & flat
            });
            self.order(place);
        }
    }

    /// Entries that wait for a bar of their symbol.
    fn waiting(&self) -> usize {
        self.orders.iter().filter(|order| !order.resize).count()
    }

    /// Makes candidates of the first `most` members of a set.
    fn rank(&mut self, place: usize, most: usize, set: impl Fn(&Self, usize) -> u64) {
        self.candidates.clear();
        for word in 0..self.leaving.len() {
            for symbol in Ones(set(self, word)).map(|bit| word * PLACES + bit) {
                let bar = self.tile.bar(symbol, place);
                let known =
                    |column: &[f64]| column.get(bar).copied().filter(|value| !value.is_nan());
                let key = known(self.tape.key).unwrap_or(f64::INFINITY);
                let volume = known(self.tape.volume).map_or(f64::INFINITY, |volume| -volume);
                let rank = [-self.tape.signal[bar].abs(), key, volume];
                self.candidates.push(Candidate { rank, symbol, bar });
            }
        }
        if most < self.candidates.len() {
            self.candidates
                .select_nth_unstable_by(most, Candidate::order);
            self.candidates.truncate(most);
        }
        self.candidates.sort_unstable_by(Candidate::order);
    }

    /// Orders the candidates.
    fn order(&mut self, place: usize) {
        for candidate in &self.candidates {
            let &Candidate { symbol, bar, .. } = candidate;
            let (word, bit) = spot(symbol);
            let up = self.tile.set(Kind::Up, place, word) & bit != 0;
            let order = Order {
                symbol,
                decided: self.tile.first + place,
                side: if up { 1.0 } else { -1.0 },
                value: self.size(bar),
                atr: self.tape.atr.get(bar).copied().unwrap_or(f64::NAN),
                signal: self.tape.signal[bar],
                resize: self.book.held(word) & !self.leaving[word] & bit != 0,
            };
            self.orders.push(order);
        }
        self.pending |= !self.orders.is_empty();
    }

    /// What the position is to be worth that a bar decides.
    fn size(&self, bar: usize) -> f64 {
        let (rules, equity) = (self.rules, self.book.equity);
        let positions = rules.max_positions.map_or(self.universe, usize::from);
        match rules.size {
            SizeBy::Equal => equity * rules.leverage / positions as f64,
            SizeBy::Signal => {
                equity * rules.leverage / positions as f64 * self.tape.signal[bar].abs()
            }
            SizeBy::Atr => {
                let stop = rules.stop_atr.unwrap_or(1.0);
                rules.risk_frac * equity / (stop * self.tape.atr[bar] / self.tape.close[bar])
            }
        }
    }

    /// No bar follows the last one of a symbol.
    fn drop_of_last_bars(&mut self, place: usize) {
        for word in 0..self.leaving.len() {
            let ends = self.tile.set(Kind::Ends, place, word);
            if ends == 0 {
                continue;
            }
            let left = self.leaving[word] & ends;
            self.leaving[word] ^= left;
            let before = self.orders.len();
            self.orders.retain(|order| {
                let (of, bit) = spot(order.symbol);
                of != word || ends & bit == 0
            });
            self.unfilled += left.count_ones() as usize + before - self.orders.len();
            self.universe -= (ends & self.tile.joined(word)).count_ones() as usize;
        }
    }
}
