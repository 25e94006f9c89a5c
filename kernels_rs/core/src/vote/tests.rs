//! Cells by hand, and the settled way against the plain one.

use proptest::prelude::*;

use super::*;
use crate::simd::scalar::{Bits, Scalar};

fn lanes(value: f64) -> Scalar {
    Scalar::splat(value)
}

fn gain(keep: f64, r: f64) -> Gain<Scalar> {
    Gain {
        keep: lanes(keep),
        rise: lanes(1.0 + r),
        fall: lanes(1.0 - r),
    }
}

fn new() -> Cell<Scalar> {
    Cells::<Scalar, 1>::new().get(0)
}

fn everywhere() -> Bits {
    !Bits::NONE
}

fn sign(cell: &Cell<Scalar>) -> i32 {
    i32::from(cell.up.get(0)) - i32::from(cell.down.get(0))
}

/// The signals at closes over an average of 0.
fn signals<const TV: bool>(closes: &[f64]) -> Vec<i32> {
    let (mut cell, mut ballot) = (new(), [lanes(0.0); 2]);
    let sure = if TV { everywhere() } else { Bits::NONE };
    let step = |&close: &f64| {
        cell.step::<TV>(&gain(1.0, 0.0), lanes(close), lanes(0.0), sure, &mut ballot);
        sign(&cell)
    };
    closes.iter().map(step).collect()
}

#[test]
fn a_touch_counts_as_the_side_it_leaves() {
    let closes = [1.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 2.0];
    let expected = [0, 0, 1, 1, -1, -1, -1, 1];
    assert_eq!(signals::<false>(&closes), expected);
    assert_eq!(signals::<true>(&closes), expected);
}

#[test]
fn an_undefined_bar_breaks_the_pair_only_in_lts() {
    let closes = [-1.0, f64::NAN, 1.0];
    assert_eq!(signals::<false>(&closes), [0, 0, 0]);
    assert_eq!(signals::<true>(&closes), [0, 0, 1]);
    let settled = [-1.0, 1.0, f64::NAN, -1.0, -2.0];
    assert_eq!(signals::<false>(&settled), [0, 1, 1, 1, 1]);
    assert_eq!(signals::<true>(&settled), [0, 1, 1, -1, -1]);
}

/// The equity, from 1, of a member that is up, down or neither.
fn equity<const TV: bool>(up: bool, down: bool, keep: f64, r: f64) -> f64 {
    let mut cell = new();
    (cell.up, cell.down) = (cell.up.with(0, up), cell.down.with(0, down));
    let undefined = lanes(f64::NAN);
    cell.step::<TV>(
        &gain(keep, r),
        undefined,
        undefined,
        everywhere(),
        &mut [lanes(0.0); 2],
    );
    cell.equity.get(0)
}

#[test]
fn gains_follow_the_signal_and_rest_without_one() {
    for (up, down, wanted) in [(true, false, 1.0), (false, true, 0.25), (false, false, 0.5)] {
        assert_eq!(equity::<false>(up, down, 0.5, 1.0), wanted);
        assert_eq!(equity::<true>(up, down, 0.5, 1.0), wanted);
    }
}

#[test]
fn the_floor_is_exact_in_lts_and_tolerant_in_tradingview() {
    let near = FLOOR - 5e-11;
    for (value, exact, tolerant) in [
        (0.1, FLOOR, FLOOR),
        (near, FLOOR, near),
        (0.3, 0.3, 0.3),
        (FLOOR - 2e-10, FLOOR, FLOOR),
    ] {
        assert_eq!(floored::<Scalar, false>(lanes(value)).get(0), exact);
        assert_eq!(floored::<Scalar, true>(lanes(value)).get(0), tolerant);
    }
    assert!(floored::<Scalar, false>(lanes(f64::NAN)).get(0).is_nan());
    assert!(floored::<Scalar, true>(lanes(f64::NAN)).get(0).is_nan());
}

#[test]
fn the_tolerant_bound_decides_as_the_difference_does() {
    let mut value = FLOOR - 1e-10;
    (0..50).for_each(|_| value = value.next_down());
    for _ in 0..100 {
        assert_eq!(value < TOLERATED, value - FLOOR < -1e-10, "{value}");
        value = value.next_up();
    }
}

#[test]
fn votes_add_up_signed_equities_and_equities() {
    let mut ballot = [lanes(5.0), lanes(7.0)];
    let mut down = new();
    down.down = down.down.with(0, true);
    for cell in [&mut new(), &mut down] {
        cell.step::<false>(
            &gain(0.5, 0.0),
            lanes(1.0),
            lanes(1.0),
            everywhere(),
            &mut ballot,
        );
    }
    assert_eq!((ballot[0].get(0), ballot[1].get(0)), (4.5, 8.0));
}

#[test]
fn an_infinite_equity_without_a_signal_makes_the_vote_undefined() {
    let (mut cell, mut ballot) = (new(), [lanes(0.0); 2]);
    cell.equity = lanes(f64::INFINITY);
    cell.step::<false>(
        &gain(1.0, 0.0),
        lanes(1.0),
        lanes(1.0),
        everywhere(),
        &mut ballot,
    );
    assert!(ballot[0].get(0).is_nan() && ballot[1].get(0).is_infinite());
}

/// Bars of (close, average, r): ties, and undefined averages where they may come back.
fn bars(undefined: u32) -> impl Strategy<Value = Vec<(f64, f64, f64)>> {
    let average = prop_oneof![9 => (0..4i32).prop_map(f64::from), undefined => Just(f64::NAN)];
    let close = (0..4i32).prop_map(f64::from);
    prop::collection::vec((close, average, -1.5..1.5), 1..60)
}

/// The settled way from some bar on, and then the plain one again, against the plain one throughout.
fn check_settled<const TV: bool>(
    bars: &[(f64, f64, f64)],
    down: bool,
    until: usize,
) -> Result<(), TestCaseError> {
    // A first crossing, the bar of which is defined.
    let mut plain = new();
    let first = if down { [1.0, -1.0] } else { [-1.0, 1.0] };
    for close in first {
        plain.step::<TV>(
            &gain(0.9, 0.1),
            lanes(close),
            lanes(0.0),
            everywhere(),
            &mut [lanes(0.0); 2],
        );
    }
    prop_assert!((plain.up | plain.down).all());
    let mut cells = Cells::<Scalar, 1>::new();
    cells.put(0, &plain);
    let (mut mixed, mut settled) = (plain, Settled::of(&cells, 0));
    let until = until.min(bars.len());
    for (t, &(close, average, r)) in bars.iter().enumerate() {
        let (gain, close, average) = (gain(0.9, r), lanes(close), lanes(average));
        let mut ballots = [[lanes(0.0); 2]; 2];
        plain.step::<TV>(&gain, close, average, everywhere(), &mut ballots[0]);
        if t < until {
            ballots[1] = settled.vote::<TV>(&gain, close, average);
            if t + 1 == until {
                cells.resume(0, &settled);
                mixed = cells.get(0);
            }
        } else {
            mixed.step::<TV>(&gain, close, average, everywhere(), &mut ballots[1]);
        }
        let [one, two] = ballots.map(|ballot| ballot.map(|value| value.get(0)));
        prop_assert_eq!(one, two, "bar {}", t);
    }
    prop_assert_eq!(
        (sign(&plain), plain.equity.get(0)),
        (sign(&mixed), mixed.equity.get(0))
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn once_crossed_the_settled_way_gives_the_same_bits(bars in bars(0), down: bool, until in 1usize..60) {
        check_settled::<false>(&bars, down, until)?;
        check_settled::<true>(&bars, down, until)?;
    }

    #[test]
    fn in_tradingview_undefined_bars_do_not_unsettle(bars in bars(3), down: bool, until in 1usize..60) {
        check_settled::<true>(&bars, down, until)?;
    }
}
