//! Prices and tables at the edges of float64: nothing panics, and every path and every split agrees.

mod common;

use atc_core::{Dialect, Params, Simd, Source, State, Want};
use common::strategies::{any_settings, dialect, hostile, path, want};
use common::{Columns, Laid, Results, longest, paths, run};
use proptest::prelude::*;

/// A column of prices from one digit of chance per bar.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Relative steps around a size.
    Walk(f64),
    /// Steps to the next float64 above or below.
    Hair(f64),
    Constant(f64),
    /// Times or over a million.
    Jumps(f64),
    /// Decimals, then thirds from some bar on.
    Turns(usize),
    /// Quiet but for some bars so large that sums overflow.
    Burst(f64, usize),
    /// Multiples of the smallest number.
    Denormal,
    /// Of any size.
    Anything,
}

const HUGE: [f64; 5] = [1e299, 1e300, 3e304, 1e307, f64::MAX];

impl Kind {
    fn closes(self, dice: &[u32]) -> Vec<f64> {
        let mut price = match self {
            Self::Walk(size) | Self::Hair(size) | Self::Jumps(size) => size,
            _ => 50.0,
        };
        let step = |(t, &die): (usize, &u32)| {
            let digit = f64::from(die % 1000);
            price = match self {
                Self::Walk(_) => price * (1.0 + (digit - 500.0) / 1e4),
                Self::Hair(_) => [price.next_up(), price, price.next_down()][die as usize % 3],
                Self::Constant(value) => value,
                Self::Jumps(size) if price > size => price / 1e6 * (0.5 + digit / 1e3),
                Self::Jumps(_) => price * if die % 7 == 0 { 1e6 } else { 1.0 + digit / 1e6 },
                Self::Turns(from) if t >= from => (20_000.0 + 3.0 * digit) / 3.0,
                Self::Turns(_) => (20_000.0 + digit) / 100.0,
                Self::Burst(size, from) if (from..from + 9).contains(&t) => size,
                Self::Burst(..) => 1.0 + digit / 7.0,
                Self::Denormal => f64::from_bits(u64::from(die % 50 + 1)),
                Self::Anything => f64::from_bits(u64::from(die) << 31).max(f64::MIN_POSITIVE),
            };
            price
        };
        dice.iter().enumerate().map(step).collect()
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    let size = (-12i32..13).prop_map(|power| 10_f64.powi(power));
    let huge = prop::sample::select(HUGE.to_vec());
    prop_oneof![
        size.clone().prop_map(Kind::Walk),
        huge.clone().prop_map(Kind::Walk),
        size.clone().prop_map(Kind::Hair),
        prop_oneof![size.clone(), huge.clone()].prop_map(Kind::Constant),
        size.prop_map(Kind::Jumps),
        (0usize..300).prop_map(Kind::Turns),
        (huge, 0usize..300).prop_map(|(size, from)| Kind::Burst(size, from)),
        Just(Kind::Denormal),
        Just(Kind::Anything),
    ]
}

/// Candles around the closes; every price is finite and above zero.
fn extreme_candles(bars: std::ops::Range<usize>) -> impl Strategy<Value = Columns> {
    (kind(), prop::collection::vec(any::<u32>(), bars), 0usize..3).prop_map(
        |(kind, dice, shift)| {
            let close = kind
                .closes(&dice)
                .into_iter()
                .map(|price| price.clamp(5e-324, f64::MAX));
            let close: Vec<f64> = close.collect();
            let open = (0..close.len())
                .map(|t| close[t.saturating_sub(shift)])
                .collect();
            let high = close
                .iter()
                .map(|price| (price * 1.01).min(f64::MAX))
                .collect();
            let low = close
                .iter()
                .map(|price| (price * 0.99).max(5e-324))
                .collect();
            [open, high, low, close]
        },
    )
}

/// Decay to almost nothing, growth up to e^700, thresholds that nothing or everything passes.
fn extreme_settings() -> impl Strategy<Value = (Params, f64)> {
    let decay = prop_oneof![Just(0.0), Just(0.03), 0.0..99.9];
    let growth = prop_oneof![Just(0.0), Just(2e-5), Just(1.0), Just(2.0), 0.0..10.0];
    let threshold = prop_oneof![3 => Just(0.1), 1 => Just(0.0), 1 => Just(1.0), 1 => Just(-0.3)];
    (any_settings(), decay, growth, threshold).prop_map(
        |(params, decay, growth, long_threshold)| {
            (
                Params {
                    decay,
                    long_threshold,
                    ..params
                },
                growth,
            )
        },
    )
}

/// A table that goes as fast as it may, up to e^700.
fn table(bars: usize, lambda: f64) -> Vec<f64> {
    (0..bars)
        .map(|j| (lambda * j as f64).min(700.0).exp())
        .collect()
}

/// Everything in steps, behind one another.
fn streamed(laid: &Laid, params: &Params, simd: Simd, steps: &[usize]) -> (Vec<usize>, Results) {
    let (series, bars) = (laid.starts.len(), laid.batch().longest());
    let part = |range: std::ops::Range<usize>| Laid {
        starts: laid
            .starts
            .iter()
            .map(|start| start + range.start)
            .collect(),
        ends: laid.starts.iter().map(|start| start + range.end).collect(),
        ..laid.clone()
    };
    let mut at = steps[0].min(bars);
    let mut results = Results::sized(series, at, Want::Last);
    let first = part(0..at);
    let mut state = State::start(
        &first.batch(),
        params,
        Want::Last,
        simd,
        &mut results.outputs(at),
    )
    .unwrap();
    let mut lost = Vec::new();
    for &step in steps[1..].iter().cycle() {
        if at == bars {
            break;
        }
        let until = bars.min(at + step);
        let next = part(at..until);
        lost = state
            .advance(&next.batch(), Want::Last, &mut results.outputs(until - at))
            .unwrap();
        at = until;
    }
    (lost, results)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn extreme_batches_agree_on_every_path(
        batch in prop::collection::vec(extreme_candles(0..320), 0..10), (params, lambda) in extreme_settings(), want in want(), threads in 1usize..4,
    ) {
        let laid = Laid::new(&batch, table(longest(&batch), lambda));
        let scalar = laid.compute(&params, want, Simd::Scalar, 1);
        for path in paths() {
            prop_assert_eq!(scalar.difference(&laid.compute(&params, want, path, threads)), None, "{}", path);
        }
    }

    #[test]
    fn extreme_neighbours_change_nothing(
        batch in prop::collection::vec(extreme_candles(1..320), 2..10), (params, lambda) in extreme_settings(), path in path(), own in any::<prop::sample::Index>(),
    ) {
        let laid = Laid::new(&batch, table(longest(&batch), lambda));
        let together = laid.compute(&params, Want::Last, path, 1);
        let own = own.index(batch.len());
        let alone = Laid::new(&batch[own..=own], laid.growth.clone()).compute(&params, Want::Last, path, 1);
        prop_assert_eq!(together.of(own, batch.len()).difference(&alone), None, "series {}", own);
    }

    #[test]
    fn extreme_series_stream_as_the_batch_does(
        batch in prop::collection::vec(extreme_candles(330..331), 1..10), (params, lambda) in extreme_settings(), path in path(),
        steps in prop::collection::vec(1usize..41, 2..9),
    ) {
        let laid = Laid::new(&batch, table(330, lambda));
        let whole = laid.compute(&params, Want::Last, path, 1);
        let (lost, results) = streamed(&laid, &params, path, &steps);
        for own in (0..batch.len()).filter(|own| !lost.contains(own)) {
            prop_assert_eq!(results.of(own, batch.len()).difference(&whole.of(own, batch.len())), None, "series {}", own);
        }
    }

    #[test]
    fn numbers_that_are_no_prices_agree_too(batch in prop::collection::vec(hostile(), 1..5), params in any_settings(), want in want()) {
        let laid = common::laid(&batch, &params);
        let scalar = laid.compute(&params, want, Simd::Scalar, 1);
        for path in paths() {
            prop_assert_eq!(scalar.difference(&laid.compute(&params, want, path, 1)), None, "{}", path);
        }
    }

    #[test]
    fn a_grid_left_midway_is_none_for_the_whole_series(turn in 1usize..299, dice in prop::collection::vec(any::<u32>(), 300), dialect in dialect()) {
        let closes = Kind::Turns(turn).closes(&dice);
        let params = common::params(dialect, 14);
        let series = common::flat_candles(&closes);
        let whole = run(std::slice::from_ref(&series), &params, Want::Last);
        prop_assert_eq!(whole.grid[0], -1);
        let before = run(&[series.map(|column| column[..turn].to_vec())], &params, Want::Last);
        prop_assert_eq!(before.grid[0] >= 0, dialect == Dialect::Lts);
    }
}

#[test]
fn the_series_reach_overflow_and_undefined_equities() {
    let dice: Vec<u32> = (0..400_u32)
        .map(|t| t.wrapping_mul(2_654_435_761) >> 7)
        .collect();
    let candles = common::flat_candles(&Kind::Walk(100.0).closes(&dice));
    let laid = Laid::new(&[candles], table(400, 700.0 / 399.0));
    for dialect in common::DIALECTS {
        let all = laid.compute(&common::params(dialect, 14), Want::All, Simd::best(), 1);
        assert!(all.member_equity.contains(&f64::INFINITY), "{dialect:?}");
        assert!(
            all.families.iter().any(|value| value.is_nan()),
            "{dialect:?}"
        );
    }
    let burst = common::flat_candles(&Kind::Burst(1e307, 100).closes(&dice));
    let params = Params {
        source: Source::Ohlc4,
        ..common::params(Dialect::Lts, 14)
    };
    for path in paths() {
        assert_eq!(laid_at(&burst, &params, path).grid, [-1]);
    }
}

fn laid_at(columns: &Columns, params: &Params, path: Simd) -> Results {
    common::laid(std::slice::from_ref(columns), params).compute(params, Want::Layers, path, 1)
}
