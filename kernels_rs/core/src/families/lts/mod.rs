//! Dialect `lts`: the window families decide on integer prices, EMA, DEMA and KAMA recurse on floats.

mod dema;
pub(super) mod hma;
mod kama;
pub(super) mod lsma;
pub(super) mod wma;

use super::Definition;
use super::smoothing::{Ema, Exponential};
use crate::params::MEMBERS;
use crate::prices::Bars;

pub(super) const EMA: Definition = Definition {
    shortest: 2,
    first_defined: |n| n - 1,
    build: |lengths, bars| Box::new(Ema(exponential(lengths, bars))),
};
pub(super) const HMA: Definition = Definition {
    shortest: 4,
    first_defined: hma::first_defined,
    build: hma::build,
};
pub(super) const WMA: Definition = Definition {
    shortest: 2,
    first_defined: |n| n - 1,
    build: wma::build,
};
pub(super) const DEMA: Definition = Definition {
    shortest: 2,
    first_defined: |n| n - 1,
    build: dema::build,
};
pub(super) const LSMA: Definition = Definition {
    shortest: 2,
    first_defined: |n| n - 1,
    build: lsma::build,
};
pub(super) const KAMA: Definition = Definition {
    shortest: 2,
    first_defined: |_| 0,
    build: kama::build,
};

/// Exponential averages seeded with the mean of their first n values, from the exact integer sum.
fn exponential(lengths: &[usize; MEMBERS], bars: &Bars) -> Exponential {
    Exponential::new(lengths, bars.source.len(), |n| {
        let sum = bars.source_ticks[..n]
            .iter()
            .fold(0.0, |sum, tick| sum + tick);
        sum / (n as f64 * bars.ticks_per_unit)
    })
}

/// Sum of the weights 1..=n.
fn triangle(n: usize) -> u128 {
    let n = n as u128;
    n * (n + 1) / 2
}
