//! The six families: one table row each.

use crate::choices::Dialect;
use crate::params::FAMILIES;

pub(crate) const EMA: usize = 0;
pub(crate) const HMA: usize = 1;
pub(crate) const WMA: usize = 2;
pub(crate) const DEMA: usize = 3;
pub(crate) const LSMA: usize = 4;
pub(crate) const KAMA: usize = 5;

/// One family in one dialect.
pub(crate) struct Definition {
    /// The shortest member length, in bars.
    pub shortest: usize,
    /// The first bar at which a member of this length is defined.
    pub first_defined: fn(usize) -> usize,
}

/// One family.
pub(crate) struct Family {
    pub name: &'static str,
    /// How many times the largest integer price a member of this length can reach on the way to a decision.
    pub factor: fn(usize) -> u128,
    lts: Definition,
    tradingview: Definition,
}

impl Family {
    pub fn definition(&self, dialect: Dialect) -> &Definition {
        match dialect {
            Dialect::Lts => &self.lts,
            Dialect::Tradingview => &self.tradingview,
        }
    }
}

const fn full_window(shortest: usize) -> Definition {
    Definition {
        shortest,
        first_defined: |n| n - 1,
    }
}

const fn from_the_start() -> Definition {
    Definition {
        shortest: 2,
        first_defined: |_| 0,
    }
}

const fn plain(length: usize) -> u128 {
    length as u128
}

/// n(n+1)/2, the sum of the weights 1..=n.
pub(crate) fn triangle(n: usize) -> u128 {
    let n = n as u128;
    n * (n + 1) / 2
}

/// Least common multiple of the weight sums of the half and the full window.
pub(crate) fn hull_common(n: usize) -> u128 {
    let (half, full) = (triangle(n / 2), triangle(n));
    half / divisor(half, full) * full
}

fn divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a.max(1) } else { divisor(b, a % b) }
}

fn hull_factor(n: usize) -> u128 {
    2 * hull_common(n) * triangle(n.isqrt())
}

/// All families, in family order.
pub(crate) static CATALOG: [Family; FAMILIES] = [
    Family {
        name: "EMA",
        factor: plain,
        lts: full_window(2),
        tradingview: full_window(2),
    },
    Family {
        name: "HMA",
        factor: hull_factor,
        lts: Definition {
            shortest: 4,
            first_defined: |n| (n - 1) + (n.isqrt() - 1),
        },
        tradingview: full_window(2),
    },
    Family {
        name: "WMA",
        factor: triangle,
        lts: full_window(2),
        tradingview: full_window(2),
    },
    Family {
        name: "DEMA",
        factor: plain,
        lts: full_window(2),
        tradingview: Definition {
            shortest: 2,
            first_defined: |n| 2 * n - 2,
        },
    },
    Family {
        name: "LSMA",
        factor: |n| 6 * triangle(n),
        lts: full_window(2),
        tradingview: full_window(2),
    },
    Family {
        name: "KAMA",
        factor: plain,
        lts: from_the_start(),
        tradingview: from_the_start(),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_of_hma_28_and_of_the_smallest() {
        assert_eq!(
            (triangle(14), triangle(28), hull_common(28)),
            (105, 406, 6090)
        );
        assert_eq!(hull_factor(28), 2 * 6090 * 15);
        assert_eq!((hull_common(4), hull_factor(4)), (30, 180));
    }

    #[test]
    fn the_longest_length_overflows_nothing() {
        assert!(hull_factor(crate::params::LONGEST) > 0);
    }
}
