//! The decimal grid that exchange prices lie on.

use crate::families::CATALOG;
use crate::params::Params;
use crate::round::{rint, spacing};

const FINEST: i8 = 14;
const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: every integer up to here is a float64

/// 10^k; every factor and product up to 10^22 is exact.
pub(crate) fn power_of_ten(k: i8) -> f64 {
    (0..k).fold(1.0, |power, _| power * 10.0)
}

/// The smallest k at which every price is an integer to within two units in the last place of `x0 * 10^k`.
pub(crate) fn search(columns: &[&[f64]]) -> Option<i8> {
    (0..=FINEST).find(|&k| {
        let scale = power_of_ten(k);
        columns
            .iter()
            .all(|prices| prices.iter().all(|&price| is_integer(price * scale)))
    })
}

fn is_integer(x: f64) -> bool {
    (x - rint(x)).abs() <= 2.0 * spacing(x)
}

/// Whether every window sum over prices up to `largest` (an integer) stays below 2^53.
pub(crate) fn fits(largest: f64, params: &Params) -> bool {
    // The cast is exact below 2^53, where it is taken.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let product = |price: f64| (price as u128).saturating_mul(largest_factor(params));
    largest < EXACT && product(largest) < 1 << 53
}

fn largest_factor(params: &Params) -> u128 {
    let used = CATALOG
        .iter()
        .zip(&params.lengths)
        .filter_map(|(row, members)| Some((row, (*members)?)));
    used.flat_map(|(row, members)| members.map(|length| (row.factor)(length)))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Dialect, Source};

    fn params(length: usize) -> Params {
        let lengths = [None, None, Some([length; 9]), None, None, None];
        Params {
            dialect: Dialect::Lts,
            lengths,
            weights: [1.0; 6],
            decay: 0.03,
            cutout: 0,
            long_threshold: 0.1,
            short_threshold: -0.1,
            source: Source::Close,
            strategy: false,
        }
    }

    #[test]
    fn the_smallest_fitting_power_is_found() {
        assert_eq!(search(&[&[1.0, 20.0]]), Some(0));
        assert_eq!(search(&[&[1.0, 0.1 + 0.2]]), Some(1));
        assert_eq!(search(&[&[1.0], &[0.000_012_34]]), Some(8));
        assert_eq!(search(&[&[1.0 / 3.0]]), None);
        assert_eq!(search(&[&[]]), Some(0));
    }

    #[test]
    fn two_spacings_pass_and_three_do_not() {
        let step = spacing(7.0);
        assert_eq!(search(&[&[7.0 + 2.0 * step]]), Some(0));
        assert_ne!(search(&[&[7.0 + 3.0 * step]]), Some(0));
    }

    #[test]
    fn hostile_prices_are_on_no_grid() {
        assert_eq!(search(&[&[f64::NAN]]), None);
        assert_eq!(search(&[&[f64::INFINITY]]), None);
        assert_eq!(search(&[&[1e-300]]), None);
        assert!(!fits(1e300, &params(28)));
    }

    #[test]
    fn the_bound_is_strict() {
        // WMA(2) sums up to 3 times the price, and 2^53 = 3 * 3_002_399_751_580_330 + 2.
        assert!(fits(3_002_399_751_580_330.0, &params(2)));
        assert!(!fits(3_002_399_751_580_331.0, &params(2)));
    }
}
