//! EMA and DEMA: `e = e + alpha*(x - e)`, `alpha = 2/(n+1)`; DEMA is `2*e1 - e2` with e2 the same over e1.

use super::abreast::{Notes, Sight};
use super::compensated::sum_of_first;
use super::family::{Definition, Family, plain};
use super::members::{Average, Carried, Member, Members, Votes};
use super::ride::{Leg, Rider, Seat, Stretch};
use super::{Kind, Roster};
use crate::scales::Scales;
use crate::simd::Lanes;
use crate::tile::Tile;

/// Slots.
const ONCE: usize = 0;
const TWICE: usize = 1;

pub(crate) const EMA: Family = Family {
    name: "EMA",
    factor: plain,
    lts: Definition::window(Kind::ExponentialLts, ONCE),
    tradingview: Definition::window(Kind::ExponentialTradingview, ONCE),
};

pub(crate) const DEMA: Family = Family {
    name: "DEMA",
    factor: plain,
    lts: Definition::window(Kind::ExponentialLts, TWICE),
    tradingview: Definition {
        first_defined: |n| 2 * n - 2,
        // The seed of e2 goes back to bar 0.
        reach: |n| 2 * n,
        ..Definition::window(Kind::ExponentialTradingview, TWICE)
    },
};

pub(crate) type Group<V, const TV: bool> = Members<V, Exponential, 2, TV>;

#[derive(Clone)]
pub(crate) struct Exponential;

/// e1 and e2.
#[derive(Clone)]
pub(crate) struct Means<V> {
    first: V,
    second: V,
}

impl<V: Lanes> Means<V> {
    #[inline(always)]
    fn step(&mut self, alpha: V, x: V) {
        self.first = self.first + alpha * (x - self.first);
        self.second = self.second + alpha * (self.first - self.second);
    }

    #[inline(always)]
    fn twice(&self) -> V {
        (self.first + self.first) - self.second
    }
}

/// Members side by side.
pub(crate) struct Course<L> {
    alpha: L,
    means: Means<L>,
}

#[inline(always)]
fn alpha(n: usize) -> f64 {
    2.0 / (n as f64 + 1.0)
}

impl<V: Lanes> Carried<V> for Means<V> {
    fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        show(&mut self.first);
        show(&mut self.second);
    }
}

impl<V: Lanes, const TV: bool> Average<V, 2, TV> for Exponential {
    type Carried = Means<V>;

    fn new(_: &Roster, _: usize) -> Self {
        Self
    }

    fn start(_: &Roster, _: usize) -> Means<V> {
        let undefined = V::splat(f64::NAN);
        Means {
            first: undefined,
            second: undefined,
        }
    }

    #[inline(always)]
    fn ride<R: Rider<V>>(
        &mut self,
        means: &mut Means<V>,
        leg: &Leg<V>,
        [ema, dema]: &mut [Seat<V, R>; 2],
    ) {
        let (sources, closes) = (
            leg.part(leg.tile.source(), 0),
            leg.part(leg.tile.close(), 0),
        );
        let alpha = V::splat(alpha(leg.n));
        let mut now = means.clone();
        for j in 0..leg.len {
            now.step(alpha, sources[j]);
            if !R::SETTLED {
                let (t, row) = (leg.first + j, leg.row + j);
                if t + 1 == leg.n {
                    now.first = seed::<V, TV>(leg.tile, leg.scales, row, leg.n);
                    now.second = if TV { now.second } else { now.first };
                }
                if TV && dema.taken() && t + 2 == 2 * leg.n {
                    now.second = second_seed(leg.tile, row, leg.n, alpha, now.first);
                }
            }
            let gain = leg.gain(j);
            ema.vote(j, &gain, closes[j], now.first);
            dema.vote(j, &gain, closes[j], now.twice());
        }
        *means = now;
    }

    type Course<L: Lanes> = Course<L>;

    #[inline(always)]
    fn board<L: Lanes>(
        &mut self,
        members: &[Member<V, Means<V>, 2>],
        _: &Leg<V>,
        _: &mut Notes<L>,
        _: [bool; 2],
    ) -> Course<L> {
        Course {
            alpha: L::of(|lane| alpha(members[lane].n)),
            means: Means {
                first: L::of(|lane| members[lane].carried.first.get(0)),
                second: L::of(|lane| members[lane].carried.second.get(0)),
            },
        }
    }

    #[inline(always)]
    fn step<L: Lanes>(
        course: &mut Course<L>,
        j: usize,
        leg: &Leg<V>,
        _: &mut Notes<L>,
    ) -> [Sight<L>; 2] {
        let close = leg.now(leg.tile.close(), j);
        course
            .means
            .step(course.alpha, leg.now(leg.tile.source(), j));
        [[close, course.means.first], [close, course.means.twice()]]
    }

    #[inline(always)]
    fn leave<L: Lanes>(
        course: Course<L>,
        members: &mut [Member<V, Means<V>, 2>],
        _: &Leg<V>,
        _: &Notes<L>,
    ) {
        for (lane, member) in members.iter_mut().enumerate() {
            let Means { first, second } = &mut member.carried;
            *first = V::splat(course.means.first.get(lane));
            *second = V::splat(course.means.second.get(lane));
        }
    }

    fn advance(group: &mut Group<V, TV>, stretch: &Stretch<V>, votes: &mut Votes<V>) {
        match group.alone() {
            Some(ONCE) => group.only::<ONCE>(stretch, votes),
            Some(_) => group.only::<TWICE>(stretch, votes),
            None => group.all(stretch, votes),
        }
    }
}

/// The mean of the first n values, which end at `row`: of the integer prices in `lts`, compensated in `tradingview`.
#[inline(always)]
fn seed<V: Lanes, const TV: bool>(tile: &Tile<V>, scales: &Scales<V>, row: usize, n: usize) -> V {
    let count = V::splat(n as f64);
    if TV {
        return sum_of_first(&tile.source()[row + 1 - n..=row]) / count;
    }
    let values = tile.source_ticks()[row + 1 - n..=row].iter();
    let sum = values.fold(V::splat(0.0), |sum, &value| sum + value);
    sum / (count * scales.per_unit)
}

/// The compensated mean of e1 over bars n-1..=2n-2, the last of which is at `row`; e1 is gone through once more.
#[inline(always)]
fn second_seed<V: Lanes>(tile: &Tile<V>, row: usize, n: usize, alpha: V, last: V) -> V {
    let start = row + 1 - n;
    let mut values = vec![sum_of_first(&tile.source()[start + 1 - n..=start]) / V::splat(n as f64)];
    for &x in &tile.source()[start + 1..row] {
        let before = values[values.len() - 1];
        values.push(before + alpha * (x - before));
    }
    values.push(last);
    sum_of_first(&values) / V::splat(n as f64)
}
