//! The compensated rolling sum of the `tradingview` dialect.

use super::abreast::{Notes, set};
use crate::simd::Lanes;

/// A rolling sum that carries its rounding error along, and at times starts afresh.
///
/// The values that leave the window are the ones once added, corrections included, not the raw ones.
#[derive(Clone)]
pub(crate) struct Rolling<V: Lanes> {
    run: Compensated<V>,
    /// What was added, the entry of the p-th value at place p % length.
    stored: Vec<V>,
}

/// The sum itself and its error.
#[derive(Clone, Copy)]
struct Compensated<V> {
    carry: V,
    sum: V,
}

impl<V: Lanes> Rolling<V> {
    pub fn new(length: usize) -> Self {
        let zero = V::splat(0.0);
        Self {
            run: Compensated {
                carry: zero,
                sum: zero,
            },
            stored: vec![zero; length],
        }
    }

    #[inline(always)]
    pub fn sum(&self) -> V {
        self.run.sum
    }

    /// Adds the `count`-th value (from 0); `fresh` is the plain sum of the window with it, newest first.
    #[inline(always)]
    pub fn push(&mut self, x: V, count: usize, slot: usize, fresh: V) {
        let full = count >= self.stored.len();
        self.stored[slot] = self.run.push(x, full.then(|| self.stored[slot]), fresh);
    }

    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        show(&mut self.run.carry);
        show(&mut self.run.sum);
        self.stored.iter_mut().for_each(show);
    }
}

impl<V: Lanes> Compensated<V> {
    /// What is stored of the value.
    #[inline(always)]
    fn push(&mut self, x: V, leaving: Option<V>, fresh: V) -> V {
        let fire = self.must_restart(x);
        let (entry, sum, carry) = match leaving {
            None => add(self.sum, x - self.carry),
            Some(leaving) => self.replace(x, leaving),
        };
        self.sum = V::select(fire, fresh, sum);
        self.carry = V::select(fire, V::splat(0.0), carry);
        V::select(fire, x, entry)
    }

    /// Whether `x + |carry|` loses a part of the carry. Values are not negative, so that sum is zero only with both.
    #[inline(always)]
    fn must_restart(&self, x: V) -> V::Mask {
        let (zero, size) = (V::splat(0.0), self.carry.abs());
        let reached = x + size;
        size.gt(zero)
            & x.gt(zero)
            & reached.le(V::splat(f64::MAX))
            & (size - (reached - x)).gt(zero)
    }

    #[inline(always)]
    fn replace(&self, x: V, leaving: V) -> (V, V, V) {
        let out = V::splat(0.0) - leaving - self.carry;
        let between = self.sum + out;
        let error = (between - self.sum) - out;
        add(between, x - error)
    }
}

/// Full windows of unequal lengths, one in each lane.
pub(crate) struct Rollings<L> {
    run: Compensated<L>,
}

impl<L: Lanes> Rollings<L> {
    /// The windows of the lanes, the number of the next value, and the plain sums with each of those to come.
    #[inline(always)]
    pub fn new<'a, V: Lanes + 'a>(
        of: impl Fn(usize) -> &'a Rolling<V>,
        count: usize,
        fresh: impl Fn(usize) -> &'a [V],
        notes: &mut Notes<L>,
    ) -> Self {
        let coming = (count, fresh(0).len());
        notes.past.begin(coming, |lane| &of(lane).stored);
        set(&mut notes.two, coming.1, fresh);
        Self {
            run: Compensated {
                carry: L::of(|lane| of(lane).run.carry.get(0)),
                sum: L::of(|lane| of(lane).run.sum.get(0)),
            },
        }
    }

    /// The sums with the j-th of the values to come.
    #[inline(always)]
    pub fn push(&mut self, j: usize, x: L, notes: &mut Notes<L>) -> L {
        let leaving = notes.past.leaving(j);
        let entry = self.run.push(x, Some(leaving), notes.two[j]);
        notes.past.enter(j, entry);
        self.run.sum
    }

    /// Hands the window of a lane back after `len` values from number `count` on.
    #[inline(always)]
    pub fn leave<V: Lanes>(
        &self,
        lane: usize,
        (count, len): (usize, usize),
        notes: &Notes<L>,
        to: &mut Rolling<V>,
    ) {
        to.run.carry = V::splat(self.run.carry.get(lane));
        to.run.sum = V::splat(self.run.sum.get(lane));
        notes.past.keep(lane, (count, len), &mut to.stored);
    }
}

/// The entry, the new sum and its error.
#[inline(always)]
fn add<V: Lanes>(sum: V, y: V) -> (V, V, V) {
    let reached = sum + y;
    (y, reached, (reached - sum) - y)
}

/// The compensated sum of values that fill one window.
#[inline(always)]
pub(crate) fn sum_of_first<V: Lanes>(values: &[V]) -> V {
    let mut rolling = Rolling::new(values.len());
    for (count, &x) in values.iter().enumerate() {
        rolling.push(
            x,
            count,
            count,
            newest_first(&values[..=count], values.len()),
        );
    }
    rolling.sum()
}

/// The plain sum of the last values, at most `length`, newest first.
#[inline(always)]
pub(crate) fn newest_first<V: Lanes>(values: &[V], length: usize) -> V {
    let newest = values.iter().rev().take(length);
    newest.fold(V::splat(0.0), |sum, &x| sum + x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::scalar::Scalar;

    fn lanes(values: &[f64]) -> Vec<Scalar> {
        values.iter().map(|&value| Scalar::splat(value)).collect()
    }

    /// A sum over three values after some were added, and what it was after each.
    fn rolled(values: &[f64]) -> (Rolling<Scalar>, Vec<f64>) {
        let (values, mut rolling) = (lanes(values), Rolling::new(3));
        let push = |count: usize| {
            let fresh = newest_first(&values[..=count], 3);
            rolling.push(values[count], count, count % 3, fresh);
            rolling.sum().get(0)
        };
        let sums = (0..values.len()).map(push).collect();
        (rolling, sums)
    }

    fn state(rolling: &Rolling<Scalar>, slot: usize) -> (f64, f64, f64) {
        (
            rolling.stored[slot].get(0),
            rolling.run.carry.get(0),
            rolling.sum().get(0),
        )
    }

    #[test]
    fn whole_numbers_roll_exactly() {
        let (_, sums) = rolled(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0]);
        assert_eq!(sums, [3.0, 4.0, 8.0, 6.0, 10.0, 15.0]);
    }

    #[test]
    fn the_carry_corrects_the_next_value() {
        // 2^53 + 1 is a tie that rounds down: the carry is -1, and the next value enters as 3.
        let big = 9_007_199_254_740_992.0;
        let (rolling, _) = rolled(&[big, 1.0, 2.0]);
        assert_eq!(state(&rolling, 2), (3.0, 1.0, big + 4.0));
    }

    #[test]
    fn a_carry_too_small_for_the_value_restarts_newest_first() {
        let tiny = 1e-17;
        let (rolling, sums) = rolled(&[1.0, tiny]);
        assert_eq!((sums[1], rolling.run.carry.get(0)), (1.0, -tiny));
        let (rolling, _) = rolled(&[1.0, tiny, 2.0]);
        assert_eq!(state(&rolling, 2), (2.0, 0.0, (2.0 + tiny) + 1.0));
        let (rolling, _) = rolled(&[0.1, 0.2, 0.5]);
        assert_eq!(state(&rolling, 2), (0.5, 0.0, (0.5 + 0.2) + 0.1));
        assert_ne!((0.5 + 0.2) + 0.1, (0.1 + 0.2) + 0.5);
    }

    #[test]
    fn a_zero_never_restarts() {
        let (rolling, sums) = rolled(&[1.0, 1e-17, 0.0]);
        assert_eq!((sums[2], rolling.stored[2].get(0)), (1.0, 1e-17));
    }

    #[test]
    fn what_overflows_never_restarts() {
        let (rolling, _) = rolled(&[1e308, 1.0, f64::INFINITY]);
        assert!(rolling.sum().get(0).is_infinite());
        assert!(rolling.stored[2].get(0).is_infinite());
    }

    #[test]
    fn the_sum_of_one_window_is_the_rolling_one() {
        let values = [0.1, 0.7, 1e-17];
        assert_eq!(sum_of_first(&lanes(&values)).get(0), rolled(&values).1[2]);
    }
}
