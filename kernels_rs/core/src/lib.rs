//! Adaptive Trend Classification: six families of nine moving averages vote on the trend of a price series.
//!
//! A batch of series goes in, values come out. Two dialects exist: `lts`, which decides crossings on exact
//! integer prices, and `tradingview`, which imitates the published script to the last bit.
//!
//! Numbers are IEEE float64 and every operation rounds once, in the written order; nothing is contracted
//! into a fused multiply-add. The output bits depend on this, so `mul_add` has no place in this crate. A lane is one
//! series, so neither the width of the instructions nor the number of threads changes the order of operations.
#![warn(missing_docs)]

mod batch;
mod block;
mod bytes;
mod choices;
mod cpu;
mod error;
mod families;
mod grid;
mod groups;
mod layers;
mod live;
mod names;
mod outputs;
mod params;
mod plan;
mod round;
mod run;
mod scales;
mod simd;
mod stream;
mod tile;
mod vote;

pub use batch::Batch;
pub use choices::{Dialect, Source, Want};
pub use cpu::cpu_features;
pub use error::Error;
pub use outputs::Outputs;
pub use params::{FAMILIES, LONGEST, MEMBERS, Params, warmup};
pub use simd::Simd;
pub use stream::State;

use outputs::Table;
use plan::Plan;

/// Computes every series of a batch and writes the results into the caller's arrays.
///
/// Per series: 54 crossing signals, 54 equities, the signal `X = round(sum(sig*e) / sum(e))` and the equity
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
        Simd::Avx512 => run::run::<simd::avx512::Avx512>(batch, &plan, want, threads, &table),
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => run::run::<simd::avx2::Avx2>(batch, &plan, want, threads, &table),
        _ => run::run::<simd::scalar::Scalar>(batch, &plan, want, threads, &table),
    }
    Ok(())
}

fn check(
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
