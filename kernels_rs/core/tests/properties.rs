//! Properties that hold for every series.

mod common;

use atc_core::{Dialect, Params, Want};
use common::strategies::{candles, dialect, hostile, settings};
use common::{Columns, Results, flat_candles, params, run, same_all};
use proptest::prelude::*;

fn cut(columns: &Columns, bars: usize) -> Columns {
    columns.clone().map(|column| column[..bars].to_vec())
}

fn scaled(columns: &Columns, factor: f64) -> Columns {
    columns
        .clone()
        .map(|column| column.iter().map(|price| price * factor).collect())
}

fn heads(values: &[f64], width: usize, bars: usize) -> Vec<u64> {
    values
        .chunks(width)
        .flat_map(|row| same_all(&row[..bars]))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_prefix_gives_the_prefix(columns in candles(2..400), params in settings(), part in 0.1..1.0) {
        let bars = columns[3].len();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let head = ((bars as f64 * part) as usize).max(1);
        let whole = run(std::slice::from_ref(&columns), &params, Want::Layers);
        let start = run(&[cut(&columns, head)], &params, Want::Layers);
        prop_assume!((whole.grid[0] < 0) == (start.grid[0] < 0));
        prop_assert_eq!(heads(&whole.average, bars, head), same_all(&start.average));
        prop_assert_eq!(heads(&whole.families, bars, head), same_all(&start.families));
        prop_assert_eq!(heads(&whole.weights, bars, head), same_all(&start.weights));
    }

    #[test]
    fn a_power_of_two_changes_nothing(columns in candles(2..400), params in settings(), power in -3i32..4) {
        prop_assume!(params.dialect == Dialect::Lts);
        let plain = run(std::slice::from_ref(&columns), &params, Want::Layers);
        let other = run(&[scaled(&columns, 2_f64.powi(power))], &params, Want::Layers);
        prop_assume!((plain.grid[0] < 0) == (other.grid[0] < 0));
        let other = Results { grid: plain.grid.clone(), ..other };
        prop_assert_eq!(plain.difference(&other), None);
    }

    #[test]
    fn constant_prices_cross_nothing(price in 1..900_000u32, bars in 1usize..400, dialect in dialect()) {
        let prices = vec![f64::from(price); bars];
        let results = run(&[flat_candles(&prices)], &params(dialect, 28), Want::Layers);
        prop_assert!(results.member_sign.iter().all(|&sign| sign == 0));
        prop_assert!(results.average.iter().chain(&results.families).all(|&value| value == 0.0));
        prop_assert_eq!(results.flipped[0], -1);
    }

    #[test]
    fn constant_decimals_cross_nothing_on_grid(ticks in 1..900_000u32, decimals in 0..8i32, bars in 1usize..400) {
        let prices = vec![f64::from(ticks) / 10_f64.powi(decimals); bars];
        let results = run(&[flat_candles(&prices)], &params(Dialect::Lts, 28), Want::Last);
        prop_assert!(results.grid[0] >= 0);
        prop_assert!(results.member_sign.iter().all(|&sign| sign == 0));
    }

    #[test]
    fn a_batch_is_each_series_alone(batch in prop::collection::vec(candles(0..150), 0..6), params in settings()) {
        let together = run(&batch, &params, Want::Last);
        for (index, columns) in batch.iter().enumerate() {
            let alone = run(std::slice::from_ref(columns), &params, Want::Last);
            prop_assert_eq!(together.of(index, batch.len()).difference(&alone), None);
        }
    }

    #[test]
    fn the_wants_agree(columns in candles(1..300), params in settings()) {
        let bars = columns[3].len();
        let [last, average, layers, all] = [Want::Last, Want::Average, Want::Layers, Want::All]
            .map(|want| run(std::slice::from_ref(&columns), &params, want));
        prop_assert_eq!(last.difference(&all.at(bars - 1, bars)), None);
        let members_at_the_end = Results { member_sign: last.member_sign, member_equity: last.member_equity, ..all };
        prop_assert_eq!(layers.difference(&members_at_the_end), None);
        let without_layers = Results { families: Vec::new(), weights: Vec::new(), ..layers };
        prop_assert_eq!(average.difference(&without_layers), None);
    }

    #[test]
    fn the_strategy_shifts_one_bar_and_nothing_else(columns in candles(1..300), params in settings()) {
        let bars = columns[3].len();
        let plain = run(std::slice::from_ref(&columns), &params, Want::Layers);
        let shifted = run(&[columns], &Params { strategy: true, ..params.clone() }, Want::Layers);
        prop_assert_eq!(same_all(&plain.families), same_all(&shifted.families));
        prop_assert_eq!(same_all(&plain.weights), same_all(&shifted.weights));
        if params.dialect == Dialect::Lts {
            prop_assert_eq!(shifted.average[0], 0.0);
            prop_assert_eq!(same_all(&plain.average[..bars - 1]), same_all(&shifted.average[1..]));
        } else {
            prop_assert_eq!(same_all(&plain.average), same_all(&shifted.average));
        }
    }

    #[test]
    fn values_stay_in_their_ranges(columns in candles(1..300), params in settings()) {
        let results = run(&[columns], &params, Want::Layers);
        let votes = results.average.iter().chain(&results.families);
        prop_assert!(votes.into_iter().all(|&value| value.is_nan() || (-1.0..=1.0).contains(&value)));
        let equities = results.weights.iter().chain(&results.member_equity);
        prop_assert!(equities.into_iter().all(|&value| value.is_nan() || value >= 0.25 - 1e-10));
    }

    #[test]
    fn the_last_flip_is_the_last_change_of_side(columns in candles(1..300), params in settings(), strategy: bool) {
        let results = run(&[columns], &Params { strategy, ..params }, Want::Average);
        let side = |value: &f64| i32::from(*value > 0.1) - i32::from(*value < -0.1);
        let sides: Vec<i32> = results.average.iter().map(side).collect();
        let flip = (1..sides.len()).rev().find(|&t| sides[t] != sides[t - 1]);
        prop_assert_eq!(results.flipped[0], flip.map_or(-1, |t| i64::try_from(t).unwrap()));
    }

    #[test]
    fn hostile_prices_panic_nowhere(batch in prop::collection::vec(hostile(), 1..4), params in settings()) {
        let results = run(&batch, &params, Want::Layers);
        prop_assert!(results.member_sign.iter().all(|sign| (-1..=1).contains(sign)));
    }
}
