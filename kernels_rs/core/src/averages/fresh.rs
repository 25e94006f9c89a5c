//! Sums of whole windows, added up afresh at every bar.

use crate::simd::Lanes;

/// For every bar of a stretch the plain sums of several windows, newest value first: one chain of additions passes
/// through all of them.
#[derive(Clone)]
pub(crate) struct FreshSums<V> {
    /// Places of the members by length, shortest first.
    order: Vec<usize>,
    lengths: Vec<usize>,
    /// [member][bar].
    sums: Vec<Vec<V>>,
}

/// Bars whose chains run side by side.
const ABREAST: usize = 4;

impl<V: Lanes> FreshSums<V> {
    pub fn new(lengths: &[usize], bars: usize) -> Self {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&member| lengths[member]);
        Self {
            order,
            lengths: lengths.to_vec(),
            sums: vec![vec![V::splat(0.0); bars]; lengths.len()],
        }
    }

    pub fn of(&self, member: usize) -> &[V] {
        &self.sums[member]
    }

    /// Fills in `bars` bars, the first of which is at `row`; windows reach back to row `oldest` at most.
    #[inline(always)]
    pub fn fill(&mut self, values: &[V], row: usize, bars: usize, oldest: usize) {
        let longest = self.lengths[self.order[self.order.len() - 1]];
        let mut bar = 0;
        while bar < bars {
            if bars - bar >= ABREAST && row + bar + 1 >= oldest + longest {
                self.chains::<ABREAST>(values, row, bar, longest);
                bar += ABREAST;
            } else {
                self.chains::<1>(values, row, bar, row + bar + 1 - oldest);
                bar += 1;
            }
        }
    }

    #[inline(always)]
    fn chains<const N: usize>(&mut self, values: &[V], row: usize, bar: usize, reach: usize) {
        let mut sums = [V::splat(0.0); N];
        let mut added = 0;
        for &member in &self.order {
            let until = self.lengths[member].min(reach);
            while added < until {
                let newest = &values[row + bar - added..][..N];
                for n in 0..N {
                    sums[n] = sums[n] + newest[n];
                }
                added += 1;
            }
            self.sums[member][bar..][..N].copy_from_slice(&sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::scalar::Scalar;

    fn lanes(values: &[f64]) -> Vec<Scalar> {
        values.iter().map(|&value| Scalar::splat(value)).collect()
    }

    fn floats(rows: &[Scalar]) -> &[f64] {
        Scalar::floats(rows)
    }

    #[test]
    fn one_chain_gives_the_sums_of_all_windows_newest_first() {
        let values: Vec<f64> = (0..70).map(|t| f64::from(t * t % 23) / 7.0 + 0.1).collect();
        let (columns, lengths) = (lanes(&values), [5, 2, 9, 9, 3, 30, 4, 6, 1]);
        // Bars 0..32 from the anchor on, then bars 40..72 of a history whose first rows are gone.
        for (row, bars, oldest) in [(0, 32, 0), (1, 31, 1), (38, 32, 0), (38, 1, 38)] {
            let mut fresh = FreshSums::new(&lengths, 32);
            fresh.fill(&columns, row, bars, oldest);
            for (member, &length) in lengths.iter().enumerate() {
                let sum = |bar: usize| {
                    let newest = values[oldest..=row + bar].iter().rev().take(length);
                    newest.fold(0.0, |sum, value| sum + value)
                };
                let wanted: Vec<f64> = (0..bars).map(sum).collect();
                assert_eq!(
                    floats(&fresh.of(member)[..bars]),
                    wanted,
                    "{length} bars from row {row}"
                );
            }
        }
    }
}
