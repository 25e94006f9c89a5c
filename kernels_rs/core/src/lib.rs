//! Adaptive Trend Classification: six families of nine moving averages vote on the trend of a price series.
//!
//! A batch of series goes in, values come out. Two dialects exist: `lts`, which decides crossings on exact
//! integer prices, and `tradingview`, which imitates the published script to the last bit.
//!
//! Numbers are IEEE float64 and every operation rounds once, in the written order; nothing is contracted
//! into a fused multiply-add. The output bits depend on this, so `mul_add` has no place in this crate.
#![warn(missing_docs)]

mod batch;
mod compensated;
mod cpu;
mod crossing;
mod equity;
mod error;
mod families;
mod grid;
mod outputs;
mod params;
mod prices;
mod round;
mod series;
mod window;

pub use batch::Batch;
pub use cpu::cpu_features;
pub use error::Error;
pub use outputs::Outputs;
pub use params::{Dialect, FAMILIES, LONGEST, MEMBERS, Params, Source, Want, warmup};

use prices::Prices;

/// Computes every series of a batch and writes the results into the caller's arrays.
///
/// Per series: 54 crossing signals, 54 equities, the signal `X = round(sum(sig*e) / sum(e))` and the equity
/// `X_S` of each family, and `Average_Signal = sum(cut(X)*X_S) / sum(X_S)`, left to right over the families in use.
///
/// * Shapes: see [`Batch`] for the inputs and [`Outputs`] for the results.
/// * Units: prices in quote currency, signals in [-1, 1], equities as multiples of the starting equity.
/// * Undefined values are NaN. A series too short for a member leaves that member at signal 0; an empty
///   series writes NaN, -1 and 0.
///
/// # Errors
/// Any [`Error`] about lengths, shapes or offsets; then nothing has been written. Prices, weights, decay and
/// thresholds are the caller's to validate: no value of theirs can cause more than a meaningless number.
pub fn compute(batch: &Batch, params: &Params, want: Want, out: &mut Outputs) -> Result<(), Error> {
    params.check()?;
    batch.check(params.cutout)?;
    out.check(batch, want)?;
    let mut prices = Prices::default();
    for index in 0..batch.series() {
        let candles = batch.candles(index);
        let (bars, grid) = prices.load(&candles, params);
        let mut row = out.row(index, candles.close.len(), want);
        *row.grid = grid;
        series::run(&bars, params, batch.growth, &mut row);
    }
    Ok(())
}
