//! Shapes, padding, and what a wrong call is told.

mod common;

use atc_core::{
    Batch, Dialect, FAMILIES, LONGEST, Lengths, MEMBERS, Params, Simd, Source, Want, compute,
    warmup,
};
use common::{CELLS, Columns, Results, WANTS, flat_candles, params, run, try_run};

fn wave(bars: usize) -> Columns {
    let ticks = (0..bars).map(|t| (1000.0 + 60.0 * (t as f64 / 9.0).sin()).round());
    flat_candles(&ticks.map(|ticks| ticks / 10.0).collect::<Vec<f64>>())
}

/// One family's lengths, no others.
fn alone(family: usize, members: Option<[usize; MEMBERS]>) -> Lengths {
    let mut lengths = [None; FAMILIES];
    lengths[family] = members;
    lengths
}

fn lts() -> Params {
    params(Dialect::Lts, 28)
}

#[test]
fn no_series_is_no_work() {
    for want in WANTS {
        assert!(run(&[], &lts(), want).average.is_empty());
    }
}

#[test]
fn an_empty_series_is_blank() {
    for want in WANTS {
        let results = try_run(&[Columns::default(), wave(90)], &lts(), want, 95).unwrap();
        let blank = results.of(0, 2);
        let floats = [
            &blank.average,
            &blank.families,
            &blank.weights,
            &blank.member_equity,
        ];
        assert!(floats.into_iter().flatten().all(|value| value.is_nan()));
        assert!(blank.member_sign.iter().all(|&sign| sign == 0));
        assert_eq!((blank.flipped[0], blank.grid[0]), (-1, -1));
    }
}

#[test]
fn rows_are_right_aligned_with_nan_before() {
    let results = try_run(&[wave(90), wave(120)], &lts(), Want::All, 130).unwrap();
    for (series, bars) in [(0, 90), (1, 120)] {
        let (own, before) = (results.of(series, 2), 130 - bars);
        let rows = [
            &own.average,
            &own.families,
            &own.weights,
            &own.member_equity,
        ];
        let mut rows = rows.into_iter().flat_map(|rows| rows.chunks(130));
        assert!(rows.all(|row| row[..before].iter().all(|value| value.is_nan())));
        let mut signs = own.member_sign.chunks(130);
        assert!(signs.all(|row| row[..before].iter().all(|&sign| sign == 0)));
        let alone = run(&[wave(bars)], &lts(), Want::All);
        assert_eq!(own.tail(130, bars, Want::All).difference(&alone), None);
    }
}

#[test]
fn members_are_left_out_where_they_are_not_wanted() {
    for want in [Want::Last, Want::Average, Want::Layers] {
        let whole = run(&[wave(90), wave(60)], &lts(), want);
        let laid = common::laid(&[wave(90), wave(60)], &lts());
        let mut bare = Results::sized(2, 90, want);
        (bare.member_sign, bare.member_equity) = (Vec::new(), Vec::new());
        compute(
            &laid.batch(),
            &lts(),
            want,
            Simd::best(),
            1,
            &mut bare.outputs(90),
        )
        .unwrap();
        let expected = Results {
            member_sign: Vec::new(),
            member_equity: Vec::new(),
            ..whole
        };
        assert_eq!(bare.difference(&expected), None);
    }
}

#[test]
fn before_the_cutout_signals_are_undefined_and_the_lts_average_is_zero() {
    for (dialect, undefined) in [(Dialect::Lts, false), (Dialect::Tradingview, true)] {
        let params = Params {
            cutout: 50,
            ..params(dialect, 28)
        };
        let results = run(&[wave(90)], &params, Want::Layers);
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
    only.lengths = alone(2, only.lengths[2]);
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
    let kama = alone(5, lts.lengths[5]);
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
        lengths: [None; FAMILIES],
        ..lts()
    };
    assert_eq!(
        text(&none),
        format!("lengths name no family; at least 1 of {FAMILIES} must take part")
    );
}

#[test]
fn names_outside_their_lists_are_refused_with_the_list() {
    let error = "best".parse::<Dialect>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "dialect is 'best', allowed: lts, tradingview"
    );
    let error = "hlc4".parse::<Source>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "source is 'hlc4', allowed: close, open, high, low, hl2, hlc3, ohlc4"
    );
    let error = "".parse::<Want>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "want is '', allowed: last, average, layers, all"
    );
    assert_eq!("all".parse(), Ok(Want::All));
    let error = "sse".parse::<Simd>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "simd is 'sse', allowed: auto, scalar, portable, avx2, avx512"
    );
    for path in common::paths() {
        assert_eq!(path.to_string().parse(), Ok(path));
    }
}

/// Runs one series of 90 bars with a batch and outputs that a test has spoilt.
fn refusal(want: Want, spoil: impl Fn(&mut Batch, &mut Results)) -> String {
    let laid = common::laid(&[wave(90)], &lts());
    let (mut batch, mut results) = (laid.batch(), Results::sized(1, 90, want));
    spoil(&mut batch, &mut results);
    let before = results.clone();
    let refused = compute(
        &batch,
        &lts(),
        want,
        Simd::best(),
        1,
        &mut results.outputs(90),
    );
    assert_eq!(results, before, "nothing is written");
    refused.unwrap_err().to_string()
}

#[test]
fn wrong_inputs_are_refused() {
    let refusal = |spoil: &dyn Fn(&mut Batch)| refusal(Want::Layers, |batch, _| spoil(batch));
    for (column, text) in ["open", "high", "low"].into_iter().enumerate() {
        let shorter = refusal(&|batch| {
            let columns = [&mut batch.open, &mut batch.high, &mut batch.low];
            *columns.into_iter().nth(column).unwrap() = &batch.close[1..];
        });
        assert_eq!(
            shorter,
            format!("{text} has 89 entries, it must have as many as close, 90")
        );
    }
    let pairs = "there are 1 starts and 0 ends, there must be one of each per series";
    assert_eq!(refusal(&|batch| batch.ends = &[]), pairs);
    assert!(refusal(&|batch| batch.starts = &[]).starts_with("there are 0 starts and 1 ends"));
    let order = "series 0 is 40..20, it must lie in order within 0..90";
    assert_eq!(
        refusal(&|batch| (batch.starts, batch.ends) = (&[40], &[20])),
        order
    );
    let end = "series 1 is 3..91, it must lie in order within 0..90";
    assert_eq!(
        refusal(&|batch| (batch.starts, batch.ends) = (&[0, 3], &[90, 91])),
        end
    );
    assert!(refusal(&|batch| batch.starts = &[usize::MAX]).contains("must lie in order"));
    let growth = refusal(&|batch| batch.growth = &batch.growth[1..]);
    assert!(growth.starts_with("growth has 89 entries, it needs at least 90"));
}

#[test]
fn outputs_of_another_size_are_refused() {
    type Shorten = fn(&mut Results);
    let cases: [(&str, Shorten); 7] = [
        ("average", |results| results.average.truncate(89)),
        ("families", |results| {
            results.families.truncate(90 * FAMILIES - 1);
        }),
        ("weights", |results| results.weights.push(0.0)),
        ("flipped", |results| results.flipped.clear()),
        ("member_sign", |results| {
            results.member_sign.truncate(CELLS - 1);
        }),
        ("member_equity", |results| results.member_equity.clear()),
        ("grid", |results| results.grid.clear()),
    ];
    for (name, shorten) in cases {
        let text = refusal(Want::Layers, |_, results| shorten(results));
        assert!(text.starts_with(&format!("output {name} has ")), "{text}");
    }
    let all = refusal(Want::All, |_, results| results.member_sign.truncate(CELLS));
    let needed = 90 * CELLS;
    assert_eq!(
        all,
        format!("output member_sign has {CELLS} entries, it must have {needed}")
    );
    let none = refusal(Want::All, |_, results| {
        (results.member_sign, results.member_equity) = (Vec::new(), Vec::new());
    });
    assert_eq!(
        none,
        format!("output member_sign has 0 entries, it must have {needed}")
    );
    let narrow = try_run(&[wave(90)], &lts(), Want::Average, 89)
        .unwrap_err()
        .to_string();
    assert_eq!(
        narrow,
        "width is 89, it must be at least the bars of the longest series, 90"
    );
}
