//! Every average by hand on a few small prices.

use super::*;

const PRICES: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 10.0];

/// The averages of one length over whole prices, unscaled; NaN where undefined.
fn averages(dialect: Dialect, family: &str, n: usize, prices: &[f64]) -> Vec<f64> {
    let row = CATALOG.iter().find(|row| row.name == family).unwrap();
    let bars = Bars {
        close: prices,
        source: prices,
        close_ticks: prices,
        source_ticks: prices,
        ticks_per_unit: 1.0,
    };
    let mut built = (row.definition(dialect).build)(&[n; MEMBERS], &bars);
    let mut sides = Sides::UNDEFINED;
    let at = |t: usize| {
        built.step(&bars, t, &mut sides);
        assert!(sides.average[0].to_bits() == sides.average[MEMBERS - 1].to_bits());
        sides.average[0] * (prices[t] / sides.close[0])
    };
    (0..prices.len()).map(at).collect()
}

fn assert_close(actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (t, (&value, &wanted)) in actual.iter().zip(expected).enumerate() {
        let equal =
            (value - wanted).abs() <= 1e-12 * wanted.abs() || value.is_nan() && wanted.is_nan();
        assert!(equal, "bar {t}: {value} is not {wanted}");
    }
}

const NONE: f64 = f64::NAN;

#[test]
fn ema_starts_at_the_mean_and_moves_by_two_over_n_plus_one() {
    for dialect in [Dialect::Lts, Dialect::Tradingview] {
        assert_close(
            &averages(dialect, "EMA", 4, &PRICES),
            &[NONE, NONE, NONE, 2.5, 5.5],
        );
    }
}

#[test]
fn wma_weighs_the_newest_bar_most() {
    for dialect in [Dialect::Lts, Dialect::Tradingview] {
        assert_close(
            &averages(dialect, "WMA", 4, &PRICES),
            &[NONE, NONE, NONE, 3.0, 6.0],
        );
    }
}

#[test]
fn lsma_is_the_end_of_the_regression_line() {
    for dialect in [Dialect::Lts, Dialect::Tradingview] {
        assert_close(
            &averages(dialect, "LSMA", 4, &PRICES),
            &[NONE, NONE, NONE, 4.0, 8.5],
        );
    }
}

#[test]
fn hma_is_hull_in_lts_and_simple_in_tradingview() {
    let hull = [NONE, NONE, NONE, NONE, 73.0 / 9.0];
    assert_close(&averages(Dialect::Lts, "HMA", 4, &PRICES), &hull);
    let simple = [NONE, NONE, NONE, 2.5, 4.75];
    assert_close(&averages(Dialect::Tradingview, "HMA", 4, &PRICES), &simple);
}

#[test]
fn dema_starts_with_ema_in_lts_and_a_window_later_in_tradingview() {
    assert_close(
        &averages(Dialect::Lts, "DEMA", 4, &PRICES),
        &[NONE, NONE, NONE, 2.5, 7.3],
    );
    // Length 2: e1 is 1.5 and 19/6, their mean 7/3 starts e2.
    let prices = [1.0, 2.0, 4.0];
    assert_close(
        &averages(Dialect::Tradingview, "DEMA", 2, &prices),
        &[NONE, NONE, 4.0],
    );
}

#[test]
fn kama_is_flat_until_its_window_is_full_in_lts() {
    // The last move is straight: ratio 1, z = 0.666.
    let last = 1.0 + 0.666 * 0.666 * 9.0;
    assert_close(
        &averages(Dialect::Lts, "KAMA", 4, &PRICES),
        &[1.0, 1.0, 1.0, 1.0, last],
    );
}

#[test]
fn kama_creeps_up_from_zero_in_tradingview() {
    let creep = |k: f64, s: f64, z: f64| k + z * z * (s - k);
    let mut expected = vec![0.004_096];
    for t in 1..4 {
        expected.push(creep(expected[t - 1], PRICES[t], 0.064));
    }
    expected.push(creep(expected[3], 10.0, 0.666));
    assert_close(
        &averages(Dialect::Tradingview, "KAMA", 4, &PRICES),
        &expected,
    );
}

#[test]
fn kama_without_moves_goes_at_its_slowest() {
    let prices = [5.0, 5.0, 5.0, 5.0];
    assert_close(&averages(Dialect::Lts, "KAMA", 2, &prices), &prices);
    let mut expected = vec![0.004_096 * 5.0];
    for t in 1..4 {
        expected.push(expected[t - 1] + 0.004_096 * (5.0 - expected[t - 1]));
    }
    assert_close(
        &averages(Dialect::Tradingview, "KAMA", 2, &prices),
        &expected,
    );
}

#[test]
fn kama_takes_noise_below_1e_10_for_none_in_tradingview() {
    for (unit, quiet) in [(1e-11, true), (1e-9, false)] {
        let prices: Vec<f64> = PRICES.iter().map(|price| price * unit).collect();
        let values = averages(Dialect::Tradingview, "KAMA", 4, &prices);
        let z: f64 = if quiet { 0.064 } else { 0.666 };
        assert_close(&values[4..], &[values[3] + z * z * (prices[4] - values[3])]);
    }
}

#[test]
fn first_defined_tells_where_the_first_value_is() {
    let prices: Vec<f64> = (0..80).map(|t| 100.0 + f64::from(t * t % 17)).collect();
    for (row, dialect) in CATALOG
        .iter()
        .flat_map(|row| [(row, Dialect::Lts), (row, Dialect::Tradingview)])
    {
        let definition = row.definition(dialect);
        for n in definition.shortest..30 {
            let values = averages(dialect, row.name, n, &prices);
            let first = values.iter().position(|value| !value.is_nan());
            assert_eq!(
                first,
                Some((definition.first_defined)(n)),
                "{} of {n} in {dialect:?}",
                row.name
            );
        }
    }
}
