//! The figures beside the signal: by hand, causal, and the same whoever goes abreast.

use atc_core::{Error, FEATURES, FeatureLengths, features};
use proptest::prelude::*;

const LENGTHS: FeatureLengths = FeatureLengths {
    ema: 3,
    atr: 4,
    burst: 2,
    day: 3,
    rsi: 2,
    adx: 2,
    bollinger: 3,
    volatility: 2,
    hurst: 16,
};
/// The places of all figures.
const ALL: [usize; FEATURES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/// High, low, close and volume of one series.
type Columns = [Vec<f64>; 4];

/// Candles whose range is a fifth of each close and one.
fn candles(closes: &[f64]) -> Columns {
    let high: Vec<f64> = closes.iter().map(|close| close * 1.1 + 1.0).collect();
    let low: Vec<f64> = closes.iter().map(|close| close * 0.9).collect();
    let volume: Vec<f64> = closes.iter().map(|close| close + 3.0).collect();
    [high, low, closes.to_vec(), volume]
}

fn borrowed(series: &[Columns]) -> Vec<&[f64]> {
    series.iter().flatten().map(|column| &column[..]).collect()
}

fn last(series: &[Columns]) -> Vec<[u64; FEATURES]> {
    let mut out = vec![-1.0; series.len() * FEATURES];
    features(&borrowed(series), LENGTHS, None, &mut out).unwrap();
    let (rows, rest) = out.as_chunks::<FEATURES>();
    assert!(rest.is_empty());
    rows.iter().map(|row| row.map(f64::to_bits)).collect()
}

fn every(series: Columns) -> Vec<f64> {
    let mut out = vec![-1.0; series[0].len() * FEATURES];
    features(&borrowed(&[series]), LENGTHS, Some(&ALL), &mut out).unwrap();
    out
}

#[test]
fn six_bars_by_hand() {
    let closes = [10.0, 12.0, 6.0, 8.0, 8.0, 16.0];
    let high = [11.0, 12.0, 13.0, 9.0, 8.5, 16.0];
    let low = [9.0, 11.0, 5.0, 6.0, 7.5, 9.0];
    let volume = [1.0, 1.0, 4.0, 4.0, 0.0, 2.0];
    let found = every([high, low, closes, volume].map(Vec::from));
    let nan = f64::NAN;
    // EMA: alpha = 1/2. True ranges: 2, 2, 8, 3, 1, 8. Changes: 2, -6, 2, 0, 8, so averages of gains 1, 1.5, 0.75, 4.375
    // and of losses 3, 1.5, 0.75, 0.375. Up: 1, 0, 0, 0, 7.5, down: 0, 6, 0, 0, 0, averages from the third bar on: 0.5,
    // 0.25, 0.125, 3.8125 and 3, 1.5, 0.75, 0.375; their index 5/7, 5/7, 5/7, 55/67.
    let expected = [
        [nan, nan, 8.5, 8.25, 8.125, 12.0625],
        [nan, nan, nan, 3.75, 3.0625, 4.296_875],
        [nan, 1.2, 0.5, 0.5, 0.5, 0.5],
        [nan, 1.0, 2.0, 2.0, 2.0, 2.0],
        [nan, nan, 2.5 / 2.0, 4.0 / 3.0, 2.0 / (8.0 / 3.0), 1.0 / 2.0],
        [nan, nan, 25.0, 50.0, 50.0, 100.0 * (4.375 / 4.75)],
        [
            nan,
            nan,
            nan,
            100.0 * 5.0 / 7.0,
            100.0 * 5.0 / 7.0,
            50.0 * (5.0 / 7.0 + 55.0 / 67.0),
        ],
        // Closes 10, 12, 6; 12, 6, 8; 6, 8, 8; 8, 8, 16: from the mean in deviations, a quarter of that and 1/2.
        [
            nan,
            nan,
            0.5 - 10.0 / 3.0 / 4.0 / (56.0_f64 / 9.0).sqrt(),
            0.5 - 2.0 / 3.0 / 4.0 / (56.0_f64 / 9.0).sqrt(),
            0.5 + 2.0 / 3.0 / 4.0 / (8.0_f64 / 9.0).sqrt(),
            0.5 + 16.0 / 3.0 / 4.0 / (128.0_f64 / 9.0).sqrt(),
        ],
        // Returns 2/11, -2/3, 2/7, 0, 2/3; two lie half of their difference from their mean, on either side.
        [
            nan,
            nan,
            (2.0 / 11.0 + 2.0 / 3.0) / 2.0_f64.sqrt(),
            (2.0 / 7.0 + 2.0 / 3.0) / 2.0_f64.sqrt(),
            2.0 / 7.0 / 2.0_f64.sqrt(),
            2.0 / 3.0 / 2.0_f64.sqrt(),
        ],
        [nan; 6],
    ];
    for (place, row) in expected.iter().enumerate() {
        for (t, expected) in row.iter().enumerate() {
            let found = found[place * 6 + t];
            let near = (found / expected - 1.0).abs() < 1e-14;
            assert!(
                near || found.is_nan() && expected.is_nan(),
                "{place} at {t}: {found}"
            );
        }
    }
}

fn hurst_of(closes: impl Iterator<Item = f64>) -> f64 {
    f64::from_bits(last(&[candles(&closes.collect::<Vec<_>>())])[0][9])
}

#[test]
fn the_hurst_exponent_of_a_steady_rise_is_one_and_of_a_single_step_by_hand() {
    // Sums of k equal returns are k times as large, so that the mean squares go with k^2.
    assert_eq!(hurst_of((0..17).map(|t| f64::from(t).exp2())), 1.0);
    // Of the 16 + 1 - k sums of k returns with a step at the 8th, those with it are 1 of 16, 2 of 15, 8 of 9, 1 of 1.
    let step = hurst_of((0..17).map(|t| if t < 8 { 3.0 } else { 5.0 }));
    let by_hand = ((16.0_f64 / 1.0).powi(2) * (8.0 / 9.0) / (2.0 / 15.0)).log2() / 20.0;
    assert!((step - by_hand).abs() < 1e-15);
}

#[test]
fn a_price_that_comes_back_with_every_second_bar_has_no_hurst_exponent() {
    let between = |t: i32| if t % 2 == 0 { 1e-8 } else { 2e-8 };
    assert!(hurst_of((0..17).map(between)).is_nan());
}

#[test]
fn figures_that_are_asked_for_are_those_of_all() {
    let series = candles(&[10.0, 12.0, 6.0, 8.0, 8.0, 16.0, 15.0]);
    let all = every(series.clone());
    let mut out = vec![-1.0; 3 * 7];
    let columns = [series];
    features(&borrowed(&columns), LENGTHS, Some(&[6, 0, 6]), &mut out).unwrap();
    let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let expected = [&all[42..49], &all[..7], &all[42..49]].concat();
    assert_eq!(bits(&out), bits(&expected));
    features(&borrowed(&columns), LENGTHS, Some(&[]), &mut []).unwrap();
}

#[test]
fn a_flat_price_has_no_strength_no_direction_no_bands_and_no_scatter() {
    let flat = f64::sqrt(2.0) / 10.0;
    let row = last(&[candles(&[flat; 40])])[0].map(f64::from_bits);
    assert!(row[5].is_nan() && row[7].is_nan() && row[9].is_nan());
    assert_eq!([row[6], row[8]], [0.0, 0.0]);
}

#[test]
fn no_bar_and_one_bar_have_no_figures() {
    for row in last(&[candles(&[]), candles(&[5.0])]) {
        assert!(row.iter().all(|&bits| f64::from_bits(bits).is_nan()));
    }
    assert!(every(candles(&[])).is_empty());
}

#[test]
fn a_length_of_one_bar_is_the_bar_itself() {
    let short = FeatureLengths {
        ema: 1,
        atr: 1,
        burst: 1,
        day: 1,
        rsi: 1,
        adx: 1,
        bollinger: 1,
        ..LENGTHS
    };
    let series = candles(&[4.0, 5.0]);
    let mut out = [0.0; FEATURES];
    features(&borrowed(&[series]), short, None, &mut out).unwrap();
    let range = (5.0 * 1.1 + 1.0) - 4.0;
    assert_eq!(out[..7], [5.0, range, 1.25, 1.0, 1.0, 100.0, 100.0]);
    assert!(out[7..].iter().all(|each| each.is_nan()));
}

#[test]
fn volumes_that_are_unknown_zero_or_not_wanted_are_no_burst() {
    for (volume, day) in [(f64::NAN, 3), (0.0, 3), (1.0, 0)] {
        let mut series = candles(&[1.0; 6]);
        series[3].fill(volume);
        let mut out = [0.0; FEATURES];
        let lengths = FeatureLengths { day, ..LENGTHS };
        features(&borrowed(&[series]), lengths, None, &mut out).unwrap();
        assert!(out[4].is_nan());
    }
}

#[test]
fn what_is_wrong_with_a_call_is_said_and_nothing_written() {
    let (series, mut out) = ([candles(&[1.0, 2.0])], [-1.0; FEATURES]);
    let none = FeatureLengths { atr: 0, ..LENGTHS };
    let short = FeatureLengths {
        hurst: 15,
        ..LENGTHS
    };
    let columns = borrowed(&series);
    let shorter = [columns[0], columns[1], columns[2], &columns[3][1..]];
    let call = |columns: &[&[f64]], lengths, out: &mut [f64]| {
        let error = features(columns, lengths, None, out).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        call(&columns, none, &mut out),
        "atr is 0 bars, it must be at least 1"
    );
    assert_eq!(
        call(&columns, short, &mut out),
        "hurst is 15 bars, it must be at least 16"
    );
    assert!(call(&columns[1..], LENGTHS, &mut out).starts_with("there are 3 columns"));
    assert!(call(&shorter, LENGTHS, &mut out).starts_with("volume has 1 entries"));
    assert!(call(&columns, LENGTHS, &mut out[1..]).starts_with("output features has 9 entries"));
    let beyond = features(&columns, LENGTHS, Some(&[0, 10]), &mut out);
    assert_eq!(
        beyond.unwrap_err().to_string(),
        "figure 10 is asked for, there are 10, from 0 on"
    );
    assert!(matches!(
        features(&[], LENGTHS, Some(&ALL), &mut out),
        Err(Error::OutputLength { needed: 0, .. })
    ));
    assert_eq!(out, [-1.0; FEATURES]);
}

fn closes() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(1e-9..1e9, 0..40)
}

proptest! {
    #[test]
    fn a_longer_history_begins_with_the_same_bits(closes in closes()) {
        let bars = closes.len();
        let whole = every(candles(&closes));
        for end in 1..=bars {
            let (row, at) = (last(&[candles(&closes[..end])])[0], |place| whole[place * bars + end - 1]);
            for (place, bits) in row.into_iter().enumerate() {
                prop_assert_eq!(bits, f64::to_bits(at(place)));
            }
        }
    }

    #[test]
    fn who_goes_abreast_changes_no_bit(many in prop::collection::vec(closes(), 0..20)) {
        let series: Vec<Columns> = many.iter().map(|each| candles(each)).collect();
        let together = last(&series);
        for (each, row) in series.iter().zip(together) {
            prop_assert_eq!(last(std::slice::from_ref(each))[0], row);
        }
    }

    #[test]
    fn a_jump_is_the_largest_step_either_way(closes in prop::collection::vec(1e-3..1e3, 2..40)) {
        let jump = f64::from_bits(last(&[candles(&closes)])[0][2]);
        let steps = closes.windows(2).map(|pair| pair[1] / pair[0]);
        let largest = steps.map(|ratio| ratio.max(1.0 / ratio)).fold(0.0, f64::max);
        prop_assert!((jump.max(1.0 / jump) / largest - 1.0).abs() < 1e-12);
    }
}
