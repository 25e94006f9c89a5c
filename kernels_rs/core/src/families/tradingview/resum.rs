//! Window sums added up afresh at every bar, oldest value first.

use crate::params::MEMBERS;
use crate::window::Lanes;

/// Bars summed side by side: each keeps its own order of additions, so they do not wait for one another.
pub(super) const BLOCK: usize = 16;

/// One value per bar of a block.
pub(super) type Block = [f64; BLOCK];

/// The averages of a family at the bars of the current block, by bar.
pub(super) struct Blocks([Lanes; BLOCK]);

impl Blocks {
    pub const UNDEFINED: Self = Self([[f64::NAN; MEMBERS]; BLOCK]);

    /// The averages at bar `t`; `block(n)` computes those of one length from bar `t` on where a block starts.
    pub fn at(
        &mut self,
        t: usize,
        lengths: &[usize; MEMBERS],
        block: impl Fn(usize) -> Block,
    ) -> Lanes {
        if t.is_multiple_of(BLOCK) {
            for (i, &n) in lengths.iter().enumerate() {
                let values = block(n);
                (0..BLOCK).for_each(|j| self.0[j][i] = values[j]);
            }
        }
        self.0[t % BLOCK]
    }
}

/// Sums of `term(x, 1) + .. + term(x, n)` over the windows that end at the bars from `start` on; a bar without a
/// full window, or behind the end, is NaN.
#[inline]
pub(super) fn resum(x: &[f64], start: usize, n: usize, term: impl Fn(f64, f64) -> f64) -> Block {
    match (start + 1).checked_sub(n) {
        Some(oldest) if start + BLOCK <= x.len() => full(&x[oldest..start + BLOCK], n, term),
        _ => std::array::from_fn(|j| single(x, start + j, n, &term)),
    }
}

fn full(x: &[f64], n: usize, term: impl Fn(f64, f64) -> f64) -> Block {
    let mut sums = [0.0; BLOCK];
    let mut weight = 1.0;
    for values in x.array_windows::<BLOCK>().take(n) {
        for j in 0..BLOCK {
            sums[j] += term(values[j], weight);
        }
        weight += 1.0;
    }
    sums
}

fn single(x: &[f64], t: usize, n: usize, term: impl Fn(f64, f64) -> f64) -> f64 {
    if t >= x.len() || t + 1 < n {
        return f64::NAN;
    }
    let terms = x[t + 1 - n..=t]
        .iter()
        .enumerate()
        .map(|(place, &value)| term(value, (place + 1) as f64));
    terms.fold(0.0, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_equal_single_windows_to_the_last_bit() {
        let x: Vec<f64> = (0..83)
            .map(|t| 1.0 + (f64::from(t) * 0.9).sin() / 7.0)
            .collect();
        for n in [2, 5, 16, 17, 40] {
            for start in (0..96).step_by(BLOCK) {
                let block = resum(&x, start, n, |value, weight| value * weight);
                for (j, sum) in block.iter().enumerate() {
                    let alone = single(&x, start + j, n, |value, weight| value * weight);
                    assert_eq!(sum.to_bits(), alone.to_bits(), "n {n}, bar {}", start + j);
                }
            }
        }
    }

    #[test]
    fn weights_grow_towards_the_newest_bar() {
        let x = [1.0, 10.0, 100.0];
        assert_eq!(single(&x, 2, 3, |value, weight| value * weight), 321.0);
        assert!(single(&x, 1, 3, |value, _| value).is_nan());
    }
}
