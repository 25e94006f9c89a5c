//! Shapes, padding, and what a wrong call is told.

mod common;

use atc_core::{Batch, Dialect, Error, LONGEST, Params, Want, compute, warmup};
use common::{Columns, Results, flat_candles, params, run, try_run};

fn wave(bars: usize) -> Columns {
    let ticks = (0..bars).map(|t| (1000.0 + 60.0 * (t as f64 / 9.0).sin()).round());
    flat_candles(&ticks.map(|ticks| ticks / 10.0).collect::<Vec<f64>>())
}

fn lts() -> Params {
    params(Dialect::Lts, 28)
}

#[test]
fn no_series_is_no_work() {
    for want in [Want::Last, Want::Average, Want::All] {
        assert!(run(&[], &lts(), want).average.is_empty());
    }
}

#[test]
fn an_empty_series_is_blank() {
    let results = try_run(&[Columns::default(), wave(90)], &lts(), Want::All, 95).unwrap();
    assert!(
        results.average[..95]
            .iter()
            .chain(&results.families[..570])
            .all(|value| value.is_nan())
    );
    assert!(results.member_sign[..54].iter().all(|&sign| sign == 0));
    assert!(
        results.member_equity[..54]
            .iter()
            .all(|value| value.is_nan())
    );
    assert_eq!(results.flipped[0], -1);
}

#[test]
fn rows_are_right_aligned_with_nan_before() {
    let results = try_run(&[wave(90), wave(120)], &lts(), Want::All, 130).unwrap();
    let alone = run(&[wave(90)], &lts(), Want::All);
    for (row, wanted) in results
        .families
        .chunks(130)
        .take(6)
        .zip(alone.families.chunks(90))
    {
        assert!(row[..40].iter().all(|value| value.is_nan()));
        assert_eq!(&row[40..], wanted);
    }
    assert_eq!(&results.average[40..130], &alone.average[..]);
    assert!(results.average[130..140].iter().all(|value| value.is_nan()));
    assert!(results.average[140..].iter().all(|value| !value.is_nan()));
}

#[test]
fn before_the_cutout_signals_are_undefined_and_the_lts_average_is_zero() {
    for (dialect, undefined) in [(Dialect::Lts, false), (Dialect::Tradingview, true)] {
        let params = Params {
            cutout: 50,
            ..params(dialect, 28)
        };
        let results = run(&[wave(90)], &params, Want::All);
        assert!(
            results.average[..50]
                .iter()
                .all(|value| value.is_nan() == undefined)
        );
        assert!(results.average[50..].iter().all(|value| !value.is_nan()));
        let rows = results
            .families
            .chunks(90)
            .chain(results.weights.chunks(90));
        rows.for_each(|row| assert!((0..90).all(|t| row[t].is_nan() == (t < 50))));
    }
}

#[test]
fn a_series_shorter_than_the_cutout_has_no_equities() {
    let params = Params {
        cutout: 90,
        ..lts()
    };
    let results = run(&[wave(90)], &params, Want::Last);
    assert_eq!(results.average, [0.0]);
    assert!(
        results
            .member_equity
            .iter()
            .chain(&results.weights)
            .all(|value| value.is_nan())
    );
}

#[test]
fn a_family_out_of_use_is_undefined_and_has_no_vote() {
    let mut only = lts();
    only.lengths = [None, None, only.lengths[2], None, None, None];
    let results = run(&[wave(300)], &only, Want::Last);
    assert!(results.families[0].is_nan() && results.weights[5].is_nan());
    assert!(
        results.member_equity[..18]
            .iter()
            .all(|value| value.is_nan())
    );
    assert!(!results.families[2].is_nan());
    let vote =
        f64::from(i32::from(results.families[2] > 0.1) - i32::from(results.families[2] < -0.1));
    assert_eq!(results.average[0], vote);
}

#[test]
fn the_grid_is_reported_in_lts_only() {
    assert_eq!(run(&[wave(90)], &lts(), Want::Last).grid, [1]);
    assert_eq!(
        run(&[wave(90)], &params(Dialect::Tradingview, 28), Want::Last).grid,
        [-1]
    );
}

#[test]
fn warmup_follows_the_slowest_member_in_use() {
    let (lts, tradingview) = (lts(), params(Dialect::Tradingview, 28));
    // HMA 34 in lts: 33 + 4 + 2. DEMA 34 in tradingview: 66 + 2.
    assert_eq!(warmup(lts.dialect, &lts.lengths), Ok(39));
    assert_eq!(warmup(tradingview.dialect, &tradingview.lengths), Ok(68));
    let kama = [None, None, None, None, None, lts.lengths[5]];
    assert_eq!(warmup(lts.dialect, &kama), Ok(2));
}

#[test]
fn lengths_out_of_range_are_named() {
    let text = |params: &Params| try_run(&[], params, Want::Last, 0).unwrap_err().to_string();
    let short =
        "HMA member 8 has length 3, below the minimum of 4; the smallest allowed base length is 10";
    assert_eq!(text(&params(Dialect::Lts, 9)), short);
    assert!(try_run(&[], &params(Dialect::Tradingview, 9), Want::Last, 0).is_ok());
    let mut long = lts();
    long.lengths[0] = Some([LONGEST + 1; 9]);
    assert_eq!(
        text(&long),
        "EMA member 0 has length 1048577, above the maximum of 1048576"
    );
    let none = Params {
        lengths: [None; 6],
        ..lts()
    };
    assert_eq!(text(&none), Error::NoFamily.to_string());
}

#[test]
fn names_outside_their_lists_are_refused_with_the_list() {
    let error = "best".parse::<Dialect>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "dialect is 'best', allowed: lts, tradingview"
    );
    assert!("hlc4".parse::<atc_core::Source>().is_err());
    assert_eq!("all".parse(), Ok(Want::All));
}

/// Runs one series of 90 bars with a batch and outputs that a test has spoilt.
fn refusal(spoil: impl Fn(&mut Batch, &mut Results)) -> String {
    let ([open, high, low, close], offsets, growth) = (wave(90), [0, 90], common::growth(90));
    let mut results = Results::sized(1, 90, Want::All);
    let mut batch = Batch {
        open: &open,
        high: &high,
        low: &low,
        close: &close,
        offsets: &offsets,
        growth: &growth,
    };
    spoil(&mut batch, &mut results);
    compute(&batch, &lts(), Want::All, &mut results.outputs(90))
        .unwrap_err()
        .to_string()
}

#[test]
fn wrong_inputs_are_refused() {
    let high = "high has 89 entries, it must have as many as close, 90";
    assert_eq!(refusal(|batch, _| batch.high = &batch.high[1..]), high);
    assert!(refusal(|batch, _| batch.offsets = &[]).starts_with("offsets has 0 entries"));
    let order = "offsets[2] is 20, it must be at least the offset before it, 40";
    assert_eq!(refusal(|batch, _| batch.offsets = &[0, 40, 20]), order);
    let end = "the last offset is 91, it must be at most the number of bars, 90";
    assert_eq!(refusal(|batch, _| batch.offsets = &[0, 91]), end);
    assert!(
        refusal(|batch, _| batch.growth = &batch.growth[1..]).starts_with("growth has 89 entries")
    );
}

#[test]
fn outputs_of_another_size_are_refused() {
    type Shorten = fn(&mut Results);
    let cases: [(&str, Shorten); 7] = [
        ("average", |results| results.average.truncate(89)),
        ("families", |results| results.families.truncate(539)),
        ("weights", |results| results.weights.push(0.0)),
        ("flipped", |results| results.flipped.clear()),
        ("member_sign", |results| results.member_sign.truncate(53)),
        ("member_equity", |results| results.member_equity.clear()),
        ("grid", |results| results.grid.clear()),
    ];
    for (name, shorten) in cases {
        let text = refusal(|_, results| shorten(results));
        assert!(text.starts_with(&format!("output {name} has ")), "{text}");
    }
    let narrow = try_run(&[wave(90)], &lts(), Want::Average, 89)
        .unwrap_err()
        .to_string();
    assert_eq!(
        narrow,
        "width is 89, it must be at least the bars of the longest series, 90"
    );
}
