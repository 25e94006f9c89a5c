//! The decimal grid that exchange prices lie on.

#![allow(clippy::inline_always)] // Compiled for the instructions of its caller.

use std::marker::PhantomData;

use crate::batch::Candles;
use crate::choices::Source;
use crate::round::{rint, spacing};
use crate::simd::{Lanes, Work};
use crate::terms::Terms;

const FINEST: i8 = 14;
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
    /// The largest integer price, 0 where there is no grid.
    pub largest_ticks: f64,
}

impl Scale {
    pub const NONE: Self = Self {
        k: NO_GRID,
        extreme: false,
        largest_ticks: 0.0,
    };

    /// The grid of a series, looked for with the instructions of `V`.
    #[allow(unsafe_code)]
    pub fn of<V: Lanes>(candles: &Candles, terms: &Terms) -> Self {
        let search = Search::<V> {
            candles,
            terms,
            lanes: PhantomData,
        };
        // SAFETY: `V` is asked for only where `Simd::check` has found its instructions.
        unsafe { V::vectorize(search) }
    }

    #[inline(always)]
    pub fn on_grid(self) -> bool {
        self.k != NO_GRID
    }

    /// 10^k, and 1 where there is no grid.
    #[inline(always)]
    pub fn ticks_per_unit(self) -> f64 {
        power_of_ten(self.k)
    }

    /// The grid with more candles, `None` where its status changes: on grid or not, extreme or not.
    ///
    /// A finer grid is no change where every price so far is the float nearest to its decimal (`exact`): such prices
    /// are integers on every finer grid too.
    #[inline(always)]
    pub fn with(self, candles: &Candles, exact: bool, terms: &Terms) -> Option<Self> {
        if !self.on_grid() {
            let same = terms.tradingview || self.extreme || tame(candles, terms);
            return same.then_some(self);
        }
        let finest = if exact { FINEST } else { self.k };
        let k = first_grid(candles, terms, self.k, finest)?;
        let before = self.largest_ticks * (power_of_ten(k) / power_of_ten(self.k));
        let largest_ticks = largest_ticks(candles, terms, power_of_ten(k)).max(before);
        let same = largest_ticks <= terms.largest_ticks;
        same.then_some(Self {
            k,
            largest_ticks,
            ..self
        })
    }

    /// Takes in more closes that are the floats nearest to decimals of this very grid, as nearly all are; false, and
    /// nothing done, where one is not. For series whose only prices are closes, all of them such so far.
    #[inline(always)]
    pub fn takes(&mut self, closes: &[f64], terms: &Terms) -> bool {
        let (scale, mut largest) = (self.ticks_per_unit(), self.largest_ticks);
        for &price in closes {
            let ticks = rint(price * scale);
            if ticks / scale != price {
                return false;
            }
            largest = largest.max(ticks);
        }
        let fits = largest <= terms.largest_ticks;
        if fits {
            self.largest_ticks = largest;
        }
        fits
    }

    /// Whether every price that takes part is the float nearest to its decimal.
    #[inline(always)]
    pub fn is_exact(self, candles: &Candles, terms: &Terms) -> bool {
        let scale = self.ticks_per_unit();
        let exact = |prices: &[f64]| {
            prices
                .iter()
                .all(|&price| rint(price * scale) / scale == price)
        };
        let source = terms.source;
        exact(candles.close)
            && (source == Source::Close
                || (0..source.columns()).all(|index| exact(source.column(candles, index))))
    }
}

struct Search<'a, V> {
    candles: &'a Candles<'a>,
    terms: &'a Terms,
    lanes: PhantomData<V>,
}

impl<V: Lanes> Work for Search<'_, V> {
    type Output = Scale;

    #[inline(always)]
    fn run(self) -> Scale {
        let Self { candles, terms, .. } = self;
        if terms.tradingview {
            return Scale::NONE;
        }
        let extreme = !tame(candles, terms);
        let Some(k) = first_grid(candles, terms, 0, FINEST) else {
            return Scale {
                extreme,
                ..Scale::NONE
            };
        };
        let largest_ticks = largest_ticks(candles, terms, power_of_ten(k));
        if largest_ticks <= terms.largest_ticks {
            Scale {
                k,
                extreme,
                largest_ticks,
            }
        } else {
            Scale {
                extreme,
                ..Scale::NONE
            }
        }
    }
}

/// The first grid, from `k` to `finest`, that every price that takes part lies on.
#[inline(always)]
fn first_grid(candles: &Candles, terms: &Terms, mut k: i8, finest: i8) -> Option<i8> {
    while k <= finest {
        if all_on(candles, terms, power_of_ten(k)) {
            return Some(k);
        }
        k += 1;
    }
    None
}

/// Whether no sum over the prices can overflow; NaN is as extreme as it gets.
#[inline(always)]
fn tame(candles: &Candles, terms: &Terms) -> bool {
    let mut highest = largest(candles.close);
    for index in 0..terms.source.columns() {
        highest = highest.max(largest(terms.source.column(candles, index)));
    }
    highest * terms.factor < LARGEST_DECISION
}

/// Whether every price that takes part, of the closes and of the source's columns, is an integer at this scale.
#[inline(always)]
fn all_on(candles: &Candles, terms: &Terms, scale: f64) -> bool {
    if !all_integers(candles.close, scale) {
        return false;
    }
    let mut all = true;
    if terms.source != Source::Close {
        for index in 0..terms.source.columns() {
            all = all && all_integers(terms.source.column(candles, index), scale);
        }
    }
    all
}

/// 10^k, exact; 1 for no grid.
#[inline(always)]
fn power_of_ten(k: i8) -> f64 {
    const POWERS: [f64; 15] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
    ];
    usize::try_from(k).map_or(1.0, |k| POWERS[k.min(POWERS.len() - 1)])
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
fn largest_ticks(candles: &Candles, terms: &Terms, scale: f64) -> f64 {
    let (source, count) = (terms.source, terms.source.columns());
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

#[cfg(test)]
mod tests;
