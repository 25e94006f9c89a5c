//! Grids of a few prices.

use super::*;
use crate::simd::scalar::Scalar;
use crate::terms::largest_ticks;

/// The grid for a weighted mean over `length` bars: it takes a price as often as the weights 1, 2, .. add up to.
fn scale(prices: &[f64], length: u64) -> Scale {
    let factor = (1..=length).sum::<u64>();
    let terms = Terms {
        tradingview: false,
        source: Source::Close,
        cutout: 0,
        keep: 0.9997,
        history: 1,
        factor: factor as f64,
        largest_ticks: largest_ticks(factor.into()),
    };
    let candles = Candles {
        open: prices,
        high: prices,
        low: prices,
        close: prices,
    };
    Scale::of::<Scalar>(&candles, &terms)
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
                extreme: true,
                ..Scale::NONE
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
    // Where the factor divides 2^53, the price that reaches it is one too large.
    assert_eq!(scale(&[9_007_199_254_740_991.0], 1).k, 0);
    assert_eq!(scale(&[9_007_199_254_740_992.0], 1).k, NO_GRID);
}
