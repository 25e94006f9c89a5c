//! Sets of symbols, one bit each, and words of time turned into such sets.

/// Places that go together, one bit of a word each.
pub(super) const PLACES: usize = 64;
const BLOCK: usize = 64;
/// Below so many words one bit after the other is faster.
const FEW: usize = 8;

/// The members of a set, the lowest first.
pub(super) fn members(set: impl IntoIterator<Item = u64>) -> impl Iterator<Item = usize> {
    set.into_iter()
        .enumerate()
        .flat_map(|(word, bits)| Ones(bits).map(move |bit| word * BLOCK + bit))
}

/// The places of the ones of a word.
pub(super) struct Ones(pub u64);

impl Iterator for Ones {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let bits = self.0;
        self.0 = bits & bits.wrapping_sub(1);
        (bits != 0).then_some(bits.trailing_zeros() as usize)
    }
}

/// Where a symbol is in a set.
#[inline]
pub(super) fn spot(symbol: usize) -> (usize, u64) {
    (symbol / BLOCK, 1 << (symbol % BLOCK))
}

/// The words that a set of so many symbols takes.
pub(super) fn words(symbols: usize) -> usize {
    symbols.div_ceil(BLOCK)
}

/// The ones from a place on.
#[inline]
pub(super) fn from(place: usize) -> u64 {
    if place < PLACES { !0 << place } else { 0 }
}

/// Of the word of every symbol, over places, makes the set of every place: `sets` is `[words, PLACES]`.
pub(super) fn turn(of_symbols: &[u64], sets: &mut [u64]) {
    for (block, column) in of_symbols.chunks(BLOCK).zip(sets.chunks_exact_mut(PLACES)) {
        let full = u64::MAX >> (BLOCK - block.len());
        if block.iter().all(|bits| *bits == 0) {
            column.fill(0);
        } else if block.iter().all(|bits| *bits == u64::MAX) {
            column.fill(full);
        } else if let [bits] = block {
            let places = column.iter_mut().enumerate();
            places.for_each(|(place, set)| *set = bits >> place & 1);
        } else if block.len() < FEW {
            for (place, set) in column.iter_mut().enumerate() {
                let bits = block.iter().enumerate();
                *set = bits.fold(0, |set, (lane, bits)| set | (bits >> place & 1) << lane);
            }
        } else {
            let mut square = [0; BLOCK];
            square[..block.len()].copy_from_slice(block);
            transpose(&mut square);
            column.copy_from_slice(&square);
        }
    }
}

/// Bit j of word i becomes bit i of word j, by squares of half the size.
fn transpose(square: &mut [u64; BLOCK]) {
    let (mut half, mut low) = (BLOCK / 2, u64::MAX >> (BLOCK / 2));
    while half > 0 {
        for block in square.chunks_exact_mut(2 * half) {
            let (upper, lower) = block.split_at_mut(half);
            for (a, b) in upper.iter_mut().zip(lower) {
                let swapped = (*a >> half ^ *b) & low;
                *b ^= swapped;
                *a ^= swapped << half;
            }
        }
        half /= 2;
        low ^= low << half;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_turned(of_symbols: &[u64]) {
        let words = words(of_symbols.len());
        let mut sets = vec![9; PLACES * words];
        turn(of_symbols, &mut sets);
        for place in 0..PLACES {
            let set = (0..words).map(|word| sets[word * PLACES + place]);
            let expected = (0..of_symbols.len()).filter(|s| of_symbols[*s] >> place & 1 == 1);
            assert!(members(set).eq(expected));
        }
    }

    #[test]
    fn words_of_time_become_sets() {
        for symbols in [1, 7, 8, 64, 65, 100] {
            let mut state = 1_u64;
            let mut word = |_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(99);
                state ^ state >> 31
            };
            assert_turned(&(0..symbols).map(&mut word).collect::<Vec<_>>());
            assert_turned(&vec![0; symbols]);
            assert_turned(&vec![u64::MAX; symbols]);
            assert_turned(&vec![5; symbols]);
        }
    }
}
