//! How signals are rounded.

use super::*;
use crate::simd::scalar::Scalar;

fn even(x: f64) -> f64 {
    to_even(Scalar::splat(x)).get(0)
}

fn away(x: f64) -> f64 {
    away_from_zero(Scalar::splat(x)).get(0)
}

#[test]
fn hundredths_go_to_even_in_one_dialect_and_away_in_the_other() {
    assert_eq!((even(0.125), even(0.135)), (12.0, 14.0));
    assert_eq!((away(0.125), away(-0.125)), (13.0, -13.0));
    assert_eq!((away(0.999), away(-1.0)), (100.0, -100.0));
}

#[test]
fn a_tie_missed_by_less_than_the_tolerance_still_goes_away() {
    assert_eq!((away(0.125 - 1e-13), away(0.125 - 1e-11)), (13.0, 12.0));
}

#[test]
fn zeros_are_negative_only_in_the_even_rounding() {
    assert!(even(-0.001).is_sign_negative());
    assert!(away(-0.001).is_sign_positive());
    assert!(away(-0.0).is_sign_positive());
}

#[test]
fn undefined_votes_stay_undefined() {
    assert!(even(f64::NAN).is_nan() && away(f64::NAN).is_nan());
}
