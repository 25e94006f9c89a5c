//! Places of a tile at which something is to be done for a symbol, at most one each.

use super::bits::{PLACES, spot, words};

const NONE: u8 = u8::MAX;

pub(super) struct Alarm {
    sets: Vec<u64>,
    at: Vec<u8>,
    /// Places at which it may ring.
    pub any: u64,
}

impl Alarm {
    pub fn new(symbols: usize) -> Self {
        Self {
            sets: vec![0; PLACES * words(symbols)],
            at: vec![NONE; symbols],
            any: 0,
        }
    }

    #[inline]
    pub fn set(&self, place: usize, word: usize) -> u64 {
        self.sets[word * PLACES + place]
    }

    /// Of the next tile; nothing rings in it yet.
    pub fn clear(&mut self) {
        if self.any != 0 {
            self.sets.fill(0);
            self.at.fill(NONE);
            self.any = 0;
        }
    }

    /// Rings at that place, and at no other.
    pub fn ring(&mut self, symbol: usize, place: Option<usize>) {
        let (word, bit) = spot(symbol);
        let set = |place: usize| word * PLACES + place;
        if self.at[symbol] != NONE {
            self.sets[set(usize::from(self.at[symbol]))] &= !bit;
        }
        if let Some(place) = place {
            self.sets[set(place)] |= bit;
            self.any |= 1 << place;
        }
        self.at[symbol] = place.map_or(NONE, |place| u8::try_from(place).unwrap_or(NONE));
    }
}
