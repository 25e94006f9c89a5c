//! The decimal grid that exchange prices lie on.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use std::marker::PhantomData;

use crate::batch::Candles;
use crate::params::Source;
use crate::plan::Plan;
use crate::round::{rint, spacing};
use crate::simd::{Lanes, Work};

const FINEST: i8 = 14;
const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: every integer up to here is a float64
/// Beyond it a sum might overflow, and what overflowed may be defined again later.
const LARGEST_DECISION: f64 = 1e300;
/// Prices looked at between two questions whether to go on.
const CHUNK: usize = 64;
const NO_GRID: i8 = -1;

/// The grid of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    /// Decimal places of the integer prices, -1 for no grid.
    pub k: i8,
    /// Whether prices are so large that averages may overflow.
    pub extreme: bool,
}

impl Scale {
    pub const NONE: Self = Self {
        k: NO_GRID,
        extreme: false,
    };

    /// The grid of a series, looked for with the instructions of `V`.
    #[allow(unsafe_code)]
    pub fn of<V: Lanes>(candles: &Candles, plan: &Plan) -> Self {
        let search = Search::<V> {
            candles,
            plan,
            lanes: PhantomData,
        };
        // SAFETY: `V` is asked for only where `Simd::check` has found its instructions.
        unsafe { V::vectorize(search) }
    }

    pub fn on_grid(self) -> bool {
        self.k != NO_GRID
    }

    /// 10^k, and 1 where there is no grid.
    pub fn ticks_per_unit(self) -> f64 {
        power_of_ten(self.k)
    }

    /// Whether more candles leave the status as it is; a series on no grid stays on none.
    pub fn holds(self, candles: &Candles, plan: &Plan) -> bool {
        let scale = self.ticks_per_unit();
        !self.on_grid()
            || (all_on(candles, plan, scale)
                && fits(largest_ticks(candles, plan, scale), plan.factor))
    }

    /// Takes more candles in: prices on no grid may become extreme; in ticks they cannot.
    pub fn extend(&mut self, candles: &Candles, plan: &Plan) {
        let unbounded = !self.on_grid() && !plan.tradingview;
        self.extreme = self.extreme || (unbounded && are_extreme(candles, plan));
    }
}

/// Whether averages of these prices may overflow; NaN is as extreme as it gets.
#[inline(always)]
fn are_extreme(candles: &Candles, plan: &Plan) -> bool {
    let mut highest = largest(candles.close);
    for index in 0..plan.source.columns() {
        highest = highest.max(largest(plan.source.column(candles, index)));
    }
    let tame = highest * (plan.factor as f64) < LARGEST_DECISION;
    !tame
}

struct Search<'a, V> {
    candles: &'a Candles<'a>,
    plan: &'a Plan,
    lanes: PhantomData<V>,
}

impl<V: Lanes> Work for Search<'_, V> {
    type Output = Scale;

    #[inline(always)]
    fn run(self) -> Scale {
        let Self { candles, plan, .. } = self;
        if plan.tradingview {
            return Scale::NONE;
        }
        let mut k = 0;
        while k <= FINEST && !all_on(candles, plan, power_of_ten(k)) {
            k += 1;
        }
        let fitting =
            k <= FINEST && fits(largest_ticks(candles, plan, power_of_ten(k)), plan.factor);
        Scale {
            k: if fitting { k } else { NO_GRID },
            extreme: are_extreme(candles, plan),
        }
    }
}

/// Whether every price that takes part, of the closes and of the source's columns, is an integer at this scale.
#[inline(always)]
fn all_on(candles: &Candles, plan: &Plan, scale: f64) -> bool {
    if !all_integers(candles.close, scale) {
        return false;
    }
    let mut all = true;
    if plan.source != Source::Close {
        for index in 0..plan.source.columns() {
            all = all && all_integers(plan.source.column(candles, index), scale);
        }
    }
    all
}

/// 10^k; every factor and product up to 10^22 is exact.
fn power_of_ten(k: i8) -> f64 {
    (0..k).fold(1.0, |power, _| power * 10.0)
}

/// Whether every price is an integer to within two units in the last place of `x0 * 10^k`.
#[inline(always)]
fn all_integers(prices: &[f64], scale: f64) -> bool {
    for chunk in prices.chunks(CHUNK) {
        let mut all = true;
        for &price in chunk {
            all &= is_integer(price * scale);
        }
        if !all {
            return false;
        }
    }
    true
}

#[inline(always)]
fn is_integer(x: f64) -> bool {
    (x - rint(x)).abs() <= 2.0 * spacing(x)
}

/// The largest of some prices; positive floats are ordered as their bits are.
#[inline(always)]
fn largest(prices: &[f64]) -> f64 {
    let mut bits = 0;
    for price in prices {
        bits = price.abs().to_bits().max(bits);
    }
    f64::from_bits(bits)
}

/// The largest integer price of close and source.
#[inline(always)]
fn largest_ticks(candles: &Candles, plan: &Plan, scale: f64) -> f64 {
    let (source, count) = (plan.source, plan.source.columns());
    let close = rint(largest(candles.close) * scale) * count as f64;
    if count == 1 {
        return close.max(rint(largest(source.column(candles, 0)) * scale));
    }
    let sum_at = |t: usize| {
        (0..count).fold(0.0, |sum, index| {
            sum + rint(source.column(candles, index)[t] * scale)
        })
    };
    (0..candles.close.len()).map(sum_at).fold(close, f64::max)
}

/// Whether every window sum over integer prices up to `largest` stays below 2^53.
fn fits(largest: f64, factor: u128) -> bool {
    // The cast is exact below 2^53, where it is taken.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let product = |price: f64| (price as u128).saturating_mul(factor);
    largest < EXACT && product(largest) < 1 << 53
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Dialect, Params};
    use crate::simd::scalar::Scalar;

    fn scale(prices: &[f64], length: usize) -> Scale {
        let lengths = [None, None, Some([length; 9]), None, None, None];
        let params = Params {
            dialect: Dialect::Lts,
            lengths,
            weights: [1.0; 6],
            decay: 0.03,
            cutout: 0,
            long_threshold: 0.1,
            short_threshold: -0.1,
            source: Source::Close,
            strategy: false,
        };
        let candles = Candles {
            open: prices,
            high: prices,
            low: prices,
            close: prices,
        };
        Scale::of::<Scalar>(&candles, &Plan::new(&params))
    }

    fn k(prices: &[f64]) -> i8 {
        scale(prices, 4).k
    }

    #[test]
    fn the_smallest_fitting_power_is_found() {
        assert_eq!(k(&[1.0, 20.0]), 0);
        assert_eq!(k(&[1.0, 0.1 + 0.2]), 1);
        assert_eq!(k(&[1.0, 0.000_012_34]), 8);
        assert_eq!(k(&[1.0 / 3.0]), NO_GRID);
        assert_eq!(k(&[]), 0);
    }

    #[test]
    fn one_price_among_many_decides() {
        for at in [0, CHUNK - 1, CHUNK, 2 * CHUNK] {
            let mut prices = vec![5.0; 2 * CHUNK + 1];
            prices[at] = 5.25;
            assert_eq!(k(&prices), 2, "{at}");
        }
    }

    #[test]
    fn two_spacings_pass_and_three_do_not() {
        let step = spacing(7.0);
        assert_eq!(k(&[7.0 + 2.0 * step]), 0);
        assert_ne!(k(&[7.0 + 3.0 * step]), 0);
    }

    #[test]
    fn hostile_prices_are_on_no_grid_and_extreme_where_sums_overflow() {
        assert_eq!(k(&[1e-300]), NO_GRID);
        for price in [f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(
                scale(&[price], 4),
                Scale {
                    k: NO_GRID,
                    extreme: true
                }
            );
        }
        assert!(!scale(&[1e280], 4).extreme);
    }

    #[test]
    fn the_bound_is_strict() {
        // WMA(2) sums up to 3 times the price, and 2^53 = 3 * 3_002_399_751_580_330 + 2.
        assert_eq!(scale(&[3_002_399_751_580_330.0], 2).k, 0);
        assert_eq!(scale(&[3_002_399_751_580_331.0], 2).k, NO_GRID);
    }
}
