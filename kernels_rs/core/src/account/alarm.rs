//! Places of a tile at which something is to be done for a symbol, at most one each.

use super::bits::{PLACES, spot, words};

const NONE: u8 = u8::MAX;

pub(super) struct Alarm {
    sets: Vec<u64>,
    words: usize,
    at: Vec<u8>,
}

impl Alarm {
    pub fn new(symbols: usize) -> Self {
        let words = words(symbols);
        Self {
            sets: vec![0; PLACES * words],
            words,
            at: vec![NONE; symbols],
        }
    }

    #[inline]
    pub fn set(&self, place: usize, word: usize) -> u64 {
        self.sets[place * self.words + word]
    }

    /// Rings at that place, and at no other.
    pub fn ring(&mut self, symbol: usize, place: Option<usize>) {
        let (word, bit) = spot(symbol);
        let set = |place: usize| place * self.words + word;
        if self.at[symbol] != NONE {
            self.sets[set(usize::from(self.at[symbol]))] &= !bit;
        }
        if let Some(place) = place {
            self.sets[set(place)] |= bit;
        }
        self.at[symbol] = place.map_or(NONE, |place| u8::try_from(place).unwrap_or(NONE));
    }
}
