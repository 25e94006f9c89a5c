//! The simple average that the published script calls HMA: a compensated rolling sum, divided by n.

use super::Roster;
use super::compensated::{FreshSums, Rolling};
use super::members::{Average, Carried, Members};
use super::ride::{Leg, Rider, Seat};
use crate::simd::Lanes;
use crate::tile::Tile;

pub(crate) type Group<V> = Members<V, Simple<V>, 1, true>;

#[derive(Clone)]
pub(crate) struct Simple<V: Lanes> {
    fresh: FreshSums<V>,
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
                rolling.sum / count
            } else {
                V::splat(f64::NAN)
            };
            simple.vote(j, &leg.gain(j), closes[j], average);
        }
    }
}
