//! A whole batch: series sorted by length, cut into blocks, blocks shared among threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::batch::{Batch, Candles};
use crate::block::Block;
use crate::choices::Want;
use crate::grid::Scale;
use crate::outputs::{Row, Table};
use crate::params::{FAMILIES, MEMBERS};
use crate::plan::Plan;
use crate::simd::{Lanes, Mask};
use crate::tile::BARS;

/// Computes every series into the table, with up to `threads` threads; the results do not depend on their number.
pub(crate) fn run<V: Lanes>(batch: &Batch, plan: &Plan, want: Want, threads: usize, table: &Table) {
    let mut order: Vec<usize> = (0..batch.series()).collect();
    order.sort_by_key(|&series| std::cmp::Reverse(batch.bars(series)));
    let filled = order.partition_point(|&series| batch.bars(series) > 0);
    let (filled, empty) = order.split_at(filled);
    for &series in empty {
        #[allow(unsafe_code)]
        // SAFETY: `order` holds every series once, and this row is dropped at once.
        unsafe { table.row(series) }.blank();
    }
    // Series of like length share a block, so that few lanes wait for the longest.
    let compute = |block: &[usize]| run_block::<V>(batch, plan, want, block, table);
    let blocks: Vec<&[usize]> = filled.chunks(V::WIDTH).collect();
    share(&blocks, threads, compute);
}

/// Hands the blocks out, the longest first, to this thread and up to `threads - 1` more that live for this call.
///
/// Measured against a rayon pool of the same call: that one makes the caller wait for threads that may start late,
/// which cost 99 series the whole gain; here the caller works meanwhile, alone where no thread can be started. And no
/// pool outlives the call, which a fork of the process would leave without threads.
fn share<T: Copy + Sync>(blocks: &[T], threads: usize, compute: impl Fn(T) + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(&block) = blocks.get(next.fetch_add(1, Ordering::Relaxed)) {
            compute(block);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(blocks.len()) {
            // One that cannot be started leaves its blocks to the others.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
}

fn run_block<V: Lanes>(batch: &Batch, plan: &Plan, want: Want, series: &[usize], table: &Table) {
    let mut lanes = Vec::with_capacity(V::WIDTH);
    fill_lanes::<V>(&mut lanes, batch, series);
    let scales: Vec<Scale> = lanes
        .iter()
        .map(|candles| Scale::of::<V>(candles, plan))
        .collect();
    // SAFETY: blocks are disjoint parts of an order that holds every series once, and a row is dropped before the next.
    #[allow(unsafe_code)]
    let row = |lane: usize| unsafe { table.row(series[lane]) };
    for (lane, scale) in scales.iter().enumerate().take(series.len()) {
        let mut row = row(lane);
        row.begin(lanes[lane].close.len(), table.spans.row);
        *row.grid = scale.k;
    }
    let bars = if want == Want::All {
        1
    } else {
        BARS + plan.history
    };
    let mut block = Block::<V>::new(plan, &scales, bars);
    let extract = Extract {
        plan,
        want,
        span: table.spans.row,
    };
    let ends: Vec<usize> = lanes.iter().map(|candles| candles.close.len()).collect();
    let mut first = 0;
    while first < ends[0] {
        let next_end = ends
            .iter()
            .copied()
            .filter(|&end| end > first)
            .min()
            .unwrap_or(ends[0]);
        let end = block.reach(plan, first, next_end);
        block.advance(plan, batch.growth, &lanes, first, end - first);
        for lane in (0..series.len()).filter(|&lane| ends[lane] > first) {
            extract.write(&mut block, lane, ends[lane], &mut row(lane));
        }
        first = end;
    }
}

/// Lanes without a series of their own go along with the first.
pub(crate) fn fill_lanes<'a, V: Lanes>(
    lanes: &mut Vec<Candles<'a>>,
    batch: &Batch<'a>,
    series: &[usize],
) {
    lanes.clear();
    lanes.extend((0..V::WIDTH).map(|lane| batch.candles(*series.get(lane).unwrap_or(&series[0]))));
}

impl Row<'_> {
    /// Fills in what lies before the first bar of a series.
    pub fn begin(&mut self, bars: usize, span: usize) {
        if !self.member_sign.is_empty() {
            self.member_equity.fill(f64::NAN);
            self.member_sign.fill(0);
        }
        if span <= bars {
            return;
        }
        for floats in [&mut *self.average, &mut *self.families, &mut *self.weights] {
            floats
                .chunks_mut(span)
                .for_each(|row| row[..span - bars].fill(f64::NAN));
        }
    }
}

/// Takes the values of a stretch out of a block.
pub(crate) struct Extract<'a> {
    pub plan: &'a Plan,
    pub want: Want,
    /// Entries of a row over time.
    pub span: usize,
}

impl Extract<'_> {
    /// Writes the last stretch of one lane, a series of `bars` bars.
    pub fn write<V: Lanes>(&self, block: &mut Block<V>, lane: usize, bars: usize, row: &mut Row) {
        let (first, len) = (block.tile.first, block.tile.len);
        let last = first + len == bars;
        if self.want != Want::Last || last {
            let skip = if self.want == Want::Last { len - 1 } else { 0 };
            let at = self.span + first + skip - bars;
            copy(&block.averages()[skip..], lane, &mut row.average[at..]);
            if !row.families.is_empty() {
                self.write_families(block, lane, (at, skip), row);
            }
        }
        if last {
            // Bar numbers are whole and far below 2^53.
            #[allow(clippy::cast_possible_truncation)]
            let flipped = block.layers.flipped.get(lane) as i64;
            *row.flipped = flipped;
        }
        if !row.member_sign.is_empty() && (last || self.want == Want::All) {
            self.write_members(block, lane, bars, row);
        }
    }

    fn write_families<V: Lanes>(
        &self,
        block: &Block<V>,
        lane: usize,
        (at, skip): (usize, usize),
        row: &mut Row,
    ) {
        let defined = block.tile.first >= self.plan.cutout;
        for family in 0..FAMILIES {
            let places = family * self.span + at..family * self.span + at + block.tile.len - skip;
            let (signals, weights) = (&mut row.families[places.clone()], &mut row.weights[places]);
            if !defined || !self.plan.used.contains(&family) {
                signals.fill(f64::NAN);
                weights.fill(f64::NAN);
                continue;
            }
            let ballots = &block.votes[family][skip..block.tile.len];
            for ((signal, weight), ballot) in signals.iter_mut().zip(weights).zip(ballots) {
                *signal = ballot[0].get(lane) / 100.0;
                *weight = ballot[1].get(lane);
            }
        }
    }

    /// Members at the stretch's last bar; with [`Want::All`] a stretch is one bar long.
    fn write_members<V: Lanes>(
        &self,
        block: &mut Block<V>,
        lane: usize,
        bars: usize,
        row: &mut Row,
    ) {
        let t = block.tile.first + block.tile.len - 1;
        let (span, at) = if self.want == Want::All {
            (self.span, self.span + t - bars)
        } else {
            (1, 0)
        };
        for group in &mut block.groups {
            group.each_cell(|family, member, cell| {
                let place = (family * MEMBERS + member) * span + at;
                row.member_sign[place] =
                    i8::from(cell.up.get(lane)) - i8::from(cell.down.get(lane));
                if t >= self.plan.cutout {
                    row.member_equity[place] = cell.equity.get(lane);
                }
            });
        }
    }
}

fn copy<V: Lanes>(rows: &[V], lane: usize, values: &mut [f64]) {
    let lanes = V::floats(rows).chunks_exact(V::WIDTH);
    lanes
        .zip(values)
        .for_each(|(row, value)| *value = row[lane]);
}
