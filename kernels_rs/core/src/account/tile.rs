//! A stretch of places: sets of symbols and closes, each place's beside each other.

use std::array::from_fn;

use super::Tape;
use super::bits::{Ones, PLACES, from, spot, turn, words};
use super::flags::{KINDS, Kind, told};
use super::rules::Rules;

/// Symbols whose closes are turned together: a line of the cache.
const GROUP: usize = 8;

/// [`PLACES`] places from `first` on; those behind the end of the axis have no bars.
pub(super) struct Tile {
    pub first: usize,
    symbols: usize,
    /// The bar after the last one seen, of every symbol; the first one in the tile.
    nexts: Vec<usize>,
    starts: Vec<usize>,
    /// Words of every symbol over places, by kind, and the sets they turn into, `[words, PLACES]`.
    of_symbols: [Vec<u64>; KINDS],
    sets: [Vec<u64>; KINDS],
    /// The places at which any symbol is in the set.
    any: [u64; KINDS],
    /// Those at which the market alone gives something to do.
    pub busy: u64,
    /// `[PLACES, symbols]` last closes, 0 before the first, and those of the place before.
    closes: Vec<f64>,
    before: Vec<f64>,
    /// Symbols in the universe so far, and how many come into it at each place.
    joined: Vec<u64>,
    filled: [[f64; PLACES]; GROUP],
    pub joins: [usize; PLACES],
}

impl Tile {
    pub fn new(tape: &Tape) -> Self {
        let symbols = tape.symbols();
        let column = |length: usize| from_fn(|_| vec![0; length]);
        Self {
            first: 0,
            symbols,
            nexts: (0..symbols).map(|symbol| tape.bars(symbol).start).collect(),
            starts: vec![0; symbols],
            of_symbols: column(symbols),
            sets: column(PLACES * words(symbols)),
            any: [0; KINDS],
            busy: 0,
            closes: vec![0.0; PLACES * symbols],
            before: vec![0.0; symbols],
            joined: vec![0; words(symbols)],
            filled: [[0.0; PLACES]; GROUP],
            joins: [0; PLACES],
        }
    }

    /// Goes on to the places from `first` on, which follow those it held.
    pub fn load(&mut self, tape: &Tape, rules: &Rules, first: usize) {
        self.first = first;
        self.joins = [0; PLACES];
        let last = &self.closes[(PLACES - 1) * self.symbols..];
        self.before.copy_from_slice(last);
        for symbol in 0..self.symbols {
            self.see(tape, rules, symbol);
        }
        for (kind, of_symbols) in self.of_symbols.iter().enumerate() {
            turn(of_symbols, &mut self.sets[kind]);
            self.any[kind] = of_symbols.iter().fold(0, |any, word| any | word);
        }
        let every = if rules.rebalance_bars.is_some() {
            !0
        } else {
            0
        };
        let [pays, fresh, ends] =
            [Kind::Pays, Kind::Fresh, Kind::Ends].map(|kind| self.any[kind as usize]);
        self.busy = pays | fresh | ends | every;
        self.turn_closes(tape);
    }

    /// Whether it holds, of every symbol, at a place of the tile.
    #[inline]
    pub fn set(&self, kind: Kind, place: usize, word: usize) -> u64 {
        self.sets[kind as usize][word * PLACES + place]
    }

    /// Whether it holds of any symbol.
    #[inline]
    pub fn any(&self, kind: Kind, place: usize) -> bool {
        self.any[kind as usize] >> place & 1 == 1
    }

    /// Over the places of the tile.
    pub fn word(&self, kind: Kind, symbol: usize) -> u64 {
        self.of_symbols[kind as usize][symbol]
    }

    /// The number in the columns of the first bar at a place or after it.
    #[inline]
    pub fn bar(&self, symbol: usize, place: usize) -> usize {
        let before = self.word(Kind::Here, symbol) & !from(place);
        self.starts[symbol] + before.count_ones() as usize
    }

    /// The symbols that were ever in the universe.
    pub fn joined(&self, word: usize) -> u64 {
        self.joined[word]
    }

    /// Last closes of every symbol.
    #[inline]
    pub fn closes(&self, place: usize) -> &[f64] {
        &self.closes[place * self.symbols..][..self.symbols]
    }

    /// The last close of a symbol before a place.
    #[inline]
    pub fn before(&self, symbol: usize, place: usize) -> f64 {
        match place {
            0 => self.before[symbol],
            _ => self.closes[(place - 1) * self.symbols + symbol],
        }
    }

    /// Reads the bars of a symbol that lie in the tile.
    fn see(&mut self, tape: &Tape, rules: &Rules, symbol: usize) {
        let (start, end) = (self.nexts[symbol], tape.bars(symbol).end);
        let at = &tape.at[start..end.min(start + PLACES)];
        let count = at.partition_point(|at| self.place(*at) < PLACES);
        let at = &at[..count];
        (self.starts[symbol], self.nexts[symbol]) = (start, start + count);
        let mut told = told(tape, rules, start..start + count);
        if count > 0 && start + count == end {
            told[Kind::Ends as usize] = 1 << (count - 1);
        }
        for (kind, bits) in told.into_iter().enumerate() {
            self.of_symbols[kind][symbol] = self.spread(bits, at);
        }
        self.join(symbol);
    }

    fn place(&self, at: i32) -> usize {
        usize::try_from(at).map_or(PLACES, |at| at - self.first)
    }

    /// Of bits of bars, those of their places.
    fn spread(&self, bits: u64, at: &[i32]) -> u64 {
        let (Some(first), Some(last)) = (at.first(), at.last()) else {
            return 0;
        };
        let (first, last) = (self.place(*first), self.place(*last));
        if last - first + 1 == at.len() {
            return bits << first;
        }
        Ones(bits).fold(0, |places, bar| places | 1 << self.place(at[bar]))
    }

    fn join(&mut self, symbol: usize) {
        let (known, (word, bit)) = (self.word(Kind::Known, symbol), spot(symbol));
        if known != 0 && self.joined[word] & bit == 0 {
            self.joined[word] |= bit;
            self.joins[known.trailing_zeros() as usize] += 1;
        }
    }

    fn turn_closes(&mut self, tape: &Tape) {
        for group in (0..self.symbols).step_by(GROUP) {
            let lanes = GROUP.min(self.symbols - group);
            for lane in 0..lanes {
                self.fill_closes(tape, group + lane, lane);
            }
            let filled = &self.filled[..lanes];
            let closes = &mut self.closes[group..];
            if lanes == GROUP {
                for (place, target) in closes.chunks_mut(self.symbols).enumerate() {
                    let column: [f64; GROUP] = from_fn(|lane| filled[lane][place]);
                    target[..GROUP].copy_from_slice(&column);
                }
            } else {
                for (lane, row) in filled.iter().enumerate() {
                    let targets = closes[lane..].iter_mut().step_by(self.symbols);
                    targets
                        .zip(row)
                        .for_each(|(target, close)| *target = *close);
                }
            }
        }
    }

    /// The last close at each place.
    fn fill_closes(&mut self, tape: &Tape, symbol: usize, lane: usize) {
        let (here, start) = (self.word(Kind::Here, symbol), self.starts[symbol]);
        let row = &mut self.filled[lane];
        if here == !0 {
            row.copy_from_slice(&tape.close[start..start + PLACES]);
            return;
        }
        let (mut last, mut bar) = (self.before[symbol], start);
        for (place, close) in row.iter_mut().enumerate() {
            if here >> place & 1 == 1 {
                last = tape.close[bar];
                bar += 1;
            }
            *close = last;
        }
    }
}
