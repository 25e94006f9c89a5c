//! The simple average that the published script calls HMA: a compensated rolling sum, divided by n.

use super::compensated::{FreshSums, Rolling};
use super::{Conditions, Plain, Rider, Span, Swift, Votes, ways};
use crate::families::HMA;
use crate::params::MEMBERS;
use crate::plan::GroupPlan;
use crate::simd::Lanes;
use crate::tile::Tile;
use crate::vote::Cells;

#[derive(Clone)]
pub(crate) struct Member<V: Lanes> {
    rolling: Rolling<V>,
    pub cells: Cells<V, 1>,
    settled: bool,
}

impl<V: Lanes> Member<V> {
    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        self.rolling.each_row(show);
    }
}

#[derive(Clone)]
pub(crate) struct Simple<V: Lanes> {
    lengths: [usize; MEMBERS],
    pub members: [Member<V>; MEMBERS],
    fresh: FreshSums<V>,
    last_event: usize,
}

impl<V: Lanes> Simple<V> {
    pub fn new(plan: &GroupPlan, room: usize) -> Self {
        Self {
            lengths: plan.lengths,
            members: plan.lengths.map(|n| Member {
                rolling: Rolling::new(n),
                cells: Cells::new(),
                settled: false,
            }),
            fresh: FreshSums::new(&plan.lengths, room),
            last_event: plan.last_event,
        }
    }

    #[inline(always)]
    pub fn advance(&mut self, tile: &Tile<V>, conditions: Conditions<V>, votes: &mut Votes<V>) {
        // The window of the stretch's first bar begins at bar 0 or is full.
        let oldest = tile.start - tile.first.min(tile.start);
        self.fresh.fill(tile.source(), tile.start, tile.len, oldest);
        let (filled, _) = conditions.at(tile.first, self.last_event);
        for (i, member) in self.members.iter_mut().enumerate() {
            let (plain, swift) = ways(tile, filled && member.settled, false);
            let (n, fresh) = (self.lengths[i], self.fresh.of(i));
            if !plain.bars.is_empty() {
                run::<V, Plain<V, true>>(member, n, fresh, tile, conditions.sure, &plain, votes);
                member.settled = member.cells.settled(&[true]);
            }
            if !swift.bars.is_empty() {
                run::<V, Swift<V, true>>(member, n, fresh, tile, conditions.sure, &swift, votes);
            }
        }
    }
}

#[inline(always)]
fn run<V: Lanes, R: Rider<V>>(
    member: &mut Member<V>,
    n: usize,
    fresh: &[V],
    tile: &Tile<V>,
    sure: V::Mask,
    span: &Span,
    votes: &mut Votes<V>,
) {
    let (sources, closes) = (span.part(tile.source(), 0), span.part(tile.close(), 0));
    let (count, mut slot) = (V::splat(n as f64), span.first % n);
    let (gains, ballots) = (
        tile.gains(span.bars.clone()),
        span.ballots(&mut votes[HMA], true),
    );
    let mut rider = R::board(&member.cells, 0, sure);
    for j in 0..sources.len() {
        let (t, bar) = (span.first + j, span.bars.start + j);
        member.rolling.push(sources[j], t, slot, fresh[bar]);
        slot = if slot + 1 == n { 0 } else { slot + 1 };
        let average = if R::SETTLED || t + 1 >= n {
            member.rolling.sum / count
        } else {
            V::splat(f64::NAN)
        };
        rider.step(&gains.at(j), closes[j], average, &mut ballots[j]);
    }
    rider.leave(&mut member.cells, 0);
}
