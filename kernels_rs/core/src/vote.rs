//! One member's part in every bar: its equity, its signal, its vote.
//!
//! Two ways through a bar give the same bits. The plain one follows the definition: a crossing needs both sides of
//! both bars. The settled one is for members that have crossed once: from then on the side of the close at the
//! bar before is known from the signal, so the signal is the last side on which the close was seen.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use crate::simd::{Lanes, Mask};

pub(crate) const FLOOR: f64 = 0.25;

/// Votes of one family at one bar: the sums of `sig*e` and of `e` over its members, in member order.
pub(crate) type Ballot<V> = [V; 2];

/// A member between two bars.
#[derive(Clone, Copy)]
pub(crate) struct Cell<V: Lanes> {
    pub equity: V,
    pub up: V::Mask,
    pub down: V::Mask,
    /// Whether the close was defined and not above, or not below, at the bar before; kept up while not settled.
    pub not_above: V::Mask,
    pub not_below: V::Mask,
}

/// What a bar does to every equity.
#[derive(Clone, Copy)]
pub(crate) struct Gain<V> {
    /// What decay leaves of an equity: 1 - De.
    pub keep: V,
    /// 1 + r and 1 - r.
    pub rise: V,
    pub fall: V,
}

/// The least equity: exact in `lts`; `tradingview` lets pass what is less than 1e-10 below.
#[inline(always)]
pub(crate) fn floored<V: Lanes, const TV: bool>(equity: V) -> V {
    let floor = V::splat(FLOOR);
    if TV {
        V::select(equity.lt(V::splat(TOLERATED)), floor, equity)
    } else {
        floor.or_larger(equity)
    }
}

/// The smallest float64 that is not more than 1e-10 below 0.25: `e - 0.25` is exact around 0.25, so `e < TOLERATED`
/// and `e - 0.25 < -1e-10` say the same.
pub(crate) const TOLERATED: f64 = {
    let near = FLOOR - 1e-10;
    if near - FLOOR < -1e-10 {
        near.next_up()
    } else {
        near
    }
};

impl<V: Lanes> Cell<V> {
    /// One bar by the definition.
    #[inline(always)]
    pub fn step<const TV: bool>(
        &mut self,
        gain: &Gain<V>,
        close: V,
        average: V,
        sure: V::Mask,
        ballot: &mut Ballot<V>,
    ) {
        let still = V::splat(1.0);
        let factor = V::select(self.up, gain.rise, V::select(self.down, gain.fall, still));
        self.equity = floored::<V, TV>((self.equity * gain.keep) * factor);
        self.cross::<TV>(close, average, sure);
        // A signal of 0 times an infinite equity is undefined, so the product is formed.
        let none = self.equity * V::splat(0.0);
        let vote = V::select(self.up | self.down, self.equity.negated(self.down), none);
        ballot[0] = ballot[0] + vote;
        ballot[1] = ballot[1] + self.equity;
    }

    /// A settled signal tells the side of the bar before, in lanes where nothing that was defined becomes undefined.
    #[inline(always)]
    fn cross<const TV: bool>(&mut self, close: V, average: V, sure: V::Mask) {
        let (above, below) = (close.gt(average), close.lt(average));
        let known = (self.up | self.down) & sure;
        let up = above & (self.not_above | known);
        let down = below & (self.not_below | known);
        self.up = up | (self.up & !down);
        self.down = down | (self.down & !up);
        let (not_above, not_below) = (close.le(average), close.ge(average));
        // In `tradingview` an undefined bar does not break the pair.
        let kept = if TV {
            !(not_above | not_below)
        } else {
            V::Mask::NONE
        };
        self.not_above = not_above | (self.not_above & kept);
        self.not_below = not_below | (self.not_below & kept);
    }
}

/// Members of one length between two bars, equities and marks apart: a cell by itself would be padded to twice its
/// size.
#[derive(Clone)]
pub(crate) struct Cells<V: Lanes, const N: usize> {
    equities: [V; N],
    marks: [[V::Mask; 4]; N],
}

impl<V: Lanes, const N: usize> Cells<V, N> {
    pub fn new() -> Self {
        Self {
            equities: [V::splat(1.0); N],
            marks: [[V::Mask::NONE; 4]; N],
        }
    }

    #[inline(always)]
    pub fn get(&self, slot: usize) -> Cell<V> {
        let [up, down, not_above, not_below] = self.marks[slot];
        Cell {
            equity: self.equities[slot],
            up,
            down,
            not_above,
            not_below,
        }
    }

    #[inline(always)]
    pub fn put(&mut self, slot: usize, cell: &Cell<V>) {
        self.equities[slot] = cell.equity;
        self.marks[slot] = [cell.up, cell.down, cell.not_above, cell.not_below];
    }

    /// Takes over what a settled run of bars has left.
    #[inline(always)]
    pub fn resume(&mut self, slot: usize, settled: &Settled<V>) {
        self.equities[slot] = settled.equity;
        let [up, down, ..] = &mut self.marks[slot];
        (*up, *down) = (!settled.down, settled.down);
    }

    /// Whether every member in use has crossed in every lane.
    #[inline(always)]
    pub fn settled(&self, used: &[bool]) -> bool {
        let mut pairs = self.marks.iter().zip(used);
        pairs.all(|([up, down, ..], used)| !used || (*up | *down).all())
    }
}

/// The part of a settled member that changes, small enough to stay in registers.
#[derive(Clone, Copy)]
pub(crate) struct Settled<V: Lanes> {
    pub equity: V,
    pub down: V::Mask,
}

impl<V: Lanes> Settled<V> {
    #[inline(always)]
    pub fn of<const N: usize>(cells: &Cells<V, N>, slot: usize) -> Self {
        Self {
            equity: cells.equities[slot],
            down: cells.marks[slot][1],
        }
    }

    #[inline(always)]
    pub fn step<const TV: bool>(
        &mut self,
        gain: &Gain<V>,
        close: V,
        average: V,
        ballot: &mut Ballot<V>,
    ) {
        let factor = V::select(self.down, gain.fall, gain.rise);
        let equity = floored::<V, TV>((self.equity * gain.keep) * factor);
        self.down = close.below(average, self.down);
        ballot[0] = ballot[0] + equity.negated(self.down);
        ballot[1] = ballot[1] + equity;
        self.equity = equity;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::simd::scalar::{Bits, Scalar};

    fn lanes(value: f64) -> Scalar {
        Scalar::splat(value)
    }

    fn gain(keep: f64, r: f64) -> Gain<Scalar> {
        Gain {
            keep: lanes(keep),
            rise: lanes(1.0 + r),
            fall: lanes(1.0 - r),
        }
    }

    fn new() -> Cell<Scalar> {
        Cells::<Scalar, 1>::new().get(0)
    }

    fn everywhere() -> Bits {
        !Bits::NONE
    }

    fn sign(cell: &Cell<Scalar>) -> i32 {
        i32::from(cell.up.get(0)) - i32::from(cell.down.get(0))
    }

    /// The signals at closes over an average of 0.
    fn signals<const TV: bool>(closes: &[f64]) -> Vec<i32> {
        let (mut cell, mut ballot) = (new(), [lanes(0.0); 2]);
        let sure = if TV { everywhere() } else { Bits::NONE };
        let step = |&close: &f64| {
            cell.step::<TV>(&gain(1.0, 0.0), lanes(close), lanes(0.0), sure, &mut ballot);
            sign(&cell)
        };
        closes.iter().map(step).collect()
    }

    #[test]
    fn a_touch_counts_as_the_side_it_leaves() {
        let closes = [1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 2.0];
        let expected = [0, 0, 1, 1, -1, -1, -1, 1];
        assert_eq!(signals::<false>(&closes), expected);
        assert_eq!(signals::<true>(&closes), expected);
    }

    #[test]
    fn an_undefined_bar_breaks_the_pair_only_in_lts() {
        let closes = [-1.0, f64::NAN, 1.0];
        assert_eq!(signals::<false>(&closes), [0, 0, 0]);
        assert_eq!(signals::<true>(&closes), [0, 0, 1]);
        let settled = [-1.0, 1.0, f64::NAN, -1.0, -2.0];
        assert_eq!(signals::<false>(&settled), [0, 1, 1, 1, 1]);
        assert_eq!(signals::<true>(&settled), [0, 1, 1, -1, -1]);
    }

    /// The equity, from 1, of a member that is up, down or neither.
    fn equity<const TV: bool>(up: bool, down: bool, keep: f64, r: f64) -> f64 {
        let mut cell = new();
        (cell.up, cell.down) = (cell.up.with(0, up), cell.down.with(0, down));
        let undefined = lanes(f64::NAN);
        cell.step::<TV>(
            &gain(keep, r),
            undefined,
            undefined,
            everywhere(),
            &mut [lanes(0.0); 2],
        );
        cell.equity.get(0)
    }

    #[test]
    fn gains_follow_the_signal_and_rest_without_one() {
        for (up, down, wanted) in [(true, false, 1.0), (false, true, 0.25), (false, false, 0.5)] {
            assert_eq!(equity::<false>(up, down, 0.5, 1.0), wanted);
            assert_eq!(equity::<true>(up, down, 0.5, 1.0), wanted);
        }
    }

    #[test]
    fn the_floor_is_exact_in_lts_and_tolerant_in_tradingview() {
        let near = FLOOR - 5e-11;
        for (value, exact, tolerant) in [
            (0.1, FLOOR, FLOOR),
            (near, FLOOR, near),
            (0.3, 0.3, 0.3),
            (FLOOR - 2e-10, FLOOR, FLOOR),
        ] {
            assert_eq!(floored::<Scalar, false>(lanes(value)).get(0), exact);
            assert_eq!(floored::<Scalar, true>(lanes(value)).get(0), tolerant);
        }
        assert!(floored::<Scalar, false>(lanes(f64::NAN)).get(0).is_nan());
        assert!(floored::<Scalar, true>(lanes(f64::NAN)).get(0).is_nan());
    }

    #[test]
    fn the_tolerant_bound_decides_as_the_difference_does() {
        let mut value = FLOOR - 1e-10;
        (0..50).for_each(|_| value = value.next_down());
        for _ in 0..100 {
            assert_eq!(value < TOLERATED, value - FLOOR < -1e-10, "{value}");
            value = value.next_up();
        }
    }

    #[test]
    fn votes_add_up_signed_equities_and_equities() {
        let mut ballot = [lanes(5.0), lanes(7.0)];
        let mut down = new();
        down.down = down.down.with(0, true);
        for cell in [&mut new(), &mut down] {
            cell.step::<false>(
                &gain(0.5, 0.0),
                lanes(1.0),
                lanes(1.0),
                everywhere(),
                &mut ballot,
            );
        }
        assert_eq!((ballot[0].get(0), ballot[1].get(0)), (4.5, 8.0));
    }

    #[test]
    fn an_infinite_equity_without_a_signal_makes_the_vote_undefined() {
        let (mut cell, mut ballot) = (new(), [lanes(0.0); 2]);
        cell.equity = lanes(f64::INFINITY);
        cell.step::<false>(
            &gain(1.0, 0.0),
            lanes(1.0),
            lanes(1.0),
            everywhere(),
            &mut ballot,
        );
        assert!(ballot[0].get(0).is_nan() && ballot[1].get(0).is_infinite());
    }

    /// Bars of (close, average, r): ties, and undefined averages where they may come back.
    fn bars(undefined: u32) -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
        let average = prop_oneof![9 => (0..4i32).prop_map(f64::from), undefined => Just(f64::NAN)];
        let close = (0..4i32).prop_map(f64::from);
        prop::collection::vec((close, average, -1.5..1.5), 1..60)
    }

    /// The settled way from some bar on, and then the plain one again, against the plain one throughout.
    fn check_settled<const TV: bool>(
        bars: &[(f64, f64, f64)],
        down: bool,
        until: usize,
    ) -> Result<(), TestCaseError> {
        // A first crossing, the bar of which is defined.
        let mut plain = new();
        let first = if down { [1.0, -1.0] } else { [-1.0, 1.0] };
        for close in first {
            plain.step::<TV>(
                &gain(0.9, 0.1),
                lanes(close),
                lanes(0.0),
                everywhere(),
                &mut [lanes(0.0); 2],
            );
        }
        prop_assert!((plain.up | plain.down).all());
        let mut cells = Cells::<Scalar, 1>::new();
        cells.put(0, &plain);
        let (mut mixed, mut settled) = (plain, Settled::of(&cells, 0));
        let until = until.min(bars.len());
        for (t, &(close, average, r)) in bars.iter().enumerate() {
            let (gain, close, average) = (gain(0.9, r), lanes(close), lanes(average));
            let mut ballots = [[lanes(0.0); 2]; 2];
            plain.step::<TV>(&gain, close, average, everywhere(), &mut ballots[0]);
            if t < until {
                settled.step::<TV>(&gain, close, average, &mut ballots[1]);
                if t + 1 == until {
                    cells.resume(0, &settled);
                    mixed = cells.get(0);
                }
            } else {
                mixed.step::<TV>(&gain, close, average, everywhere(), &mut ballots[1]);
            }
            let [one, two] = ballots.map(|ballot| ballot.map(|value| value.get(0)));
            prop_assert_eq!(one, two, "bar {}", t);
        }
        prop_assert_eq!(
            (sign(&plain), plain.equity.get(0)),
            (sign(&mixed), mixed.equity.get(0))
        );
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn once_crossed_the_settled_way_gives_the_same_bits(bars in bars(0), down: bool, until in 1usize..60) {
            check_settled::<false>(&bars, down, until)?;
            check_settled::<true>(&bars, down, until)?;
        }

        #[test]
        fn in_tradingview_undefined_bars_do_not_unsettle(bars in bars(3), down: bool, until in 1usize..60) {
            check_settled::<true>(&bars, down, until)?;
        }
    }
}
