//! EMA and DEMA: `e = e + alpha*(x - e)`, `alpha = 2/(n+1)`; DEMA is `2*e1 - e2` with e2 the same over e1.

use super::compensated::sum_of_first;
use super::{Conditions, Plain, Rider, Span, Swift, Votes, ways};
use crate::params::MEMBERS;
use crate::plan::GroupPlan;
use crate::scales::Scales;
use crate::simd::Lanes;
use crate::tile::Tile;
use crate::vote::Cells;

/// One length, of up to two families.
#[derive(Clone)]
pub(crate) struct Member<V: Lanes> {
    first: V,
    second: V,
    pub cells: Cells<V, 2>,
    /// Whether every cell in use was settled at the end of a stretch.
    settled: bool,
}

impl<V: Lanes> Member<V> {
    fn new() -> Self {
        let undefined = V::splat(f64::NAN);
        Self {
            first: undefined,
            second: undefined,
            cells: Cells::new(),
            settled: false,
        }
    }

    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        show(&mut self.first);
        show(&mut self.second);
    }
}

/// Nine lengths; `families` says which of EMA and DEMA take part.
#[derive(Clone)]
pub(crate) struct Exponential<V: Lanes> {
    lengths: [usize; MEMBERS],
    pub members: [Member<V>; MEMBERS],
    pub families: [bool; 3],
    last_event: usize,
    tradingview: bool,
}

impl<V: Lanes> Exponential<V> {
    pub fn new(plan: &GroupPlan, tradingview: bool) -> Self {
        Self {
            lengths: plan.lengths,
            members: std::array::from_fn(|_| Member::new()),
            families: plan.slots,
            last_event: plan.last_event,
            tradingview,
        }
    }

    #[inline(always)]
    pub fn advance(
        &mut self,
        tile: &Tile<V>,
        scales: &Scales<V>,
        conditions: Conditions<V>,
        votes: &mut Votes<V>,
    ) {
        match (self.tradingview, &self.families[..2]) {
            (false, [true, true]) => {
                self.each::<false, true, true>(tile, scales, conditions, votes);
            }
            (false, [true, _]) => self.each::<false, true, false>(tile, scales, conditions, votes),
            (false, _) => self.each::<false, false, true>(tile, scales, conditions, votes),
            (true, [true, true]) => self.each::<true, true, true>(tile, scales, conditions, votes),
            (true, [true, _]) => self.each::<true, true, false>(tile, scales, conditions, votes),
            (true, _) => self.each::<true, false, true>(tile, scales, conditions, votes),
        }
    }

    #[inline(always)]
    fn each<const TV: bool, const E: bool, const D: bool>(
        &mut self,
        tile: &Tile<V>,
        scales: &Scales<V>,
        conditions: Conditions<V>,
        votes: &mut Votes<V>,
    ) {
        let (filled, _) = conditions.at(tile.first, self.last_event);
        for (member, &n) in self.members.iter_mut().zip(&self.lengths) {
            let (plain, swift) = ways(tile, filled && member.settled, false);
            if !plain.bars.is_empty() {
                run::<V, Plain<V, TV>, TV, E, D>(
                    member,
                    n,
                    tile,
                    scales,
                    conditions.sure,
                    &plain,
                    votes,
                );
                member.settled = member.cells.settled(&self.families);
            }
            if !swift.bars.is_empty() {
                run::<V, Swift<V, TV>, TV, E, D>(
                    member,
                    n,
                    tile,
                    scales,
                    conditions.sure,
                    &swift,
                    votes,
                );
            }
        }
    }
}

#[inline(always)]
fn run<V: Lanes, R: Rider<V>, const TV: bool, const E: bool, const D: bool>(
    member: &mut Member<V>,
    n: usize,
    tile: &Tile<V>,
    scales: &Scales<V>,
    sure: V::Mask,
    span: &Span,
    votes: &mut Votes<V>,
) {
    let (sources, closes) = (span.part(tile.source(), 0), span.part(tile.close(), 0));
    let [ema_votes, _, _, dema_votes, ..] = votes;
    let (ema_votes, dema_votes) = (span.ballots(ema_votes, E), span.ballots(dema_votes, D));
    let gains = tile.gains(span.bars.clone());
    let alpha = V::splat(2.0 / (n as f64 + 1.0));
    let (mut first, mut second) = (member.first, member.second);
    let [mut ema, mut dema] = [0, 1].map(|slot: usize| R::board(&member.cells, slot, sure));
    for j in 0..sources.len() {
        let close = closes[j];
        let gain = gains.at(j);
        first = first + alpha * (sources[j] - first);
        second = second + alpha * (first - second);
        if !R::SETTLED {
            let (t, row) = (span.first + j, span.row + j);
            if t + 1 == n {
                first = seed::<V, TV>(tile, scales, row, n);
                second = if TV { second } else { first };
            }
            if TV && D && t + 2 == 2 * n {
                second = second_seed(tile, row, n, alpha, first);
            }
        }
        if E {
            ema.step(&gain, close, first, &mut ema_votes[j]);
        }
        if D {
            let double = (first + first) - second;
            dema.step(&gain, close, double, &mut dema_votes[j]);
        }
    }
    (member.first, member.second) = (first, second);
    if E {
        ema.leave(&mut member.cells, 0);
    }
    if D {
        dema.leave(&mut member.cells, 1);
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
