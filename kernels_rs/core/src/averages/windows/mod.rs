//! WMA, LSMA and HMA of `lts`, decided on running window sums of the integer prices.

mod abreast;
mod hull;
mod sums;
#[cfg(test)]
mod tests;

use super::abreast::{Notes, Sight};
use super::family::{Definition, Family, triangle};
use super::members::{Average, Carried, Member, Members, Votes};
use super::ride::{Leg, Rider, Seat, Stretch};
use super::{Kind, Roster, regression};
use crate::simd::Lanes;
use abreast::Course;
use hull::{Hull, Hulling};
use sums::{Sums, Window};

pub(crate) use hull::HMA;

/// Slots.
const MEAN: usize = 0;
const LINE: usize = 1;
const HULL: usize = 2;

pub(crate) const WMA: Family = Family {
    name: "WMA",
    factor: triangle,
    lts: Definition::window(Kind::Windows, MEAN),
    tradingview: Definition::window(Kind::Regression, regression::MEAN),
};

pub(crate) const LSMA: Family = Family {
    name: "LSMA",
    factor: |n| 6 * triangle(n),
    lts: Definition::window(Kind::Windows, LINE),
    tradingview: Definition::window(Kind::Regression, regression::LINE),
};

pub(crate) type Group<V> = Members<V, Windows, 3, false>;

#[derive(Clone)]
pub(crate) struct Windows;

/// The constants of one length: window widths in bars, and the integers that the definition multiplies by.
#[derive(Clone)]
struct Constants {
    width: usize,
    half: usize,
    root: usize,
    factors: Factors<f64>,
}

#[derive(Clone, Copy)]
struct Factors<L> {
    wma_close: L,
    lsma_close: L,
    lsma_sum: L,
    hma_half: L,
    hma_full: L,
    hma_close: L,
}

impl Constants {
    fn new(n: usize) -> Self {
        let (common, count) = (hull::common(n), n as f64);
        // Products of u128 lose digits only far beyond 2^53, where no grid is left; then one rounding is what is asked.
        Self {
            width: n,
            half: n / 2,
            root: n.isqrt(),
            factors: Factors {
                wma_close: triangle(n) as f64,
                lsma_close: count * (count + 1.0),
                lsma_sum: 2.0 * (count + 1.0),
                hma_half: (2 * common / triangle(n / 2).max(1)) as f64,
                hma_full: (common / triangle(n)) as f64,
                hma_close: (triangle(n.isqrt()) * common) as f64,
            },
        }
    }
}

impl<L: Lanes> Factors<L> {
    /// Those of every lane.
    #[inline(always)]
    fn new<'a>(of: impl Fn(usize) -> &'a Factors<f64>) -> Self {
        Self {
            wma_close: L::of(|lane| of(lane).wma_close),
            lsma_close: L::of(|lane| of(lane).lsma_close),
            lsma_sum: L::of(|lane| of(lane).lsma_sum),
            hma_half: L::of(|lane| of(lane).hma_half),
            hma_full: L::of(|lane| of(lane).hma_full),
            hma_close: L::of(|lane| of(lane).hma_close),
        }
    }

    /// What the Hull average takes in, a multiple of 2*WMA(h) - WMA(n).
    #[inline(always)]
    fn raw(&self, half: Sums<L>, full: Sums<L>) -> L {
        self.hma_half * half.weighted - self.hma_full * full.weighted
    }

    /// What WMA, LSMA and HMA compare the close with, each a multiple of its average as of the close.
    #[inline(always)]
    fn sights(&self, close: L, full: Sums<L>, hull: L) -> [Sight<L>; 3] {
        let line = L::splat(6.0) * full.weighted - self.lsma_sum * full.sum;
        [
            [close * self.wma_close, full.weighted],
            [close * self.lsma_close, line],
            [close * self.hma_close, hull],
        ]
    }
}

/// One length, of up to three families.
#[derive(Clone)]
pub(crate) struct Running<V> {
    k: Constants,
    full: Sums<V>,
    hull: Hull<V>,
}

impl<V: Lanes> Carried<V> for Running<V> {
    fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        self.full.each_row(show);
        self.hull.each_row(show);
    }

    fn each_tick(&mut self, show: &mut impl FnMut(&mut V)) {
        self.each_row(show);
    }
}

impl<V: Lanes> Average<V, 3, false> for Windows {
    type Carried = Running<V>;
    const RENEWS: bool = true;

    fn new(_: &Roster, _: usize) -> Self {
        Self
    }

    fn start(roster: &Roster, n: usize) -> Running<V> {
        let root = roster.family(HULL).map_or(0, |_| n.isqrt());
        Running {
            k: Constants::new(n),
            full: Sums::new(),
            hull: Hull::new(root),
        }
    }

    #[inline(always)]
    fn ride<R: Rider<V>>(
        &mut self,
        running: &mut Running<V>,
        leg: &Leg<V>,
        [wma, lsma, hma]: &mut [Seat<V, R>; 3],
    ) {
        let (k, source) = (&running.k, leg.tile.source_ticks());
        let (newest, closes) = (leg.part(source, 0), leg.part(leg.tile.close_ticks(), 0));
        let factors = Factors::<V>::new(|_| &k.factors);
        let mut full = Window::new::<R>(running.full, k.width, source, leg);
        let mut hull = hma
            .taken()
            .then(|| Hulling::new::<R>(&mut running.hull, k, source, leg));
        for j in 0..leg.len {
            let (x, close, gain) = (newest[j], closes[j], leg.gain(j));
            full.take::<R>(j, leg, x);
            let mut average = close;
            if let Some(hull) = &mut hull {
                average = hull.take::<R>(j, leg, x, &factors, full.sums);
            }
            let [mean, line, root] = factors.sights(close, full.sums, average);
            hma.vote(j, &gain, root[0], root[1]);
            wma.vote(j, &gain, mean[0], mean[1]);
            lsma.vote(j, &gain, line[0], line[1]);
        }
        running.full = full.sums;
        if let Some(hull) = hull {
            (running.hull.half, running.hull.sums) = hull.ended();
        }
    }

    type Course<L: Lanes> = Course<L>;

    #[inline(always)]
    fn board<L: Lanes>(
        &mut self,
        members: &[Member<V, Running<V>, 3>],
        leg: &Leg<V>,
        notes: &mut Notes<L>,
        used: [bool; 3],
    ) -> Course<L> {
        Course::new(members, leg, notes, used[HULL])
    }

    #[inline(always)]
    fn step<L: Lanes>(
        course: &mut Course<L>,
        j: usize,
        leg: &Leg<V>,
        notes: &mut Notes<L>,
    ) -> [Sight<L>; 3] {
        course.step(j, leg, notes)
    }

    #[inline(always)]
    fn leave<L: Lanes>(
        course: Course<L>,
        members: &mut [Member<V, Running<V>, 3>],
        leg: &Leg<V>,
        notes: &Notes<L>,
    ) {
        course.leave(members, leg, notes);
    }

    fn advance(group: &mut Group<V>, stretch: &Stretch<V>, votes: &mut Votes<V>) {
        match group.alone() {
            Some(MEAN) => group.only::<MEAN>(stretch, votes),
            Some(LINE) => group.only::<LINE>(stretch, votes),
            Some(_) => group.only::<HULL>(stretch, votes),
            None => group.all(stretch, votes),
        }
    }
}
