//! The terms on which prices are taken in.

use crate::choices::Source;

/// What follows from a run's parameters for its prices, whatever is made of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub tradingview: bool,
    pub source: Source,
    pub cutout: usize,
    /// What decay leaves of an equity: 1 - De.
    pub keep: f64,
    /// Bars that windows and seeds reach back, the current one the current one counted.
    pub history: usize,
    /// How many times the largest price a decision can reach.
    pub factor: f64,
    /// The largest integer price whose decisions all stay below 2^53.
    pub largest_ticks: f64,
}

/// The largest integer price that stays below 2^53 when a decision takes it `factor` times.
pub(crate) fn largest_ticks(factor: u128) -> f64 {
    (((1 << 53) - 1) / factor.max(1)) as f64
}
