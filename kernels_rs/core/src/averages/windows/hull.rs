//! HMA of `lts`: a weighted mean, over the last `isqrt(n)` bars, of 2*WMA(n/2) - WMA(n).

use super::sums::{Sums, Window, renewed};
use super::{Constants, Factors, HULL};
use crate::averages::Kind;
use crate::averages::family::{Definition, Family, triangle};
use crate::averages::ride::{Leg, Rider};
use crate::simd::Lanes;

pub(crate) const HMA: Family = Family {
    name: "HMA",
    factor,
    lts: Definition {
        shortest: 4,
        first_defined: |n| (n - 1) + (n.isqrt() - 1),
        ..Definition::window(Kind::Windows, HULL)
    },
    tradingview: Definition::window(Kind::Simple, 0),
};

fn factor(n: usize) -> u128 {
    2 * common(n) * triangle(n.isqrt())
}

/// Least common multiple of the weight sums of the half and the full window.
pub(super) fn common(n: usize) -> u128 {
    let (half, full) = (triangle(n / 2), triangle(n));
    half / divisor(half, full) * full
}

fn divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { divisor(b, a % b) }
}

/// What a member carries for its Hull average alone.
#[derive(Clone)]
pub(super) struct Hull<V> {
    pub half: Sums<V>,
    pub sums: Sums<V>,
    /// The last values of 2*WMA(h) - WMA(n), that of bar t at place t % root.
    pub raw: Vec<V>,
}

impl<V: Lanes> Hull<V> {
    /// `root` is 0 where no Hull average is asked for.
    pub fn new(root: usize) -> Self {
        Self {
            half: Sums::new(),
            sums: Sums::new(),
            raw: vec![V::splat(f64::NAN); root],
        }
    }

    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        self.half.each_row(show);
        self.sums.each_row(show);
        self.raw.iter_mut().for_each(show);
    }
}

/// A Hull average on its way through a leg.
pub(super) struct Hulling<'a, V: Lanes> {
    half: Window<'a, V>,
    sums: Sums<V>,
    raw: &'a mut [V],
    /// Place of the next value among the raw ones.
    slot: usize,
    root: V,
    /// The first bar at which it is defined.
    full: usize,
}

impl<'a, V: Lanes> Hulling<'a, V> {
    #[inline(always)]
    pub fn new<R: Rider<V>>(
        kept: &'a mut Hull<V>,
        k: &Constants,
        source: &'a [V],
        leg: &Leg<V>,
    ) -> Self {
        Self {
            half: Window::new::<R>(kept.half, k.half, source, leg),
            sums: kept.sums,
            raw: &mut kept.raw[..k.root],
            slot: leg.first % k.root,
            root: V::splat(k.root as f64),
            full: (k.width - 1) + (k.root - 1),
        }
    }

    /// W of the average at the j-th bar, given the sums of the full window.
    #[inline(always)]
    pub fn take<R: Rider<V>>(
        &mut self,
        j: usize,
        leg: &Leg<V>,
        newest: V,
        factors: &Factors<V>,
        full: Sums<V>,
    ) -> V {
        self.half.take::<R>(j, leg, newest);
        let raw = factors.raw(self.half.sums, full);
        let leaving = std::mem::replace(&mut self.raw[self.slot], raw);
        if R::SETTLED {
            self.sums.slide(self.root, raw, leaving);
        } else {
            self.move_on(leg.first + j, raw, leaving);
        }
        let next = self.slot + 1;
        self.slot = if next == self.raw.len() { 0 } else { next };
        self.sums.weighted
    }

    #[inline(always)]
    fn move_on(&mut self, t: usize, newest: V, leaving: V) {
        let root = self.raw.len();
        match renewed(t, self.full) {
            Some(true) => {
                let window = (t + 1 - root..=t).map(|u| self.raw[u % root]);
                self.sums.renew(window);
            }
            Some(false) => self.sums.slide(self.root, newest, leaving),
            None => {}
        }
    }

    /// What is to be kept.
    #[inline(always)]
    pub fn ended(self) -> (Sums<V>, Sums<V>) {
        (self.half.sums, self.sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::averages::LONGEST;

    #[test]
    fn constants_of_hma_28_and_of_the_smallest() {
        assert_eq!((triangle(14), triangle(28), common(28)), (105, 406, 6090));
        assert_eq!(factor(28), 2 * 6090 * 15);
        assert_eq!((common(4), factor(4)), (30, 180));
    }

    #[test]
    fn the_longest_length_overflows_nothing() {
        assert!(factor(LONGEST) > 0);
    }
}
