//! The simple average that the published script calls HMA: a compensated rolling sum, divided by n.

use super::Roster;
use super::abreast::{Notes, Sight};
use super::compensated::{Rolling, Rollings};
use super::fresh::FreshSums;
use super::members::{Average, Carried, Member, Members};
use super::ride::{Leg, Rider, Seat};
use crate::simd::Lanes;
use crate::tile::Tile;

pub(crate) type Group<V> = Members<V, Simple<V>, 1, true>;

#[derive(Clone)]
pub(crate) struct Simple<V: Lanes> {
    fresh: FreshSums<V>,
}

/// Members side by side.
pub(crate) struct Course<L> {
    count: L,
    sums: Rollings<L>,
}

impl<V: Lanes> Carried<V> for Rolling<V> {
    fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        Rolling::each_row(self, show);
    }
}

impl<V: Lanes> Average<V, 1, true> for Simple<V> {
    type Carried = Rolling<V>;

    fn new(roster: &Roster, room: usize) -> Self {
        Self {
            fresh: FreshSums::new(&roster.lengths, room),
        }
    }

    fn start(_: &Roster, n: usize) -> Rolling<V> {
        Rolling::new(n)
    }

    #[inline(always)]
    fn prepare(&mut self, tile: &Tile<V>) {
        // The window of the stretch's first bar begins at bar 0 or is full.
        let oldest = tile.start - tile.first.min(tile.start);
        self.fresh.fill(tile.source(), tile.start, tile.len, oldest);
    }

    #[inline(always)]
    fn ride<R: Rider<V>>(
        &mut self,
        rolling: &mut Rolling<V>,
        leg: &Leg<V>,
        [simple]: &mut [Seat<V, R>; 1],
    ) {
        let (sources, closes) = (
            leg.part(leg.tile.source(), 0),
            leg.part(leg.tile.close(), 0),
        );
        let (n, fresh) = (leg.n, self.fresh.of(leg.member));
        let (count, mut slot) = (V::splat(n as f64), leg.first % n);
        for j in 0..leg.len {
            let t = leg.first + j;
            rolling.push(sources[j], t, slot, fresh[leg.at + j]);
            slot = if slot + 1 == n { 0 } else { slot + 1 };
            let average = if R::SETTLED || t + 1 >= n {
                rolling.sum() / count
            } else {
                V::splat(f64::NAN)
            };
            simple.vote(j, &leg.gain(j), closes[j], average);
        }
    }

    type Course<L: Lanes> = Course<L>;

    #[inline(always)]
    fn board<L: Lanes>(
        &mut self,
        members: &[Member<V, Rolling<V>, 1>],
        leg: &Leg<V>,
        notes: &mut Notes<L>,
        _: [bool; 1],
    ) -> Course<L> {
        let fresh = |lane: usize| &self.fresh.of(members[lane].place)[leg.at..][..leg.len];
        Course {
            count: L::of(|lane| members[lane].n as f64),
            sums: Rollings::new(|lane| &members[lane].carried, leg.first, fresh, notes),
        }
    }

    #[inline(always)]
    fn step<L: Lanes>(
        course: &mut Course<L>,
        j: usize,
        leg: &Leg<V>,
        notes: &mut Notes<L>,
    ) -> [Sight<L>; 1] {
        let sum = course.sums.push(j, leg.now(leg.tile.source(), j), notes);
        [[leg.now(leg.tile.close(), j), sum / course.count]]
    }

    #[inline(always)]
    fn leave<L: Lanes>(
        course: Course<L>,
        members: &mut [Member<V, Rolling<V>, 1>],
        leg: &Leg<V>,
        notes: &Notes<L>,
    ) {
        for (lane, member) in members.iter_mut().enumerate() {
            let bars = (leg.first, leg.len);
            course.sums.leave(lane, bars, notes, &mut member.carried);
        }
    }
}
