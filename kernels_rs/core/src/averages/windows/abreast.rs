//! Members of one series side by side.

use super::sums::Sums;
use super::{Factors, Running};
use crate::averages::abreast::{Notes, Sight, ago};
use crate::averages::members::Member;
use crate::averages::ride::Leg;
use crate::simd::Lanes;
use crate::tile::BARS;

/// Settled members on their way through a leg.
pub(crate) struct Course<L> {
    factors: Factors<L>,
    full: Slide<L>,
    hull: Option<Hulls<L>>,
}

struct Hulls<L> {
    half: Slide<L>,
    root: L,
    sums: Sums<L>,
}

/// Windows of the source.
struct Slide<L> {
    sums: Sums<L>,
    width: L,
}

type Seated<V> = Member<V, Running<V>, 3>;

impl<L: Lanes> Slide<L> {
    #[inline(always)]
    fn new<V: Lanes>(
        leg: &Leg<V>,
        leaving: &mut [L; BARS],
        sums: impl Fn(usize) -> Sums<V>,
        width: impl Fn(usize) -> usize,
    ) -> Self {
        ago(leaving, leg.tile.source_ticks(), leg, &width);
        Self {
            sums: Sums::side_by_side(sums),
            width: L::of(|lane| width(lane) as f64),
        }
    }

    #[inline(always)]
    fn take(&mut self, newest: L, leaving: L) {
        self.sums.slide(self.width, newest, leaving);
    }
}

impl<L: Lanes> Course<L> {
    #[inline(always)]
    pub fn new<V: Lanes>(
        members: &[Seated<V>],
        leg: &Leg<V>,
        notes: &mut Notes<L>,
        hull: bool,
    ) -> Self {
        let of = |lane: usize| &members[lane].carried;
        let Notes { one, two, past } = notes;
        let hull = if hull {
            past.begin((leg.first, leg.len), |lane| &of(lane).hull.raw);
            Some(Hulls {
                half: Slide::new(leg, two, |lane| of(lane).hull.half, |lane| of(lane).k.half),
                root: L::of(|lane| of(lane).k.root as f64),
                sums: Sums::side_by_side(|lane| of(lane).hull.sums),
            })
        } else {
            None
        };
        Self {
            factors: Factors::new(|lane| &of(lane).k.factors),
            full: Slide::new(leg, one, |lane| of(lane).full, |lane| of(lane).k.width),
            hull,
        }
    }

    #[inline(always)]
    pub fn step<V: Lanes>(
        &mut self,
        j: usize,
        leg: &Leg<V>,
        notes: &mut Notes<L>,
    ) -> [Sight<L>; 3] {
        let newest = leg.now(leg.tile.source_ticks(), j);
        let close = leg.now(leg.tile.close_ticks(), j);
        self.full.take(newest, notes.one[j]);
        let full = self.full.sums;
        let mut average = close;
        if let Some(hull) = &mut self.hull {
            hull.half.take(newest, notes.two[j]);
            let raw = self.factors.raw(hull.half.sums, full);
            hull.sums.slide(hull.root, raw, notes.past.leaving(j));
            notes.past.enter(j, raw);
            average = hull.sums.weighted;
        }
        self.factors.sights(close, full, average)
    }

    #[inline(always)]
    pub fn leave<V: Lanes>(self, members: &mut [Seated<V>], leg: &Leg<V>, notes: &Notes<L>) {
        for (lane, member) in members.iter_mut().enumerate() {
            let kept = &mut member.carried;
            kept.full = self.full.sums.lane(lane);
            if let Some(hull) = &self.hull {
                kept.hull.half = hull.half.sums.lane(lane);
                kept.hull.sums = hull.sums.lane(lane);
                notes
                    .past
                    .keep(lane, (leg.first, leg.len), &mut kept.hull.raw);
            }
        }
    }
}
