//! WMA and LSMA of `tradingview`: their sums are added up afresh at every bar, oldest value first.

use super::abreast::{Notes, Sight, possible, set};
use super::family::triangle;
use super::members::{Average, Carried, Member, Members, Votes};
use super::ride::{Leg, Rider, Seat, Stretch};
use super::{MEMBERS, Roster};
use crate::simd::Lanes;
use crate::tile::Tile;

/// Slots.
pub(super) const MEAN: usize = 0;
pub(super) const LINE: usize = 1;

/// Bars summed side by side: each keeps its own order of additions, so they do not wait for one another.
const ABREAST: usize = 4;

pub(crate) type Group<V> = Members<V, Regression<V>, 2, true>;

#[derive(Clone)]
pub(crate) struct Regression<V: Lanes> {
    /// One is enough where members go one after the other.
    sums: Vec<Sums<V>>,
}

/// Members side by side.
pub(crate) struct Course<L> {
    line: Line<L>,
}

/// Sums of earlier bars are of no use.
impl<V: Lanes> Carried<V> for () {
    fn each_row(&mut self, _: &mut impl FnMut(&mut V)) {}
}

impl<V: Lanes> Average<V, 2, true> for Regression<V> {
    type Carried = ();

    fn new(_: &Roster, room: usize) -> Self {
        let blank = || vec![V::splat(0.0); room];
        Self {
            sums: vec![
                Sums {
                    plain: blank(),
                    weighted: blank(),
                };
                if possible::<V>() { MEMBERS } else { 1 }
            ],
        }
    }

    fn start(_: &Roster, _: usize) {}

    #[inline(always)]
    fn ride<R: Rider<V>>(&mut self, (): &mut (), leg: &Leg<V>, [wma, lsma]: &mut [Seat<V, R>; 2]) {
        let sums = &mut self.sums[0];
        sums.fill(leg.tile, leg.n);
        let closes = leg.part(leg.tile.close(), 0);
        let (plain, weighted) = sums.part(leg);
        let line = Line::new(|_| leg.n);
        for j in 0..leg.len {
            let gain = leg.gain(j);
            wma.vote(j, &gain, closes[j], line.mean(weighted[j]));
            lsma.vote(j, &gain, closes[j], line.end(plain[j], weighted[j]));
        }
    }

    type Course<L: Lanes> = Course<L>;

    #[inline(always)]
    fn board<L: Lanes>(
        &mut self,
        members: &[Member<V, (), 2>],
        leg: &Leg<V>,
        notes: &mut Notes<L>,
        _: [bool; 2],
    ) -> Course<L> {
        for member in members {
            self.sums[member.place].fill(leg.tile, member.n);
        }
        let sums = |lane: usize| self.sums[members[lane].place].part(leg);
        set(&mut notes.one, leg.len, |lane| sums(lane).0);
        set(&mut notes.two, leg.len, |lane| sums(lane).1);
        Course {
            line: Line::new(|lane| members[lane].n),
        }
    }

    #[inline(always)]
    fn step<L: Lanes>(
        course: &mut Course<L>,
        j: usize,
        leg: &Leg<V>,
        notes: &mut Notes<L>,
    ) -> [Sight<L>; 2] {
        let close = leg.now(leg.tile.close(), j);
        let (line, plain, weighted) = (&course.line, notes.one[j], notes.two[j]);
        [
            [close, line.mean(weighted)],
            [close, line.end(plain, weighted)],
        ]
    }

    #[inline(always)]
    fn leave<L: Lanes>(_: Course<L>, _: &mut [Member<V, (), 2>], _: &Leg<V>, _: &Notes<L>) {}

    fn advance(group: &mut Group<V>, stretch: &Stretch<V>, votes: &mut Votes<V>) {
        match group.alone() {
            Some(MEAN) => group.only::<MEAN>(stretch, votes),
            Some(_) => group.only::<LINE>(stretch, votes),
            None => group.all(stretch, votes),
        }
    }
}

/// The regression line over places 1..=n.
struct Line<V> {
    count: V,
    /// Sum of the places.
    places: V,
    spread: V,
    last_place: V,
}

impl<V: Lanes> Line<V> {
    /// Of windows of n bars in every lane.
    #[inline(always)]
    fn new(n: impl Fn(usize) -> usize) -> Self {
        let count = V::of(|lane| n(lane) as f64);
        let places = V::of(|lane| triangle(n(lane)) as f64);
        // 1..=n and their squares are summed exactly.
        let squares = |n: usize| (triangle(n) * (2 * n as u128 + 1) / 3) as f64;
        Self {
            count,
            places,
            spread: count * V::of(|lane| squares(n(lane))) - places * places,
            last_place: count - V::splat(1.0),
        }
    }

    #[inline(always)]
    fn mean(&self, weighted: V) -> V {
        weighted / self.places
    }

    /// Where it ends.
    #[inline(always)]
    fn end(&self, plain: V, weighted: V) -> V {
        let slope = (self.count * weighted - self.places * plain) / self.spread;
        let intercept = plain / self.count - slope * self.places / self.count + slope;
        intercept + slope * self.last_place
    }
}

/// S and W of the windows that end at the bars of a stretch.
#[derive(Clone)]
struct Sums<V> {
    plain: Vec<V>,
    weighted: Vec<V>,
}

impl<V: Lanes> Sums<V> {
    /// Those of a leg's bars.
    #[inline(always)]
    fn part(&self, leg: &Leg<V>) -> (&[V], &[V]) {
        let (first, len) = (leg.at, leg.len);
        (&self.plain[first..][..len], &self.weighted[first..][..len])
    }

    #[inline(always)]
    fn fill(&mut self, tile: &Tile<V>, n: usize) {
        let first = (n - 1).saturating_sub(tile.first).min(tile.len);
        let undefined = V::splat(f64::NAN);
        self.plain[..first].fill(undefined);
        self.weighted[..first].fill(undefined);
        let mut bar = first;
        while bar < tile.len {
            if tile.len - bar >= ABREAST {
                self.windows::<ABREAST>(tile, n, bar);
                bar += ABREAST;
            } else {
                self.windows::<1>(tile, n, bar);
                bar += 1;
            }
        }
    }

    #[inline(always)]
    fn windows<const N: usize>(&mut self, tile: &Tile<V>, n: usize, bar: usize) {
        let (mut sums, mut weighted) = ([V::splat(0.0); N], [V::splat(0.0); N]);
        let oldest = tile.start + bar + 1 - n;
        let mut weight = V::splat(0.0);
        for values in tile.source()[oldest..].windows(N).take(n) {
            weight = weight + V::splat(1.0);
            for i in 0..N {
                sums[i] = sums[i] + values[i];
                weighted[i] = weighted[i] + values[i] * weight;
            }
        }
        self.plain[bar..][..N].copy_from_slice(&sums);
        self.weighted[bar..][..N].copy_from_slice(&weighted);
    }
}
