//! Dialect `tradingview`: raw prices, and the published script's arithmetic to the last bit.

mod dema;
mod kama;
mod lsma;
mod resum;
mod sma;
mod wma;

use super::Definition;
use super::smoothing::{Ema, Exponential};
use crate::compensated::CompensatedSum;
use crate::params::MEMBERS;
use crate::prices::Bars;

pub(super) const EMA: Definition = Definition {
    shortest: 2,
    first_defined: |n| n - 1,
    build: |lengths, bars| Box::new(Ema(exponential(lengths, bars))),
};
pub(super) const HMA: Definition = Definition {
    shortest: 2,
    first_defined: |n| n - 1,
    build: sma::build,
};
pub(super) const WMA: Definition = Definition {
    shortest: 2,
    first_defined: |n| n - 1,
    build: wma::build,
};
pub(super) const DEMA: Definition = Definition {
    shortest: 2,
    first_defined: |n| 2 * n - 2,
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

/// Exponential averages seeded from the compensated sum of their first n values.
fn exponential(lengths: &[usize; MEMBERS], bars: &Bars) -> Exponential {
    Exponential::new(lengths, bars.source.len(), |n| {
        let mut rolling = CompensatedSum::new(n, n);
        (1..=n).for_each(|count| rolling.push(&bars.source[..count]));
        rolling.sum / n as f64
    })
}
