//! Every path, any number of threads and any neighbours give the same bits.

mod common;

use atc_core::{Dialect, FAMILIES, Params, Simd, Want};
use common::strategies::{any_settings, candles, path, want};
use common::{
    Columns, DIALECTS, Laid, Results, SOURCES, WANTS, growth, laid, longest, members, params,
    paths, run, slowest_and_fastest,
};
use proptest::prelude::*;

const SIZES: [usize; 6] = [0, 1, 7, 8, 9, 31];
const THREADS: [usize; 4] = [1, 2, 3, 8];

/// Candles on the grid of hundredths, or on none: every third series.
fn series(seed: usize, bars: usize) -> Columns {
    let unit = if seed % 3 == 2 { 300.0 } else { 100.0 };
    let mut state = u32::try_from(seed).unwrap();
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from((state >> 16) % below)
    };
    let (mut columns, mut close) = (Columns::default(), 5000.0);
    for _ in 0..bars {
        let open = close;
        close += random(161) - 80.0;
        let (high, low) = (
            f64::max(open, close) + random(40),
            f64::min(open, close) - random(40),
        );
        let candle = [open, high, low, close];
        let prices = columns.iter_mut().zip(candle);
        prices.for_each(|(column, ticks)| column.push(ticks / unit));
    }
    columns
}

/// Series of many lengths, none of them among the first few.
fn ragged(count: usize) -> Vec<Columns> {
    (0..count)
        .map(|seed| series(seed, seed * 37 % 101))
        .collect()
}

fn assert_parity(series: &[Columns], params: &Params, want: Want, what: &str) {
    let laid = laid(series, params);
    let scalar = laid.compute(params, want, Simd::Scalar, 1);
    for path in paths() {
        let other = laid.compute(params, want, path, 1);
        assert_eq!(
            scalar.difference(&other),
            None,
            "{path}, {what}, {params:?}"
        );
    }
}

#[test]
fn batches_around_the_width_of_a_block_agree_on_every_path() {
    for (dialect, size) in DIALECTS
        .into_iter()
        .flat_map(|dialect| SIZES.map(|size| (dialect, size)))
    {
        for want in WANTS {
            assert_parity(
                &ragged(size),
                &params(dialect, 10),
                want,
                &format!("{size} series"),
            );
        }
    }
}

/// Closes of a few ticks, so that they touch their averages again and again and the last bit of a sum decides.
fn nervous(seed: usize, bars: usize, unit: f64) -> Columns {
    let mut state = u32::try_from(seed).unwrap();
    let mut close: i32 = 900;
    let step = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        close += i32::try_from((state >> 16) % 3).unwrap() - 1;
        f64::from(close) / unit
    };
    common::flat_candles(&(0..bars).map(step).collect::<Vec<f64>>())
}

#[test]
fn a_series_has_its_own_grid_and_renewals_in_whatever_lane_it_lies() {
    let (bars, params) = (300, params(Dialect::Lts, 14));
    let units = [100.0, 7.0];
    let alone: Vec<Vec<Results>> = units
        .map(|unit| {
            let one = |seed| run(&[nervous(seed, bars, unit)], &params, Want::Last);
            (0..8).map(one).collect()
        })
        .into();
    for (odd, place) in (0..2).flat_map(|odd| (0..8).map(move |place| (odd, place))) {
        let kind = |seed| if seed == place { odd } else { 1 - odd };
        let series: Vec<Columns> = (0..8)
            .map(|seed| nervous(seed, bars, units[kind(seed)]))
            .collect();
        for path in paths() {
            let batch = laid(&series, &params).compute(&params, Want::Last, path, 1);
            for seed in 0..8 {
                assert_eq!(
                    batch.of(seed, 8).difference(&alone[kind(seed)][seed]),
                    None,
                    "{path}, {place}, {seed}"
                );
            }
        }
    }
}

#[test]
fn cutouts_at_and_beyond_the_ends_agree_on_every_path() {
    let batch = [series(1, 90), series(2, 61), series(3, 90), series(5, 33)];
    for (dialect, cutout) in DIALECTS.into_iter().flat_map(|dialect| {
        [0, 1, 2, 31, 32, 33, 60, 61, 89, 90, 91, 300].map(|cutout| (dialect, cutout))
    }) {
        let params = Params {
            cutout,
            ..params(dialect, 10)
        };
        assert_parity(&batch, &params, Want::All, &format!("cutout {cutout}"));
    }
}

#[test]
fn every_source_agrees_on_every_path() {
    for (dialect, source) in DIALECTS
        .into_iter()
        .flat_map(|dialect| SOURCES.map(|source| (dialect, source)))
    {
        let params = Params {
            source,
            ..params(dialect, 14)
        };
        assert_parity(&ragged(9), &params, Want::Layers, &format!("{source:?}"));
    }
}

#[test]
fn every_family_alone_agrees_and_is_what_it_is_among_others() {
    for (dialect, family) in DIALECTS
        .into_iter()
        .flat_map(|dialect| (0..FAMILIES).map(move |family| (dialect, family)))
    {
        let whole = params(dialect, 12);
        let mut alone = whole.clone();
        alone.lengths = [None; FAMILIES];
        alone.lengths[family] = whole.lengths[family];
        let batch = [series(0, 130), series(1, 77)];
        assert_parity(&batch, &alone, Want::Layers, &format!("family {family}"));
        for series in batch {
            let (together, own) = [&whole, &alone]
                .map(|params| common::run(std::slice::from_ref(&series), params, Want::All))
                .into();
            assert_eq!(row(&together, family), row(&own, family), "family {family}");
        }
    }
}

fn row(results: &Results, family: usize) -> (Vec<u64>, Vec<i8>) {
    let bits = [&results.families, &results.weights, &results.member_equity]
        .map(|rows| common::same_all(rows.chunks(rows.len() / FAMILIES).nth(family).unwrap()));
    let signs = results
        .member_sign
        .chunks(results.member_sign.len() / FAMILIES);
    (
        bits.concat(),
        signs.skip(family).take(1).flatten().copied().collect(),
    )
}

#[test]
fn families_of_unequal_lengths_share_nothing_and_agree() {
    for dialect in DIALECTS {
        let mut unequal = params(dialect, 10);
        (0..FAMILIES).for_each(|family| unequal.lengths[family] = Some(members(10 + 3 * family)));
        assert_parity(&ragged(9), &unequal, Want::Layers, "unequal lengths");
        let together = common::run(&[series(4, 150)], &unequal, Want::All);
        for family in 0..FAMILIES {
            let equal = common::run(
                &[series(4, 150)],
                &params(dialect, 10 + 3 * family),
                Want::All,
            );
            assert_eq!(
                row(&together, family),
                row(&equal, family),
                "family {family}"
            );
        }
    }
}

#[test]
fn members_in_another_order_keep_their_signals() {
    for dialect in DIALECTS {
        let (sorted, mut mixed) = (params(dialect, 12), params(dialect, 12));
        mixed
            .lengths
            .iter_mut()
            .flatten()
            .for_each(|lengths| lengths.reverse());
        let [one, two] =
            [&sorted, &mixed].map(|params| common::run(&[series(7, 200)], params, Want::All));
        for (family, member) in
            (0..FAMILIES).flat_map(|family| (0..9).map(move |member| (family, member)))
        {
            let place =
                |member: usize| (family * 9 + member) * 200..(family * 9 + member + 1) * 200;
            assert_eq!(
                one.member_sign[place(member)],
                two.member_sign[place(8 - member)]
            );
        }
    }
}

#[test]
fn threads_change_nothing() {
    let batch = ragged(31);
    for (dialect, path) in DIALECTS.into_iter().flat_map(|dialect| {
        slowest_and_fastest()
            .into_iter()
            .map(move |path| (dialect, path))
    }) {
        let params = params(dialect, 10);
        let laid = laid(&batch, &params);
        for want in WANTS {
            let alone = laid.compute(&params, want, path, 1);
            for threads in [0].into_iter().chain(THREADS) {
                let shared = laid.compute(&params, want, path, threads);
                assert_eq!(
                    alone.difference(&shared),
                    None,
                    "{threads} threads, {path}, {want:?}"
                );
            }
        }
    }
}

/// All prefixes of a history as one batch of spans, against every bar of the whole.
#[test]
fn every_bar_of_the_whole_is_the_last_of_the_prefix_that_ends_there() {
    const BARS: usize = 300;
    for (dialect, seed) in [
        (Dialect::Lts, 0),
        (Dialect::Lts, 2),
        (Dialect::Tradingview, 0),
    ] {
        let history = series(seed, BARS);
        let params = Params {
            cutout: 20,
            strategy: seed == 0,
            ..params(dialect, 12)
        };
        let prefixes: Vec<_> = (0..BARS).map(|t| 0..t + 1).collect();
        for path in slowest_and_fastest() {
            let ends = Laid::windows(&history, &prefixes, growth(BARS)).compute(
                &params,
                Want::Last,
                path,
                2,
            );
            let whole =
                laid(std::slice::from_ref(&history), &params).compute(&params, Want::All, path, 1);
            for t in 0..BARS {
                let end = ends.of(t, BARS);
                let bar = Results {
                    flipped: end.flipped.clone(),
                    grid: end.grid.clone(),
                    ..whole.at(t, BARS)
                };
                assert_eq!(bar.difference(&end), None, "bar {t}, {path}, {dialect:?}");
                assert_eq!(end.grid[0] >= 0, whole.grid[0] >= 0);
            }
        }
    }
}

fn threads() -> impl Strategy<Value = usize> {
    prop::sample::select(THREADS.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batch_agrees_on_every_path(batch in prop::collection::vec(candles(0..140), 0..20), params in any_settings(), want in want(), threads in threads()) {
        let laid = laid(&batch, &params);
        let scalar = laid.compute(&params, want, Simd::Scalar, 1);
        for path in paths() {
            prop_assert_eq!(scalar.difference(&laid.compute(&params, want, path, threads)), None, "{}", path);
        }
    }

    #[test]
    fn neighbours_and_places_in_the_batch_change_nothing(
        (batch, order) in prop::collection::vec(candles(0..120), 1..20)
            .prop_flat_map(|batch| {
                let places: Vec<usize> = (0..batch.len()).collect();
                (Just(batch), Just(places).prop_shuffle())
            }),
        params in any_settings(), path in path(), threads in threads(),
    ) {
        let (n, width) = (batch.len(), longest(&batch));
        let together = laid(&batch, &params).compute(&params, Want::Layers, path, threads);
        let moved: Vec<Columns> = order.iter().map(|&series| batch[series].clone()).collect();
        let moved = laid(&moved, &params).compute(&params, Want::Layers, path, threads);
        for (place, &series) in order.iter().enumerate() {
            let own = together.of(series, n);
            prop_assert_eq!(own.difference(&moved.of(place, n)), None);
            let bars = batch[series][3].len();
            if bars > 0 {
                let alone = laid(&batch[series..=series], &params).compute(&params, Want::Layers, path, 1);
                prop_assert_eq!(own.tail(width, bars, Want::Layers).difference(&alone), None);
            }
        }
    }

    #[test]
    fn windows_of_one_history_are_what_their_copies_are(
        history in candles(80..200), bars in 1usize..80, starts in prop::collection::vec(0.0..1.0, 1..20),
        params in any_settings(), want in want(), path in path(),
    ) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let start = |part: f64| (part * (history[3].len() - bars) as f64) as usize;
        let spans: Vec<_> = starts.into_iter().map(|part| start(part)..start(part) + bars).collect();
        let copies: Vec<Columns> = spans.iter().map(|span| history.clone().map(|column| column[span.clone()].to_vec())).collect();
        let overlapping = Laid::windows(&history, &spans, growth(bars)).compute(&params, want, path, 2);
        prop_assert_eq!(laid(&copies, &params).compute(&params, want, path, 1).difference(&overlapping), None);
    }
}
