//! WMA, LSMA and HMA of `lts`, decided on running window sums of the integer prices.

use super::{Conditions, Plain, RENEWAL, Rider, Span, Swift, Votes, ways};
use crate::families::{hull_common, triangle};
use crate::params::MEMBERS;
use crate::plan::GroupPlan;
use crate::simd::Lanes;
use crate::tile::Tile;
use crate::vote::Cells;

/// S and W of one window, NaN until it is full. On integers every step is exact; off grid the order is binding.
#[derive(Clone, Copy)]
struct Sums<V> {
    sum: V,
    weighted: V,
}

impl<V: Lanes> Sums<V> {
    fn new() -> Self {
        Self {
            sum: V::splat(f64::NAN),
            weighted: V::splat(f64::NAN),
        }
    }

    #[inline(always)]
    fn slide(&mut self, width: V, newest: V, leaving: V) {
        self.weighted = self.weighted + (width * newest - self.sum);
        self.sum = self.sum + (newest - leaving);
    }

    /// Sums of the window's values, oldest first.
    #[inline(always)]
    fn renew(&mut self, window: impl Iterator<Item = V>) {
        (self.sum, self.weighted) = (V::splat(0.0), V::splat(0.0));
        for (place, value) in window.enumerate() {
            self.sum = self.sum + value;
            self.weighted = self.weighted + V::splat((place + 1) as f64) * value;
        }
    }
}

/// Whether a window that is full from bar `full` on is summed afresh at bar `t`; `None` where it is not full yet.
#[inline(always)]
fn renewed(t: usize, full: usize) -> Option<bool> {
    (t >= full).then(|| t == full || t.is_multiple_of(RENEWAL))
}

/// The constants of one length: window widths in bars, and the integers that the definition multiplies by.
#[derive(Clone)]
struct Constants {
    width: usize,
    half: usize,
    root: usize,
    wma_close: f64,
    lsma_close: f64,
    lsma_sum: f64,
    hma_half: f64,
    hma_full: f64,
    hma_close: f64,
}

impl Constants {
    fn new(n: usize) -> Self {
        let (common, count) = (hull_common(n), n as f64);
        // Products of u128 lose digits only far beyond 2^53, where no grid is left; then one rounding is what is asked.
        Self {
            width: n,
            half: n / 2,
            root: n.isqrt(),
            wma_close: triangle(n) as f64,
            lsma_close: count * (count + 1.0),
            lsma_sum: 2.0 * (count + 1.0),
            hma_half: (2 * common / triangle(n / 2).max(1)) as f64,
            hma_full: (common / triangle(n)) as f64,
            hma_close: (triangle(n.isqrt()) * common) as f64,
        }
    }
}

/// One length, of up to three families.
#[derive(Clone)]
pub(crate) struct Member<V: Lanes> {
    full: Sums<V>,
    half: Sums<V>,
    hull: Sums<V>,
    /// The last values of 2*WMA(h) - WMA(n), that of bar t at place t % root.
    raw: Vec<V>,
    pub cells: Cells<V, 3>,
    /// Whether every cell in use was settled at the end of a stretch.
    settled: bool,
}

impl<V: Lanes> Member<V> {
    fn new(n: usize, hull: bool) -> Self {
        let ring = if hull { n.isqrt() } else { 0 };
        Self {
            full: Sums::new(),
            half: Sums::new(),
            hull: Sums::new(),
            raw: vec![V::splat(f64::NAN); ring],
            cells: Cells::new(),
            settled: false,
        }
    }

    pub fn each_row(&mut self, show: &mut impl FnMut(&mut V)) {
        for sums in [&mut self.full, &mut self.half, &mut self.hull] {
            show(&mut sums.sum);
            show(&mut sums.weighted);
        }
        self.raw.iter_mut().for_each(show);
    }
}

/// Nine lengths; `families` says which of WMA, LSMA and HMA take part.
#[derive(Clone)]
pub(crate) struct Windows<V: Lanes> {
    constants: [Constants; MEMBERS],
    pub members: [Member<V>; MEMBERS],
    pub families: [bool; 3],
    /// From the bar after this one on every window is full.
    last_event: usize,
}

impl<V: Lanes> Windows<V> {
    pub fn new(plan: &GroupPlan) -> Self {
        let families = plan.slots;
        Self {
            constants: plan.lengths.map(Constants::new),
            members: plan.lengths.map(|n| Member::new(n, families[2])),
            families,
            last_event: plan.last_event,
        }
    }

    #[inline(always)]
    pub fn advance(&mut self, tile: &Tile<V>, conditions: Conditions<V>, votes: &mut Votes<V>) {
        match self.families {
            [true, true, true] => self.each::<true, true, true>(tile, conditions, votes),
            [true, ..] => self.each::<true, false, false>(tile, conditions, votes),
            [_, true, _] => self.each::<false, true, false>(tile, conditions, votes),
            _ => self.each::<false, false, true>(tile, conditions, votes),
        }
    }

    #[inline(always)]
    fn each<const W: bool, const L: bool, const H: bool>(
        &mut self,
        tile: &Tile<V>,
        conditions: Conditions<V>,
        votes: &mut Votes<V>,
    ) {
        let (filled, event) = conditions.at(tile.first, self.last_event);
        for (member, constants) in self.members.iter_mut().zip(&self.constants) {
            let (plain, swift) = ways(tile, filled && member.settled, event);
            if !plain.bars.is_empty() {
                run::<V, Plain<V, false>, W, L, H>(
                    member,
                    constants,
                    tile,
                    conditions.sure,
                    &plain,
                    votes,
                );
                member.settled = member.cells.settled(&self.families);
            }
            if !swift.bars.is_empty() {
                run::<V, Swift<V, false>, W, L, H>(
                    member,
                    constants,
                    tile,
                    conditions.sure,
                    &swift,
                    votes,
                );
            }
        }
    }
}

#[inline(always)]
fn run<V: Lanes, R: Rider<V>, const W: bool, const L: bool, const H: bool>(
    member: &mut Member<V>,
    k: &Constants,
    tile: &Tile<V>,
    sure: V::Mask,
    span: &Span,
    votes: &mut Votes<V>,
) {
    let source = tile.source_ticks();
    let (newest, closes) = (span.part(source, 0), span.part(tile.close_ticks(), 0));
    // While windows fill, the bars that leave are looked up one by one.
    let back = |width: usize| span.part(source, if R::SETTLED { width } else { 0 });
    let (out_full, out_half) = (back(k.width), back(k.half));
    let [_, hma_votes, wma_votes, _, lsma_votes, _] = votes;
    let (wma_votes, lsma_votes, hma_votes) = (
        span.ballots(wma_votes, W),
        span.ballots(lsma_votes, L),
        span.ballots(hma_votes, H),
    );
    let (gains, ring) = (tile.gains(span.bars.clone()), member.raw.as_mut_slice());
    let (mut full, mut half, mut hull) = (member.full, member.half, member.hull);
    let [mut wma, mut lsma, mut hma] =
        [0, 1, 2].map(|slot: usize| R::board(&member.cells, slot, sure));
    let (width, half_width, root) = (
        V::splat(k.width as f64),
        V::splat(k.half as f64),
        V::splat(k.root as f64),
    );
    let (wma_close, lsma_close, hma_close) = (
        V::splat(k.wma_close),
        V::splat(k.lsma_close),
        V::splat(k.hma_close),
    );
    let (six, lsma_sum) = (V::splat(6.0), V::splat(k.lsma_sum));
    let (hma_half, hma_full) = (V::splat(k.hma_half), V::splat(k.hma_full));
    let mut slot = if H { span.first % k.root } else { 0 };
    for j in 0..newest.len() {
        let (t, row) = (span.first + j, span.row + j);
        let x = newest[j];
        let close = closes[j];
        let gain = gains.at(j);
        if R::SETTLED {
            full.slide(width, x, out_full[j]);
        } else {
            move_on(&mut full, source, t, row, k.width, x);
        }
        if W {
            wma.step(&gain, close * wma_close, full.weighted, &mut wma_votes[j]);
        }
        if L {
            let line = six * full.weighted - lsma_sum * full.sum;
            lsma.step(&gain, close * lsma_close, line, &mut lsma_votes[j]);
        }
        if H {
            if R::SETTLED {
                half.slide(half_width, x, out_half[j]);
            } else {
                move_on(&mut half, source, t, row, k.half, x);
            }
            let raw = hma_half * half.weighted - hma_full * full.weighted;
            let leaving = std::mem::replace(&mut ring[slot], raw);
            if R::SETTLED {
                hull.slide(root, raw, leaving);
            } else {
                match renewed(t, (k.width - 1) + (k.root - 1)) {
                    Some(true) => hull.renew((t + 1 - k.root..=t).map(|u| ring[u % k.root])),
                    Some(false) => hull.slide(root, raw, leaving),
                    None => {}
                }
            }
            slot = if slot + 1 == k.root { 0 } else { slot + 1 };
            hma.step(&gain, close * hma_close, hull.weighted, &mut hma_votes[j]);
        }
    }
    (member.full, member.half, member.hull) = (full, half, hull);
    if W {
        wma.leave(&mut member.cells, 0);
    }
    if L {
        lsma.leave(&mut member.cells, 1);
    }
    if H {
        hma.leave(&mut member.cells, 2);
    }
}

/// One bar of a window that may not be full yet, or is summed afresh.
#[inline(always)]
fn move_on<V: Lanes>(
    sums: &mut Sums<V>,
    source: &[V],
    t: usize,
    row: usize,
    width: usize,
    newest: V,
) {
    match renewed(t, width - 1) {
        Some(true) => sums.renew(source[row + 1 - width..=row].iter().copied()),
        Some(false) => sums.slide(V::splat(width as f64), newest, source[row - width]),
        None => {}
    }
}

#[cfg(test)]
mod tests;
