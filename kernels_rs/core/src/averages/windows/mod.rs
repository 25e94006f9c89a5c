//! WMA, LSMA and HMA of `lts`, decided on running window sums of the integer prices.

mod hull;
mod sums;
#[cfg(test)]
mod tests;

use super::family::{Definition, Family, triangle};
use super::members::{Average, Carried, Members, Votes};
use super::ride::{Leg, Rider, Seat, Stretch};
use super::{Kind, Roster, regression};
use crate::simd::Lanes;
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
    wma_close: f64,
    lsma_close: f64,
    lsma_sum: f64,
    hma_half: f64,
    hma_full: f64,
    hma_close: f64,
}

impl Constants {
    fn new(n: usize) -> Self {
        let (common, count) = (hull::common(n), n as f64);
        // Products of u128 lose digits only far beyond 2^53, where no grid is left; then one rounding is what is asked.
        Self {
            width: n,
            half: n / 2,
            root: n.isqrt(),
            wma_close: triangle(n) as f64,
            lsma_close: count * (count + 1.0),
            lsma_sum: 2.0 * (count + 1.0),
            hma_half: (2 * common / triangle(n / 2).max(1)) as f64,
            hma_full: (common / triangle(n)) as f64,
            hma_close: (triangle(n.isqrt()) * common) as f64,
        }
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
        let (wma_close, lsma_close, hma_close) = (
            V::splat(k.wma_close),
            V::splat(k.lsma_close),
            V::splat(k.hma_close),
        );
        let (six, lsma_sum) = (V::splat(6.0), V::splat(k.lsma_sum));
        let mut full = Window::new::<R>(running.full, k.width, source, leg);
        let mut hull = hma
            .taken()
            .then(|| Hulling::new::<R>(&mut running.hull, k, source, leg));
        for j in 0..leg.len {
            let (x, close, gain) = (newest[j], closes[j], leg.gain(j));
            full.take::<R>(j, leg, x);
            let Sums { sum, weighted } = full.sums;
            if let Some(hull) = &mut hull {
                let average = hull.take::<R>(j, leg, x, weighted);
                hma.vote(j, &gain, close * hma_close, average);
            }
            wma.vote(j, &gain, close * wma_close, weighted);
            let line = six * weighted - lsma_sum * sum;
            lsma.vote(j, &gain, close * lsma_close, line);
        }
        running.full = full.sums;
        if let Some(hull) = hull {
            (running.hull.half, running.hull.sums) = hull.ended();
        }
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
