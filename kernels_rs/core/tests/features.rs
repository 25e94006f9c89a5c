//! The figures beside the signal: by hand, causal, and the same whoever goes abreast.

use atc_core::{Error, FEATURES, FeatureLengths, features};
use proptest::prelude::*;

const LENGTHS: FeatureLengths = FeatureLengths {
    ema: 3,
    atr: 4,
    burst: 2,
    day: 3,
};

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
    features(&borrowed(series), LENGTHS, false, &mut out).unwrap();
    let (rows, rest) = out.as_chunks::<FEATURES>();
    assert!(rest.is_empty());
    rows.iter().map(|row| row.map(f64::to_bits)).collect()
}

fn every(series: Columns) -> Vec<f64> {
    let mut out = vec![-1.0; series[0].len() * FEATURES];
    features(&borrowed(&[series]), LENGTHS, true, &mut out).unwrap();
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
    // alpha = 1/2; true ranges 2, 2, 8, 3, 1, 8.
    let expected = [
        [nan, nan, 8.5, 8.25, 8.125, 12.0625],
        [nan, nan, nan, 3.75, 3.0625, 4.296_875],
        [nan, 1.2, 0.5, 0.5, 0.5, 0.5],
        [nan, 1.0, 2.0, 2.0, 2.0, 2.0],
        [nan, nan, 2.5 / 2.0, 4.0 / 3.0, 2.0 / (8.0 / 3.0), 1.0 / 2.0],
    ];
    let bits = |value: &f64| value.to_bits();
    let expected: Vec<u64> = expected.iter().flatten().map(bits).collect();
    assert_eq!(found.iter().map(bits).collect::<Vec<_>>(), expected);
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
    };
    let series = candles(&[4.0, 5.0]);
    let mut out = [0.0; FEATURES];
    features(&borrowed(&[series]), short, false, &mut out).unwrap();
    let range = (5.0 * 1.1 + 1.0) - 4.0;
    assert_eq!(out, [5.0, range, 1.25, 1.0, 1.0]);
}

#[test]
fn volumes_that_are_unknown_zero_or_not_wanted_are_no_burst() {
    for (volume, day) in [(f64::NAN, 3), (0.0, 3), (1.0, 0)] {
        let mut series = candles(&[1.0; 6]);
        series[3].fill(volume);
        let mut out = [0.0; FEATURES];
        let lengths = FeatureLengths { day, ..LENGTHS };
        features(&borrowed(&[series]), lengths, false, &mut out).unwrap();
        assert!(out[4].is_nan());
    }
}

#[test]
fn what_is_wrong_with_a_call_is_said_and_nothing_written() {
    let (series, mut out) = ([candles(&[1.0, 2.0])], [-1.0; FEATURES]);
    let none = FeatureLengths { atr: 0, ..LENGTHS };
    let columns = borrowed(&series);
    let shorter = [columns[0], columns[1], columns[2], &columns[3][1..]];
    let call = |columns: &[&[f64]], lengths, out: &mut [f64]| {
        let error = features(columns, lengths, false, out).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        call(&columns, none, &mut out),
        "atr is 0 bars, it must be at least 1"
    );
    assert!(call(&columns[1..], LENGTHS, &mut out).starts_with("there are 3 columns"));
    assert!(call(&shorter, LENGTHS, &mut out).starts_with("volume has 1 entries"));
    assert!(call(&columns, LENGTHS, &mut out[1..]).starts_with("output features has 4 entries"));
    assert!(matches!(
        features(&[], LENGTHS, true, &mut out),
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
