//! WMA and LSMA of `tradingview`: their sums are added up afresh at every bar, oldest value first.

use super::{Conditions, Plain, Rider, Span, Swift, Votes, ways};
use crate::families::triangle;
use crate::params::MEMBERS;
use crate::plan::GroupPlan;
use crate::simd::Lanes;
use crate::tile::Tile;
use crate::vote::Cells;

/// Bars summed side by side: each keeps its own order of additions, so they do not wait for one another.
const ABREAST: usize = 4;

/// One length, of up to two families.
#[derive(Clone)]
pub(crate) struct Member<V: Lanes> {
    pub cells: Cells<V, 2>,
    /// Whether every cell in use was settled at the end of a stretch.
    settled: bool,
}

impl<V: Lanes> Member<V> {}

/// S and W of the windows that end at the bars of a stretch.
#[derive(Clone)]
struct Sums<V> {
    plain: Vec<V>,
    weighted: Vec<V>,
}

/// Nine lengths; `families` says which of WMA and LSMA take part.
#[derive(Clone)]
pub(crate) struct Regression<V: Lanes> {
    lengths: [usize; MEMBERS],
    pub members: [Member<V>; MEMBERS],
    pub families: [bool; 3],
    sums: Sums<V>,
    last_event: usize,
}

impl<V: Lanes> Regression<V> {
    pub fn new(plan: &GroupPlan, room: usize) -> Self {
        let blank = || vec![V::splat(0.0); room];
        Self {
            lengths: plan.lengths,
            members: std::array::from_fn(|_| Member {
                cells: Cells::new(),
                settled: false,
            }),
            families: plan.slots,
            sums: Sums {
                plain: blank(),
                weighted: blank(),
            },
            last_event: plan.last_event,
        }
    }

    #[inline(always)]
    pub fn advance(&mut self, tile: &Tile<V>, conditions: Conditions<V>, votes: &mut Votes<V>) {
        match self.families[..2] {
            [true, true] => self.each::<true, true>(tile, conditions, votes),
            [true, _] => self.each::<true, false>(tile, conditions, votes),
            _ => self.each::<false, true>(tile, conditions, votes),
        }
    }

    #[inline(always)]
    fn each<const W: bool, const L: bool>(
        &mut self,
        tile: &Tile<V>,
        conditions: Conditions<V>,
        votes: &mut Votes<V>,
    ) {
        let (filled, _) = conditions.at(tile.first, self.last_event);
        for (member, &n) in self.members.iter_mut().zip(&self.lengths) {
            self.sums.fill(tile, n);
            let (plain, swift) = ways(tile, filled && member.settled, false);
            if !plain.bars.is_empty() {
                run::<V, Plain<V, true>, W, L>(
                    member,
                    n,
                    &self.sums,
                    tile,
                    conditions.sure,
                    &plain,
                    votes,
                );
                member.settled = member.cells.settled(&self.families);
            }
            if !swift.bars.is_empty() {
                run::<V, Swift<V, true>, W, L>(
                    member,
                    n,
                    &self.sums,
                    tile,
                    conditions.sure,
                    &swift,
                    votes,
                );
            }
        }
    }
}

impl<V: Lanes> Sums<V> {
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

#[inline(always)]
fn run<V: Lanes, R: Rider<V>, const W: bool, const L: bool>(
    member: &mut Member<V>,
    n: usize,
    sums: &Sums<V>,
    tile: &Tile<V>,
    sure: V::Mask,
    span: &Span,
    votes: &mut Votes<V>,
) {
    let closes = span.part(tile.close(), 0);
    let [_, _, wma_votes, _, lsma_votes, _] = votes;
    let (wma_votes, lsma_votes) = (span.ballots(wma_votes, W), span.ballots(lsma_votes, L));
    let gains = tile.gains(span.bars.clone());
    let len = closes.len();
    let (plain, weighted) = (
        &sums.plain[span.bars.start..][..len],
        &sums.weighted[span.bars.start..][..len],
    );
    let [mut wma, mut lsma] = [0, 1].map(|slot: usize| R::board(&member.cells, slot, sure));
    let (count, places) = (V::splat(n as f64), V::splat(triangle(n) as f64));
    // 1..=n and their squares are summed exactly.
    let squares = V::splat((triangle(n) * (2 * n as u128 + 1) / 3) as f64);
    let spread = count * squares - places * places;
    let last_place = V::splat(n as f64 - 1.0);
    for j in 0..len {
        let close = closes[j];
        let gain = gains.at(j);
        if W {
            let mean = weighted[j] / places;
            wma.step(&gain, close, mean, &mut wma_votes[j]);
        }
        if L {
            let slope = (count * weighted[j] - places * plain[j]) / spread;
            let intercept = plain[j] / count - slope * places / count + slope;
            let line = intercept + slope * last_place;
            lsma.step(&gain, close, line, &mut lsma_votes[j]);
        }
    }
    if W {
        wma.leave(&mut member.cells, 0);
    }
    if L {
        lsma.leave(&mut member.cells, 1);
    }
}
