//! KAMA: `k = k + (z*z)*(s - k)` with `z = ratio*(0.666-0.064)+0.064` and ratio = signal/noise, the way gone over the
//! way walked. `tradingview` starts it at zero, sums the noise its own way and counts 1e-10 of it as none.

use super::abreast::{Notes, Sight, ago};
use super::compensated::{Rolling, Rollings};
use super::family::{Definition, Family, plain};
use super::fresh::FreshSums;
use super::members::{Average, Carried, Member, Members};
use super::ride::{Leg, RENEWAL, Rider, Seat};
use super::{Kind, Roster};
use crate::simd::Lanes;
use crate::tile::Tile;

const SLOWEST: f64 = 0.064;
const FASTEST: f64 = 0.666;
const QUIET: f64 = 1e-10;

pub(crate) const KAMA: Family = Family {
    name: "KAMA",
    factor: plain,
    lts: from_the_start(Kind::KamaLts),
    tradingview: from_the_start(Kind::KamaTradingview),
};

const fn from_the_start(kind: Kind) -> Definition {
    Definition {
        first_defined: |_| 0,
        ..Definition::window(kind, 0)
    }
}

pub(crate) type Group<V, const TV: bool> = Members<V, Kama<V>, 1, TV>;

#[derive(Clone)]
pub(crate) struct Kama<V: Lanes> {
    /// Of no bars in `lts`.
    fresh: FreshSums<V>,
}

#[derive(Clone)]
pub(crate) struct Walk<V: Lanes> {
    average: V,
    /// Sum of the moves in `lts`.
    noise: V,
    /// Sum of the moves in `tradingview`; of length 0 in `lts`.
    rolling: Rolling<V>,
}

/// Members side by side.
pub(crate) struct Course<L> {
    average: L,
    noise: Noise<L>,
}

enum Noise<L> {
    Running(L),
    Compensated(Rollings<L>),
}

impl<V: Lanes> Carried<V> for Walk<V> {
    fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        show(&mut self.average);
        show(&mut self.noise);
        self.rolling.each_row(show);
    }

    fn each_tick(&mut self, show: &mut impl FnMut(&mut V)) {
        show(&mut self.noise);
    }
}

impl<V: Lanes, const TV: bool> Average<V, 1, TV> for Kama<V> {
    type Carried = Walk<V>;
    const RENEWS: bool = !TV;

    fn new(roster: &Roster, room: usize) -> Self {
        Self {
            fresh: FreshSums::new(&roster.lengths, if TV { room } else { 0 }),
        }
    }

    fn start(_: &Roster, n: usize) -> Walk<V> {
        Walk {
            average: V::splat(0.0),
            noise: V::splat(0.0),
            rolling: Rolling::new(if TV { n } else { 0 }),
        }
    }

    #[inline(always)]
    fn prepare(&mut self, tile: &Tile<V>) {
        if TV {
            self.sum_afresh(tile);
        }
    }

    #[inline(always)]
    fn ride<R: Rider<V>>(
        &mut self,
        walk: &mut Walk<V>,
        leg: &Leg<V>,
        [kama]: &mut [Seat<V, R>; 1],
    ) {
        if TV {
            tradingview(walk, self.fresh.of(leg.member), leg, kama);
        } else {
            lts(walk, leg, kama);
        }
    }

    type Course<L: Lanes> = Course<L>;

    #[inline(always)]
    fn board<L: Lanes>(
        &mut self,
        members: &[Member<V, Walk<V>, 1>],
        leg: &Leg<V>,
        notes: &mut Notes<L>,
        _: [bool; 1],
    ) -> Course<L> {
        let n = |lane: usize| members[lane].n;
        let fresh = |lane: usize| &self.fresh.of(members[lane].place)[leg.at..][..leg.len];
        let rolling = |lane: usize| &members[lane].carried.rolling;
        ago(&mut notes.one, leg.tile.source_ticks(), leg, n);
        let noise = if TV {
            Noise::Compensated(Rollings::new(rolling, leg.first - 1, fresh, notes))
        } else {
            ago(&mut notes.two, leg.tile.moves(), leg, n);
            Noise::Running(L::of(|lane| members[lane].carried.noise.get(0)))
        };
        Course {
            average: L::of(|lane| members[lane].carried.average.get(0)),
            noise,
        }
    }

    #[inline(always)]
    fn step<L: Lanes>(
        course: &mut Course<L>,
        j: usize,
        leg: &Leg<V>,
        notes: &mut Notes<L>,
    ) -> [Sight<L>; 1] {
        let (tile, moved) = (leg.tile, leg.now::<L>(leg.tile.moves(), j));
        let (noise, quiet) = match &mut course.noise {
            Noise::Compensated(sums) => (sums.push(j, moved, notes), QUIET),
            Noise::Running(sum) => {
                *sum = *sum + (moved - notes.two[j]);
                (*sum, 0.0)
            }
        };
        let gone = leg.now::<L>(tile.source_ticks(), j) - notes.one[j];
        let source = leg.now(tile.source(), j);
        course.average = stepped(course.average, source, ratio(gone, noise, quiet));
        [[leg.now(tile.close(), j), course.average]]
    }

    #[inline(always)]
    fn leave<L: Lanes>(
        course: Course<L>,
        members: &mut [Member<V, Walk<V>, 1>],
        leg: &Leg<V>,
        notes: &Notes<L>,
    ) {
        for (lane, member) in members.iter_mut().enumerate() {
            let walk = &mut member.carried;
            walk.average = V::splat(course.average.get(lane));
            match &course.noise {
                Noise::Compensated(sums) => {
                    sums.leave(lane, (leg.first - 1, leg.len), notes, &mut walk.rolling);
                }
                Noise::Running(sum) => walk.noise = V::splat(sum.get(lane)),
            }
        }
    }
}

impl<V: Lanes> Kama<V> {
    /// The first move is the one into bar 1.
    #[inline(always)]
    fn sum_afresh(&mut self, tile: &Tile<V>) {
        let skipped = usize::from(tile.first == 0);
        let anchor = tile.start - tile.first.min(tile.start);
        let oldest = anchor + usize::from(tile.first <= tile.start);
        let (row, bars) = (tile.start + skipped, tile.len - skipped);
        self.fresh.fill(tile.moves(), row, bars, oldest);
    }
}

/// The way gone over the way walked; none where the noise is no more than `quiet`.
#[inline(always)]
fn ratio<V: Lanes>(gone: V, noise: V, quiet: f64) -> V {
    V::select(noise.le(V::splat(quiet)), V::splat(0.0), gone.abs() / noise)
}

#[inline(always)]
fn stepped<V: Lanes>(average: V, source: V, ratio: V) -> V {
    let z = ratio * V::splat(FASTEST - SLOWEST) + V::splat(SLOWEST);
    average + (z * z) * (source - average)
}

#[inline(always)]
fn lts<V: Lanes, R: Rider<V>>(walk: &mut Walk<V>, leg: &Leg<V>, kama: &mut Seat<V, R>) {
    let (tile, n) = (leg.tile, leg.n);
    let (sources, closes) = (leg.part(tile.source(), 0), leg.part(tile.close(), 0));
    let (ticks, moves) = (tile.source_ticks(), tile.moves());
    // While the window fills, the bars that leave are looked up one by one.
    let back = if R::SETTLED { n } else { 0 };
    let (ticks_now, ticks_then) = (leg.part(ticks, 0), leg.part(ticks, back));
    let (moves_now, moves_then) = (leg.part(moves, 0), leg.part(moves, back));
    let (mut average, mut noise) = (walk.average, walk.noise);
    let none = V::splat(0.0);
    for j in 0..leg.len {
        let (t, row) = (leg.first + j, leg.row + j);
        let mut then = ticks_then[j];
        if R::SETTLED {
            noise = noise + (moves_now[j] - moves_then[j]);
        } else if t == n || (t > n && t.is_multiple_of(RENEWAL)) {
            noise = moves[row + 1 - n..=row]
                .iter()
                .fold(none, |sum, &x| sum + x);
        } else if t > n {
            noise = noise + (moves_now[j] - moves[row - n]);
        }
        if R::SETTLED || t >= n {
            if !R::SETTLED {
                then = ticks[row - n];
            }
            average = stepped(average, sources[j], ratio(ticks_now[j] - then, noise, 0.0));
        } else if t == 0 {
            average = sources[j];
        }
        kama.vote(j, &leg.gain(j), closes[j], average);
    }
    (walk.average, walk.noise) = (average, noise);
}

#[inline(always)]
fn tradingview<V: Lanes, R: Rider<V>>(
    walk: &mut Walk<V>,
    fresh: &[V],
    leg: &Leg<V>,
    kama: &mut Seat<V, R>,
) {
    let (tile, n) = (leg.tile, leg.n);
    let (sources, closes) = (leg.part(tile.source(), 0), leg.part(tile.close(), 0));
    let moves = leg.part(tile.moves(), 0);
    // The move into bar t is the (t-1)-th of the sum; so is its slot counted.
    let skipped = usize::from(tile.first == 0);
    let mut slot = (leg.first + n - 1) % n;
    let mut average = walk.average;
    for j in 0..leg.len {
        let (t, row, bar) = (leg.first + j, leg.row + j, leg.at + j);
        if R::SETTLED || t > 0 {
            walk.rolling
                .push(moves[j], t - 1, slot, fresh[bar - skipped]);
        }
        slot = if slot + 1 == n { 0 } else { slot + 1 };
        let noise = walk.rolling.sum();
        let mut moved = V::splat(0.0);
        if R::SETTLED || t >= n {
            moved = ratio(sources[j] - tile.source()[row - n], noise, QUIET);
        }
        average = stepped(average, sources[j], moved);
        kama.vote(j, &leg.gain(j), closes[j], average);
    }
    walk.average = average;
}
