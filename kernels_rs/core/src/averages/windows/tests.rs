//! Window sums against fresh ones.

use super::sums::move_on;
use super::*;
use crate::simd::scalar::Scalar;

fn wave(bars: usize) -> Vec<f64> {
    (0..bars)
        .map(|t| 1.0 + (t as f64 * 0.7).sin() / 3.0)
        .collect()
}

/// S and W of a window after every bar.
fn moved(x: &[f64], width: usize) -> Vec<(f64, f64)> {
    let source: Vec<Scalar> = x.iter().map(|&value| Scalar::splat(value)).collect();
    let mut sums = Sums::new();
    let step = |t: usize| {
        move_on(&mut sums, &source, t, t, width, source[t]);
        (sums.sum.get(0), sums.weighted.get(0))
    };
    (0..x.len()).map(step).collect()
}

fn fresh(x: &[f64], t: usize, width: usize) -> (f64, f64) {
    let window = x[t + 1 - width..=t].iter().enumerate();
    window.fold((0.0, 0.0), |(sum, weighted), (place, value)| {
        (sum + value, weighted + (place + 1) as f64 * value)
    })
}

#[test]
fn sums_of_one_two_three_by_hand() {
    let sums = moved(&[1.0, 2.0, 3.0, 4.0], 3);
    assert!(sums[1].0.is_nan() && sums[1].1.is_nan());
    assert_eq!(sums[2..], [(6.0, 14.0), (9.0, 20.0)]);
}

#[test]
fn every_256_bars_the_sums_are_fresh_and_between_they_run() {
    let x = wave(600);
    for width in (2..48).step_by(5) {
        let sums = moved(&x, width);
        let mut rounded = false;
        for t in width - 1..x.len() {
            let summed = fresh(&x, t, width);
            if t == width - 1 || t % 256 == 0 {
                assert_eq!(sums[t], summed, "{width} at bar {t}");
                continue;
            }
            let (sum, weighted) = sums[t - 1];
            let ran = (
                sum + (x[t] - x[t - width]),
                weighted + (width as f64 * x[t] - sum),
            );
            assert_eq!(sums[t], ran, "{width} at bar {t}");
            rounded = rounded || ran != summed;
        }
        assert!(
            rounded,
            "the series must round somewhere, or this test proves nothing"
        );
    }
}

#[test]
fn constants_are_those_of_the_definition() {
    let k = Constants::new(28);
    assert_eq!((k.width, k.half, k.root), (28, 14, 5));
    assert_eq!(
        (
            k.factors.wma_close,
            k.factors.lsma_close,
            k.factors.lsma_sum
        ),
        (406.0, 812.0, 58.0)
    );
    // G = lcm(105, 406) = 6090.
    assert_eq!(
        (k.factors.hma_half, k.factors.hma_full, k.factors.hma_close),
        (116.0, 15.0, 91_350.0)
    );
}
