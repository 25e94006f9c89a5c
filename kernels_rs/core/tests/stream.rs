//! Series that go on bar by bar have the bits of the batch.

mod common;

use atc_core::{Batch, Dialect, Error, FAMILIES, Params, Simd, State, Want};
use common::strategies::{any_settings, candles, path, want};
use common::{
    Columns, DIALECTS, Laid, Results, WANTS, flat_candles, growth, longest, params, paths,
};
use proptest::prelude::*;

/// Series at different bars of their own, with steps still to come: as many bars for each.
#[derive(Clone, Debug)]
struct Story {
    series: Vec<Columns>,
    /// Bars at the start, per series.
    anchored: Vec<usize>,
    steps: Vec<usize>,
}

impl Story {
    fn growth(&self, params: &Params) -> Vec<f64> {
        growth(longest(&self.series).saturating_sub(params.cutout))
    }

    fn part(&self, params: &Params, bars: impl Fn(usize) -> std::ops::Range<usize>) -> Laid {
        let series = self.series.iter().enumerate();
        let parts: Vec<Columns> = series
            .map(|(own, columns)| columns.clone().map(|column| column[bars(own)].to_vec()))
            .collect();
        Laid::new(&parts, self.growth(params))
    }

    fn beginning(&self, params: &Params) -> Laid {
        self.part(params, |own| 0..self.anchored[own])
    }

    /// The bars of one step, and the batch of everything up to its end.
    fn step(&self, params: &Params, index: usize) -> (Laid, Laid) {
        let gone: usize = self.steps[..index].iter().sum();
        let end = |own: usize| self.anchored[own] + gone + self.steps[index];
        let fresh = self.part(params, |own| self.anchored[own] + gone..end(own));
        (fresh, self.part(params, |own| 0..end(own)))
    }
}

fn start(laid: &Laid, params: &Params, want: Want, simd: Simd) -> Result<(State, Results), Error> {
    let (batch, width) = (laid.batch(), laid.batch().longest());
    let mut results = Results::sized(batch.series(), width, want);
    let state = State::start(&batch, params, want, simd, &mut results.outputs(width))?;
    Ok((state, results))
}

fn advance(state: &mut State, laid: &Laid, want: Want) -> Result<(Vec<usize>, Results), Error> {
    let (batch, width) = (laid.batch(), laid.batch().longest());
    let mut results = Results::sized(batch.series(), width, want);
    let lost = state.advance(&batch, want, &mut results.outputs(width))?;
    Ok((lost, results))
}

fn peek(state: &State, laid: &Laid, want: Want) -> Result<(Vec<usize>, Results), Error> {
    let (batch, width) = (laid.batch(), laid.batch().longest());
    let mut results = Results::sized(batch.series(), width, want);
    let lost = state.peek(&batch, want, &mut results.outputs(width))?;
    Ok((lost, results))
}

/// The batch's results, cut down to a step of `bars` bars.
fn expected(whole: &Laid, params: &Params, want: Want, bars: usize) -> Results {
    let results = whole.compute(params, want, Simd::best(), 1);
    results.tail(whole.batch().longest(), bars, want)
}

fn state_of(series: &[Columns], params: &Params, simd: Simd) -> State {
    start(&Laid::new(series, growth(2000)), params, Want::Last, simd)
        .unwrap()
        .0
}

/// A candle for every series.
fn candle(closes: &[f64]) -> Laid {
    let series: Vec<Columns> = closes.iter().map(|&close| flat_candles(&[close])).collect();
    Laid::new(&series, growth(2000))
}

fn wave(bars: usize, unit: f64) -> Columns {
    let ticks =
        (0..bars).map(|t| (1000.0 + 60.0 * (t as f64 / 9.0).sin() + (t * t % 13) as f64).round());
    flat_candles(&ticks.map(|ticks| ticks / unit).collect::<Vec<f64>>())
}

fn stories() -> impl Strategy<Value = Story> {
    let steps = prop_oneof![
        prop::collection::vec(1usize..41, 1..5),
        prop::collection::vec(1usize..3, 1..12),
    ];
    let series = prop::collection::vec((candles(230..231), 1usize..70), 1..11);
    (series, steps, any::<bool>()).prop_map(|(series, mut steps, level)| {
        let (series, mut anchored): (Vec<Columns>, Vec<usize>) = series.into_iter().unzip();
        if level {
            let first = anchored[0];
            anchored.fill(first);
        }
        while steps.iter().sum::<usize>() > 160 {
            steps.pop();
        }
        Story {
            series,
            anchored,
            steps,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_into_steps_gives_the_bits_of_the_batch(
        story in stories(), params in any_settings(), want in want(), path in path(), moved in prop::option::of(path()),
    ) {
        let whole = story.beginning(&params);
        let (mut state, results) = start(&whole, &params, want, path).unwrap();
        prop_assert_eq!(results.difference(&whole.compute(&params, want, Simd::best(), 1)), None);
        let mut gone = 0;
        for (index, &bars) in story.steps.iter().enumerate() {
            let (fresh, whole) = story.step(&params, index);
            let (lost, results) = advance(&mut state, &fresh, want).unwrap();
            prop_assert!(lost.is_empty() || params.dialect == Dialect::Lts);
            let expected = expected(&whole, &params, want, bars);
            for own in (0..story.series.len()).filter(|own| !lost.contains(own)) {
                let n = story.series.len();
                prop_assert_eq!(results.of(own, n).difference(&expected.of(own, n)), None, "step {}, series {}", index, own);
            }
            gone += bars;
            let bars: Vec<usize> = story.anchored.iter().map(|anchored| anchored + gone).collect();
            prop_assert_eq!(state.bars(), bars);
            if let Some(other) = moved {
                state = State::read(&state.write(), &params, if index % 2 == 0 { other } else { path }).unwrap();
            }
        }
    }

    #[test]
    fn a_peek_says_what_the_advance_then_says_and_changes_nothing(
        story in stories(), params in any_settings(), want in want(), path in path(),
    ) {
        let (mut state, _) = start(&story.beginning(&params), &params, want, path).unwrap();
        for index in 0..story.steps.len() {
            let (fresh, _) = story.step(&params, index);
            let before = state.write();
            let (lost, seen) = peek(&state, &fresh, want).unwrap();
            prop_assert!(before == state.write(), "a peek changed the state");
            let (lost_then, then) = advance(&mut state, &fresh, want).unwrap();
            prop_assert_eq!(lost, lost_then);
            prop_assert_eq!(seen.difference(&then), None);
        }
    }

    #[test]
    fn damaged_bytes_are_refused(story in stories(), params in any_settings(), path in path(), spots in prop::collection::vec((any::<prop::sample::Index>(), 1u8..=255), 64)) {
        let (mut state, _) = start(&story.beginning(&params), &params, Want::Last, path).unwrap();
        let bytes = state.write();
        for (spot, change) in spots {
            let mut damaged = bytes.clone();
            damaged[spot.index(bytes.len())] ^= change;
            prop_assert!(is_refused(&damaged, &params));
            prop_assert!(is_refused(&bytes[..spot.index(bytes.len())], &params));
        }
        prop_assert!(State::read(&bytes, &params, path).is_ok());
    }

    #[test]
    fn foreign_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), begins in any::<bool>()) {
        let head = if begins { b"ATCSTATE\x01\0\0\0".as_slice() } else { &[] };
        prop_assert!(is_refused(&[head, &bytes].concat(), &params(Dialect::Lts, 14)));
    }
}

fn is_refused(bytes: &[u8], params: &Params) -> bool {
    matches!(
        State::read(bytes, params, Simd::best()),
        Err(Error::State { .. })
    )
}

#[test]
fn every_truncation_and_every_changed_byte_is_refused() {
    for dialect in DIALECTS {
        let mut only_ema = params(dialect, 10);
        (1..FAMILIES).for_each(|family| only_ema.lengths[family] = None);
        let bytes = state_of(&[wave(60, 10.0)], &only_ema, Simd::best()).write();
        assert!(State::read(&bytes, &only_ema, Simd::best()).is_ok());
        for at in 0..bytes.len() {
            assert!(is_refused(&bytes[..at], &only_ema), "the first {at} bytes");
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            assert!(is_refused(&damaged, &only_ema), "byte {at}");
        }
        assert!(is_refused(&[bytes, vec![0]].concat(), &only_ema));
    }
}

#[test]
fn another_version_is_refused_by_name() {
    let params = params(Dialect::Lts, 10);
    let mut bytes = state_of(&[wave(60, 10.0)], &params, Simd::best()).write();
    bytes[8] += 1;
    let error = State::read(&bytes, &params, Simd::best()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "the saved state is of another version; start it again"
    );
}

#[test]
fn the_bytes_are_the_same_whatever_path_wrote_them() {
    for dialect in DIALECTS {
        let series: Vec<Columns> = [90, 120, 90, 41, 90, 90, 90, 90, 90, 90, 90]
            .map(|bars| wave(bars, 10.0))
            .into();
        let written = paths()
            .into_iter()
            .map(|path| state_of(&series, &params(dialect, 28), path).write());
        let written: Vec<Vec<u8>> = written.collect();
        assert!(
            written.windows(2).all(|pair| pair[0] == pair[1]),
            "{dialect:?}"
        );
        for path in paths() {
            assert!(
                State::read(&written[0], &params(dialect, 28), path)
                    .unwrap()
                    .write()
                    == written[0]
            );
        }
    }
}

#[test]
fn a_state_of_other_parameters_is_refused() {
    let own = params(Dialect::Lts, 12);
    let bytes = state_of(&[wave(60, 10.0)], &own, Simd::best()).write();
    let mut without_dema = own.clone();
    without_dema.lengths[3] = None;
    let others = [
        params(Dialect::Tradingview, 12),
        params(Dialect::Lts, 13),
        without_dema,
        Params {
            weights: [2.5; FAMILIES],
            ..own.clone()
        },
        Params {
            decay: 0.5,
            ..own.clone()
        },
        Params {
            cutout: 7,
            ..own.clone()
        },
        Params {
            long_threshold: 0.2,
            ..own.clone()
        },
        Params {
            short_threshold: -0.2,
            ..own.clone()
        },
        Params {
            source: atc_core::Source::Hlc3,
            ..own.clone()
        },
        Params {
            strategy: true,
            ..own.clone()
        },
    ];
    for other in others {
        assert!(is_refused(&bytes, &other), "{other:?}");
    }
    let read = State::read(&bytes, &own, Simd::best()).unwrap();
    assert_eq!((read.series(), read.bars()), (1, vec![60]));
}

#[test]
fn a_symbol_takes_at_most_8_kib_at_default_lengths() {
    for dialect in DIALECTS {
        let [one, nine] = [1, 9].map(|count| {
            state_of(
                &vec![wave(400, 10.0); count],
                &params(dialect, 28),
                Simd::best(),
            )
            .write()
            .len()
        });
        assert!(
            (nine - one) / 8 <= 8192,
            "{dialect:?}: {} bytes",
            (nine - one) / 8
        );
    }
}

#[test]
fn a_cutout_among_the_streamed_bars_starts_the_equities_there() {
    for (dialect, cutout) in DIALECTS
        .into_iter()
        .flat_map(|dialect| [49, 50, 51, 57, 200].map(|cutout| (dialect, cutout)))
    {
        let params = Params {
            cutout,
            ..params(dialect, 12)
        };
        let story = Story {
            series: vec![wave(120, 10.0); 3],
            anchored: vec![50, 50, 43],
            steps: vec![1, 1, 5, 7, 30],
        };
        for path in paths() {
            let (mut state, _) =
                start(&story.beginning(&params), &params, Want::All, path).unwrap();
            for (index, &bars) in story.steps.iter().enumerate() {
                let (fresh, whole) = story.step(&params, index);
                let (lost, results) = advance(&mut state, &fresh, Want::All).unwrap();
                assert_eq!(lost, []);
                assert_eq!(
                    results.difference(&expected(&whole, &params, Want::All, bars)),
                    None,
                    "{path}, cutout {cutout}, step {index}"
                );
            }
        }
    }
}

#[test]
fn an_undirected_family_goes_on_with_its_last_gain_after_it_is_read_back() {
    let mut only_ema = Params {
        cutout: 40,
        decay: 0.4,
        ..params(Dialect::Tradingview, 14)
    };
    (1..FAMILIES).for_each(|family| only_ema.lengths[family] = None);
    let mut seen = 0;
    for seed in 0..100 {
        let series = vec![flat_candles(&common::prices(seed))];
        let whole = Laid::new(&series, growth(700));
        let layers = whole.compute(&only_ema, Want::Layers, Simd::best(), 1);
        let x = &layers.families[..700];
        for t in (41..699).filter(|&t| x[t] == 0.0 && x[t - 1] != 0.0) {
            let story = Story {
                series: series.clone(),
                anchored: vec![t + 1],
                steps: vec![699 - t],
            };
            let (mut state, _) = start(
                &story.beginning(&only_ema),
                &only_ema,
                Want::Last,
                Simd::best(),
            )
            .unwrap();
            let mut read = State::read(&state.write(), &only_ema, Simd::best()).unwrap();
            let (fresh, _) = story.step(&only_ema, 0);
            let (_, results) = advance(&mut read, &fresh, Want::Layers).unwrap();
            assert_eq!(
                layers.tail(700, 699 - t, Want::Layers).difference(&results),
                None,
                "seed {seed}, bar {t}"
            );
            seen += 1;
        }
    }
    assert!(
        seen > 0,
        "some family must be undirected, or this test proves nothing"
    );
}

#[test]
fn off_grid_sums_are_renewed_at_the_bars_of_the_batch() {
    let params = params(Dialect::Lts, 28);
    // The bars 256 and 512 come within a step, at its start and at its end.
    let story = Story {
        series: vec![wave(560, 7.0), wave(560, 10.0)],
        anchored: vec![230, 230],
        steps: vec![20, 13, 1, 247, 1, 1, 40],
    };
    for path in paths() {
        let (mut state, _) = start(&story.beginning(&params), &params, Want::All, path).unwrap();
        for (index, &bars) in story.steps.iter().enumerate() {
            let (fresh, whole) = story.step(&params, index);
            let (_, results) = advance(&mut state, &fresh, Want::All).unwrap();
            assert_eq!(results.grid, [-1, 1]);
            assert_eq!(
                results.difference(&expected(&whole, &params, Want::All, bars)),
                None,
                "{path}, step {index}"
            );
        }
    }
}

#[test]
fn a_finer_tick_goes_on_as_the_batch_does() {
    // Tenths until bar 90, then hundredths, then thousandths; one price of many decides.
    let finer = |t: usize, price: f64| match t {
        90.. if t.is_multiple_of(7) => price + 0.05,
        _ if t == 130 => price + 0.005,
        _ => price,
    };
    let rounded = |(t, &price): (usize, &f64)| (finer(t, price) * 1000.0).round() / 1000.0;
    let series: Columns =
        wave(160, 10.0).map(|column| column.iter().enumerate().map(rounded).collect());
    let story = Story {
        series: vec![series, wave(160, 10.0)],
        anchored: vec![80, 80],
        steps: vec![5, 5, 1, 20, 1, 30, 18],
    };
    for (path, source) in paths().into_iter().flat_map(|path| {
        [atc_core::Source::Close, atc_core::Source::Hlc3].map(|source| (path, source))
    }) {
        let params = Params {
            source,
            ..params(Dialect::Lts, 14)
        };
        let (mut state, first) =
            start(&story.beginning(&params), &params, Want::All, path).unwrap();
        assert_eq!(first.grid[0], 1);
        let mut grid = 1;
        for (index, &bars) in story.steps.iter().enumerate() {
            let (fresh, whole) = story.step(&params, index);
            let (lost, results) = advance(&mut state, &fresh, Want::All).unwrap();
            assert_eq!(lost, []);
            assert_eq!(
                results.difference(&expected(&whole, &params, Want::All, bars)),
                None,
                "{path}, step {index}"
            );
            grid = results.grid[0];
            state = State::read(&state.write(), &params, path).unwrap();
        }
        assert_eq!(grid, 3);
    }
}

/// The largest whole price that a series of it stays on the grid with.
fn largest_whole(params: &Params) -> f64 {
    let on_grid =
        |price: u64| common::run(&[flat_candles(&[price as f64])], params, Want::Last).grid == [0];
    let (mut fits, mut fails) = (1, 1 << 53);
    while fails - fits > 1 {
        let middle = u64::midpoint(fits, fails);
        *(if on_grid(middle) {
            &mut fits
        } else {
            &mut fails
        }) = middle;
    }
    fits as f64
}

#[test]
fn the_largest_price_is_kept_in_mind_until_a_finer_tick_comes() {
    for (path, source) in paths().into_iter().flat_map(|path| {
        [atc_core::Source::Close, atc_core::Source::Hlc3].map(|source| (path, source))
    }) {
        let params = Params {
            source,
            ..params(Dialect::Lts, 14)
        };
        let largest = largest_whole(&params);
        // The large price comes before the start, in a step of its own, or among others; the finer tick never with it.
        for (spike, steps) in [(30, [1, 1, 1]), (60, [1, 1, 1]), (62, [5, 3, 2])] {
            let bars = 60 + steps.iter().sum::<usize>();
            let calm = |t: usize| {
                if t + 1 == bars {
                    1000.1
                } else {
                    1000.0 + (t % 7) as f64
                }
            };
            let spiked: Vec<f64> = (0..bars)
                .map(|t| if t == spike { largest } else { calm(t) })
                .collect();
            let story = Story {
                series: vec![wave(bars, 10.0), flat_candles(&spiked)],
                anchored: vec![60, 60],
                steps: steps.into(),
            };
            let (mut state, _) =
                start(&story.beginning(&params), &params, Want::Last, path).unwrap();
            for index in 0..steps.len() {
                let (fresh, whole) = story.step(&params, index);
                let (lost, _) = advance(&mut state, &fresh, Want::Last).unwrap();
                let grid = whole.compute(&params, Want::Last, path, 1).grid;
                assert_eq!(
                    lost,
                    if grid[1] < 0 { vec![1] } else { vec![] },
                    "{path}, {source:?}, bar {spike}, step {index}"
                );
                assert_eq!(grid[1] < 0, index + 1 == steps.len());
                state = State::read(&state.write(), &params, path).unwrap();
            }
        }
    }
}

#[test]
fn a_series_on_no_grid_that_becomes_extreme_is_lost() {
    let params = params(Dialect::Lts, 14);
    for path in paths() {
        let mut state = state_of(&[wave(100, 7.0), wave(100, 7.0)], &params, path);
        let (lost, results) = advance(&mut state, &candle(&[1e307, 15.0]), Want::Last).unwrap();
        assert_eq!(lost, [0]);
        assert!(results.average[0].is_nan() && !results.average[1].is_nan());
    }
}

#[test]
fn a_series_whose_grid_changes_is_lost_and_its_neighbours_are_not() {
    let params = params(Dialect::Lts, 14);
    let series: Vec<Columns> = [10.0, 10.0, 7.0, 10.0].map(|unit| wave(100, unit)).into();
    // A price beyond the bound, no grid at all; a series on no grid cannot leave it.
    for (lost_series, price) in [(0, 1e13), (3, 100.0 / 3.0), (3, f64::NAN)] {
        for path in paths() {
            let (mut state, mut whole) = (
                state_of(&series, &params, path),
                state_of(&series, &params, path),
            );
            let mut closes = [100.1, 100.2, 100.0 / 7.0, 100.3];
            let (_, expected) = advance(&mut whole, &candle(&closes), Want::All).unwrap();
            closes[lost_series] = price;
            let (seen, _) = peek(&state, &candle(&closes), Want::All).unwrap();
            assert_eq!(seen, [lost_series]);
            let (lost, results) = advance(&mut state, &candle(&closes), Want::All).unwrap();
            assert_eq!(lost, [lost_series], "{price} on {path}");
            for own in 0..4 {
                if own == lost_series {
                    assert_blank(&results.of(own, 4));
                } else {
                    assert_eq!(
                        results.of(own, 4).difference(&expected.of(own, 4)),
                        None,
                        "{own}"
                    );
                }
            }
        }
    }
}

fn assert_blank(results: &Results) {
    let floats = [
        &results.average,
        &results.families,
        &results.weights,
        &results.member_equity,
    ];
    assert!(floats.into_iter().flatten().all(|value| value.is_nan()));
    assert!(results.member_sign.iter().all(|&sign| sign == 0));
    assert_eq!((results.flipped[0], results.grid[0]), (-1, -1));
}

#[test]
fn what_is_lost_stays_lost_also_after_it_is_read_back() {
    let params = params(Dialect::Lts, 14);
    let series: Vec<Columns> = vec![wave(100, 10.0); 10];
    for path in paths() {
        let mut state = state_of(&series, &params, path);
        let mut gridless = [100.1; 10];
        gridless[9] = 100.0 / 3.0;
        gridless[4] = 100.0 / 3.0;
        assert_eq!(
            advance(&mut state, &candle(&gridless), Want::Last)
                .unwrap()
                .0,
            [4, 9]
        );
        for other in paths() {
            let mut read = State::read(&state.write(), &params, other).unwrap();
            let (lost, results) = advance(&mut read, &candle(&[100.1; 10]), Want::Last).unwrap();
            assert_eq!(lost, [4, 9]);
            assert_blank(&results.of(9, 10));
            assert!(!results.average[0].is_nan());
        }
    }
}

#[test]
fn no_grid_is_lost_in_the_dialect_without_one() {
    let mut state = state_of(
        &[wave(100, 10.0)],
        &params(Dialect::Tradingview, 14),
        Simd::best(),
    );
    assert_eq!(
        advance(&mut state, &candle(&[100.0 / 3.0]), Want::Last)
            .unwrap()
            .0,
        []
    );
}

#[test]
fn a_step_of_no_bars_is_blank_and_changes_nothing() {
    for (path, want) in paths()
        .into_iter()
        .flat_map(|path| WANTS.map(|want| (path, want)))
    {
        let mut state = state_of(
            &[wave(100, 10.0), wave(70, 10.0)],
            &params(Dialect::Lts, 14),
            path,
        );
        let before = state.write();
        let nothing = Laid::new(&[Columns::default(), Columns::default()], growth(2000));
        let (lost, results) = advance(&mut state, &nothing, want).unwrap();
        assert_eq!(lost, []);
        assert_blank(&results.of(1, 2));
        assert!(state.write() == before);
    }
}

#[test]
fn a_state_of_no_series_goes_on_with_none() {
    let mut state = state_of(&[], &params(Dialect::Lts, 14), Simd::best());
    assert_eq!((state.series(), state.bars()), (0, vec![]));
    assert_eq!(advance(&mut state, &candle(&[]), Want::All).unwrap().0, []);
    assert_eq!(
        State::read(&state.write(), &params(Dialect::Lts, 14), Simd::best())
            .unwrap()
            .series(),
        0
    );
}

#[test]
fn a_series_without_bars_cannot_be_started_from() {
    let laid = Laid::new(&[wave(90, 10.0), Columns::default()], growth(90));
    let error = start(&laid, &params(Dialect::Lts, 14), Want::Last, Simd::best())
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "series 1 has 0 bars, it needs at least 1 to start from"
    );
}

/// What a step that a test has spoilt is told; the state must be as before.
fn refusal(spoil: impl Fn(&mut Batch, &mut Results)) -> String {
    let mut state = state_of(
        &[wave(90, 10.0), wave(60, 10.0)],
        &params(Dialect::Lts, 14),
        Simd::best(),
    );
    let before = state.write();
    let laid = Laid::new(&[wave(3, 10.0), wave(3, 10.0)], growth(93));
    let mut results = Results::sized(2, 3, Want::All);
    let mut batch = laid.batch();
    spoil(&mut batch, &mut results);
    let blank = results.clone();
    let seen = state
        .peek(&batch, Want::All, &mut results.outputs(3))
        .unwrap_err();
    let told = state
        .advance(&batch, Want::All, &mut results.outputs(3))
        .unwrap_err();
    assert_eq!(seen, told);
    assert!(
        results == blank && state.write() == before,
        "nothing has changed"
    );
    told.to_string()
}

#[test]
fn steps_that_do_not_fit_the_state_are_refused_and_change_nothing() {
    let count = refusal(|batch, _| (batch.starts, batch.ends) = (&[0], &[3]));
    assert_eq!(count, "there are 1 series, the state holds 2");
    let uneven = refusal(|batch, _| batch.ends = &[3, 5]);
    assert_eq!(
        uneven,
        "series 1 has 2 new bars, it must have as many as every other, 3"
    );
    let growth = refusal(|batch, _| batch.growth = &batch.growth[1..]);
    assert!(
        growth.starts_with("growth has 92 entries, it needs at least 93"),
        "{growth}"
    );
    assert!(refusal(|batch, _| batch.ends = &[3]).starts_with("there are 2 starts and 1 ends"));
    assert!(refusal(|batch, _| batch.ends = &[3, 7]).starts_with("series 1 is 3..7"));
    assert!(refusal(|batch, _| batch.low = &batch.low[1..]).starts_with("low has 5 entries"));
    assert!(refusal(|_, results| results.grid.clear()).starts_with("output grid has 0"));
}
