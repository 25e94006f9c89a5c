//! Every average by hand on a few small prices. A group shows no average, only on which side of it the close was.

use super::*;
use crate::averages::{CATALOG, FAMILIES, MEMBERS};
use crate::choices::{Dialect, Source};
use crate::params::Params;
use crate::simd::scalar::Scalar;
use crate::vote::Cell;

const PRICES: [f64; 5] = [1.0, 2.0, 3.0, 4.0, 10.0];
const NONE: f64 = f64::NAN;

fn place(family: &str) -> usize {
    CATALOG.iter().position(|row| row.name == family).unwrap()
}

/// A run of one family, its nine members of length n.
fn plan(dialect: Dialect, family: usize, n: usize, source: Source) -> Plan {
    let mut lengths = [None; FAMILIES];
    lengths[family] = Some([n; MEMBERS]);
    Plan::new(&Params {
        dialect,
        lengths,
        weights: [1.0; FAMILIES],
        decay: 0.0,
        cutout: 0,
        long_threshold: 0.1,
        short_threshold: -0.1,
        source,
        strategy: false,
    })
}

/// Shows each bar's cell of the nine members, all of length n; opens are averaged, closes compared.
fn walk(
    dialect: Dialect,
    family: usize,
    n: usize,
    (source, close): (&[f64], &[f64]),
    mut show: impl FnMut(usize, &Cell<Scalar>),
) {
    let plan = plan(dialect, family, n, Source::Open);
    let candles = Candles {
        open: source,
        high: source,
        low: source,
        close,
    };
    let growth = vec![1.0; close.len()];
    let mut block = Block::<Scalar>::new(&plan, &[Scale::NONE], 4);
    for t in 0..close.len() {
        block.advance(&plan, &growth, &[candles], t, 1);
        let mut shown = Vec::new();
        for group in &mut block.groups {
            group.each_cell(|of, _, cell| {
                assert_eq!(of, family);
                shown.push(*cell);
            });
        }
        assert_eq!(shown.len(), MEMBERS);
        assert!(shown.iter().all(|cell| side(cell) == side(&shown[0])));
        show(t, &shown[0]);
    }
}

/// Whether the close was (not above, not below) the average.
fn side(cell: &Cell<Scalar>) -> (bool, bool) {
    (cell.not_above.get(0), cell.not_below.get(0))
}

/// Closes a little above and a little below what is expected find it in between.
fn assert_averages(dialect: Dialect, family: &str, n: usize, prices: &[f64], expected: &[f64]) {
    assert_eq!(prices.len(), expected.len());
    for (factor, wanted) in [(1.0 - 1e-12, (true, false)), (1.0 + 1e-12, (false, true))] {
        let closes: Vec<f64> = expected
            .iter()
            .map(|value| if value.is_nan() { 5.0 } else { value * factor })
            .collect();
        walk(dialect, place(family), n, (prices, &closes), |t, cell| {
            let undefined = expected[t].is_nan();
            let wanted = if undefined { (false, false) } else { wanted };
            // An undefined bar of `tradingview` keeps the side of the bar before, of which there is none here.
            assert_eq!(
                side(cell),
                wanted,
                "{family} of {n} at bar {t} in {dialect:?} is not {}",
                expected[t]
            );
        });
    }
}

const BOTH: [Dialect; 2] = [Dialect::Lts, Dialect::Tradingview];

#[test]
fn ema_starts_at_the_mean_and_moves_by_two_over_n_plus_one() {
    for dialect in BOTH {
        assert_averages(dialect, "EMA", 4, &PRICES, &[NONE, NONE, NONE, 2.5, 5.5]);
    }
}

#[test]
fn wma_weighs_the_newest_bar_most() {
    for dialect in BOTH {
        assert_averages(dialect, "WMA", 4, &PRICES, &[NONE, NONE, NONE, 3.0, 6.0]);
    }
}

#[test]
fn lsma_is_the_end_of_the_regression_line() {
    for dialect in BOTH {
        assert_averages(dialect, "LSMA", 4, &PRICES, &[NONE, NONE, NONE, 4.0, 8.5]);
    }
}

#[test]
fn hma_is_hull_in_lts_and_simple_in_tradingview() {
    let hull = [NONE, NONE, NONE, NONE, 73.0 / 9.0];
    assert_averages(Dialect::Lts, "HMA", 4, &PRICES, &hull);
    let simple = [NONE, NONE, NONE, 2.5, 4.75];
    assert_averages(Dialect::Tradingview, "HMA", 4, &PRICES, &simple);
}

#[test]
fn dema_starts_with_ema_in_lts_and_a_window_later_in_tradingview() {
    assert_averages(
        Dialect::Lts,
        "DEMA",
        4,
        &PRICES,
        &[NONE, NONE, NONE, 2.5, 7.3],
    );
    // Length 2: e1 is 1.5 and 19/6, their mean 7/3 starts e2.
    assert_averages(
        Dialect::Tradingview,
        "DEMA",
        2,
        &[1.0, 2.0, 4.0],
        &[NONE, NONE, 4.0],
    );
}

#[test]
fn kama_is_flat_until_its_window_is_full_in_lts() {
    // The last move is straight: ratio 1, z = 0.666.
    let last = 1.0 + 0.666 * 0.666 * 9.0;
    assert_averages(
        Dialect::Lts,
        "KAMA",
        4,
        &PRICES,
        &[1.0, 1.0, 1.0, 1.0, last],
    );
}

/// KAMA of `tradingview` over some prices, `z` per bar.
fn creep(prices: &[f64], z: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut value = 0.0;
    let step = |(t, price): (usize, &f64)| {
        value += z(t) * z(t) * (price - value);
        value
    };
    prices.iter().enumerate().map(step).collect()
}

#[test]
fn kama_creeps_up_from_zero_in_tradingview() {
    let expected = creep(&PRICES, |t| if t < 4 { 0.064 } else { 0.666 });
    assert_averages(Dialect::Tradingview, "KAMA", 4, &PRICES, &expected);
}

#[test]
fn kama_without_moves_goes_at_its_slowest() {
    let prices = [5.0, 5.0, 5.0, 5.0];
    assert_averages(Dialect::Lts, "KAMA", 2, &prices, &prices);
    assert_averages(
        Dialect::Tradingview,
        "KAMA",
        2,
        &prices,
        &creep(&prices, |_| 0.064),
    );
}

#[test]
fn kama_takes_noise_below_1e_10_for_none_in_tradingview() {
    for (unit, fastest) in [(1e-11, 0.064), (1e-9, 0.666)] {
        let prices = PRICES.map(|price| price * unit);
        let expected = creep(&prices, |t| if t < 4 { 0.064 } else { fastest });
        assert_averages(Dialect::Tradingview, "KAMA", 4, &prices, &expected);
    }
}

#[test]
fn first_defined_tells_where_the_first_value_is() {
    let prices: Vec<f64> = (0..70).map(|t| 100.0 + f64::from(t * t % 17)).collect();
    for (family, dialect) in (0..FAMILIES).flat_map(|family| BOTH.map(|dialect| (family, dialect)))
    {
        let definition = CATALOG[family].definition(dialect);
        for n in definition.shortest..30 {
            let mut first = None;
            walk(dialect, family, n, (&prices, &prices), |t, cell| {
                let (not_above, not_below) = side(cell);
                first = first.or((not_above || not_below).then_some(t));
            });
            let name = CATALOG[family].name;
            assert_eq!(
                first,
                Some((definition.first_defined)(n)),
                "{name} of {n} in {dialect:?}"
            );
        }
    }
}

#[test]
fn on_a_grid_the_seed_is_the_mean_of_whole_ticks() {
    let prices = [0.1; 3];
    assert!(
        prices.iter().sum::<f64>() / 3.0 != 0.1,
        "the sum must round, or this test proves nothing"
    );
    let plan = plan(Dialect::Lts, place("EMA"), 3, Source::Close);
    let candles = Candles {
        open: &prices,
        high: &prices,
        low: &prices,
        close: &prices,
    };
    for (scale, on_the_average) in [
        (
            Scale {
                k: 1,
                largest_ticks: 1.0,
                ..Scale::NONE
            },
            true,
        ),
        (Scale::NONE, false),
    ] {
        let mut block = Block::<Scalar>::new(&plan, &[scale], 4);
        block.advance(&plan, &[1.0; 3], &[candles], 0, 1);
        block.advance(&plan, &[1.0; 3], &[candles], 1, 2);
        block.groups[0]
            .each_cell(|_, _, cell| assert_eq!(side(cell) == (true, true), on_the_average));
    }
}
