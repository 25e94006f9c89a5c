//! Running sums of one window.

use crate::averages::ride::{Leg, RENEWAL, Rider};
use crate::simd::Lanes;

/// S and W of one window, NaN until it is full. On integers every step is exact; off grid the order is binding.
#[derive(Clone, Copy)]
pub(super) struct Sums<V> {
    pub sum: V,
    pub weighted: V,
}

impl<V: Lanes> Sums<V> {
    pub fn new() -> Self {
        Self {
            sum: V::splat(f64::NAN),
            weighted: V::splat(f64::NAN),
        }
    }

    #[inline(always)]
    pub fn slide(&mut self, width: V, newest: V, leaving: V) {
        self.weighted = self.weighted + (width * newest - self.sum);
        self.sum = self.sum + (newest - leaving);
    }

    /// Sums of the window's values, oldest first.
    #[inline(always)]
    pub fn renew(&mut self, window: impl Iterator<Item = V>) {
        (self.sum, self.weighted) = (V::splat(0.0), V::splat(0.0));
        for (place, value) in window.enumerate() {
            self.sum = self.sum + value;
            self.weighted = self.weighted + V::splat((place + 1) as f64) * value;
        }
    }

    /// Those of windows by themselves, one in each lane.
    #[inline(always)]
    pub fn side_by_side<O: Lanes>(of: impl Fn(usize) -> Sums<O>) -> Self {
        Self {
            sum: V::of(|lane| of(lane).sum.get(0)),
            weighted: V::of(|lane| of(lane).weighted.get(0)),
        }
    }

    /// One lane, as a window by itself.
    #[inline(always)]
    pub fn lane<O: Lanes>(&self, lane: usize) -> Sums<O> {
        Sums {
            sum: O::splat(self.sum.get(lane)),
            weighted: O::splat(self.weighted.get(lane)),
        }
    }

    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        show(&mut self.sum);
        show(&mut self.weighted);
    }
}

/// A window of the source on its way through a leg.
pub(super) struct Window<'a, V: Lanes> {
    pub sums: Sums<V>,
    bars: usize,
    width: V,
    source: &'a [V],
    leaving: &'a [V],
}

impl<'a, V: Lanes> Window<'a, V> {
    #[inline(always)]
    pub fn new<R: Rider<V>>(sums: Sums<V>, bars: usize, source: &'a [V], leg: &Leg<V>) -> Self {
        Self {
            sums,
            bars,
            width: V::splat(bars as f64),
            source,
            // While it fills, the bars that leave are looked up one by one.
            leaving: leg.part(source, if R::SETTLED { bars } else { 0 }),
        }
    }

    /// Goes on by the j-th bar of the leg.
    #[inline(always)]
    pub fn take<R: Rider<V>>(&mut self, j: usize, leg: &Leg<V>, newest: V) {
        if R::SETTLED {
            self.sums.slide(self.width, newest, self.leaving[j]);
        } else {
            let (t, row) = (leg.first + j, leg.row + j);
            move_on(&mut self.sums, self.source, t, row, self.bars, newest);
        }
    }
}

/// Whether a window that is full from bar `full` on is summed afresh at bar `t`; `None` where it is not full yet.
#[inline(always)]
pub(super) fn renewed(t: usize, full: usize) -> Option<bool> {
    (t >= full).then(|| t == full || t.is_multiple_of(RENEWAL))
}

/// One bar of a window that may not be full yet, or is summed afresh.
#[inline(always)]
pub(super) fn move_on<V: Lanes>(
    sums: &mut Sums<V>,
    source: &[V],
    t: usize,
    row: usize,
    width: usize,
    newest: V,
) {
    match renewed(t, width - 1) {
        Some(true) => sums.renew(source[row + 1 - width..=row].iter().copied()),
        Some(false) => sums.slide(V::splat(width as f64), newest, source[row - width]),
        None => {}
    }
}
