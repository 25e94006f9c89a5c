//! KAMA: `k = k + (z*z)*(s - k)` with `z = ratio*(0.666-0.064)+0.064` and ratio = signal/noise, the way gone over the
//! way walked. `tradingview` starts it at zero, sums the noise its own way and counts 1e-10 of it as none.

use super::compensated::{FreshSums, Rolling};
use super::{Conditions, Plain, RENEWAL, Rider, Span, Swift, Votes, ways};
use crate::families::KAMA;
use crate::params::MEMBERS;
use crate::plan::GroupPlan;
use crate::simd::Lanes;
use crate::tile::Tile;
use crate::vote::Cells;

const SLOWEST: f64 = 0.064;
const FASTEST: f64 = 0.666;
const QUIET: f64 = 1e-10;

#[derive(Clone)]
pub(crate) struct Member<V: Lanes> {
    average: V,
    /// Sum of the moves in `lts`.
    pub noise: V,
    /// Sum of the moves in `tradingview`; of length 0 in `lts`.
    rolling: Rolling<V>,
    pub cells: Cells<V, 1>,
    settled: bool,
}

impl<V: Lanes> Member<V> {
    fn new(rolling_length: usize) -> Self {
        let (average, noise) = (V::splat(0.0), V::splat(0.0));
        Self {
            average,
            noise,
            rolling: Rolling::new(rolling_length),
            cells: Cells::new(),
            settled: false,
        }
    }

    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        show(&mut self.average);
        show(&mut self.noise);
        self.rolling.each_row(show);
    }
}

#[derive(Clone)]
pub(crate) struct Kama<V: Lanes> {
    lengths: [usize; MEMBERS],
    pub members: [Member<V>; MEMBERS],
    fresh: FreshSums<V>,
    last_event: usize,
    tradingview: bool,
}

impl<V: Lanes> Kama<V> {
    pub fn new(plan: &GroupPlan, tradingview: bool, room: usize) -> Self {
        Self {
            lengths: plan.lengths,
            members: plan
                .lengths
                .map(|n| Member::new(if tradingview { n } else { 0 })),
            fresh: FreshSums::new(&plan.lengths, if tradingview { room } else { 0 }),
            last_event: plan.last_event,
            tradingview,
        }
    }

    #[inline(always)]
    pub fn advance(&mut self, tile: &Tile<V>, conditions: Conditions<V>, votes: &mut Votes<V>) {
        if self.tradingview {
            self.each_tradingview(tile, conditions, votes);
        } else {
            self.each_lts(tile, conditions, votes);
        }
    }

    #[inline(always)]
    fn each_lts(&mut self, tile: &Tile<V>, conditions: Conditions<V>, votes: &mut Votes<V>) {
        let (filled, event) = conditions.at(tile.first, self.last_event);
        for (member, &n) in self.members.iter_mut().zip(&self.lengths) {
            let (plain, swift) = ways(tile, filled && member.settled, event);
            if !plain.bars.is_empty() {
                lts::<V, Plain<V, false>>(member, n, tile, conditions.sure, &plain, votes);
                member.settled = member.cells.settled(&[true]);
            }
            if !swift.bars.is_empty() {
                lts::<V, Swift<V, false>>(member, n, tile, conditions.sure, &swift, votes);
            }
        }
    }

    #[inline(always)]
    fn each_tradingview(
        &mut self,
        tile: &Tile<V>,
        conditions: Conditions<V>,
        votes: &mut Votes<V>,
    ) {
        self.sum_afresh(tile);
        let (filled, _) = conditions.at(tile.first, self.last_event);
        for (i, member) in self.members.iter_mut().enumerate() {
            let (plain, swift) = ways(tile, filled && member.settled, false);
            let (n, fresh) = (self.lengths[i], self.fresh.of(i));
            if !plain.bars.is_empty() {
                tradingview::<V, Plain<V, true>>(
                    member,
                    n,
                    fresh,
                    tile,
                    conditions.sure,
                    &plain,
                    votes,
                );
                member.settled = member.cells.settled(&[true]);
            }
            if !swift.bars.is_empty() {
                tradingview::<V, Swift<V, true>>(
                    member,
                    n,
                    fresh,
                    tile,
                    conditions.sure,
                    &swift,
                    votes,
                );
            }
        }
    }

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
fn lts<V: Lanes, R: Rider<V>>(
    member: &mut Member<V>,
    n: usize,
    tile: &Tile<V>,
    sure: V::Mask,
    span: &Span,
    votes: &mut Votes<V>,
) {
    let (sources, closes) = (span.part(tile.source(), 0), span.part(tile.close(), 0));
    let (ticks, moves) = (tile.source_ticks(), tile.moves());
    let back = if R::SETTLED { n } else { 0 };
    let (ticks_now, ticks_then) = (span.part(ticks, 0), span.part(ticks, back));
    let (moves_now, moves_then) = (span.part(moves, 0), span.part(moves, back));
    let (mut average, mut noise) = (member.average, member.noise);
    let (gains, ballots) = (
        tile.gains(span.bars.clone()),
        span.ballots(&mut votes[KAMA], true),
    );
    let mut rider = R::board(&member.cells, 0, sure);
    let none = V::splat(0.0);
    for j in 0..sources.len() {
        let (t, row) = (span.first + j, span.row + j);
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
        rider.step(&gains.at(j), closes[j], average, &mut ballots[j]);
    }
    (member.average, member.noise) = (average, noise);
    rider.leave(&mut member.cells, 0);
}

#[inline(always)]
fn tradingview<V: Lanes, R: Rider<V>>(
    member: &mut Member<V>,
    n: usize,
    fresh: &[V],
    tile: &Tile<V>,
    sure: V::Mask,
    span: &Span,
    votes: &mut Votes<V>,
) {
    let (sources, closes) = (span.part(tile.source(), 0), span.part(tile.close(), 0));
    let moves = span.part(tile.moves(), 0);
    // The move into bar t is the (t-1)-th of the sum; so is its slot counted.
    let skipped = usize::from(tile.first == 0);
    let mut slot = (span.first + n - 1) % n;
    let mut average = member.average;
    let (gains, ballots) = (
        tile.gains(span.bars.clone()),
        span.ballots(&mut votes[KAMA], true),
    );
    let mut rider = R::board(&member.cells, 0, sure);
    let none = V::splat(0.0);
    for j in 0..sources.len() {
        let (t, row, bar) = (span.first + j, span.row + j, span.bars.start + j);
        if R::SETTLED || t > 0 {
            member
                .rolling
                .push(moves[j], t - 1, slot, fresh[bar - skipped]);
        }
        slot = if slot + 1 == n { 0 } else { slot + 1 };
        let noise = member.rolling.sum;
        let mut ratio = none;
        if R::SETTLED || t >= n {
            let moved = (sources[j] - tile.source()[row - n]).abs();
            ratio = V::select(noise.le(V::splat(QUIET)), none, moved / noise);
        }
        average = stepped(average, sources[j], ratio);
        rider.step(&gains.at(j), closes[j], average, &mut ballots[j]);
    }
    member.average = average;
    rider.leave(&mut member.cells, 0);
}
