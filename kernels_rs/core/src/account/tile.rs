//! A stretch of places: sets of symbols and closes, each place's beside each other.

use super::Tape;
use super::bits::{Ones, PLACES, from, spot, turn, words};
use super::flags::{Flags, KINDS, Kind};
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
    /// Words of every symbol over places, by kind, and the sets they turn into, `[PLACES, words]`.
    of_symbols: [Vec<u64>; KINDS],
    sets: [Vec<u64>; KINDS],
    /// `[PLACES, symbols]` last closes, and those of the place before the first.
    closes: Vec<f64>,
    before: Vec<f64>,
    /// Symbols in the universe so far, and how many come into it at each place.
    joined: Vec<u64>,
    pub joins: [usize; PLACES],
}

impl Tile {
    pub fn new(tape: &Tape) -> Self {
        let symbols = tape.symbols();
        let column = |length: usize| std::array::from_fn(|_| vec![0; length]);
        Self {
            first: 0,
            symbols,
            nexts: (0..symbols).map(|symbol| tape.bars(symbol).start).collect(),
            starts: vec![0; symbols],
            of_symbols: column(symbols),
            sets: column(PLACES * words(symbols)),
            closes: vec![f64::NAN; PLACES * symbols],
            before: vec![f64::NAN; symbols],
            joined: vec![0; words(symbols)],
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
        for (of_symbols, sets) in self.of_symbols.iter().zip(&mut self.sets) {
            turn(of_symbols, sets);
        }
        self.turn_closes(tape);
    }

    /// Whether it holds, of every symbol, at a place of the tile.
    #[inline]
    pub fn set(&self, kind: Kind, place: usize, word: usize) -> u64 {
        self.sets[kind as usize][place * self.joined.len() + word]
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
        let flags = Flags::of(tape, rules, start..start + count);
        let here = match count {
            0 => 0,
            _ => !from(count),
        };
        let last = u64::from(count > 0 && start + count == end) << count.saturating_sub(1);
        let kinds = [
            Kind::Up,
            Kind::Down,
            Kind::Known,
            Kind::Passes,
            Kind::Fresh,
            Kind::Pays,
        ];
        let told = kinds.map(|kind| (kind, flags.word(kind)));
        for (kind, bits) in [(Kind::Here, here), (Kind::Ends, last)]
            .into_iter()
            .chain(told)
        {
            self.of_symbols[kind as usize][symbol] = self.spread(bits, at);
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
        let mut filled = [[0.0; PLACES]; GROUP];
        for group in (0..self.symbols).step_by(GROUP) {
            let lanes = GROUP.min(self.symbols - group);
            for (lane, row) in filled[..lanes].iter_mut().enumerate() {
                self.fill_closes(tape, group + lane, row);
            }
            let targets = self.closes[group..].chunks_mut(self.symbols);
            if lanes == GROUP {
                for (place, target) in targets.enumerate() {
                    target[..GROUP].copy_from_slice(&std::array::from_fn::<_, GROUP, _>(|lane| {
                        filled[lane][place]
                    }));
                }
            } else {
                for (place, target) in targets.enumerate() {
                    let column = filled[..lanes].iter().map(|row| row[place]);
                    target
                        .iter_mut()
                        .zip(column)
                        .for_each(|(to, close)| *to = close);
                }
            }
        }
    }

    /// The last close at each place.
    fn fill_closes(&self, tape: &Tape, symbol: usize, row: &mut [f64; PLACES]) {
        let (here, start) = (self.word(Kind::Here, symbol), self.starts[symbol]);
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
