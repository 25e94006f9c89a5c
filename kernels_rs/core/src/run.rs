//! A whole batch: series sorted by length, cut into blocks, blocks shared among threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::batch::{Batch, Candles};
use crate::block::Block;
use crate::choices::Want;
use crate::error::Error;
use crate::extract::Extract;
use crate::grid::Scale;
use crate::outputs::{Outputs, Table};
use crate::params::Params;
use crate::plan::Plan;
use crate::simd::{Lanes, Simd, portable::Portable, scalar::Scalar};
#[cfg(target_arch = "x86_64")]
use crate::simd::{avx2::Avx2, avx512::Avx512};
use crate::tile::stretch;

/// Series that take no longer one after the other, with their members in the lanes, than as one block. Measured on a
/// Zen 4: 2.3 and 3.0 (`lts`, `tradingview`) with AVX-512, 3.2 and 3.7 with AVX2.
const ONE_BY_ONE: usize = 2;

/// Computes every series of a batch and writes the results into the caller's arrays.
///
/// Per series: a crossing signal and an equity of every member, the signal `X = round(sum(sig*e) / sum(e))` and the equity
/// `X_S` of each family, and `Average_Signal = sum(cut(X)*X_S) / sum(X_S)`, left to right over the families in use.
///
/// * Shapes: see [`Batch`] for the inputs and [`Outputs`] for the results.
/// * Units: prices in quote currency, signals in [-1, 1], equities as multiples of the starting equity.
/// * Undefined values are NaN. A series too short for a member leaves that member at signal 0; an empty
///   series writes NaN, -1 and 0.
/// * The bits do not depend on `simd` or `threads` (0 counts as 1).
///
/// # Errors
/// Any [`Error`] about lengths, shapes, bounds or instructions; then nothing has been written. Prices, weights, decay
/// and thresholds are the caller's to validate: no value of theirs can cause more than a meaningless number.
pub fn compute(
    batch: &Batch,
    params: &Params,
    want: Want,
    simd: Simd,
    threads: usize,
    out: &mut Outputs,
) -> Result<(), Error> {
    check(batch, params, want, simd, out)?;
    let plan = Plan::new(params);
    let table = Table::new(out, want);
    match simd {
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => run::<Avx512>(batch, &plan, want, threads, &table),
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => run::<Avx2>(batch, &plan, want, threads, &table),
        Simd::Portable => run::<Portable>(batch, &plan, want, threads, &table),
        _ => run::<Scalar>(batch, &plan, want, threads, &table),
    }
    Ok(())
}

/// Refuses what would be wrong to start with; nothing has been written then.
pub(crate) fn check(
    batch: &Batch,
    params: &Params,
    want: Want,
    simd: Simd,
    out: &Outputs,
) -> Result<(), Error> {
    params.check()?;
    batch.check_shapes()?;
    let longest = batch.longest();
    batch.check_growth(longest.saturating_sub(params.cutout))?;
    out.check(batch.series(), longest, want)?;
    simd.check()
}

/// Computes every series into the table, with up to `threads` threads; the results do not depend on their number.
fn run<V: Lanes>(batch: &Batch, plan: &Plan, want: Want, threads: usize, table: &Table) {
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
    let compute = |block: &[usize]| {
        if block.len() == 1 {
            run_block::<V::Narrow>(batch, plan, want, block, table);
        } else {
            run_block::<V>(batch, plan, want, block, table);
        }
    };
    let (full, rest) = filled.split_at(filled.len() / V::WIDTH * V::WIDTH);
    let full = full.chunks(V::WIDTH);
    let width = if one_by_one(rest.len(), full.len(), threads) {
        1
    } else {
        V::WIDTH
    };
    let blocks: Vec<&[usize]> = full.chain(rest.chunks(width)).collect();
    share(&blocks, threads, compute);
}

/// Whether series too few for a block beside `blocks` full ones are sooner done one by one than together, when the
/// threads that the full blocks leave idle at the end share them.
fn one_by_one(series: usize, blocks: usize, threads: usize) -> bool {
    let threads = threads.max(1);
    let idle = threads - blocks % threads;
    series <= idle.max(ONE_BY_ONE)
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
        .map(|candles| Scale::of::<V>(candles, &plan.terms))
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
        stretch(V::WIDTH) + plan.terms.history
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_series_or_one_for_every_idle_thread_go_one_by_one() {
        for (series, blocks, threads, alone) in [
            (1, 0, 1, true),
            (2, 0, 1, true),
            (3, 0, 1, false),
            (3, 0, 2, false),
            (3, 0, 3, true),
            (7, 0, 8, true),
            (2, 5, 1, true),
            (3, 5, 2, false),
            (4, 4, 2, false),
            (1, 0, 0, true),
        ] {
            let what = format!("{series} beside {blocks} blocks, {threads} threads");
            assert_eq!(one_by_one(series, blocks, threads), alone, "{what}");
        }
    }
}
