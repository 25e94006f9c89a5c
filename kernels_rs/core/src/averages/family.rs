//! What a family of moving averages is: one row of the table.

use super::Kind;
use crate::choices::Dialect;

/// Members (lengths) per family, in the order n, n+o1..n+o4, n-o1..n-o4.
pub const MEMBERS: usize = 9;
/// The longest member length accepted, in bars: every window constant then fits in 128 bits.
pub const LONGEST: usize = 1 << 20;

/// One family.
pub(crate) struct Family {
    pub name: &'static str,
    /// How many times the largest integer price a member of this length can reach on the way to a decision.
    pub factor: fn(usize) -> u128,
    pub lts: Definition,
    pub tradingview: Definition,
}

/// One family in one dialect.
pub(crate) struct Definition {
    /// The shortest member length, in bars.
    pub shortest: usize,
    /// The first bar at which a member of this length is defined.
    pub first_defined: fn(usize) -> usize,
    /// Bars before the current one that a member of this length looks at.
    pub reach: fn(usize) -> usize,
    /// What computes it, and its place among the families that this computes.
    pub kind: Kind,
    pub slot: usize,
}

impl Family {
    pub fn definition(&self, dialect: Dialect) -> &Definition {
        match dialect {
            Dialect::Lts => &self.lts,
            Dialect::Tradingview => &self.tradingview,
        }
    }
}

impl Definition {
    /// Defined once a window is full.
    pub const fn window(kind: Kind, slot: usize) -> Self {
        Self {
            shortest: 2,
            first_defined: |n| n - 1,
            reach: |n| n,
            kind,
            slot,
        }
    }
}

pub(crate) const fn plain(length: usize) -> u128 {
    length as u128
}

/// n(n+1)/2, the sum of the weights 1..=n.
pub(crate) const fn triangle(n: usize) -> u128 {
    let n = n as u128;
    n * (n + 1) / 2
}
