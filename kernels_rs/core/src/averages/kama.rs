//! KAMA: `k = k + (z*z)*(s - k)` with `z = ratio*(0.666-0.064)+0.064` and ratio = signal/noise, the way gone over the
//! way walked. `tradingview` starts it at zero, sums the noise its own way and counts 1e-10 of it as none.

use super::compensated::{FreshSums, Rolling};
use super::family::{Definition, Family, plain};
use super::members::{Average, Carried, Members};
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
            let ratio = (ticks_now[j] - then).abs() / noise;
            average = stepped(average, sources[j], V::select(noise.le(none), none, ratio));
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
    let none = V::splat(0.0);
    for j in 0..leg.len {
        let (t, row, bar) = (leg.first + j, leg.row + j, leg.at + j);
        if R::SETTLED || t > 0 {
            walk.rolling
                .push(moves[j], t - 1, slot, fresh[bar - skipped]);
        }
        slot = if slot + 1 == n { 0 } else { slot + 1 };
        let noise = walk.rolling.sum;
        let mut ratio = none;
        if R::SETTLED || t >= n {
            let moved = (sources[j] - tile.source()[row - n]).abs();
            ratio = V::select(noise.le(V::splat(QUIET)), none, moved / noise);
        }
        average = stepped(average, sources[j], ratio);
        kama.vote(j, &leg.gain(j), closes[j], average);
    }
    walk.average = average;
}
